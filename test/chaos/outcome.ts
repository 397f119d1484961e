/**
 * What a scenario came to, and how it is told.
 *
 * @module
 */

/** What a scenario came to. */
export interface Outcome {
  readonly scenario: string;
  /** What was counted, in the order in which it is shown. */
  readonly figures: Readonly<Record<string, string | number>>;
  /** What must not be; nothing when all is well. */
  readonly faults: readonly string[];
}

/** The outcome as lines of text. */
export function describeOutcome({ scenario, figures, faults }: Outcome): string {
  const width = Math.max(...Object.keys(figures).map((name) => name.length));
  return [
    `${faults.length === 0 ? "ok  " : "FAIL"} ${scenario}`,
    ...Object.entries(figures).map(([name, value]) => `     ${name.padEnd(width)}  ${value}`),
    ...faults.map((fault) => `     ! ${fault}`),
  ].join("\n");
}

/** Waits until something holds; gives whether it did in time. */
export async function within(
  ms: number,
  holds: () => boolean | Promise<boolean>,
): Promise<boolean> {
  const deadline = performance.now() + ms;
  while (!await holds()) {
    if (performance.now() > deadline) return false;
    await Bun.sleep(20);
  }
  return true;
}

/** As {@linkcode within}, where there is nothing to go on with when it does not hold. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  ms = 60_000,
): Promise<void> {
  if (!await within(ms, holds)) throw new Error(`Not within ${ms} ms: ${what}`);
}

/** Waits for a promise; fails when it is not fulfilled in time. */
export async function inTime(what: string, promise: Promise<void>, ms = 60_000): Promise<void> {
  let isFulfilled = false;
  promise.then(() => isFulfilled = true);
  await until(what, () => isFulfilled, ms);
}
