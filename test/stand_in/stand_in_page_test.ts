/**
 * Looking into the stand-in: its web page, and what tests see of it.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { Hono } from "hono";
import { UsageError } from "../../src/base/errors.ts";
import { allowLocal } from "../../src/stand_in/api.ts";
import type { Env } from "../../src/stand_in/instance.ts";
import {
  type StandIn as PlainStandIn,
  startStandIn as startPlainStandIn,
} from "../../src/stand_in/mod.ts";
import { type StandIn, startStandIn } from "../support/stand_in/mod.ts";
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

describe("what a test sees", () => {
  test("counts, mappings and portions", async () => {
    const standIn = await start();
    const { state } = standIn;
    await postBulk(standIn);
    await postUser(standIn, { USER: "ann" });
    await postUser(standIn, {});
    expect(state.counters).toEqual({
      requests: 3,
      byStatus: { 200: 2, 400: 1 },
      logins: 0,
      faults: {},
      received: 2,
      created: 2,
      updated: 0,
      skipped: 0,
    });
    expect(state.mappings).toEqual(["assets", "users"].map((kind) => ({
      kind: kind as "assets" | "users",
      name: kind === "assets" ? "CSV_assets" : "CSV_users",
      received: 1,
      created: 1,
      updated: 0,
      skipped: 0,
      distinct: 1,
    })));
    expect(state.portions).toHaveLength(1);
    expect(state.portions).toMatchObject([{
      id: portion,
      kind: "assets",
      name: "CSV_assets",
      requests: 1,
      received: 1,
      finalized: false,
    }]);
  });

  test("records by mapping name and kind", async () => {
    const standIn = await start();
    await postBulk(standIn, { records: [{ BARCODE: "A1" }, { BARCODE: "A2" }, { BARCODE: "A3" }] });
    await call(standIn, "POST", `/api/v3/bulk/${portion}/finalize`, { body: {} });
    await postAudit(standIn, { agent_id: "Casper" });
    await postUser(standIn, { USER: "ann" });
    const { state } = standIn;
    expect(state.records()).toHaveLength(5);
    expect(state.records({ kind: "users" })).toMatchObject([
      { kind: "users", name: "CSV_users", key: "ann", record: { USER: "ann" } },
    ]);
    const [casper] = state.records({ name: "Casper" });
    expect(casper).toMatchObject({ portion: undefined, times: 1 });
    expect(casper && state.finalized(casper)).toBeUndefined();
    const csv = state.records({ name: "CSV_assets", kind: "assets" });
    expect(csv.map(({ key }) => key)).toEqual(["A1", "A2", "A3"]);
    expect(csv[1] && state.finalized(csv[1])).toBe(true);
  });

  test("requests, and never a token or a password", async () => {
    const standIn = await start({ username: "ann", password: "s3cret" });
    await postBulk(standIn);
    await call(standIn, "GET", `/api/v2/mappings?name=x${token}`);
    await call(standIn, "GET", `/api/v3/${token}?s3cret=1`);
    await fetch(`${standIn.url}/api/request_token?login=ann&password=s3cret`, { method: "POST" });
    const { requests } = standIn.state;
    expect(requests).toMatchObject([
      { method: "POST", path: "/api/v3/bulk", query: "", status: 200 },
      { method: "GET", path: "/api/v2/mappings", query: "name=x***", status: 200 },
      { path: "/api/v3/***", query: "***=1", status: 404, error: "there is nothing here" },
      { path: "/api/request_token", query: "login=ann&password=***", status: 400 },
    ]);
    expect(JSON.stringify(requests)).not.toContain(token);
  });

  test("faults that are changed at run time; invalid ones are refused", async () => {
    const standIn = await start();
    standIn.setFaults({ script: ["503", "ok"], retryAfter: { seconds: 2 } });
    expect((await postBulk(standIn)).headers.get("retry-after")).toBe("2");
    expect((await postBulk(standIn)).status).toBe(200);
    expect(() => standIn.setFaults({ failEvery: 1, failRate: 1 })).toThrow(UsageError);
    expect(await failureOf(startStandIn({ faults: { failRate: 2 } }))).toContain("failRate");
  });

  test("nothing more after a reset", async () => {
    const standIn = await start({ faults: { script: ["ok", "ok"] } });
    await postBulk(standIn);
    standIn.reset();
    const { state } = standIn;
    expect([state.assets, state.portions, state.requests, state.mappings, state.latest("assets")])
      .toEqual([[], [], [], [], []]);
    expect(state.counters.requests).toBe(0);
    expect((await postBulk(standIn)).body).toMatchObject({ created: 1 });
  });
});

describe("the web page", () => {
  async function page(
    standIn: PlainStandIn,
    path = "/",
  ): Promise<{ html: string; headers: Headers }> {
    const response = await fetch(standIn.url + path);
    expect(response.status).toBe(200);
    return { html: await response.text(), headers: response.headers };
  }

  test("shows counts and records, with everything escaped", async () => {
    const standIn = await start();
    const evil = `<script>alert("x")</script>&'`;
    await postBulk(standIn, { connector_name: evil, records: [{ BARCODE: evil, [evil]: 1 }] });
    await postUser(standIn, { USER: "ann" });
    const { html } = await page(standIn);
    expect(html).toStartWith("<!doctype html>");
    expect(html).toContain("<title>Stand-in Oomnitza</title>");
    expect(html).not.toContain("<script");
    expect(html.match(/&lt;script&gt;alert\(&quot;x&quot;\)&lt;\/script&gt;&amp;&#39;/g)?.length)
      .toBeGreaterThanOrEqual(4);
    expect(html).toContain(">ann</td>");
    expect(html).toContain("<dt>Records received</dt><dd>2</dd>");
    expect(html).not.toContain(token);
  });

  test("says so when there is nothing yet", async () => {
    const { html } = await page(await start());
    for (const text of ["Nothing was uploaded yet.", "No assets yet.", "No people yet."]) {
      expect(html).toContain(text);
    }
  });

  test("refreshes itself by default, and loads nothing from elsewhere", async () => {
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

  test("shows the latest records only", async () => {
    const standIn = startPlainStandIn({ token });
    await using _stop = { [Symbol.asyncDispose]: () => standIn.stop() };
    for (let batch = 0; batch < 12; batch++) {
      await postBulk(standIn, {
        records: [{ BARCODE: `first-${batch}` }, { BARCODE: `B${batch}` }],
      });
    }
    const { html } = await page(standIn);
    expect(html).toContain("<dt>Records received</dt><dd>24</dd>");
    expect([...html.matchAll(/>(B\d+)<\/td>/g)].map(([, code]) => code))
      .toEqual(["B11", "B10", "B9", "B8", "B7"]);
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
  test("is let in to the page, and only under its own name", async () => {
    const standIn = await start();
    for (const host of ["localhost", "LOCALHOST:80", "127.0.0.1:1", "[::1]:8000"]) {
      expect(await as(standIn, host, "/")).toBe(200);
    }
    for (const host of ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80"]) {
      expect(await as(standIn, host, "/")).toBe(403);
    }
    expect(await as(standIn, "oomnitza.example", "/api/v3/locations")).toBe(200);
  });

  test("is whoever calls from a loopback address", async () => {
    const app = new Hono<Env>();
    app.get("/", allowLocal, (c) => c.text("in"));
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
