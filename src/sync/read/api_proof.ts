/**
 * What comparisons of a source's two APIs proved for a section, in the state file: it holds as long as
 * nothing is changed that decides what is read and what is mapped of it.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { stringifyExactJson } from "../../base/json.ts";
import type { SectionConfig } from "../../config/section.ts";
import type { ApiProof } from "../../sdk/apis.ts";
import type { Cursors } from "../../state/cursor.ts";
import type { PreparedSection } from "../prepare.ts";

/** A section as far as it is known: whole when it was prepared. */
export interface Provable {
  readonly section: SectionConfig;
  readonly mapping?: Pick<PreparedSection["mapping"], "fields">;
  readonly conversions?: Pick<PreparedSection["conversions"], "custom">;
  /** Absent, as its converters are, where the mappings that Oomnitza keeps were not read. */
  readonly code?: Partial<Pick<PreparedSection["code"], "converters">>;
}

/** The name under which a section remembers its last comparison. */
const memory = "apis";

/** Digests of what a comparison holds for. */
interface Extent {
  /** Address, account and options; absent where secrets that they may depend on were not fetched. */
  readonly scope?: string;
  /** What the file says of mapping and filter. */
  readonly file: string;
  /** All that is mapped, and the code that does it; absent where that is not known. */
  readonly mapping?: string;
}

/** What is remembered of a comparison. */
interface Comparison extends Extent {
  readonly day: string;
  readonly isSame: boolean;
}

function digest(value: unknown): string {
  return createHash("sha256").update(stringifyExactJson(value)).digest("base64url");
}

function digestFile({ builtin, mappings, filter, settings }: SectionConfig): string {
  const specs = mappings.map(({ field, spec }) => [field, spec]);
  const { on_error, use_server_map, send_placeholder_serials } = settings;
  const code = [filter?.body ?? null, filter?.python ?? null];
  return digest([builtin, specs, code, on_error, use_server_map, send_placeholder_serials]);
}

/** The mapping as it takes effect, in any order of its fields, and the custom converters. */
function digestMapping({ section, mapping, conversions, code }: Provable): string | undefined {
  if (mapping === undefined || code?.converters === undefined) return undefined;
  const specs = mapping.fields.map(({ field, spec }) => stringifyExactJson([field, spec]));
  // They may call each other, so that each of them counts, where one is called at all.
  const usesCode = section.filter !== undefined || (conversions?.custom.length ?? 0) > 0;
  const programs = code.converters.map((
    { source, languageName },
  ) => [source.name, source.body, languageName]);
  return digest([specs.toSorted(), usesCode ? programs : []]);
}

function measureExtent(provable: Provable): Extent {
  const { section } = provable;
  const scope = section.source.apis?.scope(section.options) ?? [];
  const mapping = digestMapping(provable);
  return {
    ...section.pending ? {} : { scope: digest(scope) },
    file: digestFile(section),
    ...mapping === undefined ? {} : { mapping },
  };
}

/** Whether two digests differ, as far as both are known. */
function differs(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && other !== undefined && one !== other;
}

function judge(found: Comparison, now: Extent): ApiProof {
  const { day } = found;
  if (!found.isSame) {
    return { isProved: false, reason: `the comparison of ${day} found differences` };
  }
  const changed = differs(found.scope, now.scope)
    ? "the address, the account or another option"
    : differs(found.file, now.file) || differs(found.mapping, now.mapping)
    ? "the mapping, a converter or the filter"
    : undefined;
  if (changed === undefined) return { isProved: true, day };
  return { isProved: false, reason: `${changed} was changed since the comparison of ${day}` };
}

/**
 * What is proved for a section as it is now. Without a state file nothing is.
 *
 * @throws {AgentError} when the state cannot be read.
 */
export async function findApiProof(
  provable: Provable,
  cursors: Cursors | undefined,
): Promise<ApiProof> {
  if (cursors === undefined) return { isProved: false, reason: "nothing is remembered here" };
  const cursor = cursors.cursor(provable.section.name);
  try {
    const text = await cursor.get(memory);
    if (text === undefined) return { isProved: false, reason: "not compared yet" };
    return judge(JSON.parse(text) as Comparison, measureExtent(provable));
  } finally {
    cursor.close();
  }
}

/**
 * Whether a section that leaves the choice to it is read by the newer API of its source.
 *
 * @throws {AgentError} when the state cannot be read.
 */
export async function isNewerProved(
  provable: Provable,
  cursors: Cursors | undefined,
): Promise<boolean> {
  const { source, options } = provable.section;
  if (source.apis?.choose(options) !== "proved") return false;
  return (await findApiProof(provable, cursors)).isProved;
}

/**
 * Remembers what a comparison found, instead of the one before.
 *
 * @throws {AgentError} when the state cannot be written.
 */
export async function rememberComparison(
  prepared: PreparedSection,
  cursors: Cursors,
  isSame: boolean,
): Promise<void> {
  const day = new Date().toISOString().slice(0, 10);
  const comparison: Comparison = { day, isSame, ...measureExtent(prepared) };
  const cursor = cursors.cursor(prepared.section.name);
  try {
    cursor.set(memory, JSON.stringify(comparison));
    await cursor.commit();
  } finally {
    cursor.close();
  }
}
