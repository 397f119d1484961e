/**
 * Jamf Pro, read by what reported since the last upload.
 *
 * @module
 */
import { expect, test } from "bun:test";
import {
  changesConformance,
  type ChangingServer,
  openUploads,
} from "../../support/changes_conformance.ts";
import type { Vendor } from "../../support/vendor.ts";
import { workspace } from "../../support/workspace.ts";
import { asClient } from "./section.ts";
import { type JamfOptions, startJamf } from "./server.ts";
import { World } from "./world.ts";

const hour = 3_600_000;

/** A server of which a section reads one kind of device. */
interface Server extends ChangingServer {
  readonly vendor: Vendor;
  readonly world: World;
}

interface ServerOptions extends Partial<JamfOptions> {
  readonly kind?: "computers" | "mobiledevices";
  readonly count: number;
}

/** Starts a server whose devices tell how often they reported. */
function start(
  { kind = "computers", ...options }: ServerOptions,
  onRequest?: (server: ChangingServer) => void,
): Server {
  const world = new World(options.count);
  const vendor = startJamf({ pageLimit: 10, ...options, world });
  const idOf = (key: string) => Number(key.slice(2));
  const version = kind === "computers" ? "general.jamf_version" : "general.os_version";
  const server: Server = {
    vendor,
    world,
    section: kind === "computers" ? "casper" : "casper.MDM",
    options: `url = ${vendor.url}/jss\n${asClient}sync_field = SERIAL\nsync_type = ${kind}\n` +
      `mapping.SERIAL = general.serial_number\nmapping.VERSION = ${version}`,
    keyField: "SERIAL",
    versionField: "VERSION",
    versions: () => new Map(world.ids.map((id) => [`SN${id}`, `${world.device(id).version}`])),
    requests: () => vendor.calls.filter(({ path }) => !path.endsWith("/token")).length,
    change: (key) => world.report(idOf(key)),
    add: () => world.add(),
    remove: (key) => world.remove(idOf(key)),
    advance: (ms) => world.advance(ms),
    [Symbol.asyncDispose]: () => vendor.stop(),
  };
  world.onPage = () => onRequest?.(server);
  return server;
}

for (const kind of ["computers", "mobiledevices"] as const) {
  changesConformance({
    name: `casper with ${kind}`,
    what: kind === "computers" ? "computers" : "mobile devices",
    start(count, onRequest) {
      const server = start({ kind, count }, onRequest);
      return { ...server, options: `${server.options}\napi = pro` };
    },
    many: 45,
    plenty: 1000,
  });
}

const changes = "api = pro\nmode = changes";

test("a check-in is a change only where something that it brings is mapped, in each version", async () => {
  for (const inventory of ["v4", "v3"] as const) {
    for (const mapped of ["", "\nmapping.SEEN = general.last_contact_time_epoch"]) {
      await using server = start({ count: 5, inventory });
      await using uploads = openUploads(server, changes + mapped);
      await uploads.upload();
      server.advance(hour);
      server.world.checkIn(3);
      server.advance(hour);
      const { arrived, code } = await uploads.upload();
      expect([code, [...arrived.keys()]]).toEqual([0, mapped === "" ? [] : ["SN3"]]);
      expect(server.vendor.unexpected).toEqual([]);
    }
  }
});

test("an edit in Jamf Pro comes when all are read, and it is said what may be late", async () => {
  await using server = start({ count: 5 });
  await using uploads = openUploads(server, `${changes}\nmapping.TAG = general.asset_tag`);
  await uploads.upload();
  server.advance(hour);
  server.world.edit(2, "T-2");
  server.advance(hour);
  const { arrived, stderr } = await uploads.upload();
  expect(arrived.size).toBe(0);
  expect(stderr).toContain(
    "Edits in Jamf Pro itself come with the next report of the device, or when all are read: general.asset_tag",
  );
  uploads.extra += "\nfull_every = 0s";
  expect((await uploads.upload()).arrived.size).toBe(5);
});

test("a device that is removed while the changes are read hides no other", async () => {
  await using server = start({ count: 45 });
  await using uploads = openUploads(server, changes);
  await uploads.upload();
  server.advance(hour);
  for (const id of server.world.ids) server.world.report(id);
  server.advance(hour);
  let pages = 0;
  server.world.onPage = () => {
    if (++pages === 3) server.world.remove(1);
  };
  const { arrived } = await uploads.upload();
  for (const [key, version] of server.versions()) {
    expect([key, arrived.get(key)]).toEqual([key, version]);
  }
});

test("by the Classic API all are read, and it is said that mode = changes needs the other one", async () => {
  await using server = start({ count: 5 });
  await using uploads = openUploads(server, "mode = changes");
  for (let run = 0; run < 2; run++) {
    const { arrived, code, stderr } = await uploads.upload();
    expect([code, arrived.size]).toEqual([0, 5]);
    expect(stderr).toContain("mode = changes has no effect with the Classic API: set api = pro");
  }
  expect(server.vendor.calls.some(({ path }) => path.includes("computers-inventory"))).toBe(false);
});

test("where the Classic API is gone, changes are read with api = auto too", async () => {
  await using server = start({ count: 5, era: "pro" });
  await using uploads = openUploads(server, "mode = changes");
  expect((await uploads.upload()).arrived.size).toBe(5);
  server.advance(hour);
  server.world.report(4);
  server.advance(hour);
  expect([...(await uploads.upload()).arrived.keys()]).toEqual(["SN4"]);
});

test("it is refused with the Classic API and with a group", async () => {
  await using server = start({ count: 1 });
  using space = workspace();
  const cases = [
    ["api = classic", "needs api = pro for mode = changes"],
    ["api = pro\ngroup_name = Lab", "cannot have group_name with mode = changes"],
  ] as const;
  for (const [extra, message] of cases) {
    space.write(
      "config.ini",
      "[oomnitza]\nurl = https://example.oomnitza.com\napi_token = t\n" +
        `[casper]\nenable = True\n${server.options}\nmode = changes\n${extra}\n`,
    );
    const run = await space.agent(["check", "--file-only"]);
    expect(run.code).not.toBe(0);
    expect(run.stdout + run.stderr).toContain(message);
  }
});
