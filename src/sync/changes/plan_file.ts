/**
 * Plans in files: what an upload would send, so that exactly that can be sent later, as long as nothing
 * has changed since.
 *
 * JSON lines: a head, then for each section its own head, its records and the keys of those that are gone,
 * at the end a checksum.
 *
 * @module
 */

import { stringifyExactJson } from "../../base/json.ts";
import { createHash, type Hash } from "node:crypto";
import { closeSync, openSync, writeSync } from "node:fs";
import { AgentError, messageOf } from "../../base/errors.ts";
import type { MappedRecord } from "../../base/record.ts";
import type { State } from "../../state/state.ts";
import type { Account } from "../account.ts";
import type { Delivery } from "../deliver/deliver.ts";
import { comparedAtOnce } from "./delta.ts";
import type { ChangeFilter } from "./filter.ts";
import { guardError } from "./guard.ts";
import type { PlannedSection, PlanReport } from "./plan.ts";
import type { PreparedSection } from "../prepare.ts";

/** Version of the format of the file. */
export const formatVersion = 1;

/** Characters that are written at once. */
const chunkLength = 256 * 1024;

/** The head of a section in a saved plan. */
export interface SavedHead {
  readonly report: PlanReport;
  /** Names the state that it was compared with. */
  readonly base: string;
  /** Names what makes a request of a source record: sections, mappings, code, instance. */
  readonly mapping: string;
  readonly isComplete: boolean;
}

/** A section of a saved plan. */
export interface SavedSection extends SavedHead {
  /** What is to be sent, in order. */
  payloads(): Generator<MappedRecord>;
  /** Keys of the records that are gone. */
  goneKeys(): Generator<string>;
}

/** A plan that was saved. */
export interface SavedPlan {
  /** When it was made, ISO 8601. */
  readonly created: string;
  readonly sections: readonly SavedSection[];
  close(): void;
}

/** Names everything that decides how a source record is processed: another name means another payload. */
export function mappingFingerprint(
  { section, mapping, upload, code }: PreparedSection,
  instance: string,
): string {
  const { portion: _portion, version: _version, ...rest } = upload;
  const { keep_if_empty } = section.settings;
  const programs = [code.filter, ...code.converters].map((program) => program?.source.body ?? null);
  const settings = mapping.fields.map(({ spec }) =>
    spec.setting === undefined ? null : section.texts[spec.setting] ?? null
  );
  const specs = mapping.fields.map(({ field, spec }) => [field, spec]);
  const all = stringifyExactJson([instance, rest, specs, settings, keep_if_empty, programs]);
  return createHash("sha256").update(all).digest("base64url");
}

class PlanWriter {
  readonly #file: number;
  readonly #hash: Hash = createHash("sha256");
  #text = "";

  constructor(path: string) {
    this.#file = openSync(path, "w", 0o600);
  }

  add(value: unknown): void {
    this.#text += `${stringifyExactJson(value)}\n`;
    if (this.#text.length >= chunkLength) this.#flush();
  }

  end(): void {
    this.#flush();
    this.add({ sha256: this.#hash.digest("hex") });
    this.#write();
    closeSync(this.#file);
  }

  #flush(): void {
    this.#hash.update(this.#text);
    this.#write();
  }

  #write(): void {
    const bytes = Buffer.from(this.#text);
    this.#text = "";
    for (let at = 0; at < bytes.length;) at += writeSync(this.#file, bytes, at);
  }
}

/**
 * Writes plans into a file for its owner only.
 *
 * @throws {AgentError} when it cannot be written.
 */
export function savePlan(
  path: string,
  agent: string,
  sections: readonly { readonly planned: PlannedSection; readonly mapping: string }[],
): void {
  try {
    const writer = new PlanWriter(path);
    writer.add({ agent_plan: formatVersion, agent, created: new Date().toISOString() });
    for (const { planned, mapping } of sections) {
      const { report, base, isComplete } = planned;
      writer.add({ report, base, mapping, isComplete } satisfies SavedHead);
      for (const payload of planned.payloads()) writer.add({ send: payload });
      for (const key of planned.goneKeys()) writer.add({ gone: key });
    }
    writer.end();
  } catch (error) {
    throw new AgentError(`Cannot write the plan ${path}: ${messageOf(error)}`, { cause: error });
  }
}

/** What a saved plan is checked against. */
export interface PlanCheck {
  /** Absent when nothing is remembered. */
  readonly store: State | undefined;
  /** Address of the Oomnitza instance. */
  readonly instance: string;
}

function stale(section: string, why: string): AgentError {
  return new AgentError(`The plan of [${section}] is stale: ${why}. Nothing was sent.`, {
    hint: `Create a new one with agent plan ${section} --save FILE.`,
  });
}

/**
 * Makes sure that a section of a saved plan still says what an upload would do.
 *
 * @throws {AgentError} when it does not.
 */
export async function checkSaved(
  saved: SavedSection,
  prepared: PreparedSection,
  { store, instance }: PlanCheck,
): Promise<void> {
  const { section, upload } = prepared;
  if (saved.report.error !== null) {
    throw stale(section.name, `its source could not be read (${saved.report.error.message})`);
  }
  if (saved.mapping !== mappingFingerprint(prepared, instance)) {
    throw stale(section.name, "its mapping, or how it is sent, has changed since");
  }
  const text = stringifyExactJson(upload);
  const base = (await store?.accepted.openBaseline(section.name, text))?.stamp ?? "none";
  if (saved.base !== base) throw stale(section.name, "something was uploaded since");
}

/** The filter of a saved plan: the comparing was done when the plan was made. */
export function openSavedFilter(
  saved: SavedSection,
  { section, upload }: PreparedSection,
  store: State | undefined,
  run: string | undefined,
): Pick<ChangeFilter, "conclude" | "changes"> {
  const { new: added, renamed, changed, unchanged, blanked, gone } = saved.report.counts;
  return {
    async conclude() {
      if (!saved.isComplete || store === undefined || run === undefined) return;
      const text = stringifyExactJson(upload);
      const baseline = await store.accepted.openBaseline(section.name, text);
      const missing = new Set<number>();
      const gone = [...saved.goneKeys()];
      for (let at = 0; at < gone.length; at += comparedAtOnce) {
        const found = await baseline.findAll(gone.slice(at, at + comparedAtOnce));
        for (const known of found) missing.add(known?.id ?? 0);
      }
      await baseline.conclude({ run, isSeen: (id) => !missing.has(id), returned: [] });
    },
    changes: () => ({
      ...{ new: added, renamed, changed, unchanged, blanked, gone },
      ...{ gone_records: [], renames: [] },
    }),
  };
}

/** Throws `GuardError` when the guard was against the plan, unless that is accepted. */
export function checkGuardOfSaved(
  saved: SavedSection,
  { section, log }: PreparedSection,
  isAccepted: boolean,
): void {
  const { guard } = saved.report;
  if (guard === null) return;
  if (!isAccepted) throw guardError(section.name, guard);
  log.warning(`Accepted: ${guard}`);
}

/** Delivers the records of a saved plan, until they are through or nothing more can be delivered. */
export async function deliverSaved(
  saved: SavedSection,
  account: Account,
  delivery: Pick<Delivery, "add" | "isStopped">,
  signal: AbortSignal,
): Promise<void> {
  for (const record of saved.payloads()) {
    account.counts.fetched++;
    const full = delivery.add(record);
    if (full !== undefined) await full;
    if (delivery.isStopped || signal.aborted) return;
  }
}
