/**
 * Waiting, and working on many things at once without losing their order.
 *
 * @module
 */

/**
 * Maps things in order, so many at a time. It goes on while nobody takes what is done, and holds as many
 * results as it works on things: one that takes long does not hold up the others. When the things
 * themselves fail to come, running ones are finished first.
 */
export async function* mapOrdered<In, Out>(
  items: Iterable<In> | AsyncIterable<In>,
  width: number,
  work: (item: In) => Promise<Out>,
): AsyncGenerator<Out> {
  const queue: Promise<Out>[] = [];
  let failure: { readonly thrown: unknown } | undefined;
  let running = 0;
  let isEnded = false;
  let isFilling = false;
  /** The beginning that is under way, or the last one. */
  let step: Promise<void> = Promise.resolve();
  const iterator = Symbol.asyncIterator in items
    ? items[Symbol.asyncIterator]()
    : items[Symbol.iterator]();
  async function begin(): Promise<void> {
    try {
      const { done, value } = await iterator.next();
      if (done === true) isEnded = true;
      if (isEnded) return;
      running++;
      const promise = work(value).finally(() => {
        running--;
        void fill();
      });
      // Awaited later: a failure until then must not count as unhandled.
      promise.catch(() => {});
      queue.push(promise);
    } catch (thrown) {
      failure = { thrown };
      isEnded = true;
    }
  }
  /** Begins as many as may be at work, and no more than are held until somebody takes them. */
  async function fill(): Promise<void> {
    if (isFilling) return;
    isFilling = true;
    while (!isEnded && running < width && queue.length < 2 * width) await (step = begin());
    isFilling = false;
  }
  try {
    while (true) {
      void fill();
      while (queue.length === 0 && !isEnded) await step;
      const next = queue.shift();
      if (next === undefined) break;
      yield await next;
    }
  } finally {
    isEnded = true;
    await iterator.return?.();
    await Promise.allSettled([...queue, step]);
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

/**
 * Does work with a signal that is aborted after some time, and with another signal. The clock stops when the
 * work ends: that of `AbortSignal.timeout` goes on, and keeps everything that has to do with it until it is over.
 */
export async function withinTime<T>(
  ms: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limited = new AbortController();
  const stop = () => limited.abort(signal.reason);
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  const timer = setTimeout(() => {
    limited.abort(new DOMException("The operation timed out.", "TimeoutError"));
  }, ms);
  try {
    return await work(limited.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}

/** Lets everything else that waits for the one thread have a turn: answers, timers, signals. */
export function giveWay(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
