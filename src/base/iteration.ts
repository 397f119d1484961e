/**
 * Waiting, and working on many things at once without losing their order.
 *
 * @module
 */

/**
 * Maps things in order, so many at a time; no further one is begun than can be taken.
 */
export async function* mapOrdered<In, Out>(
  items: Iterable<In> | AsyncIterable<In>,
  width: number,
  work: (item: In) => Promise<Out>,
): AsyncGenerator<Out> {
  const underWay: Promise<Out>[] = [];
  try {
    for await (const item of items) {
      const promise = work(item);
      // Awaited later: a failure until then must not count as unhandled.
      promise.catch(() => {});
      underWay.push(promise);
      if (underWay.length >= width) yield await underWay.shift() as Out;
    }
    while (underWay.length > 0) yield await underWay.shift() as Out;
  } finally {
    await Promise.allSettled(underWay);
  }
}

/** Waits, or ends at once with the signal's reason when it is aborted. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    function stop(): void {
      clearTimeout(timer);
      reject(signal.reason);
    }
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal.addEventListener("abort", stop, { once: true });
  });
}
