/**
 * Looking into the stand-in and steering it from outside: control routes and web page.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { Hono } from "hono";
import { UsageError } from "../../src/base/errors.ts";
import { fromHere } from "../../src/stand_in/control.ts";
import type { Env } from "../../src/stand_in/instance.ts";
import { type StandIn, startStandIn } from "../../src/stand_in/mod.ts";
import {
  bulk,
  call,
  failureOf,
  postAudit,
  postBulk,
  postUser,
  start,
  token,
} from "./stand_in_calls.ts";

const portion = "0b8bd6cc-5b9b-4bd4-9f0a-0f6d3e3a3a11";

/** Status of a request under another host name. */
async function as(standIn: StandIn, host: string, path: string): Promise<number> {
  const headers = { host, authorization2: token };
  return (await fetch(standIn.url + path, { headers })).status;
}

describe("the control routes", () => {
  test("tell what is there", async () => {
    const standIn = await start();
    await postBulk(standIn);
    await postUser(standIn, { USER: "ann" });
    await postUser(standIn, {});
    const { body } = await call(standIn, "GET", "/stand-in/state");
    expect(body).toEqual({
      keep: "all",
      counters: {
        requests: 3,
        byStatus: { 200: 2, 400: 1 },
        logins: 0,
        faults: {},
        received: 2,
        created: 2,
        updated: 0,
        skipped: 0,
      },
      mappings: ["assets", "users"].map((kind) => ({
        kind,
        name: kind === "assets" ? "CSV_assets" : "CSV_users",
        received: 1,
        created: 1,
        updated: 0,
        skipped: 0,
        distinct: 1,
      })),
      portions: [{
        id: portion,
        kind: "assets",
        name: "CSV_assets",
        requests: 1,
        received: 1,
        finalized: false,
      }],
      faults: {},
    });
  });

  test("list records by mapping name and kind, page by page", async () => {
    const standIn = await start();
    await postBulk(standIn, { records: [{ BARCODE: "A1" }, { BARCODE: "A2" }, { BARCODE: "A3" }] });
    await call(standIn, "POST", `/api/v3/bulk/${portion}/finalize`, { body: {} });
    await postAudit(standIn, { agent_id: "Casper" });
    await postUser(standIn, { USER: "ann" });
    const of = async (query: string) =>
      (await call(standIn, "GET", `/stand-in/records${query}`)).body;
    expect(await of("")).toMatchObject({ total: 5 });
    expect(await of("?kind=users")).toMatchObject({
      total: 1,
      records: [{ kind: "users", name: "CSV_users", key: "ann", record: { USER: "ann" } }],
    });
    expect(await of("?name=Casper")).toMatchObject({
      total: 1,
      records: [{ portion: null, finalized: null, times: 1 }],
    });
    expect(await of("?name=CSV_assets&kind=assets&offset=1&limit=1")).toMatchObject({
      total: 3,
      records: [{ key: "A2", portion, finalized: true, at: expect.stringMatching(/^20.*Z$/) }],
    });
    expect(await of("?kind=computers")).toEqual({ error: "kind is neither assets nor users" });
    expect(await of("?limit=x")).toEqual({ error: "limit is not a whole number" });
  });

  test("have no records when only counts are kept", async () => {
    const answer = await call(await start({ keep: "counts" }), "GET", "/stand-in/records");
    expect(answer).toMatchObject({
      status: 409,
      body: { error: "only counts are kept, no records" },
    });
  });

  test("list requests, and never a token or a password", async () => {
    const standIn = await start({ username: "ann", password: "s3cret" });
    await postBulk(standIn);
    await call(standIn, "GET", `/api/v2/mappings?name=x${token}`);
    await call(standIn, "GET", `/api/v3/${token}?s3cret=1`);
    await fetch(`${standIn.url}/api/request_token?login=ann&password=s3cret`, { method: "POST" });
    const { body } = await call(standIn, "GET", "/stand-in/requests");
    expect(body).toMatchObject({
      requests: [
        { method: "POST", path: "/api/v3/bulk", query: "", status: 200, records: 1 },
        { method: "GET", path: "/api/v2/mappings", query: "name=x***", status: 200, records: 0 },
        { path: "/api/v3/***", query: "***=1", status: 404, error: "there is nothing here" },
        { path: "/api/request_token", query: "login=ann&password=***", status: 400 },
      ],
    });
    expect(JSON.stringify(body)).not.toContain(token);
  });

  test("keep no log when told so, but count", async () => {
    const standIn = await start({ requestLog: false });
    await postBulk(standIn);
    expect(standIn.state.requests).toEqual([]);
    expect(standIn.state.counters.requests).toBe(1);
  });

  test("the log forgets the oldest requests", async () => {
    const standIn = await start();
    for (let i = 0; i < 10_003; i++) {
      standIn.state.note({
        at: i,
        method: "GET",
        path: "/",
        query: "",
        status: 200,
        records: 0,
        ms: 0,
      });
    }
    const times = standIn.state.requests.map(({ at }) => at);
    expect([times.length, times[0], times.at(-1)]).toEqual([10_000, 3, 10_002]);
  });

  test("set faults at run time, and refuse senseless ones", async () => {
    const standIn = await start();
    const faults = { script: ["503", "ok"], retryAfter: { seconds: 2 } };
    const set = await call(standIn, "POST", "/stand-in/faults", { body: faults });
    expect(set).toMatchObject({ status: 200, body: faults });
    expect((await postBulk(standIn)).headers.get("retry-after")).toBe("2");
    expect((await postBulk(standIn)).status).toBe(200);
    expect(await call(standIn, "POST", "/stand-in/faults", { body: { mix: [] } })).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining("mix") },
    });
    expect(() => standIn.setFaults({ failEvery: 1, failRate: 1 })).toThrow(UsageError);
    expect(await failureOf(startStandIn({ faults: { failRate: 2 } }))).toContain("failRate");
  });

  test("reset forgets records, counts, portions, requests and faults", async () => {
    const standIn = await start({ faults: { script: ["ok", "500"] } });
    await postBulk(standIn);
    expect((await call(standIn, "POST", "/stand-in/reset")).status).toBe(200);
    const { state } = standIn;
    expect([state.assets, state.portions, state.requests, state.mappings, state.latest("assets")])
      .toEqual([[], [], [], [], []]);
    expect(state.counters.requests).toBe(0);
    expect((await postBulk(standIn)).body).toMatchObject({ created: 1 });
  });

  test("need the token, which they do not use up", async () => {
    const standIn = await start({ username: "ann", password: "s3cret", tokenLifetime: 1 });
    const bad = { headers: { authorization2: "wrong" } };
    for (const path of ["state", "records", "requests"]) {
      expect((await call(standIn, "GET", `/stand-in/${path}`, bad)).status).toBe(401);
    }
    for (const path of ["faults", "reset"]) {
      expect((await call(standIn, "POST", `/stand-in/${path}`, { ...bad, body: {} })).status).toBe(
        401,
      );
    }
    expect((await fetch(`${standIn.url}/stand-in/state`)).status).toBe(401);
    expect((await call(standIn, "GET", "/stand-in/state")).status).toBe(200);
    expect(standIn.state.counters.requests).toBe(0);
  });
});

describe("the web page", () => {
  async function page(standIn: StandIn, path = "/"): Promise<{ html: string; headers: Headers }> {
    const response = await fetch(standIn.url + path);
    expect(response.status).toBe(200);
    return { html: await response.text(), headers: response.headers };
  }

  test("shows counts, records and requests, with everything escaped", async () => {
    const standIn = await start({ faults: { latencyMs: 1 } });
    const evil = `<script>alert("x")</script>&'`;
    await postBulk(standIn, { connector_name: evil, records: [{ BARCODE: evil, [evil]: 1 }] });
    await postUser(standIn, { USER: "ann" });
    await call(standIn, "GET", `/api/v2/mappings?name=${encodeURIComponent(evil)}`);
    const { html } = await page(standIn);
    expect(html).toStartWith("<!doctype html>");
    expect(html).toContain("<title>Stand-in Oomnitza</title>");
    expect(html).not.toContain("<script");
    expect(html.match(/&lt;script&gt;alert\(&quot;x&quot;\)&lt;\/script&gt;&amp;&#39;/g)?.length)
      .toBeGreaterThanOrEqual(5);
    expect(html).toContain(">ann</td>");
    expect(html).toContain("<dt>Requests</dt><dd>3</dd>");
    expect(html).toContain("POST /api/v3/bulk");
    expect(html).toContain("{&quot;latencyMs&quot;:1}");
    expect(html).not.toContain(token);
  });

  test("says so when there is nothing yet, or only counts", async () => {
    const { html } = await page(await start({ keep: "counts" }));
    for (const text of ["Nothing was uploaded yet.", "No assets yet.", "No people yet."]) {
      expect(html).toContain(text);
    }
    expect(html).toContain("Only counts are kept");
  });

  test("refreshes itself unless told not to, and loads nothing from elsewhere", async () => {
    const standIn = await start();
    const { html, headers } = await page(standIn);
    expect(html).toContain('http-equiv="refresh"');
    expect((await page(standIn, "/?refresh=off")).html).not.toContain("http-equiv");
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toStartWith("default-src 'none'; style-src 'sha256-");
    const css = /<style>(.*?)<\/style>/s.exec(html)?.[1] ?? "";
    const hash = new Bun.CryptoHasher("sha256").update(css).digest("base64");
    expect(policy).toContain(`'sha256-${hash}'`);
    expect(html).not.toMatch(/(src|href)="(https?:)?\/\//);
  });

  test("shortens long values and leaves out what does not fit", async () => {
    const standIn = await start();
    const record = Object.fromEntries(
      Array.from({ length: 12 }, (_, i) => [`F${i}`, "x".repeat(90)]),
    );
    await postBulk(standIn, { sync_field: ["F0"], records: [record] });
    const { html } = await page(standIn);
    expect(html).toContain(`>${"x".repeat(59)}…</td>`);
    expect(html).toContain("4 more fields not shown.");
  });
});

describe("only this machine", () => {
  test("is let in to page and control routes, and only under its own name", async () => {
    const standIn = await start();
    for (const path of ["/", "/stand-in/state"]) {
      for (const host of ["localhost", "LOCALHOST:80", "127.0.0.1:1", "[::1]:8000"]) {
        expect(await as(standIn, host, path)).toBe(200);
      }
      for (const host of ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80"]) {
        expect(await as(standIn, host, path)).toBe(403);
      }
    }
    expect(await as(standIn, "oomnitza.example", "/api/v3/locations")).toBe(200);
  });

  test("is whoever calls from a loopback address", async () => {
    const app = new Hono<Env>();
    app.get("/", fromHere, (c) => c.text("in"));
    app.onError((error) => new Response(error.message, { status: 403 }));
    const from = async (address: string | undefined) =>
      (await app.fetch(new Request("http://localhost/", { headers: { host: "localhost" } }), {
        peer: { address: () => address },
      })).status;
    for (const address of ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"]) {
      expect(await from(address)).toBe(200);
    }
    for (const address of ["192.0.2.1", "::ffff:192.0.2.1", "2001:db8::1", "", undefined]) {
      expect(await from(address)).toBe(403);
    }
  });
});

test("a port that is taken is refused in words", async () => {
  const standIn = await start();
  await expect(startStandIn({ port: standIn.port })).rejects.toThrow(
    `Cannot listen on 127.0.0.1:${standIn.port}: the port is in use`,
  );
  await expect(startStandIn({ tls: { cert: "no", key: "no" } })).rejects.toThrow(
    "the certificate or its key is not usable",
  );
  expect((await call(standIn, "POST", "/api/v3/bulk", { body: bulk() })).status).toBe(200);
});
