/**
 * Two texts side by side, line by line.
 *
 * @module
 */
import { diffArrays } from "diff";

/** One line of a comparison, by its index in the texts that have it. */
export interface DiffLine {
  readonly kind: "same" | "added" | "removed" | "gap";
  /** 0-based index in the old text; -1 when it is added, or a gap. */
  readonly before: number;
  /** 0-based index in the new text; -1 when it is removed, or a gap. */
  readonly after: number;
}

/** Lines that are the same and still shown around what changed. */
const context = 2;
/** A file in which more lines changed is shown as removed and added as a whole. */
const maxEditLength = 1_000;

/** Compares two texts; every line of both is in the result. */
export function compareLines(old: readonly string[], fresh: readonly string[]): DiffLine[] {
  const changes = diffArrays([...old], [...fresh], { maxEditLength }) ?? [
    { count: old.length, removed: true, added: false },
    { count: fresh.length, removed: false, added: true },
  ];
  let before = 0;
  let after = 0;
  return changes.flatMap(({ count, added, removed }) =>
    Array.from({ length: count }, (): DiffLine => {
      if (removed) return { kind: "removed", before: before++, after: -1 };
      if (added) return { kind: "added", before: -1, after: after++ };
      return { kind: "same", before: before++, after: after++ };
    })
  );
}

/** Leaves out what is far from any change; a gap stands for it. */
export function withoutFarLines(lines: readonly DiffLine[]): DiffLine[] {
  const isNear = lines.map((_, at) =>
    lines.slice(Math.max(0, at - context), at + context + 1).some(({ kind }) => kind !== "same")
  );
  const result: DiffLine[] = [];
  for (const [at, line] of lines.entries()) {
    if (isNear[at]) result.push(line);
    else if (result.at(-1)?.kind !== "gap") result.push({ kind: "gap", before: -1, after: -1 });
  }
  return result;
}
