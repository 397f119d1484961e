/**
 * Small statistics for the benchmarks.
 *
 * @module
 */

/** The middle of some figures. */
export function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const high = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? Number.NaN) + high) / 2;
}

/** A figure as people read it: three digits that count. */
export function formatFigure(figure: number): string {
  if (Math.abs(figure) >= 100) return Math.round(figure).toLocaleString("en");
  return figure.toPrecision(3);
}

/** Median and spread: `63,100 (60,200–64,900)`. */
export function formatSpread(figures: readonly number[]): string {
  const [low, high] = [Math.min(...figures), Math.max(...figures)];
  return `${formatFigure(median(figures))} (${formatFigure(low)}–${formatFigure(high)})`;
}
