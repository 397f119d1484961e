/**
 * What a source is given to read with: many things at once, and no more of a record than is wanted.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { AgentError, AuthError } from "../../src/base/errors.ts";
import { Skipped } from "../../src/base/record.ts";
import { itemsOf } from "../../src/sdk/mod.ts";
import { toReadable } from "../../src/sync/read/probe.ts";
import { type ReadSettings, sourceContext } from "../../src/sync/read/source_context.ts";
import { startVendor } from "../support/vendor.ts";
import { prepareTestSection, readSettings } from "./support/prepared_section.ts";

async function makeContext(ini?: string, settings: Partial<ReadSettings> = {}) {
  const { prepared } = await prepareTestSection([], ini === undefined ? {} : { ini });
  return sourceContext(prepared, { ...readSettings(), ...settings });
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

const name = (number: number) => `computer ${number}`;

test("things are fetched several at once and come in their order", async () => {
  const { each } = await makeContext(undefined, { workers: 3 });
  let running = 0;
  let most = 0;
  async function work(number: number): Promise<number> {
    most = Math.max(most, ++running);
    await new Promise(setImmediate);
    running--;
    return number;
  }
  expect(await Array.fromAsync(each(numbers(9), work, name))).toEqual(numbers(9));
  expect(most).toBe(3);
});

test("details of a page are on their way while the next page is read", async () => {
  const { each } = await makeContext(undefined, { workers: 3 });
  const asked = Promise.withResolvers<void>();
  async function* list(): AsyncGenerator<number[]> {
    yield [0, 1, 2];
    asked.resolve();
    yield [3];
  }
  async function work(number: number): Promise<number> {
    if (number === 2) await asked.promise;
    return number;
  }
  expect(await Array.fromAsync(each(itemsOf(list()), work, name))).toEqual(numbers(4));
});

test("one that cannot be fetched is skipped under its name", async () => {
  const { each } = await makeContext();
  function work(number: number): Promise<number> {
    if (number === 1) return Promise.reject(new AgentError("404"));
    return Promise.resolve(number);
  }
  expect(await Array.fromAsync(each(numbers(3), work, name))).toEqual([
    0,
    new Skipped("computer 1", "404"),
    2,
  ]);
});

test("25 failures in a row mean that nothing works, 24 do not", async () => {
  const { each } = await makeContext();
  const failing = (from: number, to: number) => (number: number): Promise<number> =>
    number >= from && number < to ? Promise.reject(new AgentError("503")) : Promise.resolve(number);
  const passed = await Array.fromAsync(each(numbers(60), failing(2, 26), name));
  expect(passed.filter((item) => item instanceof Skipped)).toHaveLength(24);
  await expect(Array.fromAsync(each(numbers(60), failing(2, 27), name))).rejects.toThrow("503");
});

test("refused credentials, bugs and an abort are thrown", async () => {
  const stop = new AbortController();
  const { each } = await makeContext(undefined, { signal: stop.signal });
  const reject = (error: Error) => Array.fromAsync(each([1], () => Promise.reject(error), name));
  await expect(reject(new AuthError("401"))).rejects.toThrow("401");
  await expect(reject(new TypeError("a bug"))).rejects.toThrow("a bug");
  stop.abort();
  await expect(reject(new AgentError("aborted"))).rejects.toThrow("aborted");
});

test("a connection that ended with a run that lost its section begins anew with the next one", async () => {
  await using vendor = startVendor({
    routes: [{ method: "GET", path: "/devices", answer: () => new Response("[]") }],
  });
  const connection = {};
  const request = { path: `${vendor.url}/devices` };
  const lost = new AbortController();
  const first = await makeContext(undefined, { connection, signal: lost.signal });
  expect(await first.http.text(request)).toBe("[]");
  lost.abort(new AgentError("away for too long"));
  await expect(first.http.text(request)).rejects.toThrow("away for too long");
  const second = await makeContext(undefined, { connection });
  expect(await second.http.text(request)).toBe("[]");
  const third = await makeContext(undefined, { connection });
  expect(third.http).toBe(second.http);
});

test("only what mappings and converters read of a record is wanted", async () => {
  const ini = "sync_field = TAG\nmapping.TAG = general.tag\n" +
    'mapping.SITE = {"hardcoded": "Berlin"}\nmapping.NAME = name\n';
  const { wanted } = await makeContext(ini);
  expect(wanted).toEqual({ everything: false, paths: ["general.tag", "name"] });
  const saved = await makeContext(ini, { saveData: "folder" });
  expect(saved.wanted.everything).toBe(true);
});

test("a section without its mappings is read whole", async () => {
  const { prepared } = await prepareTestSection([]);
  const readable = toReadable(prepared.section, prepared.log);
  expect(sourceContext(readable, readSettings()).wanted.everything).toBe(true);
});
