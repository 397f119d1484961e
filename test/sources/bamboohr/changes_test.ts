/**
 * BambooHR, read by what changed since the last upload.
 *
 * @module
 */
import { expect, test } from "bun:test";
import {
  changesConformance,
  type ChangingServer,
  openUploads,
} from "../../support/changes_conformance.ts";
import { type BambooOptions, type BambooServer, company, startBamboo, token } from "./server.ts";

const hour = 3_600_000;

const keyOf = (index: number) => `person${index}@example.com`;
const indexOf = (key: string) => Number(/\d+/.exec(key)?.[0]);

/** A server whose people tell how often they changed. */
function start(
  options: BambooOptions,
  onRequest: (server: ChangingServer) => void = () => {},
): ChangingServer & { readonly vendor: BambooServer } {
  const vendor = startBamboo({ ...options, onAnswer: () => onRequest(server) });
  const server = {
    vendor,
    section: "bamboohr",
    options:
      `url = ${vendor.url}/api/gateway.php\nsystem_name = ${company}\napi_token = ${token}\n` +
      "requests_per_minute = 60000\ndefault_role = 25\ndefault_position = Employee\n" +
      'endpoint = employees\nmapping.VERSION = {"source": "nickname"}',
    keyField: "USER",
    versionField: "VERSION",
    versions: () =>
      new Map([...vendor.versions()].map(([index, version]) => [keyOf(index), `${version}`])),
    requests: () => vendor.calls.length,
    change: (key: string) => vendor.change(indexOf(key)),
    add: () => vendor.add(),
    remove: (key: string) => vendor.remove(indexOf(key)),
    advance: vendor.advance,
    [Symbol.asyncDispose]: () => vendor.stop(),
  };
  return server;
}

changesConformance({
  name: "bamboohr",
  what: "employees",
  start: (active, onRequest) => start({ active, pageLimit: 10 }, onRequest),
  many: 45,
});

test("a hundred changes take two requests", async () => {
  await using server = start({ active: 300 });
  await using uploads = openUploads(server, "mode = changes");
  await uploads.upload();
  server.advance(hour);
  for (let index = 100; index < 200; index++) server.vendor.change(index);
  server.advance(hour);
  const before = server.requests();
  expect((await uploads.upload()).arrived.size).toBe(100);
  expect(server.requests() - before).toBe(2);
});

test("people who left or were deleted are not asked for, and changes of fields of two requests are joined", async () => {
  await using server = start({ active: 5, inactive: 2 });
  const custom = Array.from(
    { length: 450 },
    (_, index) => `mapping.F${index} = {"source": "custom${index}"}`,
  ).join("\n");
  await using uploads = openUploads(server, `mode = changes\n${custom}`);
  await uploads.upload();
  server.advance(hour);
  for (const index of [1, 6]) server.vendor.change(index);
  server.vendor.remove(2);
  server.advance(hour);
  const { arrived, code } = await uploads.upload();
  expect(code).toBe(0);
  expect(Object.fromEntries(arrived)).toEqual({ [keyOf(1)]: "1" });
});

test("the directory cannot be read by changes", async () => {
  await using server = start({ active: 5 });
  await using uploads = openUploads(server, "mode = changes\nendpoint = directory");
  const { code, stderr } = await uploads.upload();
  expect(code).not.toBe(0);
  expect(stderr).toContain("mode = changes needs endpoint = employees");
});
