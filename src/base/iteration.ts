/**
 * Waiting, and working on many things at once without losing their order.
 *
 * @module
 */

/**
 * Maps things in order, so many at a time; no further one is begun than can be taken. When the things
 * themselves fail to come, running ones are finished first.
 */
export async function* mapOrdered<In, Out>(
  items: Iterable<In> | AsyncIterable<In>,
  width: number,
  work: (item: In) => Promise<Out>,
): AsyncGenerator<Out> {
  const underWay: Promise<Out>[] = [];
  let failure: { readonly thrown: unknown } | undefined;
  const iterator = Symbol.asyncIterator in items
    ? items[Symbol.asyncIterator]()
    : items[Symbol.iterator]();
  async function begin(): Promise<boolean> {
    try {
      const { done, value } = await iterator.next();
      if (done === true) return false;
      const promise = work(value);
      // Awaited later: a failure until then must not count as unhandled.
      promise.catch(() => {});
      underWay.push(promise);
      return true;
    } catch (thrown) {
      failure = { thrown };
      return false;
    }
  }
  try {
    let goesOn = true;
    while (goesOn || underWay.length > 0) {
      goesOn = goesOn && await begin();
      if (underWay.length >= width || (!goesOn && underWay.length > 0)) {
        yield await underWay.shift() as Out;
      }
    }
  } finally {
    await iterator.return?.();
    await Promise.allSettled(underWay);
  }
  if (failure !== undefined) throw failure.thrown;
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

/** Lets everything else that waits for the one thread have a turn: answers, timers, signals. */
export function giveWay(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
