/**
 * The reference of the history benchmark: a server that does nothing but answer, and that has what is
 * posted on the disk before. `bun bench/bare_health.ts FILE`, with the file beside the state file.
 *
 * @module
 */
import { open } from "node:fs/promises";

const [path = ""] = process.argv.slice(2);
const file = await open(path, "w");

async function answer(request: Request): Promise<Response> {
  if (request.method === "POST") {
    await file.write(await request.bytes());
    await file.datasync();
  }
  return new Response("ok\n");
}

const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: answer });
console.log(JSON.stringify({ url: `http://127.0.0.1:${server.port}` }));
