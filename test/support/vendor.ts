/**
 * A real HTTP server that plays a vendor: routes written from the vendor's documentation, faults and
 * throttling on demand, and a record of every request.
 *
 * @module
 */

/** One request to a vendor, read to its end. */
export interface VendorCall {
  readonly method: string;
  readonly path: string;
  readonly url: URL;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  readonly body: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** One documented endpoint. */
export interface VendorRoute {
  readonly method: string;
  /** The whole path, exactly or as a pattern. */
  readonly path: string | RegExp;
  answer(call: VendorCall, match: RegExpExecArray | undefined): Response | Promise<Response>;
}

/** Something to do wrong with the next matching requests. */
export interface VendorFault {
  readonly on: (call: VendorCall) => boolean;
  readonly times: number;
  /** The answer; without one the request is held until the server stops. */
  readonly answer?: (call: VendorCall) => Response;
}

/** How a vendor throttles: so many requests in a window, beyond which it answers otherwise. */
export interface Throttle {
  readonly requests: number;
  readonly windowMs: number;
  /** The vendor's answer; `resetMs` is how long the window still lasts. */
  readonly answer: (resetMs: number) => Response;
}

/** The endpoints that the vendor documents, and how it throttles. */
export interface VendorOptions {
  readonly routes: readonly VendorRoute[];
  readonly throttle?: Throttle;
  /** Speaks TLS with this certificate, and only to clients whose certificate that authority signed. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca: string } | undefined;
  /** Waited for before each answer. */
  readonly hold?: ((call: VendorCall) => Promise<void>) | undefined;
}

/** A vendor at work. */
export interface Vendor {
  readonly url: string;
  readonly calls: readonly VendorCall[];
  /** Requests that the vendor does not document. */
  readonly unexpected: readonly string[];
  /** Routes that nobody asked for. */
  unused(): string[];
  /** Requests answered with the throttle. */
  readonly throttled: () => number;
  /** The most requests within any window of so many milliseconds. */
  busiest(windowMs: number): number;
  /** The most requests under way at once. */
  readonly mostAtOnce: () => number;
  fail(fault: VendorFault): void;
  /** From now on, a value of its records is another one, wherever it is shown. */
  rename(old: string, now: string): void;
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

class VendorServer implements Vendor {
  readonly calls: VendorCall[] = [];
  readonly unexpected: string[] = [];
  readonly #options: VendorOptions;
  readonly #used = new Set<VendorRoute>();
  readonly #server: Bun.Server<undefined>;
  #faults: { fault: VendorFault; left: number }[] = [];
  #renamed: (readonly [old: string, now: string])[] = [];
  #passed: number[] = [];
  #throttled = 0;
  #running = 0;
  #mostAtOnce = 0;

  constructor(options: VendorOptions) {
    this.#options = options;
    this.#server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      idleTimeout: 60,
      ...(options.tls === undefined
        ? {}
        : { tls: { ...options.tls, requestCert: true, rejectUnauthorized: true } }),
      fetch: (request) => this.#answer(request),
    });
  }

  get url(): string {
    const isPlain = this.#options.tls === undefined;
    return `${isPlain ? "http" : "https"}://127.0.0.1:${this.#server.port}`;
  }

  unused(): string[] {
    return this.#options.routes.filter((route) => !this.#used.has(route)).map(({ method, path }) =>
      `${method} ${path}`
    );
  }

  throttled = () => this.#throttled;
  mostAtOnce = () => this.#mostAtOnce;

  busiest(windowMs: number): number {
    const times = this.calls.map(({ at }) => at);
    return Math.max(
      0,
      ...times.map((start) => times.filter((at) => at >= start && at < start + windowMs).length),
    );
  }

  fail(fault: VendorFault): void {
    this.#faults.push({ fault, left: fault.times });
  }

  rename(old: string, now: string): void {
    this.#renamed.push([old, now]);
  }

  async stop(): Promise<void> {
    await this.#server.stop(true);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #answer(request: Request): Promise<Response> {
    this.#mostAtOnce = Math.max(this.#mostAtOnce, ++this.#running);
    try {
      const url = new URL(request.url);
      const call: VendorCall = {
        method: request.method,
        path: url.pathname,
        url,
        query: url.searchParams,
        headers: request.headers,
        body: await request.text(),
        at: Date.now(),
      };
      this.calls.push(call);
      await this.#options.hold?.(call);
      return this.#throttle() ?? await this.#fault(call) ?? await this.#route(call);
    } finally {
      this.#running--;
    }
  }

  /** An answer with the values that records have now. */
  async #show(answer: Response): Promise<Response> {
    if (this.#renamed.length === 0 || answer.body === null) return answer;
    const { status, headers } = answer;
    const text = this.#renamed.reduce(
      (shown, [old, now]) => shown.replaceAll(old, now),
      await answer.text(),
    );
    return new Response(text, { status, headers });
  }

  #throttle(): Response | undefined {
    const { throttle } = this.#options;
    if (throttle === undefined) return undefined;
    const now = Date.now();
    this.#passed = this.#passed.filter((at) => at > now - throttle.windowMs);
    if (this.#passed.length < throttle.requests) {
      this.#passed.push(now);
      return undefined;
    }
    this.#throttled++;
    return throttle.answer((this.#passed[0] ?? now) + throttle.windowMs - now);
  }

  #fault(call: VendorCall): Response | Promise<Response> | undefined {
    const entry = this.#faults.find(({ fault, left }) => left > 0 && fault.on(call));
    if (entry === undefined) return undefined;
    entry.left--;
    return entry.fault.answer?.(call) ?? new Promise<Response>(() => {});
  }

  async #route(call: VendorCall): Promise<Response> {
    for (const route of this.#options.routes) {
      if (route.method !== call.method) continue;
      const match = typeof route.path === "string" ? undefined : route.path.exec(call.path);
      if (typeof route.path === "string" ? route.path !== call.path : match === null) continue;
      this.#used.add(route);
      return await this.#show(await route.answer(call, match ?? undefined));
    }
    this.unexpected.push(`${call.method} ${call.path}`);
    return new Response("not documented", { status: 404 });
  }
}

/** Starts a vendor on a free loopback port. */
export function startVendor(options: VendorOptions): Vendor {
  return new VendorServer(options);
}

/** Holds answers until so many requests wait for one, wherever they were sent; later ones pass. */
export function barrier(count: number): () => Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let waiting = 0;
  return () => {
    if (++waiting === count) resolve();
    return promise;
  };
}

/** Whether a request has HTTP Basic credentials of that user. */
export function hasBasic({ headers }: VendorCall, user: string, password: string): boolean {
  const expected = Buffer.from(`${user}:${password}`, "utf8").toString("base64");
  return headers.get("authorization") === `Basic ${expected}`;
}
