/**
 * How much slower this machine is at the moment than one that is idle, measured beside other work.
 *
 * @module
 */

/** Milliseconds that {@linkcode work} takes on an idle core of the machine that the limits are made for. */
const referenceMs = 20;
const pauseMs = 400;

/** A measurement under way. */
export interface Pace {
  /** How many times longer work takes than on the idle reference machine; never below 1. */
  factor(): number;
  stop(): void;
}

/** A fixed amount of work. */
function work(): number {
  let state = 1;
  for (let round = 0; round < 10_000_000; round++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
  }
  return state;
}

function measure(): number {
  const started = performance.now();
  work();
  return performance.now() - started;
}

/** Begins to measure, which takes some hundredths of a core until it is stopped. */
export function startPace(): Pace {
  work(); // compiles it
  const times = [measure()];
  const timer = setInterval(() => times.push(measure()), pauseMs);
  return {
    factor() {
      const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
      return Math.max(1, mean / referenceMs);
    },
    stop: () => clearInterval(timer),
  };
}
