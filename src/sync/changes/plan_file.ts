/**
 * Plans in files: what an upload would send, so that exactly that can be sent later.
 *
 * JSON lines: a head, then for each section its own head, its records and the keys of those that are gone,
 * at the end a checksum.
 *
 * @module
 */

import { createHash, type Hash } from "node:crypto";
import { closeSync, openSync, writeSync } from "node:fs";
import { AgentError, messageOf, UsageError } from "../../base/errors.ts";
import { isObject, type Outgoing } from "../../base/record.ts";
import { readLines } from "./line_reader.ts";
import type { PlannedSection, PlanReport } from "./plan.ts";
import type { PreparedSection } from "../prepare.ts";

/** Version of the form of the file. */
const form = 1;

/** Characters that are written at once. */
const chunk = 256 * 1024;

/** The head of a section in a saved plan. */
export interface SavedHead {
  readonly report: PlanReport;
  /** Names the state that it was compared with. */
  readonly base: string;
  /** Names the way from source record to request: sections, mappings, code, instance. */
  readonly mapping: string;
  readonly isComplete: boolean;
}

/** A section of a saved plan. */
export interface SavedSection extends SavedHead {
  /** What is to be sent, in order. */
  payloads(): Generator<Outgoing>;
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

/** Names all that decides what becomes of a source record: another name means another payload. */
export function mappingFingerprint(
  { section, mapping, upload, code }: PreparedSection,
  instance: string,
): string {
  const { portion: _portion, version: _version, ...way } = upload;
  const { keep_if_empty } = section.settings;
  const programs = [code.filter, ...code.converters].map((program) => program?.source.body ?? null);
  const settings = mapping.fields.map(({ spec }) =>
    spec.setting === undefined ? null : section.texts[spec.setting] ?? null
  );
  const specs = mapping.fields.map(({ field, spec }) => [field, spec]);
  const all = JSON.stringify([instance, way, specs, settings, keep_if_empty, programs]);
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
    this.#text += `${JSON.stringify(value)}\n`;
    if (this.#text.length >= chunk) this.#flush();
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
    for (let place = 0; place < bytes.length;) place += writeSync(this.#file, bytes, place);
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
    writer.add({ agent_plan: form, agent, created: new Date().toISOString() });
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

function damaged(path: string, why: string): UsageError {
  return new UsageError(`${path} is no plan that can be delivered: ${why}`, {
    hint: "Make it anew with agent plan NAME --save FILE.",
  });
}

/** What a file holds, once its checksum was found right. */
interface Contents {
  readonly created: string;
  readonly heads: readonly { readonly head: SavedHead; readonly begin: number }[];
}

function parse(path: string, text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // Told below, like a line that is something else.
  }
  throw damaged(path, "a line of it is not JSON");
}

function inspect(path: string, file: number): Contents {
  const hash = createHash("sha256");
  const heads: { head: SavedHead; begin: number }[] = [];
  let created: string | undefined;
  let checksum: unknown;
  for (const { text, end } of readLines(file)) {
    if (checksum !== undefined) throw damaged(path, "something was added at its end");
    const value = parse(path, text);
    if (created === undefined) {
      if (value.agent_plan !== form) throw damaged(path, "it was not written by this version");
      created = String(value.created);
    }
    if (typeof value.sha256 === "string") checksum = value.sha256;
    else hash.update(`${text}\n`);
    if ("report" in value) heads.push({ head: value as unknown as SavedHead, begin: end });
  }
  if (created === undefined) throw damaged(path, "it is empty");
  if (checksum === undefined) throw damaged(path, "its end is missing");
  if (checksum !== hash.digest("hex")) throw damaged(path, "it was changed, or is damaged");
  return { created, heads };
}

/**
 * Opens a saved plan, after its checksum was found right.
 *
 * @throws {UsageError} when it is not there, damaged or changed.
 */
export function openPlan(path: string): SavedPlan {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    throw new UsageError(`Cannot read the plan ${path}: ${messageOf(error)}`, { cause: error });
  }
  try {
    const { created, heads } = inspect(path, file);
    const sections = heads.map(({ head, begin }) => ({
      ...head,
      *payloads() {
        for (const line of linesOf(file, begin)) if ("send" in line) yield line.send as Outgoing;
      },
      *goneKeys() {
        for (const line of linesOf(file, begin)) if ("gone" in line) yield String(line.gone);
      },
    }));
    return { created, sections, close: () => closeSync(file) };
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

/** The lines of a section, up to the next. */
function* linesOf(file: number, begin: number): Generator<Record<string, unknown>> {
  for (const { text } of readLines(file, begin)) {
    const line = JSON.parse(text) as Record<string, unknown>;
    if (!("send" in line || "gone" in line)) return;
    yield line;
  }
}
