/**
 * Asks Oomnitza what became of uploads.
 *
 * @module
 */

import { AgentError, AuthError } from "../../base/errors.ts";
import type { OomnitzaReader } from "../../oomnitza/client.ts";
import {
  fetchPortion,
  fetchRuns,
  type LoggedRun,
  type PortionLog,
} from "../../oomnitza/run_log.ts";
import type { Upload } from "../../oomnitza/payload.ts";
import { retryPolicies } from "../../sdk/http/retry.ts";
import type { ReceiptAnswer } from "./receipt.ts";

/** What is asked. */
export type ReceiptClient = Pick<OomnitzaReader, "ask">;

/** An upload that is asked about. */
export interface AskedUpload {
  readonly upload: Pick<Upload, "portion" | "mappingName">;
  /** Records that Oomnitza took in, at least. */
  readonly sent: number;
}

const notTold = {
  kind: "not_told",
  reason: "it has no run log, or does not show it to this account (404, 403)",
} as const satisfies ReceiptAnswer;

/** It is asked again anyway, so that an instance that is away does not hold up the rest. */
function askOnce(oomnitza: ReceiptClient): ReceiptClient {
  return { ask: (path, query) => oomnitza.ask(path, query, retryPolicies.once) };
}

/** Asking never fails, but for bugs: a receipt is no reason to lose an upload. */
async function orUnanswered<T>(work: Promise<T>): Promise<T | ReceiptAnswer> {
  try {
    return await work;
  } catch (thrown) {
    if (thrown instanceof DOMException && thrown.name === "AbortError") {
      return { kind: "unanswered", reason: "stopped before the end" };
    }
    if (!(thrown instanceof AgentError)) throw thrown;
    const kind = thrown instanceof AuthError ? "not_told" : "unanswered";
    return { kind, reason: thrown.message };
  }
}

async function ask(
  client: ReceiptClient,
  { portion, mappingName }: AskedUpload["upload"],
): Promise<ReceiptAnswer> {
  const told = await fetchPortion(client, portion, mappingName);
  if (told === "unknown") return { kind: "unknown" };
  return told === "not_told" ? notTold : { kind: "told", log: told };
}

/** Asks once about an upload. */
export function askReceipt(
  oomnitza: ReceiptClient,
  upload: AskedUpload["upload"],
): Promise<ReceiptAnswer> {
  return orUnanswered(ask(askOnce(oomnitza), upload));
}

const noTexts = {
  ...{ added: [], updated: [], unchanged: [], skipped: [], failed: [], canceled: [] },
  ...{ processing: [], fatal: [] },
} as const satisfies PortionLog["logs"];

const noRecords = {
  ...{ added: 0, updated: 0, unchanged: 0, skipped: 0, failed: 0, canceled: 0, processing: 0 },
} as const satisfies PortionLog["objects"];

/** What a line of the list of runs tells, which does not count what is unchanged and what is processing. */
function fromList({ added, updated, endedAt }: LoggedRun, sent: number): ReceiptAnswer {
  const rest = Math.max(0, sent - added - updated);
  const key = endedAt === undefined ? "processing" : "unchanged";
  const objects = { ...noRecords, added, updated, [key]: rest };
  return { kind: "told", log: { objects, logs: noTexts, endedAt } };
}

/** Runs that are listed at once. */
const pageSize = 100;

/**
 * Asks once about many uploads of one connector, with one request for the list of its latest runs; only
 * those with errors, or records left out, are asked about one by one.
 */
export async function askReceipts(
  oomnitza: ReceiptClient,
  asked: readonly AskedUpload[],
): Promise<readonly ReceiptAnswer[]> {
  const [first] = asked;
  if (first === undefined) return [];
  if (asked.length === 1) return [await askReceipt(oomnitza, first.upload)];
  const client = askOnce(oomnitza);
  const { mappingName } = first.upload;
  const listed = await orUnanswered(fetchRuns(client, mappingName, { limit: pageSize }));
  if (listed === "not_told") return asked.map(() => notTold);
  if ("kind" in listed) return asked.map(() => listed);
  const runs = new Map(listed.map((run) => [run.correlationId, run]));
  const answers: ReceiptAnswer[] = [];
  for (const { upload, sent } of asked) {
    const run = runs.get(upload.portion);
    if (run === undefined) answers.push({ kind: "unknown" });
    else if (run.endedAt === undefined || run.errors + run.skipped === 0) {
      answers.push(fromList(run, sent));
    } else answers.push(await askReceipt(oomnitza, upload));
  }
  return answers;
}

const firstWaitMs = 250;
const longestWaitMs = 15_000;

/** Milliseconds to wait after so many rounds in which something was not decided. */
export function receiptWaitMs(rounds: number): number {
  return Math.min(firstWaitMs * 2 ** Math.min(rounds, 30), longestWaitMs);
}
