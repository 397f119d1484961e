/**
 * The limit to compare with: posts the very bodies that the agent sent, a given number at a time, and
 * does nothing else.
 *
 * `bun bench/bare_loop.ts URL TOKEN FILE TIMES WIDTH` prints the milliseconds that posting took. A width
 * of 0 shows what the server can take: requests are written to bare sockets, without waiting for the
 * answer to the one before.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";

const [url = "", token = "", file = "", times = "1", width = "2"] = process.argv.slice(2);

function readBodies(bytes: Buffer<ArrayBuffer>): Buffer<ArrayBuffer>[] {
  const bodies: Buffer<ArrayBuffer>[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 4 + bytes.readUInt32BE(at);
    bodies.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return bodies;
}

const bodies = readBodies(Buffer.from(readFileSync(file)));
const total = bodies.length * Number(times);
const type = "application/json; charset=utf-8";
let next = 0;

async function post(): Promise<void> {
  while (next < total) {
    const response = await fetch(`${url}/api/v3/bulk`, {
      method: "POST",
      headers: { "Content-Type": type, Authorization2: token },
      body: bodies[next++ % bodies.length] ?? null,
    });
    await response.text();
    if (response.status !== 200) throw new Error(`The server answered ${response.status}`);
  }
}

/** Requests on one connection that may be under way. */
const pipelined = 16;

function toRequest(body: Buffer): Buffer {
  const head = `POST /api/v3/bulk HTTP/1.1\r\nHost: bench\r\nContent-Type: ${type}\r\n` +
    `Content-Length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

/** Writes requests as fast as the server takes them; answers are only counted. */
async function flood(requests: readonly Buffer[]): Promise<void> {
  const { hostname, port } = new URL(url);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const answer = Buffer.from("HTTP/1.1 200");
  let [underWay, rest] = [0, Buffer.alloc(0)];
  function feed(socket: Bun.Socket): void {
    while (rest.length > 0 || (underWay < pipelined && next < total)) {
      if (rest.length === 0) {
        rest = Buffer.from(requests[next++ % requests.length] ?? Buffer.alloc(0));
        underWay++;
      }
      rest = rest.subarray(socket.write(rest));
      if (rest.length > 0) return;
    }
  }
  const socket = await Bun.connect({
    hostname,
    port: Number(port),
    socket: {
      data(socket, chunk) {
        for (let at = chunk.indexOf(answer); at >= 0; at = chunk.indexOf(answer, at + 1)) {
          underWay--;
        }
        feed(socket);
        if (underWay === 0 && next >= total) resolve();
      },
      drain: feed,
      error: (_socket, error) => reject(error),
    },
  });
  feed(socket);
  await promise;
  socket.end();
}

const requests = Number(width) === 0 ? bodies.map(toRequest) : [];
const begun = performance.now();
if (Number(width) === 0) await Promise.all([flood(requests), flood(requests)]);
else await Promise.all(Array.from({ length: Number(width) }, post));
console.log(performance.now() - begun);
