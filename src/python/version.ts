/**
 * Decides whether a body is Python 2 or Python 3.
 *
 * @module
 */

import type { Evidence } from "./cursor.ts";
import type { Problem } from "./problem.ts";

/** The version, whether anything in the body shows it, and contradictions found. */
export interface Decision {
  readonly version: 2 | 3;
  readonly shown: boolean;
  readonly problems: readonly Problem[];
}

const markPattern =
  /^[ \t]*#[ \t]*language[ \t]*[:=][ \t]*py(?:thon)?[ \t]*([23]?)(?:\.\d+)?[ \t]*$/i;

/**
 * The first line `# language: python2` (or `python3`) decides; then syntax that only one version
 * has; then names that only one version has, unless the body defines them (`bound`); then 3.
 */
export function decideVersion(
  source: string,
  evidence: readonly Evidence[],
  bound: ReadonlySet<string>,
): Decision {
  const first = source.split("\n").find((line) => line.trim() !== "") ?? "";
  const stated = markPattern.exec(first)?.[1] ?? "";
  const proofs = evidence.filter((item) => item.proof);
  if (stated !== "") {
    const version = stated === "2" ? 2 : 3;
    const against = proofs.find((item) => item.version !== version);
    const problems = against === undefined ? [] : [contradiction(against, `the first line`)];
    return { version, shown: true, problems };
  }
  const [two, three] = [2, 3].map((version) => proofs.find((item) => item.version === version));
  if (two !== undefined && three !== undefined) {
    return {
      version: 3,
      shown: true,
      problems: [contradiction(two, `${three.what} in line ${three.line}`)],
    };
  }
  const proof = two ?? three;
  if (proof !== undefined) return { version: proof.version, shown: true, problems: [] };
  const hints = evidence.filter((item) => !bound.has(item.what.slice(1, -1)));
  const versions = new Set(hints.map((item) => item.version));
  if (versions.size !== 1) return { version: 3, shown: false, problems: [] };
  return { version: versions.has(2) ? 2 : 3, shown: true, problems: [] };
}

function contradiction(item: Evidence, other: string): Problem {
  const message = `${item.what} is Python ${item.version}, but ${other} says Python ${
    5 - item.version
  }`;
  return { line: item.line, column: item.column, message };
}
