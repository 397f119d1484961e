/**
 * What an upload would make of records of a section, with nothing sent: the first ones, or one of them
 * field by field.
 *
 * @module
 */

import { AgentError } from "../base/errors.ts";
import { Skipped, type SourceRecord } from "../base/record.ts";
import type { Config } from "../config/config.ts";
import { retryPolicies, type RetryPolicy } from "../sdk/http/retry.ts";
import type { PreparedSection } from "../sync/prepare.ts";
import {
  explain,
  type ExplainSettings,
  type Explanation,
  mapRecords,
  matchesRecord,
  type ReadRecord,
  readRecords,
} from "../sync/read/explain.ts";
import { EmptyPaths } from "../sync/read/empty_paths.ts";
import { type EmptyPath, listEmptyPaths } from "../sync/read/missing_paths.ts";
import { findMissingPaths } from "../sync/read/probe.ts";
import { selectSections } from "./configuration.ts";
import type { AppContext } from "./context.ts";
import { openReadSession } from "./session.ts";
import { findCursors } from "./store.ts";

/** A record as it was read, or why one could not be. */
export type PreviewItem = ReadRecord | Skipped;

/** What is to be looked at. */
export interface PreviewRequest {
  readonly section: string;
  /** Records to read. */
  readonly count: number;
  /** Whether the last of them is to be explained field by field. */
  readonly explains: boolean;
}

/** What was read. */
export interface Preview {
  /** In the order of the source. */
  readonly items: readonly PreviewItem[];
  /** Of the last record, when it was asked for and is there. */
  readonly explanation: Explanation | undefined;
  /** Mapped paths that none of the records has a value for. */
  readonly emptyPaths: readonly EmptyPath[];
  /** What the data have instead, where the source knows it. */
  readonly hint: string | undefined;
}

/** Which record is to be explained. */
export interface ExplainRequest {
  readonly section: string;
  /** The value of its sync field, or `PATH=VALUE` with a value of the source's record. */
  readonly record: string;
}

/** What looking for a record came to. */
export interface Explained {
  /** Absent when there is no such record. */
  readonly explanation: Explanation | undefined;
  /** Records that were read. */
  readonly read: number;
  /** Records that could not be read, up to the one that was looked for. */
  readonly unreadable: number;
}

/** A section that is ready to read and map, over a connection that cannot write. */
interface Opened {
  readonly prepared: PreparedSection;
  readonly settings: ExplainSettings;
}

/** What is looked at while the source is open: converters may use it. */
interface Reading {
  readonly prepared: PreparedSection;
  readonly items: AsyncIterable<PreviewItem>;
  readonly explain: (record: ReadRecord) => Promise<Explanation>;
}

async function openSection(
  app: AppContext,
  config: Config,
  section: string,
  retry?: RetryPolicy,
): Promise<Opened> {
  const { chosen } = selectSections(app, config, [section]);
  const { log, redactor, signal } = app;
  const session = await openReadSession(app, config, chosen, retry);
  const [prepared] = await session.prepare();
  if (prepared === undefined) throw new AgentError(`[${section}] is not enabled`);
  const { oomnitza, http, settings: { api_version: apiVersion } } = session;
  const converters = { log, signal, oomnitza, http };
  const settings = {
    signal,
    redactor,
    cursors: findCursors(app),
    workers: 1,
    converters,
    apiVersion,
  };
  return { prepared, settings: { ...settings, ...(retry && { retry }) } };
}

/** Reads a section and maps it as an upload does. */
async function readMapped<T>(
  app: AppContext,
  config: Config,
  section: string,
  how: { readonly limit?: number; readonly retry?: RetryPolicy },
  look: (reading: Reading) => Promise<T>,
): Promise<T> {
  const { retry, limit = 0 } = how;
  const { prepared, settings } = await openSection(app, config, section, retry);
  return await look({
    prepared,
    items: readRecords(prepared, settings, limit),
    explain: (record) => explain(prepared, record, settings.apiVersion),
  });
}

/**
 * Explains what an upload would make of records that were read already, in their order.
 *
 * @throws {AgentError} as Oomnitza or the configuration does.
 */
export async function explainSample(
  app: AppContext,
  config: Config,
  section: string,
  records: readonly SourceRecord[],
): Promise<Explanation[]> {
  const { prepared, settings } = await openSection(
    app,
    config,
    section,
    retryPolicies.interactive,
  );
  const explained: Explanation[] = [];
  for (const mapped of await mapRecords(prepared, settings, records)) {
    explained.push(await explain(prepared, mapped, settings.apiVersion));
  }
  return explained;
}

/**
 * Reads the first records of a section and maps them.
 *
 * @throws {AgentError} as the source, Oomnitza or the configuration does.
 */
export function previewSection(
  app: AppContext,
  config: Config,
  { section, count, explains }: PreviewRequest,
): Promise<Preview> {
  const how = { limit: count, retry: retryPolicies.interactive };
  return readMapped(app, config, section, how, async ({ prepared, items, explain }) => {
    const { fields } = prepared.mapping;
    const missing = await findMissingPaths(prepared, app);
    const empty = new EmptyPaths(fields);
    const seen: PreviewItem[] = [];
    let read = 0;
    let explanation: Explanation | undefined;
    for await (const item of items) {
      seen.push(item);
      if (item instanceof Skipped) continue;
      empty.look([item.record]);
      if (++read < count) continue;
      if (explains) explanation = await explain(item);
      break;
    }
    const emptyPaths = listEmptyPaths(fields, empty.paths, missing);
    return { items: seen, explanation, emptyPaths, hint: missing?.hint };
  });
}

/**
 * Reads a section until a record is found, and explains how it is processed. What cannot be read is
 * logged: it may be the record that was looked for.
 *
 * @throws {AgentError} as the source, Oomnitza or the configuration does.
 */
export function explainRecord(
  app: AppContext,
  config: Config,
  { section, record }: ExplainRequest,
): Promise<Explained> {
  return readMapped(app, config, section, {}, async ({ prepared, items, explain }) => {
    let read = 0;
    let unreadable = 0;
    for await (const item of items) {
      if (item instanceof Skipped) {
        unreadable++;
        prepared.log.error(`Unreadable: ${item.identity}: ${item.reason}`);
        continue;
      }
      read++;
      if (matchesRecord(record, item)) {
        return { explanation: await explain(item), read, unreadable };
      }
    }
    app.signal.throwIfAborted();
    return { explanation: undefined, read, unreadable };
  });
}
