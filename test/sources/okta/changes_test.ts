/**
 * Okta, read by what changed since the last upload.
 *
 * @module
 */
import { expect, test } from "bun:test";
import {
  changesConformance,
  type ChangingServer,
  openUploads,
} from "../../support/changes_conformance.ts";
import { type OktaOptions, type OktaServer, startOkta, token } from "./server.ts";

const hour = 3_600_000;

/** A server whose people tell how often they changed. */
function start(
  options: OktaOptions,
  onRequest: (server: ChangingServer) => void = () => {},
): ChangingServer & { readonly vendor: OktaServer } {
  const vendor = startOkta({ ...options, onPage: () => onRequest(server) });
  const keyOf = (index: number) => `person${index}@example.com`;
  const indexOf = (key: string) => Number(/\d+/.exec(key)?.[0]);
  const server = {
    vendor,
    section: "okta",
    options: `url = ${vendor.url}\napi_token = ${token}\nrequests_per_minute = 60000\n` +
      "default_role = 25\ndefault_position = Employee\n" +
      'mapping.VERSION = {"source": "profile.version"}',
    keyField: "USER",
    versionField: "VERSION",
    versions: () =>
      new Map(
        [...vendor.versions()].map((
          [index, version],
        ) => [keyOf(index), version === 0 ? "null" : `${version}`]),
      ),
    requests: () => vendor.calls.length,
    change: (key: string) => vendor.change(indexOf(key)),
    add: () => vendor.change(Math.max(...vendor.versions().keys()) + 1),
    remove: (key: string) => vendor.remove(indexOf(key)),
    advance: vendor.advance,
    [Symbol.asyncDispose]: () => vendor.stop(),
  };
  return server;
}

changesConformance({
  name: "okta",
  what: "people",
  start: (active, onRequest) => start({ active, pageLimit: 10 }, onRequest),
  many: 45,
  plenty: 1200,
});

test("somebody who was deprovisioned comes among the changes only when they are read", async () => {
  for (const [deprovisioned, expected] of [["False", []], ["True", ["person1@example.com"]]]) {
    await using server = start({ active: 3, deprovisioned: 2 });
    await using uploads = openUploads(server, `mode = changes\ndeprovisioned = ${deprovisioned}`);
    await uploads.upload();
    server.advance(hour);
    server.vendor.change(1, "DEPROVISIONED");
    server.advance(hour);
    const { arrived, code } = await uploads.upload();
    expect(code).toBe(0);
    expect([...arrived.keys()]).toEqual([...expected ?? []]);
  }
});

test("all are read when deprovisioned is set, since the position was without them", async () => {
  await using server = start({ active: 3, deprovisioned: 2 });
  await using uploads = openUploads(server, "mode = changes");
  await uploads.upload();
  server.advance(hour);
  uploads.extra = "mode = changes\ndeprovisioned = True";
  expect((await uploads.upload()).arrived.size).toBe(5);
});
