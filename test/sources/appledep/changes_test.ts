/**
 * Apple's device assignment service, read by what changed since the last upload.
 *
 * @module
 */
import { expect, test } from "bun:test";
import {
  changesConformance,
  type ChangingServer,
  openUploads,
} from "../../support/changes_conformance.ts";
import { workspace } from "../../support/workspace.ts";
import { inline } from "./section.ts";
import { type Apple, type AppleOptions, serialOf, serverToken, startApple } from "./server.ts";

const hour = 3_600_000;

const keyOf = (index: number) => serialOf(index).toUpperCase();
const indexOf = (key: string) => Number(key.slice(4, 10));

/** A server whose devices tell by their asset tag how often they changed. */
function start(
  options: AppleOptions,
  onRequest: (server: ChangingServer) => void = () => {},
  extra = "",
  token = inline,
): ChangingServer & { readonly vendor: Apple } {
  const toKey = extra === "" ? keyOf : serialOf;
  const vendor = startApple({ ...options, onRequest: () => onRequest(server) });
  const server = {
    vendor,
    section: "appledep",
    options: `url = ${vendor.url}\napi_token = ${token}\nsync_field = SERIAL\n` +
      'mapping.SERIAL = {"source": "serial_number"}\n' +
      `mapping.VERSION = {"source": "asset_tag"}\n${extra}`,
    keyField: "SERIAL",
    versionField: "VERSION",
    versions: () =>
      new Map(
        [...vendor.versions()].map(([index, version]) => [
          toKey(index),
          version === 0 ? "null" : `v${version}`,
        ]),
      ),
    requests: () => vendor.calls.filter(({ path }) => path !== "/session").length,
    change: (key: string) => vendor.change(indexOf(key)),
    add: () => vendor.change(Math.max(...vendor.versions().keys()) + 1),
    remove: (key: string) => vendor.remove(indexOf(key)),
    advance: vendor.advance,
    [Symbol.asyncDispose]: () => vendor.stop(),
  };
  return server;
}

for (const extra of ["", "details = False"]) {
  changesConformance({
    name: `appledep ${extra}`.trim(),
    what: "devices",
    start: (count, onRequest) => start({ count, pageLimit: 8 }, onRequest, extra),
    many: 45,
    plenty: 1200,
  });
}

const synced = ({ path }: { readonly path: string }) => path === "/devices/sync";

test("each upload of changes goes on at the cursor of the last, and asks for details of no other device", async () => {
  await using server = start({ count: 20, pageLimit: 10 });
  await using uploads = openUploads(server, "mode = changes");
  await uploads.upload();
  for (const index of [3, 5]) {
    server.advance(hour);
    server.vendor.change(index);
    server.advance(hour);
    await uploads.upload();
  }
  const asked = server.vendor.calls.filter(synced).map(({ body }) => JSON.parse(body).cursor);
  expect(asked).toHaveLength(2);
  expect(new Set(asked).size).toBe(2);
  const details = server.vendor.calls.filter(({ path }) => path === "/devices");
  expect(details.slice(-2).map(({ body }) => JSON.parse(body).devices)).toEqual([
    [keyOf(3)],
    [keyOf(5)],
  ]);
});

test("a device that changed more than once comes once, as it is now", async () => {
  await using server = start({ count: 20, pageLimit: 3 });
  await using uploads = openUploads(server, "mode = changes");
  await uploads.upload();
  for (const index of [1, 2, 1, 4, 5, 1, 2, 6]) server.vendor.change(index);
  const { stdout, arrived } = await uploads.upload("--output", "json");
  expect(JSON.parse(stdout).sections[0].counts.fetched).toBe(5);
  expect([arrived.get(keyOf(1)), arrived.get(keyOf(2))]).toEqual(["v3", "v2"]);
});

test("a device that went and came back is sent, one that came and went is not", async () => {
  await using server = start({ count: 20, pageLimit: 10 });
  await using uploads = openUploads(server, "mode = changes");
  await uploads.upload();
  server.vendor.remove(1);
  server.vendor.change(1);
  server.vendor.change(30);
  server.vendor.remove(30);
  const { arrived, code } = await uploads.upload();
  expect([code, [...arrived.keys()]]).toEqual([0, [keyOf(1)]]);
});

test.each([
  ["older than 7 days", (vendor: Apple) => vendor.advance(8 * 24 * hour)],
  ["INVALID_CURSOR", (vendor: Apple) => vendor.forgetCursors()],
  ["EXHAUSTED_CURSOR", (vendor: Apple) => {
    const answer = () => new Response('"EXHAUSTED_CURSOR"', { status: 400 });
    vendor.fail({ on: synced, times: 1, answer });
  }],
])(
  "all are read, and it is said why, when Apple does not take the cursor: %s",
  async (reason, spoil) => {
    await using server = start({ count: 12 });
    await using uploads = openUploads(server, "mode = changes");
    await uploads.upload();
    spoil(server.vendor);
    const { arrived, code, stderr } = await uploads.upload();
    expect([code, arrived.size]).toEqual([0, 12]);
    expect(stderr).toMatch(new RegExp(`WARNING.*${reason}.*: all devices are read`));
    expect((await uploads.upload()).arrived.size).toBe(0);
  },
);

test("any other refusal of the list of changes fails the section, and keeps the cursor", async () => {
  await using server = start({ count: 12 });
  await using uploads = openUploads(server, "mode = changes");
  await uploads.upload();
  server.vendor.change(7);
  const answer = () => new Response("MALFORMED_REQUEST_BODY", { status: 400 });
  server.vendor.fail({ on: synced, times: 1, answer });
  expect((await uploads.upload()).code).toBe(3);
  expect([...(await uploads.upload()).arrived.keys()]).toEqual([keyOf(7)]);
});

test("all are read with the token of another server", async () => {
  const otherKey = "CK_0000000000000000000000000000000f";
  using folder = workspace();
  const token = folder.write("token.txt", inline);
  await using server = start({ count: 12, otherKey }, undefined, "", token);
  await using uploads = openUploads(server, "mode = changes");
  await uploads.upload();
  expect((await uploads.upload()).arrived.size).toBe(0);
  folder.write("token.txt", JSON.stringify({ ...serverToken, consumer_key: otherKey }));
  const before = server.vendor.calls.filter(synced).length;
  expect((await uploads.upload()).arrived.size).toBe(12);
  expect(server.vendor.calls.filter(synced)).toHaveLength(before);
});

test("changes that are said to go on without a cursor fail the section", async () => {
  await using server = start({ count: 12 });
  await using uploads = openUploads(server, "mode = changes");
  await uploads.upload();
  server.vendor.change(7);
  const page = { devices: [], more_to_follow: true, cursor: null };
  server.vendor.fail({ on: synced, times: 1, answer: () => Response.json(page) });
  const { code, stdout } = await uploads.upload();
  expect(code).toBe(3);
  expect(stdout).toContain("no cursor for them");
});
