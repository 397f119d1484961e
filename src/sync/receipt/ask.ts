/**
 * Asks Oomnitza what became of uploads.
 *
 * @module
 */

import { AgentError, AuthError } from "../../base/errors.ts";
import type { NotReported, OomnitzaReader } from "../../oomnitza/client.ts";
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

const notListed = {
  kind: "unanswered",
  reason: "it is not among the latest runs in its run log",
} as const satisfies ReceiptAnswer;

const notReported = {
  kind: "not_reported",
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
    const kind = thrown instanceof AuthError ? "not_reported" : "unanswered";
    return { kind, reason: thrown.message };
  }
}

async function ask(
  client: ReceiptClient,
  { portion, mappingName }: AskedUpload["upload"],
): Promise<ReceiptAnswer> {
  const reported = await fetchPortion(client, portion, mappingName);
  if (reported === "unknown") return { kind: "unknown" };
  return reported === "not_reported" ? notReported : { kind: "reported", log: reported };
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
  return { kind: "reported", log: { objects, logs: noTexts, endedAt } };
}

/** Runs that are listed at once, and lists that are read at most. */
const pageSize = 100;
const maxPages = 10;

/** Lists the latest runs of a connector until these portions are among them, or there are no more. */
async function listRuns(
  client: ReceiptClient,
  connector: string,
  wanted: Set<string>,
): Promise<
  { readonly runs: ReadonlyMap<string, LoggedRun>; readonly isAll: boolean } | NotReported
> {
  const runs = new Map<string, LoggedRun>();
  for (let page = 0; page < maxPages; page++) {
    const listed = await fetchRuns(client, connector, { limit: pageSize, skip: page * pageSize });
    if (listed === "not_reported") return listed;
    for (const run of listed) {
      runs.set(run.correlationId, run);
      wanted.delete(run.correlationId);
    }
    if (listed.length < pageSize) return { runs, isAll: true };
    if (wanted.size === 0) break;
  }
  return { runs, isAll: wanted.size === 0 };
}

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
  const wanted = new Set(asked.map(({ upload }) => upload.portion));
  const listed = await orUnanswered(listRuns(client, mappingName, wanted));
  if (listed === "not_reported") return asked.map(() => notReported);
  if ("kind" in listed) return asked.map(() => listed);
  const answers: ReceiptAnswer[] = [];
  for (const { upload, sent } of asked) {
    const run = listed.runs.get(upload.portion);
    if (run === undefined) answers.push(listed.isAll ? { kind: "unknown" } : notListed);
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
