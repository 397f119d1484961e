/**
 * Two texts side by side, line by line.
 *
 * @module
 */

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
/** Beyond so many comparisons, a changed region is shown as removed and added as a whole. */
const mostComparisons = 4_000_000;

type Lines = readonly string[];

/** Lengths of the longest common subsequences of all tails, row by row. */
function tailLengths(old: Lines, fresh: Lines): Uint32Array {
  const width = fresh.length + 1;
  const lengths = new Uint32Array((old.length + 1) * width);
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = fresh.length - 1; j >= 0; j--) {
      lengths[i * width + j] = old[i] === fresh[j]
        ? (lengths[(i + 1) * width + j + 1] ?? 0) + 1
        : Math.max(lengths[(i + 1) * width + j] ?? 0, lengths[i * width + j + 1] ?? 0);
    }
  }
  return lengths;
}

function compareMiddle(old: Lines, fresh: Lines, start: number): DiffLine[] {
  const isLarge = old.length * fresh.length > mostComparisons;
  const width = fresh.length + 1;
  const lengths = isLarge ? new Uint32Array() : tailLengths(old, fresh);
  const lines: DiffLine[] = [];
  let i = 0;
  let j = 0;
  while (i < old.length || j < fresh.length) {
    const down = lengths[(i + 1) * width + j] ?? 0;
    const right = lengths[i * width + j + 1] ?? 0;
    if (!isLarge && i < old.length && j < fresh.length && old[i] === fresh[j]) {
      lines.push({ kind: "same", before: start + i++, after: start + j++ });
    } else if (i < old.length && (j >= fresh.length || isLarge || down >= right)) {
      lines.push({ kind: "removed", before: start + i++, after: -1 });
    } else {
      lines.push({ kind: "added", before: -1, after: start + j++ });
    }
  }
  return lines;
}

/** Compares two texts; every line of both is in the result. */
export function compareLines(old: Lines, fresh: Lines): DiffLine[] {
  let start = 0;
  while (start < old.length && start < fresh.length && old[start] === fresh[start]) start++;
  let end = 0;
  const most = Math.min(old.length, fresh.length) - start;
  while (end < most && old[old.length - 1 - end] === fresh[fresh.length - 1 - end]) end++;
  const same = (count: number, before: number, after: number): DiffLine[] =>
    Array.from({ length: count }, (_, at) => ({
      kind: "same",
      before: before + at,
      after: after + at,
    }));
  const middle = compareMiddle(
    old.slice(start, old.length - end),
    fresh.slice(start, fresh.length - end),
    start,
  );
  return [
    ...same(start, 0, 0),
    ...middle,
    ...same(end, old.length - end, fresh.length - end),
  ];
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
