/**
 * Fleet, read by what changed since the last upload.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { readHosts } from "../../../src/sources/fleet/reading.ts";
import type { Context } from "../../../src/sources/fleet/client.ts";
import { slow } from "../../support/slow.ts";
import type { FleetServer } from "./server.ts";
import { firstChange, serial, startFleet, token } from "./server.ts";
import { series, start } from "./section.ts";

const changes = "mode = changes\n";
const hour = 3_600_000;

/** A day after the last change of the hosts that a server begins with. */
const dayAfter = firstChange + 48 * hour;

function lists(server: FleetServer): URLSearchParams[] {
  return server.calls.filter(({ path }) => path === "/api/v1/fleet/hosts").map(({ query }) =>
    query
  );
}

test("the first upload reads all hosts, the next those that changed", async () => {
  const space = start({ count: 120 }, changes);
  await using vendor = space.vendor;
  vendor.now = dayAfter;
  await using uploads = series(space);
  expect((await uploads.upload()).serials).toHaveLength(120);
  vendor.now += hour;
  vendor.touch(7, 9);
  const before = vendor.calls.length;
  const second = await uploads.upload();
  expect(second.code).toBe(0);
  expect([...second.serials].sort()).toEqual([serial(7), serial(9)]);
  expect(vendor.calls.length - before).toBeLessThanOrEqual(3);
});

test("nothing that changed is no error", async () => {
  const space = start({ count: 3 }, changes);
  await using vendor = space.vendor;
  vendor.now = dayAfter;
  await using uploads = series(space);
  await uploads.upload();
  vendor.now += hour;
  const second = await uploads.upload();
  expect(second.serials).toEqual([]);
  expect(second.code).toBe(0);
});

test("all hosts are read again after full_every", async () => {
  const space = start({ count: 3 }, `${changes}full_every = 0s\n`);
  await using vendor = space.vendor;
  vendor.now = dayAfter;
  await using uploads = series(space);
  await uploads.upload();
  expect((await uploads.upload()).serials).toHaveLength(3);
});

test("a removed host is gone after a run that reads all, and not after one of changes", async () => {
  for (const [every, gone] of [["0s", 1], ["1h", null]] as const) {
    const space = start({ count: 3 }, `${changes}full_every = ${every}\nonly_changed = True\n`);
    await using vendor = space.vendor;
    await using uploads = series(space);
    await uploads.upload();
    vendor.remove(2);
    const second = await uploads.upload("--output", "json");
    const [section] = JSON.parse(second.stdout).sections;
    expect(section.changes.gone).toBe(gone);
  }
});

test("hosts that changed in one second are all read, however many fit on a page", async () => {
  const space = start({ count: 260 }, `${changes}page_size = 50\n`);
  await using vendor = space.vendor;
  vendor.now = dayAfter;
  await using uploads = series(space);
  await uploads.upload();
  vendor.now += hour;
  vendor.touch(...Array.from({ length: 210 }, (_, index) => index + 1));
  vendor.now += hour;
  const second = await uploads.upload();
  expect(new Set(second.serials).size).toBe(210);
  expect(second.serials).toHaveLength(210);
});

test("where the server gives fewer of one second than there are, all hosts are read", async () => {
  const space = start({ count: 120, mostPerPage: 40 }, `${changes}page_size = 40\n`);
  await using vendor = space.vendor;
  vendor.now = dayAfter;
  await using uploads = series(space);
  await uploads.upload();
  vendor.now += hour;
  vendor.touch(...Array.from({ length: 90 }, (_, index) => index + 1));
  vendor.now += hour;
  const second = await uploads.upload();
  expect(new Set(second.serials).size).toBe(120);
  expect(second.stderr).toContain("all hosts are read");
});

test("without a clock of the server, every upload reads all", async () => {
  const space = start({ count: 3, clockless: true }, changes);
  await using vendor = space.vendor;
  await using uploads = series(space);
  await uploads.upload();
  expect((await uploads.upload()).serials).toHaveLength(3);
  expect(lists(vendor).every((query) => query.get("order_key") === "h.id")).toBe(true);
});

/** Reads as the source does, with a memory that is committed at the end of each run: the versions by number. */
async function readOnce(
  server: FleetServer,
  memory: Map<string, string>,
): Promise<Map<number, number>> {
  const set = new Map<string, string>();
  const request = async (path: string, query: Record<string, string> = {}) => {
    const url = new URL(path, server.url);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const answer = await fetch(url, { headers: { Authorization: `Bearer ${token}` } });
    return { status: answer.status, headers: answer.headers, body: await answer.json(), text: "" };
  };
  const context = {
    options: { mode: "changes", full_every: "100000h", page_size: 5 },
    wanted: { everything: false, paths: ["hardware_serial"] },
    log: { info: () => {}, warning: () => {} },
    total: () => {},
    cursor: {
      get: (key: string) => Promise.resolve(memory.get(key)),
      set: (key: string, value: string) => set.set(key, value),
      readAll: () => {},
    },
    http: {
      page: ({ path, query }: { path: string; query: Record<string, string> }) =>
        request(path, query),
      json: async ({ path }: { path: string }) => (await request(path)).body,
    },
  } as unknown as Context;
  const versions = new Map<number, number>();
  for await (const page of readHosts(context)) {
    for (const { id, uptime } of page) versions.set(Number(id), Number(uptime));
  }
  for (const [key, value] of set) memory.set(key, value);
  return versions;
}

slow("a change that is made while hosts are read is never lost", async () => {
  let seed = 20_261_128;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor(seed / 65_536) % below;
  };
  for (let round = 0; round < 20; round++) {
    let isQuiet = false;
    const change = (server: FleetServer) => {
      if (isQuiet) return;
      server.now += random(3) * 500;
      for (let left = random(4); left > 0; left--) {
        if (random(8) === 0) server.enroll();
        else server.touch(1 + random(40));
      }
    };
    const server = startFleet({ count: 40, onPage: change });
    await using _server = server;
    server.now = dayAfter;
    const memory = new Map<string, string>();
    const known = new Map<number, number>();
    for (let run = 0; run < 7; run++) {
      isQuiet = run === 6;
      for (const [id, version] of await readOnce(server, memory)) known.set(id, version);
      server.now += 10_000 + random(100) * 1000;
      change(server);
    }
    for (const [id, version] of server.versions) expect([id, known.get(id)]).toEqual([id, version]);
  }
});
