/**
 * Opens plans in files, which only an upload of one needs.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { closeSync, openSync } from "node:fs";
import { z } from "zod";
import { messageOf, UsageError } from "../../base/errors.ts";
import { parseExactJson } from "../../base/json.ts";
import type { MappedRecord } from "../../base/record.ts";
import { readLines } from "./line_reader.ts";
import { formatVersion, type SavedHead, type SavedPlan } from "./plan_file.ts";

function damaged(path: string, why: string): UsageError {
  return new UsageError(`${path} is not a plan that can be delivered: ${why}`, {
    hint: "Create it again with agent plan NAME --save FILE.",
  });
}

const count = z.number();

const savedHead = z.object({
  report: z.object({
    section: z.string(),
    source: z.string(),
    mapping_name: z.string(),
    kind: z.enum(["assets", "users"]),
    counts: z.object({
      fetched: count,
      filtered: count,
      incomplete: count,
      failed: count,
      unreadable: count,
      new: count,
      renamed: count.default(0),
      changed: count,
      unchanged: count,
      blanked: count,
      gone: count.nullable(),
      to_send: count,
    }),
    waiting: count,
    has_baseline: z.boolean(),
    // Plans of older versions have none of these.
    compared_with: z.enum(["accepted", "live"]).default("accepted"),
    not_compared: z.array(z.string()).default([]),
    refusals: z.array(z.object({
      field: z.string(),
      problem: z.enum(["not_in_list", "not_a_number", "not_a_date"]),
      records: count,
      allowed: count.nullable(),
      examples: z.array(z.string()),
    })).default([]),
    empty_paths: z.array(
      z.object({ path: z.string(), fields: z.array(z.string()), note: z.string().nullable() }),
    ).default([]),
    guard: z.string().nullable(),
    error: z.object({ message: z.string(), hint: z.string().nullable(), bug: z.boolean() })
      .nullable(),
  }),
  base: z.string(),
  mapping: z.string(),
  isComplete: z.boolean(),
}) satisfies z.ZodType<SavedHead>;

const line = z.record(z.string(), z.unknown());

/** What a file holds, once its checksum was found right. */
interface Contents {
  readonly created: string;
  readonly heads: readonly { readonly head: SavedHead; readonly begin: number }[];
}

function parse(path: string, text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = parseExactJson(text);
  } catch {
    throw damaged(path, "a line of it is not JSON");
  }
  const result = line.safeParse(value);
  if (!result.success) throw damaged(path, "a line of it is not a JSON object");
  return result.data;
}

function parseHead(path: string, value: Record<string, unknown>): SavedHead {
  const result = savedHead.safeParse(value);
  if (!result.success) throw damaged(path, "the head of a section is not complete");
  return result.data;
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
      if (value.agent_plan !== formatVersion) {
        throw damaged(path, "it was not written by this version");
      }
      created = String(value.created);
    }
    if (typeof value.sha256 === "string") checksum = value.sha256;
    else hash.update(`${text}\n`);
    if ("report" in value) heads.push({ head: parseHead(path, value), begin: end });
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
        for (const line of readSectionLines(file, begin)) {
          if ("send" in line) yield line.send as MappedRecord;
        }
      },
      *goneKeys() {
        for (const line of readSectionLines(file, begin)) {
          if ("gone" in line) yield String(line.gone);
        }
      },
    }));
    return { created, sections, close: () => closeSync(file) };
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

/** The lines of a section, up to the next. */
function* readSectionLines(file: number, begin: number): Generator<Record<string, unknown>> {
  for (const { text } of readLines(file, begin)) {
    // It was parsed when the checksum was found right.
    const value = parseExactJson(text) as Record<string, unknown>;
    if (!("send" in value || "gone" in value)) return;
    yield value;
  }
}
