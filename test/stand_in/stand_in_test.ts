/**
 * The stand-in as an Oomnitza instance: its endpoints and what it does with records.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { type StandInOptions, startStandIn } from "../support/stand_in/mod.ts";
import { KeySet } from "../support/stand_in/key_set.ts";
import {
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

const portion = "0b8bd6cc-5b9b-4bd4-9f0a-0f6d3e3a3a11";

describe("getting in", () => {
  test("a good token passes the probe, a wrong or missing one is answered 401", async () => {
    const standIn = await start();
    const probe = "/api/v2/mappings?name=AuthTest";
    expect(await call(standIn, "GET", probe)).toMatchObject({ status: 200, body: {} });
    const wrong = await call(standIn, "GET", probe, { headers: { authorization2: "wrong" } });
    expect(wrong).toMatchObject({ status: 401, body: { error: "the token is wrong or expired" } });
    const missing = await fetch(standIn.url + probe);
    expect(missing.status).toBe(401);
    expect(await missing.json()).toEqual({ error: "the header Authorization2 is missing" });
  });

  test("a login with the right password is given a token that works", async () => {
    const standIn = await start({ username: "ann", password: "s3cret" });
    const answer = await login(standIn, { login: "ann", password: "s3cret" });
    expect(answer).toMatchObject({ status: 200, body: { token } });
    expect(standIn.state.counters.logins).toBe(1);
  });

  test("a wrong password, and any login without one set, is answered 401", async () => {
    const standIn = await start({ username: "ann", password: "s3cret" });
    expect(await login(standIn, { login: "ann", password: "wrong" })).toMatchObject({
      status: 401,
      body: { error: "login or password is wrong" },
    });
    const closed = await start();
    expect((await login(closed, { login: "", password: "" })).status).toBe(401);
  });

  test("a token got by login expires after its lifetime; the fixed one does not", async () => {
    const standIn = await start({ username: "ann", password: "s3cret", tokenLifetime: 2 });
    const { body } = await login(standIn, { login: "ann", password: "s3cret" });
    expect(body.token).not.toBe(token);
    const headers = { authorization2: String(body.token) };
    const statuses = [];
    for (let i = 0; i < 3; i++) {
      statuses.push((await call(standIn, "GET", "/api/v3/locations", { headers })).status);
    }
    expect(statuses).toEqual([200, 200, 401]);
    for (let i = 0; i < 5; i++) expect((await postBulk(standIn)).status).toBe(200);
  });

  test("without a token given, a random one is made", async () => {
    const one = await startStandIn();
    const two = await startStandIn();
    expect(one.token).not.toBe(two.token);
    expect(
      (await fetch(`${one.url}/api/v3/locations`, {
        headers: { authorization2: one.token },
      })).status,
    ).toBe(200);
    await Promise.all([one.stop(), two.stop()]);
    expect(await failureOf(fetch(one.url))).toBe("ECONNREFUSED");
  });
});

describe("what an agent reads", () => {
  test("mappings by name, nothing for a name without any", async () => {
    const mappings = { "Casper.MDM": { "general.name": ["A", "B"], "general.id": "C" } };
    const standIn = await start({ mappings });
    const of = async (name: string) =>
      (await call(standIn, "GET", `/api/v2/mappings?name=${name}`)).body;
    expect(await of("Casper.MDM")).toEqual(mappings["Casper.MDM"]);
    expect(await of("Okta")).toEqual({});
    expect(await of("constructor")).toEqual({});
  });

  test("locations as they were given", async () => {
    const locations = [{ location_id: "HQ", name: "Main office" }];
    const of = async (options: StandInOptions): Promise<unknown> =>
      (await call(await start(options), "GET", "/api/v3/locations")).body;
    expect(await of({ locations })).toEqual(locations);
    expect(await of({})).toEqual([]);
  });

  test("a version that is switched off is not there, the rest is", async () => {
    const old = await start({ apiVersions: ["v2"] });
    expect((await postBulk(old)).status).toBe(404);
    expect((await call(old, "POST", `/api/v3/bulk/${portion}/finalize`, { body: {} })).status)
      .toBe(404);
    expect((await call(old, "GET", "/api/v3/locations")).status).toBe(200);
    expect((await postAudit(old)).status).toBe(200);
    const young = await start({ apiVersions: ["v3"] });
    expect((await postAudit(young)).status).toBe(404);
    expect((await postUser(young, { USER: "ann" })).status).toBe(404);
    expect((await call(young, "GET", "/api/v2/mappings?name=AuthTest")).status).toBe(200);
    expect((await postBulk(young)).status).toBe(200);
  });
});

describe("uploads", () => {
  test("people by the old protocol are distinguished by USER by default", async () => {
    const standIn = await start();
    await postUser(standIn, { USER: "ann", EMAIL: "ann@example.com" });
    await postUser(standIn, { USER: "ann", PHONE: "1" });
    await postUser(standIn, { USER: "ann", EMAIL: "other@example.com" }, "&sync_field=EMAIL");
    expect(
      standIn.state.users.map(({ name, key, times, record }) => ({ name, key, times, record })),
    )
      .toEqual([
        {
          name: "CSV_users",
          key: "ann",
          times: 2,
          record: { USER: "ann", EMAIL: "ann@example.com", PHONE: "1" },
        },
        {
          name: "CSV_users",
          key: "other@example.com",
          times: 1,
          record: { USER: "ann", EMAIL: "other@example.com" },
        },
      ]);
    expect((await postUser(standIn, { USER: "bob" }, "&normal_position=True")).status).toBe(200);
  });

  test("assets by the old protocol keep to insert_only and update_only", async () => {
    const standIn = await start();
    const models = () => standIn.state.assets.map(({ record }) => record["MODEL"]);
    const unknown = await postAudit(standIn, { update_only: "true" });
    expect(unknown.body).toEqual({ received: 1, created: 0, updated: 0, skipped: 1 });
    expect(models()).toEqual([]);
    await postAudit(standIn, { insert_only: "1" });
    expect(models()).toEqual(["Laptop"]);
    const computers = { BARCODE: "A1", MODEL: "Tablet" };
    const known = await postAudit(standIn, { insert_only: "Yes", computers });
    expect(known.body).toEqual({ received: 1, created: 0, updated: 0, skipped: 1 });
    expect(models()).toEqual(["Laptop"]);
    await postAudit(standIn, { update_only: "True", computers });
    expect(models()).toEqual(["Tablet"]);
  });

  test("only_if_filled and dont_overwrite protect the fields they name", async () => {
    const standIn = await start();
    await postAudit(standIn, { computers: { BARCODE: "A1", MODEL: "Laptop", NOTE: "", OS: "14" } });
    await postAudit(standIn, {
      computers: { BARCODE: "A1", MODEL: "", NOTE: "new", OS: "15" },
      only_if_filled: "MODEL",
      dont_overwrite: "NOTE, OS",
    });
    expect(standIn.state.assets[0]?.record)
      .toEqual({ BARCODE: "A1", MODEL: "Laptop", NOTE: "new", OS: "14" });
  });

  test("a batch of the new protocol is created, then updated field by field", async () => {
    const standIn = await start();
    const records = [{ BARCODE: "A1", MODEL: "Laptop" }, { BARCODE: "A2" }, {
      BARCODE: "A1",
      OS: 5,
    }];
    const first = await postBulk(standIn, { records });
    expect(first.body).toEqual({ received: 3, created: 2, updated: 1, skipped: 0 });
    const second = await postBulk(standIn, { records: [{ BARCODE: "A3" }], update_only: true });
    expect(second.body).toEqual({ received: 1, created: 0, updated: 0, skipped: 1 });
    const third = await postBulk(standIn, {
      records: [{ BARCODE: "A1", OS: 6 }, { BARCODE: "A4" }],
      insert_only: true,
    });
    expect(third.body).toEqual({ received: 2, created: 1, updated: 0, skipped: 1 });
    expect(standIn.state.assets.map(({ record }) => record)).toEqual([
      { BARCODE: "A1", MODEL: "Laptop", OS: 5 },
      { BARCODE: "A2" },
      { BARCODE: "A4" },
    ]);
    expect(standIn.state.mappings).toEqual([{
      kind: "assets",
      name: "CSV_assets",
      received: 6,
      created: 3,
      updated: 1,
      skipped: 2,
      distinct: 3,
    }]);
  });

  test("several sync fields count together, none leaves the choice to the server", async () => {
    const standIn = await start();
    await postBulk(standIn, {
      sync_field: ["A", "B"],
      records: [{ A: "x", B: "y" }, { A: "x", B: "z" }, { A: "x", B: "y", C: 1 }],
    });
    expect(standIn.state.assets).toHaveLength(2);
    await postBulk(standIn, {
      connector_name: "Other",
      sync_field: [],
      portion: crypto.randomUUID(),
      records: [{ SERIAL_NUMBER: "s", A: 1 }, { SERIAL_NUMBER: "s", A: 2 }, { A: 3 }, { A: 3 }],
    });
    expect(standIn.state.records({ name: "Other" }).map(({ record }) => record))
      .toEqual([{ SERIAL_NUMBER: "s", A: 2 }, { A: 3 }]);
  });

  test("the same key under another mapping name or kind is another record", async () => {
    const standIn = await start();
    await postBulk(standIn);
    await postBulk(standIn, { connector_name: "Casper", portion: crypto.randomUUID() });
    await postBulk(standIn, { data_type: "users", portion: crypto.randomUUID() });
    expect(standIn.state.assets).toHaveLength(2);
    expect(standIn.state.users).toHaveLength(1);
  });

  test("a test run is checked and not kept", async () => {
    const standIn = await start();
    expect((await postBulk(standIn, { test_run: true })).status).toBe(200);
    expect(standIn.state.assets).toEqual([]);
  });

  test("a portion is open until finalized, and then closed for good", async () => {
    const standIn = await start();
    const path = `/api/v3/bulk/${portion}`;
    expect((await call(standIn, "GET", path)).body)
      .toEqual({ canceled: false, received: 0, finalized: false });
    expect((await call(standIn, "POST", `${path}/finalize`, { body: {} })).status).toBe(404);
    await postBulk(standIn);
    const [record] = standIn.state.assets;
    expect(record && standIn.state.finalized(record)).toBe(false);
    for (let again = 0; again < 2; again++) {
      expect((await call(standIn, "POST", `${path}/finalize`, { body: {} })).status).toBe(200);
    }
    expect(record && standIn.state.finalized(record)).toBe(true);
    expect((await call(standIn, "GET", path)).body)
      .toEqual({ canceled: false, received: 1, finalized: true });
    expect(await postBulk(standIn)).toMatchObject({
      status: 400,
      body: { error: "portion is finalized already; a new run needs a new one" },
    });
    standIn.setFaults({ cancel: true });
    expect((await call(standIn, "GET", path)).body.canceled).toBe(true);
  });
});

describe("counts only", () => {
  test("creations and updates are reported apart without holding records", async () => {
    const standIn = await start({ keep: "counts" });
    const batch = (from: number) => ({
      ...bulk(),
      records: Array.from({ length: 100 }, (_, i) => ({ BARCODE: `A${from + i}` })),
    });
    await postBulk(standIn, batch(0));
    const overlapping = await postBulk(standIn, batch(60));
    expect(overlapping.body).toEqual({ received: 100, created: 60, updated: 40, skipped: 0 });
    const strict = await postBulk(standIn, { ...batch(150), insert_only: true });
    expect(strict.body).toEqual({ received: 100, created: 90, updated: 0, skipped: 10 });
    const unknown = await postBulk(standIn, { ...batch(900), update_only: true });
    expect(unknown.body).toEqual({ received: 100, created: 0, updated: 0, skipped: 100 });
    expect(standIn.state.mappings[0]?.distinct).toBe(250);
    expect([standIn.state.assets, standIn.state.requests]).toEqual([[], []]);
  });

  test("fingerprints of like keys do not fall together", () => {
    const keys = new KeySet();
    const total = 300_000;
    let known = 0;
    for (let i = 0; i < total; i++) {
      if (keys.has(String(i))) known += 1;
      keys.add(String(i));
    }
    expect([known, keys.size]).toEqual([0, total]);
    for (let i = 0; i < total; i++) if (keys.has(String(i))) known += 1;
    expect(known).toBe(total);
  });
});
