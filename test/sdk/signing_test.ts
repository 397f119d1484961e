/**
 * Requests with headers of their own: signed anew for each attempt, or meant for another host.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLog } from "../../src/logging/log.ts";
import { createRedactor } from "../../src/base/redact.ts";
import { tokenAuth } from "../../src/sdk/http/auth.ts";
import { ConnectionError, createHttp } from "../../src/sdk/http/http.ts";
import { readTextFile } from "../../src/sdk/text_file.ts";
import { startVendor, type VendorCall } from "../support/vendor.ts";

const signal = new AbortController().signal;
const log = createLog("test", createRedactor(), []);

function client(base: string, headers: Record<string, string> = {}) {
  return createHttp({ base, headers, tls: { verify: true }, timeoutMs: 5000, log, signal });
}

function startServer(answer: (call: VendorCall) => Response) {
  const route = { path: /^\//, answer };
  return startVendor({ routes: [{ method: "GET", ...route }, { method: "POST", ...route }] });
}

test("a request is signed anew for each attempt", async () => {
  await using vendor = startServer(() => new Response("ok"));
  vendor.fail({ on: () => true, times: 2, answer: () => new Response("", { status: 503 }) });
  let count = 0;
  const sign = () => ({ "X-Signature": `${++count}` });
  const answer = await client(vendor.url).send({ path: "/a", sign });
  expect(answer.status).toBe(200);
  expect(vendor.calls.map(({ headers }) => headers.get("x-signature"))).toEqual(["1", "2", "3"]);
});

test("headers go to the origin that a request names, those of the client do not", async () => {
  await using home = startServer(() => new Response("home"));
  await using other = startServer(() => new Response("other"));
  const http = client(home.url, { "X-Tenant": "secret" });
  const request = { path: `${other.url}/token`, headers: { Authorization: "Basic abc" } };
  await http.send(request);
  await http.send({ ...request, origin: other.url });
  const sent = other.calls.map(({ headers }) => [
    headers.get("x-tenant"),
    headers.get("authorization"),
  ]);
  expect(sent).toEqual([[null, null], [null, "Basic abc"]]);
  await http.send({ path: "/data" });
  expect(home.calls[0]?.headers.get("x-tenant")).toBe("secret");
});

test("no redirect carries them from there to anywhere else, the client's own host included", async () => {
  await using home = startServer(() => new Response("home"));
  await using other = startServer(() =>
    new Response(null, { status: 307, headers: { Location: `${home.url}/caught` } })
  );
  const http = client(home.url);
  const headers = { Authorization: "Basic abc" };
  const request = { path: `${other.url}/token`, headers, origin: other.url };
  await expect(http.send({ ...request, method: "POST", body: "a=1" })).rejects.toThrow(
    ConnectionError,
  );
  expect(home.calls).toEqual([]);
  await http.send(request);
  expect(home.calls[0]?.headers.get("authorization")).toBeNull();
});

test("tokenAuth() takes the next token out of an answer", async () => {
  const http = client("http://127.0.0.1:9");
  let opened = 0;
  const auth = tokenAuth(
    () => Promise.resolve({ value: `open ${++opened}` }),
    (token) => ({ "X-Session": token }),
    ({ headers }) => headers.get("X-Session") ?? undefined,
  );
  const answer = (headers: Record<string, string>) => ({
    status: 200,
    headers: new Headers(headers),
    body: "",
  });
  const first = await auth.headers(http);
  expect(first).toEqual({ "X-Session": "open 1" });
  auth.observe?.(answer({}));
  expect(await auth.headers(http)).toEqual(first);
  auth.observe?.(answer({ "X-Session": "next" }));
  expect(await auth.headers(http)).toEqual({ "X-Session": "next" });
  // Only the token of now is worth renewing: another request has got a newer one already.
  await auth.renew?.(http, first);
  expect(await auth.headers(http)).toEqual({ "X-Session": "next" });
  await auth.renew?.(http, { "X-Session": "next" });
  expect(await auth.headers(http)).toEqual({ "X-Session": "open 2" });
});

test("readTextFile() reads files, without a byte order mark, and says what is wrong with others", async () => {
  const folder = mkdtempSync(join(tmpdir(), "agent-test-"));
  try {
    const path = join(folder, "token.txt");
    writeFileSync(path, "\ufeffgrün");
    expect(await readTextFile(path)).toBe("grün");
    await expect(readTextFile(join(folder, "absent"))).rejects.toThrow("it does not exist");
    await expect(readTextFile(folder)).rejects.toThrow("it is not a file");
    writeFileSync(path, "x".repeat(1024 * 1024 + 1));
    await expect(readTextFile(path)).rejects.toThrow("larger than 1 MB");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
