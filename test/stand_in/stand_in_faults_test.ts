/**
 * The stand-in fails as it is reported to.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { type Faults, parseFaults } from "../support/stand_in/faults.ts";
import type { StandIn } from "../support/stand_in/mod.ts";
import {
  type Answer,
  bulk,
  call,
  failureOf,
  login,
  postAudit,
  postBulk,
  postUser,
  start,
  token,
} from "./stand_in_calls.ts";
import { selfSigned } from "./stand_in_tls.ts";

const portion = "0b8bd6cc-5b9b-4bd4-9f0a-0f6d3e3a3a11";

/** Statuses of so many uploads one after the other, `dropped` where there was no answer. */
async function outcomes(standIn: StandIn, uploads: number): Promise<(number | string)[]> {
  const found = [];
  for (let i = 0; i < uploads; i++) {
    found.push(await postBulk(standIn).then(({ status }) => status, () => "dropped"));
  }
  return found;
}

describe("a script", () => {
  test("is followed step by step, then all is well", async () => {
    const script = ["503", "ok", "429", "418", "408", "500", "401-once", "drop-before"];
    const standIn = await start({ faults: { script } });
    expect(await outcomes(standIn, 9))
      .toEqual([503, 200, 429, 418, 408, 500, 401, "dropped", 200]);
    expect(standIn.state.counters.faults).toEqual({
      503: 1,
      429: 1,
      418: 1,
      408: 1,
      500: 1,
      "401-once": 1,
      "drop-before": 1,
    });
  });

  test("is used up by uploads only, whatever their protocol", async () => {
    const standIn = await start({ faults: { script: ["500", "500", "500"] } });
    expect((await call(standIn, "GET", "/api/v2/mappings?name=AuthTest")).status).toBe(200);
    expect((await call(standIn, "GET", `/api/v3/bulk/${portion}`)).status).toBe(200);
    expect((await postUser(standIn, { USER: "ann" })).status).toBe(500);
    expect((await postAudit(standIn)).status).toBe(500);
    expect((await postBulk(standIn)).status).toBe(500);
    expect((await postBulk(standIn)).status).toBe(200);
    expect((await call(standIn, "POST", `/api/v3/bulk/${portion}/finalize`, { body: {} })).status)
      .toBe(200);
  });
});

describe("a connection that is dropped", () => {
  test.each([["http", undefined], ["https", selfSigned]])(
    "%s: before the record is taken",
    async (_, tls) => {
      const standIn = await start({ faults: { script: ["drop-before"] }, tls });
      expect(await failureOf(unchecked(standIn))).toBe("ECONNRESET");
      expect(standIn.state.assets).toEqual([]);
      expect(standIn.state.requests).toMatchObject([
        { status: "dropped", fault: "drop-before" },
      ]);
      expect(await failureOf(unchecked(standIn))).toBe("answered");
    },
  );

  test.each([["http", undefined], ["https", selfSigned]])("%s: after it", async (_, tls) => {
    const standIn = await start({ faults: { script: ["drop-after"] }, tls });
    expect(await failureOf(unchecked(standIn))).toBe("ECONNRESET");
    expect(standIn.state.assets.map(({ times }) => times)).toEqual([1]);
    expect(standIn.state.requests).toMatchObject([
      { status: "dropped", fault: "drop-after" },
    ]);
    expect(await failureOf(unchecked(standIn))).toBe("answered");
    expect(standIn.state.assets.map(({ times }) => times)).toEqual([2]);
  });

  test("not when the request would be refused anyway", async () => {
    const standIn = await start({ faults: { script: ["drop-after"] } });
    expect((await postBulk(standIn, { records: [] })).status).toBe(400);
    expect(standIn.state.counters.faults).toEqual({});
  });
});

/** An upload that takes any certificate. */
function unchecked(standIn: StandIn): Promise<Response> {
  return fetch(`${standIn.url}/api/v3/bulk`, {
    method: "POST",
    headers: { authorization2: token, "content-type": "application/json" },
    body: JSON.stringify(bulk()),
    tls: { rejectUnauthorized: false },
  });
}

describe("Retry-After", () => {
  async function send(faults: Faults): Promise<Answer> {
    const standIn = await start({ faults });
    return await postBulk(standIn);
  }

  test("in seconds, and one second by default", async () => {
    const answer = await send({ script: ["503-retry-after"] });
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"]);
    const retryAfter = { seconds: 7 };
    for (const step of ["503-retry-after", "503", "429"]) {
      const { headers } = await send({ script: [step], retryAfter });
      expect(headers.get("retry-after")).toBe("7");
    }
  });

  test("as a date that is not too early", async () => {
    const before = Date.now();
    const retryAfter = { seconds: 60, form: "date" as const };
    const { headers } = await send({ script: ["429"], retryAfter });
    const wait = Date.parse(headers.get("retry-after") ?? "") - before;
    expect(wait).toBeGreaterThanOrEqual(60_000);
    expect(wait).toBeLessThan(70_000);
  });

  test("not where it was not asked for", async () => {
    expect((await send({ script: ["503"] })).headers.get("retry-after")).toBeNull();
    expect((await send({ script: ["429"] })).headers.get("retry-after")).toBeNull();
    const other = await send({ script: ["500"], retryAfter: { seconds: 1 } });
    expect(other.headers.get("retry-after")).toBeNull();
  });
});

describe("failing now and then", () => {
  test("failEvery goes through the mix in order", async () => {
    const standIn = await start({ faults: { failEvery: 3, mix: ["500", "429", "drop-after"] } });
    expect(await outcomes(standIn, 12))
      .toEqual([200, 200, 500, 200, 200, 429, 200, 200, "dropped", 200, 200, 500]);
  });

  test("failRate fails about its share, the same one for the same seed", async () => {
    const run = async (seed: number) => {
      const standIn = await start({ faults: { failRate: 0.3, seed, mix: ["500", "503"] } });
      return await outcomes(standIn, 300);
    };
    const first = await run(1);
    const failed = first.filter((status) => status !== 200).length;
    expect(failed).toBeGreaterThan(60);
    expect(failed).toBeLessThan(120);
    expect(first).toContain(500);
    expect(first).toContain(503);
    expect(await run(1)).toEqual(first);
    expect(await run(2)).not.toEqual(first);
  });

  test("401-once is answered once", async () => {
    const alone = await start({ faults: { failEvery: 1, mix: ["401-once"] } });
    expect(await outcomes(alone, 4)).toEqual([401, 200, 200, 200]);
    const mixed = await start({ faults: { failEvery: 1, mix: ["401-once", "500"] } });
    expect(await outcomes(mixed, 4)).toEqual([401, 500, 500, 500]);
  });

  test("finalize fails too, logins and reading only when everything is meant", async () => {
    const faults: Faults = { failRate: 1, mix: ["500"] };
    const standIn = await start({ faults, username: "ann", password: "s3cret" });
    const statuses = async () => [
      (await call(standIn, "POST", `/api/v3/bulk/${portion}/finalize`, { body: {} })).status,
      (await call(standIn, "GET", `/api/v3/bulk/${portion}`)).status,
      (await call(standIn, "GET", "/api/v2/mappings?name=x")).status,
      (await call(standIn, "GET", "/api/v3/locations")).status,
      (await login(standIn, { login: "ann", password: "s3cret" })).status,
    ];
    expect(await statuses()).toEqual([500, 500, 200, 200, 200]);
    standIn.setFaults({ ...faults, scope: "all" });
    expect(await statuses()).toEqual([500, 500, 500, 500, 500]);
    standIn.setFaults({});
    expect((await postBulk(standIn)).status).toBe(200);
  });

  test("latency delays uploads", async () => {
    const standIn = await start({ faults: { latencyMs: 100 } });
    const started = performance.now();
    expect((await postBulk(standIn)).status).toBe(200);
    expect(performance.now() - started).toBeGreaterThanOrEqual(95);
    expect(standIn.state.requests.at(-1)?.ms).toBeGreaterThanOrEqual(95);
    // Longer than the test may take: what is no upload does not wait for it.
    standIn.setFaults({ latencyMs: 600_000 });
    expect((await call(standIn, "GET", "/api/v3/locations")).status).toBe(200);
  });
});

describe("poison", () => {
  const records = [{ BARCODE: "A1" }, { BARCODE: "A2" }, { BARCODE: "A3" }];

  test("spoils every batch that has it, and no other", async () => {
    const standIn = await start({ faults: { poison: { field: "BARCODE", values: ["A2", 17] } } });
    expect(await postBulk(standIn, { records })).toMatchObject({
      status: 400,
      body: { error: "a record has a value in BARCODE that cannot be taken" },
    });
    expect(standIn.state.assets).toEqual([]);
    expect((await postBulk(standIn, { records: [{ BARCODE: 17 }] })).status).toBe(400);
    for (const record of [records[0], records[2]]) {
      expect((await postBulk(standIn, { records: [record] })).status).toBe(200);
    }
  });

  test("by pattern, in both protocols", async () => {
    const poison = { field: "USER", pattern: "^bad" };
    const standIn = await start({ faults: { poison } });
    expect((await postUser(standIn, { USER: "badger" })).status).toBe(400);
    expect((await postUser(standIn, { USER: "not bad" })).status).toBe(200);
    standIn.setFaults({ poison: { field: "MODEL", pattern: "top$" } });
    expect((await postAudit(standIn)).status).toBe(400);
    expect((await postAudit(standIn, { computers: { BARCODE: "1" } })).status).toBe(200);
  });
});

test.each<[string, unknown]>([
  ['Unrecognized key: "latency"', { latency: 1 }],
  ["failRate: ", { failRate: 20 }],
  ["mix.0: ", { mix: ["499"] }],
  ["script.1: is none of ok, 500, ", { script: ["ok", "200"] }],
  ["poison.pattern: is not a regular expression", { poison: { field: "A", pattern: "(" } }],
  ["poison: needs values or a pattern", { poison: { field: "A" } }],
  ["failEvery and failRate exclude each other", { failEvery: 2, failRate: 0.5 }],
])("faults that make no sense are refused: %s", (about, faults) => {
  expect(() => parseFaults(faults)).toThrow(`The faults are not right: ${about}`);
});
