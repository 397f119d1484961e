/**
 * Lists that change while they are read.
 *
 * @module
 */
import { expect, test } from "bun:test";
import type { Log } from "../../src/sdk/mod.ts";
import { type CountedPage, readCountedList } from "../../src/sdk/http/paging.ts";

type Pages = readonly CountedPage<string>[];

/** Reads a list that is as the readings say, one after the other. */
async function read(...readings: readonly Pages[]) {
  const warnings: string[] = [];
  const log = { warning: (text: string) => warnings.push(text) } as unknown as Log;
  const items: string[] = [];
  let asked = 0;
  let total: number | undefined;
  const list = readCountedList<string>({
    what: "devices",
    async *read() {
      yield* readings[Math.min(asked, readings.length - 1)] ?? [];
      asked++;
    },
    keyOf: (item) => item === "?" ? undefined : item,
    total: (count) => total = count,
    log,
  });
  for await (const page of list) items.push(...page);
  return { items: items.join(""), total, asked, warnings };
}

function page(total: number | undefined, items: string): CountedPage<string> {
  return { items: [...items], total };
}

test("a list that stays as it is is read once", async () => {
  const found = await read([page(3, "ab"), page(3, "c")]);
  expect(found).toEqual({ items: "abc", total: 3, asked: 1, warnings: [] });
});

test("without a number of all, nothing is checked", async () => {
  const found = await read([page(undefined, "ab")]);
  expect(found).toEqual({ items: "ab", total: undefined, asked: 1, warnings: [] });
});

test("what moved to a page that was read is found by reading again", async () => {
  const found = await read([page(4, "ab"), page(3, "d")], [page(3, "bc"), page(3, "d")]);
  expect(found).toMatchObject({ items: "abdc", total: 4, asked: 2 });
  expect(found.warnings).toEqual([
    "The list of devices changed while it was read, and was read 2 times; gone since: 1",
  ]);
});

test("what vanished before its page came is missed by nobody", async () => {
  const found = await read([page(3, "ab"), page(undefined, "")], [page(2, "ab")]);
  expect(found).toMatchObject({ items: "ab", total: 2, asked: 2 });
});

test("an item that comes twice stands for none that is missing", async () => {
  const found = await read([page(3, "ab"), page(3, "b")], [page(3, "ca"), page(3, "b")]);
  expect(found).toMatchObject({ items: "abc", total: 3, asked: 2 });
});

test("a server that goes on giving fewer than it says does not balance", async () => {
  const found = await read([page(5, "ab")]);
  expect(found).toMatchObject({ items: "ab", total: 5, asked: 3 });
});

test("a list that never rests is reported, and is no failure", async () => {
  const found = await read([page(2, "ab"), page(3, "")], [page(4, "ac"), page(3, "d")]);
  expect(found).toMatchObject({ items: "abcd", total: 4, asked: 3 });
  expect(found.warnings).toHaveLength(1);
});

test("items without a key are given each time they are listed once", async () => {
  expect(await read([page(2, "??")])).toMatchObject({ items: "??", total: 2, asked: 1 });
});
