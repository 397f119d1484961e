/**
 * Oomnitza's run log: what became of the records of an upload after they were taken in.
 *
 * Documented in Oomnitza's description of API v3: `/api/v3/connector_run_logs/…`.
 *
 * @module
 */

import { z } from "zod";
import { stringifyExactJson } from "../base/json.ts";
import type { NotReported, OomnitzaReader } from "./client.ts";
import { equals } from "./filter.ts";

/** What can have become of a record; `processing` is not decided yet. */
export const portionOutcomes = [
  "added",
  "updated",
  "unchanged",
  "skipped",
  "failed",
  "canceled",
  "processing",
] as const;

/** One of {@linkcode portionOutcomes}. */
export type PortionOutcome = typeof portionOutcomes[number];

/** What the run log says of one portion: of the records that one run of a section uploaded. */
export interface PortionLog {
  /** Oomnitza's own words, for example `Completed with errors`. */
  readonly status: string;
  /** How many records ended how. */
  readonly objects: Readonly<Record<PortionOutcome, number>>;
  /** Oomnitza's texts about records, by what became of them, and about the run as a whole. */
  readonly logs: Readonly<Record<PortionOutcome | "fatal", readonly string[]>>;
  readonly connector: string;
  /** Milliseconds since 1970; absent when Oomnitza does not say. */
  readonly startedAt: number | undefined;
  /** Milliseconds since 1970; absent while it is processed. */
  readonly endedAt: number | undefined;
  readonly isTestRun: boolean;
}

/** One line of the list of runs. */
export interface LoggedRun {
  /** Oomnitza's number of the portion. */
  readonly portionId: number;
  /** The portion that the upload named. */
  readonly correlationId: string;
  readonly connector: string;
  readonly status: string;
  /** Milliseconds since 1970; absent when Oomnitza does not say. */
  readonly startedAt: number | undefined;
  /** Milliseconds since 1970; absent while it is processed. */
  readonly endedAt: number | undefined;
  readonly isTestRun: boolean;
  readonly added: number;
  readonly updated: number;
  readonly skipped: number;
  /** How many texts about errors there are. */
  readonly errors: number;
}

/** `unknown`: the instance has a run log, and nothing in it about this portion, or not yet. */
export type UnknownPortion = "unknown";

/** Which runs of a connector to list. */
export interface RunPage {
  /** Runs at most. */
  readonly limit: number;
  /** Runs to leave out at the beginning. */
  readonly skip?: number | undefined;
  /** A condition in Oomnitza's filter language; see `filter.ts`. */
  readonly filter?: string | undefined;
}

type Client = Pick<OomnitzaReader, "ask">;

const runLog = "/api/v3/connector_run_logs";

/** A number that may be absent or null. */
const count = z.number().nullish().transform((value) => value ?? 0).catch(0);
const time = z.number().nullish().transform((seconds) =>
  typeof seconds === "number" ? seconds * 1000 : undefined
).catch(undefined);
const text = z.union([z.string(), z.number()]).nullish().transform((value) => String(value ?? ""));
const flag = z.boolean().nullish().transform((value) => value === true).catch(false);
const texts = z.array(z.unknown()).nullish().transform((entries) =>
  (entries ?? []).map((entry) => typeof entry === "string" ? entry : stringifyExactJson(entry))
);

const portionAnswer = z.object({
  connector: text,
  start_time: time,
  end_time: time,
  status: text,
  objects: z.object({
    added: count,
    updated: count,
    unchanged: count,
    skipped: count,
    failed: count,
    canceled: count,
    processing: count,
  }),
  logs: z.object({
    "added": texts,
    "updated": texts,
    "unchanged": texts,
    "skipped": texts,
    "failed": texts,
    "canceled": texts,
    "processing": texts,
    "Fatal Error": texts,
  }).nullish().transform((logs) => logs ?? {}),
  test_run: flag,
});

const runsAnswer = z.array(z.object({
  portion_id: z.number(),
  portion_correlation_id: text,
  start_time: time,
  end_time: time,
  connector: text,
  status: text,
  test_run: flag,
  added_records_count: count,
  updated_records_count: count,
  skipped_records_count: count,
  error_logs_count: count,
}));

/**
 * Lists runs of a connector, the newest first. `connector` is what the instance calls it.
 *
 * @throws {AgentError} when Oomnitza cannot be reached, refuses the token or does not answer with JSON.
 */
export async function fetchRuns(
  client: Client,
  connector: string,
  page: RunPage,
): Promise<readonly LoggedRun[] | NotReported> {
  const { limit, skip = 0, filter } = page;
  const answer = await client.ask(`${runLog}/${encodeURIComponent(connector)}`, {
    limit: String(limit),
    skip: String(skip),
    sortby: "portion_id desc",
    ...(filter === undefined ? {} : { filter }),
  });
  if (answer === "not_reported") return answer;
  const parsed = runsAnswer.safeParse(answer.value);
  if (!parsed.success) return "not_reported";
  return parsed.data.map((run) => ({
    portionId: run.portion_id,
    correlationId: run.portion_correlation_id,
    connector: run.connector,
    status: run.status,
    startedAt: run.start_time,
    endedAt: run.end_time,
    isTestRun: run.test_run,
    added: run.added_records_count,
    updated: run.updated_records_count,
    skipped: run.skipped_records_count,
    errors: run.error_logs_count,
  }));
}

async function askPortion(client: Client, ident: string): Promise<PortionLog | NotReported> {
  const answer = await client.ask(`${runLog}/connectors/${encodeURIComponent(ident)}`);
  if (answer === "not_reported") return answer;
  const parsed = portionAnswer.safeParse(answer.value);
  if (!parsed.success) return "not_reported";
  const { connector, start_time, end_time, status, objects, logs, test_run } = parsed.data;
  const reported: Record<string, readonly string[] | undefined> = logs;
  const byOutcome = portionOutcomes.map((outcome) => [outcome, reported[outcome] ?? []]);
  return {
    ...{ connector, status, objects },
    logs: { ...Object.fromEntries(byOutcome), fatal: reported["Fatal Error"] ?? [] },
    startedAt: start_time,
    endedAt: end_time,
    isTestRun: test_run,
  };
}

/**
 * Asks what became of the records of a portion. `ident` is the portion that the upload named, or
 * Oomnitza's number of it.
 *
 * Instances may know a portion by its number only. With the name of its connector, the number is
 * looked up in the connector's list of runs; and only then can a portion be told as `unknown`, which
 * without it is `not_reported`, too.
 *
 * @throws {AgentError} when Oomnitza cannot be reached, refuses the token or does not answer with JSON.
 */
export async function fetchPortion(
  client: Client,
  ident: string,
  connector?: string,
): Promise<PortionLog | NotReported | UnknownPortion> {
  const direct = await askPortion(client, ident);
  if (direct !== "not_reported" || connector === undefined) return direct;
  const filter = equals("portion_correlation_id", ident);
  const runs = await fetchRuns(client, connector, { limit: 1, filter });
  if (runs === "not_reported") return runs;
  const [run] = runs;
  if (run === undefined || run.correlationId !== ident) return "unknown";
  const found = await askPortion(client, String(run.portionId));
  return found === "not_reported" ? "unknown" : found;
}
