/**
 * Which path of a source a field of Oomnitza could be mapped from, by names, types and values.
 *
 * @module
 */

import type { ToldField } from "../oomnitza/fields.ts";
import type { SampledPath } from "./source_paths.ts";

/** A mapping that could be meant, and why. */
export interface Suggestion {
  readonly field: string;
  readonly path: string;
  /** For people, each a clause: `the names are the same`. */
  readonly reasons: readonly string[];
}

/** What tells a field: its name in uploads is enough. */
export type SuggestedField =
  & Pick<ToldField, "field">
  & Partial<Pick<ToldField, "label" | "type" | "values">>;

/** How sure a suggestion is; what is below {@linkcode sureEnough} is none. */
interface Judgement {
  readonly points: number;
  readonly reason: string;
}

const sureEnough = 2;

/** The words of a name: `hardware.serialNumber` has hardware, serial and number. */
function splitName(name: string): string[] {
  return name
    .replaceAll(/([\p{Ll}\d])(\p{Lu})/gu, "$1 $2")
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "");
}

/** A path by its words. */
interface NamedPath {
  readonly sampled: SampledPath;
  readonly words: ReadonlySet<string>;
  /** The words of its last step, as one. */
  readonly last: string;
  /** All of its words, as one. */
  readonly whole: string;
}

function toNamedPath(sampled: SampledPath): NamedPath {
  const words = splitName(sampled.path);
  const last = splitName(sampled.path.split(".").at(-1) ?? "");
  return { sampled, words: new Set(words), last: last.join(""), whole: words.join("") };
}

function judgeName(names: readonly string[][], path: NamedPath): Judgement | undefined {
  for (const words of names) {
    const joined = words.join("");
    if (joined === "") continue;
    if (joined === path.whole) return { points: 4, reason: "the names are the same" };
    if (joined === path.last) return { points: 3, reason: "the path ends in its name" };
  }
  const within = names.find((words) =>
    words.length > 0 && words.every((word) => path.words.has(word))
  );
  if (within === undefined) return undefined;
  const points = within.length > 1 ? 2 : 1;
  return { points, reason: "the path has the words of its name" };
}

/** Undefined when nothing can be said of the type; no points when it does not fit. */
function judgeType(type: ToldField["type"] | undefined, path: SampledPath): Judgement | undefined {
  if (type !== "date" && type !== "number") return undefined;
  const fits = path.format === type || path.types.some((each) => each === type);
  return { points: fits ? 1 : 0, reason: `its values are ${type}s` };
}

function judgeValues(
  values: ReadonlySet<string> | undefined,
  path: SampledPath,
): Judgement | undefined {
  if (values === undefined || path.values.length === 0) return undefined;
  const known = path.values.filter((value) => values.has(value)).length;
  const of = path.values.length;
  // One value that fits may be chance, as "1" or "None" is.
  const points = known === of ? (of > 1 ? 3 : 1) : known * 2 >= of ? 1 : 0;
  return { points, reason: `${known} of ${of} sampled values are in its list` };
}

function judge(
  { type, values }: SuggestedField,
  names: readonly string[][],
  path: NamedPath,
): Judgement[] {
  const judged = [
    judgeName(names, path),
    judgeType(type, path.sampled),
    judgeValues(values, path.sampled),
  ].filter((each) => each !== undefined);
  return judged.some(({ points }) => points === 0) ? [] : judged;
}

/** An element of a list: which one it is differs from record to record. */
const elementPath = /\.\d+(?:\.|$)/;

/**
 * The best path for each field, where there is one. Paths without a value, whole objects or lists and
 * the elements of lists are no candidates.
 */
export function suggestMappings(
  fields: readonly SuggestedField[],
  paths: readonly SampledPath[],
): Suggestion[] {
  const candidates = paths
    .filter(({ path, types }) =>
      !elementPath.test(path) && types.some((type) => type !== "list" && type !== "object")
    )
    .map(toNamedPath);
  return fields.flatMap((field) => {
    const names = [splitName(field.field), splitName(field.label ?? "")];
    let best: { readonly points: number; readonly found: Suggestion } | undefined;
    for (const path of candidates) {
      const judged = judge(field, names, path);
      const points = judged.reduce((sum, each) => sum + each.points, 0);
      if (points < sureEnough || points <= (best?.points ?? 0)) continue;
      const reasons = judged.map(({ reason }) => reason);
      best = { points, found: { field: field.field, path: path.sampled.path, reasons } };
    }
    return best === undefined ? [] : [best.found];
  });
}
