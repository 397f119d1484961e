/**
 * What a list of devices may look like, and what is said of one that does not.
 *
 * @module
 */
import { expect, test } from "bun:test";
import type { ZodType } from "zod";
import type { Context } from "../../../src/sources/casper/access.ts";
import { allDevices } from "../../../src/sources/casper/classic.ts";

/** What is made of an answer; of a wrong one, where it is wrong. */
async function read(computers: unknown): Promise<unknown> {
  const page = (_request: unknown, shape: ZodType) => {
    const { data, error } = shape.safeParse({ computers });
    const body = data ?? error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
    return Promise.resolve({ body });
  };
  return await allDevices({ http: { page } } as unknown as Context, "computers");
}

test("of each device its id and name are kept, and nothing else", async () => {
  const udid = "8D7B2F";
  const given = [{ id: 1, name: "Ann's Mac", udid }, { id: 2n ** 60n, name: null }, { id: 3 }];
  const kept: unknown = [{ id: 1, name: "Ann's Mac" }, { id: 2n ** 60n, name: null }, { id: 3 }];
  expect(await read(given)).toEqual(kept);
});

test("what is wrong with a list is said with its place", async () => {
  expect(await read([{ id: 1 }, { id: "2" }])).toEqual(["computers.1.id: Invalid input"]);
  expect(await read([{ id: 1, name: 4 }])).toEqual([
    "computers.0.name: Invalid input: expected string, received number",
  ]);
  expect(await read(undefined)).toEqual([
    "computers: Invalid input: expected array, received undefined",
  ]);
});
