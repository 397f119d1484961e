/**
 * Rows of the benchmark: what is measured of one build, or of two builds in turn.
 *
 * @module
 */
import { formatFigure, formatSpread, median } from "./figures.ts";

/** Figures by their unit; more is better only of those that end in `/s`. */
export type Figures = Readonly<Record<string, number>>;

/** Something to measure: one build by itself, or two in turn. */
export interface Row {
  readonly name: string;
  /** Rounds, when it takes too long for as many as the others have. */
  readonly rounds?: number;
  /** Measures a program once. */
  measure(program: string): Promise<Figures>;
  /** Measures what the row is to be compared with. */
  readonly reference?: {
    readonly name: string;
    measure(): Promise<Figures>;
  };
}

/** Which programs are measured, and how often. */
export interface Settings {
  readonly program: string;
  /** The build to compare with. */
  readonly against: string | undefined;
  readonly rounds: number;
}

/** By how much a figure may differ before it is said to have moved. */
const tolerance = 0.05;

type Measured = readonly Figures[];

function figuresOf(measured: Measured, unit: string): number[] {
  return measured.map((figures) => figures[unit] ?? Number.NaN);
}

function printFigures(label: string, measured: Measured): void {
  const units = Object.keys(measured[0] ?? {});
  const texts = units.map((unit) => `${formatSpread(figuresOf(measured, unit))} ${unit}`);
  console.log(`  ${label}: ${texts.join(", ")}`);
}

/** Prints how a build compares with the one before it, pair by pair; gives what moved. */
function compare(name: string, now: Measured, before: Measured): string[] {
  return Object.keys(now[0] ?? {}).flatMap((unit) => {
    const old = figuresOf(before, unit);
    const ratios = figuresOf(now, unit).map((figure, round) => figure / (old[round] ?? Number.NaN));
    const ratio = median(ratios);
    const hasMoved = Math.abs(ratio - 1) > tolerance;
    const isBetter = unit.endsWith("/s") ? ratio > 1 : ratio < 1;
    const agree = ratios.filter((each) => each > 1 === ratio > 1).length;
    const change = `${isBetter ? "better" : "worse"} in ${agree} of ${ratios.length} rounds`;
    const text = `${formatSpread(ratios)} times the ${unit} before`;
    console.log(`    ${text}${hasMoved ? `: moved, ${change}` : ""}`);
    return hasMoved ? [`${name}: ${formatFigure(ratio)} times the ${unit}, ${change}`] : [];
  });
}

/** Measures a row and prints it; gives what moved by more than 5 % against the build before. */
export async function runRow(row: Row, settings: Settings): Promise<string[]> {
  const { program, against } = settings;
  const now: Figures[] = [];
  const before: Figures[] = [];
  const reference: Figures[] = [];
  const rounds = Math.min(row.rounds ?? settings.rounds, settings.rounds);
  console.log(row.name);
  for (let round = 0; round < rounds; round++) {
    // In turn, so that what else the machine does is shared fairly.
    const isFirst = round % 2 === 0;
    if (against !== undefined && isFirst) before.push(await row.measure(against));
    now.push(await row.measure(program));
    if (against !== undefined && !isFirst) before.push(await row.measure(against));
    if (row.reference !== undefined) reference.push(await row.reference.measure());
  }
  printFigures("this build", now);
  if (row.reference !== undefined) printFigures(row.reference.name, reference);
  if (against === undefined) return [];
  printFigures("the build before", before);
  return compare(row.name, now, before);
}
