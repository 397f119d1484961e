/**
 * Fleet, read by what changed since the last upload.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { changesConformance, type ChangingServer } from "../../support/changes_conformance.ts";
import type { FleetServer } from "./server.ts";
import { firstChange, serial } from "./server.ts";
import { series, start } from "./section.ts";

const changes = "mode = changes\n";
const hour = 3_600_000;

/** A day after the last change of the hosts that a server begins with. */
const dayAfter = firstChange + 48 * hour;

/** A server whose hosts tell how often they changed. */
function startChanging(
  count: number,
  onRequest: (server: ChangingServer) => void = () => {},
): ChangingServer {
  const { vendor, section, options } = start(
    { count, onPage: () => onRequest(server) },
    'page_size = 5\nmapping.APPLICATIONS = {"hardcoded": []}\nmapping.VERSION = {"source": "uptime"}\n',
  );
  vendor.now = dayAfter + count * 60_000;
  const numberOf = (key: string) => Number(key.slice(3));
  const removed = new Set<number>();
  let hosts = count;
  const server: ChangingServer = {
    ...{ section, options, keyField: "SERIAL", versionField: "VERSION" },
    versions: () =>
      new Map(
        Array.from({ length: hosts }, (_, index) => index + 1).filter((id) => !removed.has(id))
          .map((id) => [serial(id), `${vendor.versions.get(id) ?? 0}`]),
      ),
    requests: () => vendor.calls.length,
    change: (key) => vendor.touch(numberOf(key)),
    add: () => void (hosts = vendor.enroll()),
    remove(key) {
      removed.add(numberOf(key));
      vendor.remove(numberOf(key));
    },
    advance: (ms) => void (vendor.now += ms),
    [Symbol.asyncDispose]: () => vendor.stop(),
  };
  return server;
}

changesConformance({
  name: "fleet",
  what: "hosts",
  start: startChanging,
  many: 40,
  plenty: 1200,
});

function lists(server: FleetServer): URLSearchParams[] {
  return server.calls.filter(({ path }) => path === "/api/v1/fleet/hosts").map(({ query }) =>
    query
  );
}

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
