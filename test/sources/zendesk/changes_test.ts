/**
 * Zendesk, read by what changed since the last upload.
 *
 * @module
 */
import { expect, test } from "bun:test";
import {
  changesConformance,
  type ChangingServer,
  openUploads,
} from "../../support/changes_conformance.ts";
import { slow } from "../../support/slow.ts";
import { account, startZendesk, type ZendeskOptions, type ZendeskServer } from "./server.ts";

const hour = 3_600_000;
const exportPath = "/api/v2/incremental/users/cursor.json";

const keyOf = (index: number) => `person${index}@example.com`;
const indexOf = (key: string) => Number(/\d+/.exec(key)?.[0]);

/** A server whose people tell how often they changed. */
function start(
  options: ZendeskOptions,
  onRequest: (server: ChangingServer) => void = () => {},
): ChangingServer & { readonly vendor: ZendeskServer } {
  const vendor = startZendesk({ ...options, onPage: () => onRequest(server) });
  const server = {
    vendor,
    section: "zendesk",
    options: `client_id = ${account.clientId}\nclient_secret = ${account.clientSecret}\n` +
      `system_name = example\nurl = ${vendor.url}\nrequests_per_minute = 60000\n` +
      "default_role = 25\ndefault_position = Employee\n" +
      'mapping.VERSION = {"source": "user_fields.version"}',
    keyField: "USER",
    versionField: "VERSION",
    versions: () =>
      new Map(
        [...vendor.versions()].map(([index, version]) => [
          keyOf(index),
          version === 0 ? "null" : `${version}`,
        ]),
      ),
    requests: () => vendor.calls.filter(({ method }) => method === "GET").length,
    change: (key: string) => vendor.change(indexOf(key)),
    add: () => vendor.change(Math.max(...vendor.versions().keys()) + 1),
    remove: (key: string) => vendor.remove(indexOf(key)),
    advance: vendor.advance,
    [Symbol.asyncDispose]: () => vendor.stop(),
  };
  return server;
}

changesConformance({
  name: "zendesk",
  what: "people",
  start: (users, onRequest) =>
    start({ users, pageLimit: 10, exportLimit: 7, exportWindowMs: 1 }, onRequest),
  many: 45,
  plenty: 1200,
});

test("the second upload of changes goes on at the cursor of the first", async () => {
  await using server = start({ users: 3 });
  await using uploads = openUploads(server, "mode = changes");
  for (let run = 0; run < 3; run++) {
    await uploads.upload();
    server.advance(hour);
    server.vendor.change(1);
    server.advance(hour);
  }
  const exports = server.vendor.calls.filter(({ path }) => path === exportPath);
  expect(exports.map(({ query }) => [...query.keys()].sort())).toEqual([
    ["per_page", "start_time"],
    ["cursor", "per_page"],
  ]);
});

test("all are read when the cursor is not taken any more", async () => {
  await using server = start({ users: 3 });
  await using uploads = openUploads(server, "mode = changes");
  for (let run = 0; run < 2; run++) {
    await uploads.upload();
    server.advance(hour);
    server.vendor.change(1);
    server.advance(hour);
  }
  server.vendor.forget();
  const { arrived, stderr, code } = await uploads.upload();
  expect([code, arrived.size]).toEqual([0, 3]);
  expect(stderr).toContain("does not take the position any more: all people are read");
});

test("who changes again while changes are read comes once, and again with the next upload", async () => {
  let isRunning = false;
  const again = () => {
    if (!isRunning) return;
    isRunning = false;
    server.vendor.change(0);
    server.advance(hour);
  };
  await using server = start({ users: 6, exportLimit: 2 }, again);
  await using uploads = openUploads(server, "mode = changes");
  await uploads.upload();
  server.advance(hour);
  for (const index of [0, 1, 2, 3]) {
    server.vendor.change(index);
    server.advance(1000);
  }
  server.advance(hour);
  isRunning = true;
  const second = await uploads.upload("--output", "json");
  expect(JSON.parse(second.stdout).sections[0].counts.fetched).toBe(4);
  const third = await uploads.upload();
  expect(third.arrived.get(keyOf(0))).toBe("2");
});

test("only roles that are wanted come among the changes, and nobody who was deleted", async () => {
  await using server = start({ users: 9 });
  await using uploads = openUploads(server, "mode = changes\nroles = agent,admin");
  expect((await uploads.upload()).arrived.size).toBe(6);
  server.advance(hour);
  for (const index of [0, 1, 2]) server.vendor.change(index);
  server.vendor.remove(4);
  server.advance(hour);
  expect([...(await uploads.upload()).arrived.keys()].sort()).toEqual([keyOf(1), keyOf(2)]);
});

test("an account that is no administrator's is told so", async () => {
  await using server = start({ users: 3, isAgent: true });
  await using uploads = openUploads(server, "mode = changes");
  await uploads.upload();
  const { code, stdout } = await uploads.upload();
  expect(code).toBe(3);
  expect(stdout).toContain("Only administrators may export changes");
});

slow("more than ten exports wait until more are allowed", async () => {
  await using server = start({ users: 30, exportLimit: 2, exportWindowMs: 1500 });
  await using uploads = openUploads(server, "mode = changes");
  await uploads.upload();
  server.advance(hour);
  for (let index = 0; index < 30; index++) server.vendor.change(index);
  server.advance(hour);
  const { arrived, code } = await uploads.upload();
  expect([code, arrived.size]).toEqual([0, 30]);
});
