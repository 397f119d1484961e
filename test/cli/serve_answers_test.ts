/**
 * What `agent serve` answers to what it should not get: each with its status, none ends it.
 *
 * @module
 */
import { expect, setSystemTime, test } from "bun:test";
import { connect } from "node:net";
import { eventBody } from "../sources/casper/events.ts";
import { listen, type Listener } from "../support/serve.ts";
import { openServeWorkspace } from "./serve_workspace.ts";
import { query } from "./state_run.ts";
import { slow } from "../support/slow.ts";

const good = eventBody("ComputerAdded", 1);

/** Sends pieces over a bare connection, some milliseconds apart; gives what came back until it closed. */
function bare(url: string, pieces: readonly string[], everyMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    let answer = "";
    let next = 0;
    const socket = connect(Number(port), hostname, send);
    const timer = setInterval(send, everyMs);
    function send(): void {
      const piece = pieces[next++];
      if (piece === undefined || socket.destroyed) clearInterval(timer);
      else socket.write(piece);
    }
    socket.on("data", (data) => answer += data);
    socket.on("error", reject);
    socket.on("close", () => {
      clearInterval(timer);
      resolve(answer);
    });
  });
}

function statusOf(answer: string): string {
  return answer.split("\r\n", 1)[0]?.split(" ")[1] ?? "";
}

async function isWell(agent: Listener): Promise<void> {
  expect((await fetch(`${agent.url}/healthz`)).status).toBe(200);
  expect(await (await fetch(`${agent.url}/readyz`)).text()).toBe("ready\n");
}

test("with strict, what makes no sense gets an error that says why", async () => {
  await using space = await openServeWorkspace({ serve: "strict = True\ncoalesce_seconds = 0\n" });
  await using agent = await listen(space);
  const answers = [];
  for (
    const [path, body, method] of [
      ["/nope", good, "POST"],
      ["/casper", good, "PUT"],
      ["/casper", "{", "POST"],
      ["/casper", "[]", "POST"],
      ["/casper", good, "POST"],
    ] as const
  ) {
    const answer = await agent.post(path, body, { method });
    answers.push([answer.status, (await answer.text()).slice(0, 60)]);
  }
  expect(answers).toEqual([
    [404, '{"error":"there is no enabled section \\"nope\\""}'],
    [405, '{"error":"PUT instead of POST"}'],
    [400, '{"error":"the body is not JSON"}'],
    [400, expect.stringContaining("not a webhook of Jamf Pro")],
    [204, ""],
  ]);
  expect((await fetch(`${agent.url}/casper`)).headers.get("allow")).toBe("POST");
  await isWell(agent);
}, 60_000);

test("load balancers and callers that speak HTTP/1.0 and name no host are answered", async () => {
  await using space = await openServeWorkspace();
  await using agent = await listen(space);
  const ready = await bare(agent.url, ["GET /readyz HTTP/1.0\r\n\r\n"], 20);
  expect(statusOf(ready)).toBe("200");
  expect(ready).toEndWith("ready\n");
  const head = `POST /hooks/casper HTTP/1.0\r\nContent-Length: ${good.length}\r\n\r\n`;
  expect(statusOf(await bare(agent.url, [head, good], 20))).toBe("204");
  await agent.until("the record", () => space.arrived().length === 1);
}, 60_000);

test("bodies that are too large get 413, and those just small enough do not", async () => {
  await using space = await openServeWorkspace();
  await using agent = await listen(space);
  const limit = 256 * 1024;
  const padded = (size: number) => good.slice(0, -1) + " ".repeat(size - good.length) + "}";
  expect((await agent.post("/casper", padded(limit))).status).toBe(204);
  expect((await agent.post("/casper", padded(limit + 1))).status).toBe(413);
  // Without a length, in pieces, it ends there too.
  const head = "POST /casper HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
  const chunk = `10000\r\n${"x".repeat(0x10000)}\r\n`;
  const answer = await bare(agent.url, [head, ...Array.from({ length: 6 }, () => chunk)], 20);
  expect(statusOf(answer)).toBe("413");
  // What is cut off leaves its mark like any other call.
  await agent.until("two lines", () => agent.log().split('"status":413').length === 3);
  const metrics = await (await fetch(`${agent.url}/metrics`)).text();
  expect(metrics).toMatch(/\{status="413"\} 2$/m);
  await isWell(agent);
}, 60_000);

test(
  "what is no HTTP is answered by the runtime, without a line or a count, as documented",
  async () => {
    await using space = await openServeWorkspace();
    await using agent = await listen(space);
    const requests = {
      400: ["this is no request\r\n\r\n", "GET /casper HTTP/1.1\r\n\r\n"],
      431: [`GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: ${"x".repeat(17 * 1024)}\r\n\r\n`],
      505: ["GET / HTTP/3.7\r\nHost: localhost\r\n\r\n"],
    };
    for (const [status, texts] of Object.entries(requests)) {
      for (const text of texts) expect(statusOf(await bare(agent.url, [text], 20))).toBe(status);
    }
    const long = `GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(15 * 1024)}\r\n`;
    expect(statusOf(await bare(agent.url, [`${long}Connection: close\r\n\r\n`], 20))).toBe("200");
    const metrics = await (await fetch(`${agent.url}/metrics`)).text();
    expect(metrics).not.toMatch(/\{status="(400|431|505)"\}/);
    expect(agent.log()).not.toMatch(/"status":(400|431|505)/);
    await isWell(agent);
  },
  60_000,
);

slow("bodies that come too slowly get 408; headers that never end are cut off", async () => {
  await using space = await openServeWorkspace({
    serve: "body_seconds = 1\ncoalesce_seconds = 0\n",
  });
  await using agent = await listen(space);
  const head = `POST /casper HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${good.length}\r\n\r\n`;
  const [stalled, trickling, endless] = await Promise.all([
    bare(agent.url, [head, good.slice(0, 20)], 10),
    bare(agent.url, [head, ...good], 100),
    bare(agent.url, "POST /casper HTTP/1.1\r\nX-A: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa".split(""), 400),
  ]);
  expect(statusOf(stalled)).toBe("408");
  expect(statusOf(trickling)).toBe("408");
  expect(endless).toBe("");
  // The same body in good time is an event.
  expect((await agent.post("/casper", good)).status).toBe(204);
  await agent.until("the record", () => space.arrived().length === 1);
  expect(space.fetched()).toHaveLength(1);
  await isWell(agent);
}, 60_000);

test("what is no HTTP gets 400 and ends nothing", async () => {
  await using space = await openServeWorkspace();
  await using agent = await listen(space);
  for (
    const text of [
      "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
      "POST /casper\r\n\r\n",
      "POST /casper HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
      "POST /casper HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST /casper HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ]
  ) {
    const answer = await bare(agent.url, [text], 50);
    expect(["400", "505", ""]).toContain(statusOf(answer));
  }
  await isWell(agent);
}, 60_000);

slow("500 calls at once are all answered, and what got 204 arrives", async () => {
  await using space = await openServeWorkspace({
    serve: "coalesce_seconds = 0\ncalls_per_second = 0\n",
    jamf: { count: 500 },
  });
  await using agent = await listen(space, ["--workers", "5", "--quiet"]);
  const head = (body: string) =>
    `POST /casper HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`;
  const answers = await Promise.all(Array.from({ length: 500 }, (_, index) => {
    const body = eventBody("ComputerAdded", index + 1);
    // All connections are open, with half of a call, before any is complete.
    return bare(agent.url, [head(body) + body.slice(0, 100), body.slice(100)], 1500);
  }));
  expect(answers.map(statusOf)).toEqual(Array.from({ length: 500 }, () => "204"));
  await agent.until("all records", () => space.arrived().length === 500, 30_000);
  await isWell(agent);
  expect(await agent.stop()).toBe(0);
  expect(query(space, "SELECT id FROM inbox")).toEqual([]);
}, 90_000);

slow("an address may have so many calls under way", async () => {
  const serve = "coalesce_seconds = 0\ncalls_at_once = 2\nbody_seconds = 10\n";
  await using space = await openServeWorkspace({ serve });
  await using agent = await listen(space);
  const head =
    "POST /casper HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 100\r\n\r\n";
  const slow = Array.from({ length: 3 }, () => bare(agent.url, [head], 10));
  // As soon as one of them is refused, the others are under way.
  expect(statusOf(await Promise.race(slow))).toBe("429");
  const another = await agent.post("/casper", good);
  expect(another.status).toBe(429);
  expect(another.headers.get("retry-after")).toBe("1");
  expect((await Promise.all(slow)).map(statusOf).sort()).toEqual(["408", "408", "429"]);
  expect((await agent.post("/casper", good)).status).toBe(204);
}, 60_000);

test("health checks that succeed are not in the log, other calls are", async () => {
  await using space = await openServeWorkspace({ serve: "coalesce_seconds = 0\n" });
  await using agent = await listen(space);
  await isWell(agent);
  expect((await agent.post("/casper", good)).status).toBe(204);
  await agent.until("the call", () => agent.log().includes('"path":"/casper","status":204'));
  expect(agent.log()).not.toMatch(/readyz|healthz/);
  await using loud = await listen(space, ["--verbose"]);
  await isWell(loud);
  await loud.until("the checks", () => /DEBUG .*"path":"\/readyz","status":200/.test(loud.log()));
});

test("an address is not refused because the clock was set back", async () => {
  await using space = await openServeWorkspace({ serve: "coalesce_seconds = 0\n" });
  await using agent = await listen(space);
  try {
    setSystemTime(new Date(Date.now() + 3_600_000));
    expect((await agent.post("/casper", good)).status).toBe(204);
    setSystemTime();
    expect((await agent.post("/casper", good)).status).toBe(204);
  } finally {
    setSystemTime();
  }
});

slow("an address may make so many calls in a second", async () => {
  await using space = await openServeWorkspace({
    serve: "coalesce_seconds = 0\ncalls_per_second = 5\n",
  });
  await using agent = await listen(space);
  const calls = Array.from({ length: 60 }, () => agent.post("/casper", good));
  const statuses = (await Promise.all(calls)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 204).length).toBeGreaterThanOrEqual(5);
  expect(statuses).toContain(429);
  expect(new Set(statuses)).toEqual(new Set([204, 429]));
  await Bun.sleep(1100);
  expect((await agent.post("/casper", good)).status).toBe(204);
}, 60_000);
