/**
 * Decides whether a body is Python 2 or Python 3.
 *
 * @module
 */

import type { Evidence } from "./cursor.ts";
import type { Problem } from "./problem.ts";

/** The version, what it was taken from, and contradictions found. */
export interface Decision {
  readonly version: 2 | 3;
  /** Whether programs of both versions are to work: nothing in the body tells its version. */
  readonly lenient: boolean;
  /** Whether the results may differ from those of the other version, for all that is known. */
  readonly isOpen: boolean;
  /** Why this version, for people. */
  readonly reason: string;
  /** The line that tells it, where there is one. */
  readonly line: number | undefined;
  readonly problems: readonly Problem[];
}

const markPattern =
  /^[ \t]*#[ \t]*language[ \t]*[:=][ \t]*py(?:thon)?[ \t]*([23]?)(?:\.\d+)?[ \t]*$/i;

/**
 * The first line `# language: python2` (or `python3`) decides; then syntax that only one version
 * has; then names that only one version has, unless the body defines them (`bound`); then what the
 * configuration says (`asked`); then 3.
 */
export function decideVersion(
  source: string,
  evidence: readonly Evidence[],
  bound: ReadonlySet<string>,
  asked?: 2 | 3,
): Decision {
  const first = source.split("\n").find((line) => line.trim() !== "") ?? "";
  const stated = markPattern.exec(first)?.[1] ?? "";
  const proofs = evidence.filter((item) => item.proof);
  if (stated !== "") {
    const version = stated === "2" ? 2 : 3;
    const against = proofs.find((item) => item.version !== version);
    const problems = against === undefined ? [] : [contradiction(against, `the first line`)];
    return { ...certain(version, "the first line says so"), problems };
  }
  const [two, three] = [2, 3].map((version) => proofs.find((item) => item.version === version));
  if (two !== undefined && three !== undefined) {
    const problems = [contradiction(two, `${three.what} in line ${three.line}`)];
    return { ...certain(3, three.what, three.line), problems };
  }
  const proof = two ?? three;
  if (proof !== undefined) {
    return certain(proof.version, proof.what, proof.line);
  }
  const hints = evidence.filter((item) => !bound.has(item.what.slice(1, -1)));
  const [hint] = hints;
  if (hint !== undefined && hints.every((item) => item.version === hint.version)) {
    return certain(hint.version, hint.what, hint.line);
  }
  const problems: readonly Problem[] = [];
  if (asked === 2) return certain(2, "the configuration says so");
  if (asked === 3) {
    const reason = "the configuration says so";
    return { version: 3, lenient: true, isOpen: false, reason, line: undefined, problems };
  }
  const reason = "nothing in it tells the version";
  return { version: 3, lenient: true, isOpen: true, reason, line: undefined, problems };
}

function certain(version: 2 | 3, reason: string, line?: number): Decision {
  return { version, lenient: false, isOpen: false, reason, line, problems: [] };
}

function contradiction(item: Evidence, other: string): Problem {
  const message = `${item.what} is Python ${item.version}, but ${other} says Python ${
    5 - item.version
  }`;
  return { line: item.line, column: item.column, message };
}
