/**
 * The other side of the upload benchmarks: an instance of Oomnitza that counts what it is sent and does
 * nothing else, so that what is measured is the agent.
 *
 * `bun bench/counting_server.ts FIELD` counts records by a field that each has once, and prints its
 * address as JSON.
 *
 * @module
 */
import { Buffer } from "node:buffer";

/** What came so far, as `GET /count` gives it. */
export interface Count {
  readonly records: number;
  readonly requests: number;
  readonly bytes: number;
  /** Bytes of the largest request. */
  readonly largest: number;
  /** Milliseconds between the request in which half of the records were reached and the last. */
  readonly secondHalfMs: number;
  /** Records that came in that time. */
  readonly secondHalf: number;
}

const [field = ""] = process.argv.slice(2);
const mark = Buffer.from(`"${field}":`);
/** Time and number of records after each request. */
let times: number[] = [];
let totals: number[] = [];
let bytes = 0;
let largest = 0;
/** The bodies, where they are wanted for the bare loop. */
let bodies: Uint8Array<ArrayBuffer>[] | undefined;

function countRecords(body: Uint8Array): number {
  const all = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  let count = 0;
  for (let at = all.indexOf(mark); at !== -1; at = all.indexOf(mark, at + mark.length)) count++;
  return count;
}

async function take(request: Request): Promise<Response> {
  const body = new Uint8Array(await request.arrayBuffer());
  bodies?.push(body);
  bytes += body.length;
  largest = Math.max(largest, body.length);
  totals.push((totals.at(-1) ?? 0) + countRecords(body));
  times.push(performance.now());
  return new Response("{}", { headers: { "Content-Type": "application/json" } });
}

function count(): Count {
  const records = totals.at(-1) ?? 0;
  const half = totals.findIndex((total) => total * 2 >= records);
  const last = totals.length - 1;
  return {
    records,
    requests: totals.length,
    bytes,
    largest,
    secondHalfMs: half < 0 ? 0 : (times[last] ?? 0) - (times[half] ?? 0),
    secondHalf: half < 0 ? 0 : records - (totals[half] ?? 0),
  };
}

/** Bodies as the bare loop reads them: each after its length in 4 bytes. */
function join(all: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer>[] {
  return all.flatMap((body) => {
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, body.length);
    return [length, body];
  });
}

function reset(keepsBodies: boolean): Response {
  [times, totals, bytes, largest] = [[], [], 0, 0];
  bodies = keepsBodies ? [] : undefined;
  return new Response();
}

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  maxRequestBodySize: 2 ** 31,
  routes: {
    "/api/v3/bulk": { POST: take },
    "/api/v3/bulk/:portion/finalize": { POST: () => Response.json({}) },
    "/api/v2/mappings": { GET: () => Response.json({}) },
    "/count": { GET: () => Response.json(count()) },
    "/bodies": { GET: () => new Response(new Blob(join(bodies ?? []))) },
    "/reset": { POST: ({ url }) => reset(new URL(url).searchParams.has("bodies")) },
  },
  fetch: ({ method, url }) => new Response(`${method} ${url} is not there`, { status: 404 }),
});
console.log(JSON.stringify({ url: `http://127.0.0.1:${server.port}` }));
