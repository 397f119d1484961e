/**
 * The guard: an upload that would change suspiciously much stops before it begins.
 *
 * @module
 */

import { AgentError } from "../../base/errors.ts";
import type { Share } from "../../sdk/option.ts";
import type { ChangeTally } from "./delta.ts";
import type { Rename } from "./renames.ts";

/** Thrown when the guard stops a section. */
export class GuardError extends AgentError {
  override name = "GuardError";
}

/** What is too much. */
export interface GuardRule {
  /** Percent of the records that were accepted before; absent when the share does not matter. */
  readonly percent: number | undefined;
  /** Records; absent when the number does not matter. */
  readonly count: number | undefined;
  /** Whether it is the default: then it looks at losses only, and never stops for a few records. */
  readonly isDefault: boolean;
}

/** The two options of a guard, as a section or `[oomnitza]` has them. */
export interface GuardOptions {
  readonly guard?: Share | undefined;
  readonly guard_count?: number | undefined;
}

/** Percent that the guard allows when nobody says otherwise. */
const defaultPercent = 20;

/** The default guard lets this many records pass, whatever their share. */
const defaultMinimum = 10;

/** Records, and fields, that are named when the guard stops. */
const maxListedRecords = 5;

/** The rule of a section: its own options, else those of `[oomnitza]`, else the usual; none when off. */
export function resolveGuardRule(
  section: GuardOptions,
  general: GuardOptions,
): GuardRule | undefined {
  const percent = section.guard ?? general.guard;
  const count = section.guard_count ?? general.guard_count;
  if (percent === "off") return undefined;
  if (percent === undefined && count === undefined) {
    return { percent: defaultPercent, count: undefined, isDefault: true };
  }
  return { percent, count, isDefault: false };
}

/** What the guard looks at. */
export interface ComparedRun {
  readonly tally: Pick<ChangeTally, "counts" | "differing" | "blankedFields">;
  /** Records that were in the source before. */
  readonly size: number;
  /** Records that are gone for certain; absent when the source was not read to its end. */
  readonly gone: number | undefined;
  /** The first of those that are gone. */
  readonly goneNames: readonly string[];
  /** The first of those that are renamed. */
  readonly renames: readonly Rename[];
}

function maxRecords({ percent, count, isDefault }: GuardRule, size: number): number {
  const share = percent === undefined ? Infinity : size * percent / 100;
  return Math.max(Math.min(share, count ?? Infinity), isDefault ? defaultMinimum : 0);
}

function describeShare(number: number, size: number): string {
  const percent = size === 0 ? 100 : number / size * 100;
  return `${number} of ${size} records (${percent.toFixed(percent < 10 ? 1 : 0)} %)`;
}

/** The first of so many names. */
function listNames(all: readonly string[], count: number): string {
  const names = all.slice(0, maxListedRecords);
  return `${names.join(", ")}${count > names.length ? ", …" : ""}`;
}

/** What a run changes beyond the rule, in sentences for people; nothing when it may go on. */
export function findViolations(
  rule: GuardRule,
  { tally, size, gone, goneNames, renames }: ComparedRun,
): string[] {
  const limit = maxRecords(rule, size);
  const violations: string[] = [];
  const { counts, differing, blankedFields } = tally;
  if (!rule.isDefault && differing > limit) {
    violations.push(`${describeShare(differing, size)} would change`);
  }
  if (counts.blanked > limit) {
    const fields = [...blankedFields].sort(([, a], [, b]) => b - a).slice(0, maxListedRecords);
    const list = fields.map(([field, count]) => `${field} in ${count}`).join(", ");
    violations.push(`${describeShare(counts.blanked, size)} would lose a value: ${list}`);
  }
  if (gone !== undefined && gone > limit) {
    violations.push(
      `${describeShare(gone, size)} are gone from the source: ${listNames(goneNames, gone)}`,
    );
  }
  if (counts.renamed > limit) {
    const names = renames.map(({ old, new: now }) => `${old} → ${now}`);
    violations.push(
      `${describeShare(counts.renamed, size)} would be renamed: ${
        listNames(names, counts.renamed)
      }`,
    );
  }
  return violations;
}

/** What is allowed, in words. */
function describeRule({ percent, count, isDefault }: GuardRule): string {
  const parts = [
    ...(percent === undefined ? [] : [`${percent} %`]),
    ...(count === undefined ? [] : [`${count} records`]),
  ];
  return `${parts.join(" or ")}${isDefault ? " (the default)" : ""}`;
}

/** What a run changes beyond the rule, and what the rule allows. */
export function describeViolations(rule: GuardRule, violations: readonly string[]): string {
  return `${violations.join("; ")}. Allowed are ${describeRule(rule)}.`;
}

/** The error for a section that the guard stops; `text` says why. */
export function guardError(section: string, text: string): GuardError {
  return new GuardError(
    `The guard stopped [${section}] before anything was sent: ${text}`,
    {
      hint:
        `Look at it with agent plan ${section}. If it is right, go on with agent upload ${section} ` +
        "--accept; guard and guard_count say what is allowed, guard = off allows everything.",
    },
  );
}
