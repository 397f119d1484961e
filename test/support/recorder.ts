/**
 * A bare Oomnitza that writes down every request as it came, byte for byte, and answers as configured.
 *
 * @module
 */

/** One request as it came. */
export interface Recorded {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Headers;
  readonly body: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** What to answer to an upload. */
export interface Scripted {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** A recorder at work. */
export interface Recorder {
  readonly url: string;
  readonly token: string;
  readonly requests: readonly Recorded[];
  /** The requests to `/api/v2/bulk/*` and `/api/v3/bulk*`. */
  uploads(): Recorded[];
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface RecorderOptions {
  /** Answers to uploads, in order; 200 when used up. */
  readonly script?: readonly Scripted[];
  /** Answers by request; wins over the script. The request waits for it. */
  readonly answer?: (
    request: Recorded,
  ) => Scripted | undefined | Promise<Scripted | undefined>;
  /** What `GET /api/v2/mappings` answers by mapping name. */
  readonly mappings?: Readonly<Record<string, unknown>>;
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** Starts a recorder on a free loopback port. */
export function record(options: RecorderOptions = {}): Recorder {
  const requests: Recorded[] = [];
  const script = [...options.script ?? []];
  const token = "token-of-the-recorder";
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    ...(options.tls === undefined ? {} : { tls: options.tls }),
    async fetch(request) {
      const url = new URL(request.url);
      const recorded: Recorded = {
        method: request.method,
        path: url.pathname,
        query: url.search.slice(1),
        headers: request.headers,
        body: await request.text(),
        at: Date.now(),
      };
      requests.push(recorded);
      const special = await options.answer?.(recorded);
      if (special !== undefined) return answerOf(special);
      if (url.pathname === "/api/v2/mappings") {
        return Response.json(options.mappings?.[url.searchParams.get("name") ?? ""] ?? {});
      }
      if (url.pathname.includes("/bulk")) return answerOf(script.shift() ?? { status: 200 });
      return new Response("not found", { status: 404 });
    },
  });
  const stop = () => server.stop(true);
  return {
    url: `${options.tls === undefined ? "http" : "https"}://127.0.0.1:${server.port}`,
    token,
    requests,
    uploads: () => requests.filter(({ path }) => path.includes("/bulk")),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function answerOf({ status, headers, body }: Scripted): Response {
  return new Response(body ?? "{}", { status, headers: headers ?? {} });
}
