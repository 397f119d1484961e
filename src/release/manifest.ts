/**
 * What a release says about itself: its checksums, and which version it is.
 *
 * @module
 */

import { z } from "zod";
import { AgentError } from "../base/errors.ts";
import { parseJson } from "../base/json.ts";

/** Names of the files that every release has beside the programs. */
export const releaseFiles = {
  /** SHA-256 sums of all files, as `sha256sum` writes them. */
  sums: "SHA256SUMS",
  /** Signature of the sums. */
  signature: "SHA256SUMS.minisig",
  /** Version and commit, as JSON. */
  release: "release.json",
} as const;

/** Which agent a release, or this program, is. */
export interface Identity {
  readonly version: string;
  /** Abbreviated git commit; absent when run from source. */
  readonly commit: string | undefined;
}

const identityShape = z.object({
  version: z.string().regex(/^\d+\.\d+\.\d+/),
  commit: z.string().optional().catch(undefined),
}).transform(({ version, commit }): Identity => ({ version, commit }));

/** Reads the lines of `sha256sum`: sum by file name. */
export function parseSums(text: string): ReadonlyMap<string, string> {
  const lines = text.split(/\r?\n/);
  return new Map(lines.flatMap((line): [string, string][] => {
    const found = /^([0-9a-f]{64}) [ *](.+)$/.exec(line);
    return found === null ? [] : [[found[2] ?? "", found[1] ?? ""]];
  }));
}

/**
 * Reads `release.json`, or what `agent version --output json` prints.
 *
 * @throws {AgentError} when it names no version.
 */
export function parseIdentity(text: string, where: string): Identity {
  const identity = parseJson(text, identityShape);
  if (identity === undefined) throw new AgentError(`${where} does not contain a version`);
  return identity;
}

/** An identity for people: `0.2.0 (abc123)`. */
export function describeIdentity({ version, commit }: Identity): string {
  return commit === undefined ? version : `${version} (${commit})`;
}

/** Whether both are the same build. */
export function isSame(a: Identity, b: Identity): boolean {
  return a.version === b.version && a.commit === b.commit;
}

/** Negative when `a` is older than `b`, by the rules of Semantic Versioning 2.0.0, section 11. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [splitVersion(a), splitVersion(b)];
  const numbers = compareParts(left.numbers, right.numbers);
  if (numbers !== 0) return numbers;
  // A version without an addition comes after those with one: 1.0.0-rc.1 before 1.0.0.
  if (left.addition.length === 0 || right.addition.length === 0) {
    return right.addition.length - left.addition.length;
  }
  return compareParts(left.addition, right.addition);
}

function splitVersion(version: string): { numbers: string[]; addition: string[] } {
  const [core = "", ...rest] = (version.split("+", 1)[0] ?? "").split("-");
  const addition = rest.join("-");
  return { numbers: core.split("."), addition: addition === "" ? [] : addition.split(".") };
}

function compareParts(a: readonly string[], b: readonly string[]): number {
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const order = comparePart(a[index] ?? "", b[index] ?? "");
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function comparePart(a: string, b: string): number {
  const [left, right] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (left && right) return Number(a) - Number(b);
  if (left !== right) return left ? -1 : 1;
  return a === b ? 0 : a < b ? -1 : 1;
}
