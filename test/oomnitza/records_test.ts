/**
 * The records that an instance holds are read page by page, also while records come and go.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { SinkError } from "../../src/base/errors.ts";
import type { OomnitzaReader } from "../../src/oomnitza/client.ts";
import { type ListedRecord, readRecords } from "../../src/oomnitza/records.ts";

/** A list of assets with so many to a page; `between` changes it before each page but the first. */
function listOf(
  ids: number[],
  { most = 4, between }: { most?: number; between?: (page: number, ids: number[]) => void } = {},
) {
  const asked: Readonly<Record<string, string>>[] = [];
  const ask: OomnitzaReader["ask"] = (_path, query = {}) => {
    if (asked.length > 0) between?.(asked.length, ids);
    asked.push(query);
    const skip = Number(query.skip);
    const page = ids.toSorted((a, b) => a - b).slice(
      skip,
      skip + Math.min(most, Number(query.limit)),
    );
    return Promise.resolve({ value: page.map((id) => ({ equipment_id: id, Barcode: `A${id}` })) });
  };
  return { ask, asked };
}

async function readAll(client: Pick<OomnitzaReader, "ask">): Promise<unknown[]> {
  const all: ListedRecord[] = [];
  for await (const page of readRecords(client, "assets", ["barcode"])) all.push(...page);
  return all.map(({ barcode }) => barcode);
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

test.each([0, 1, 3, 4, 5, 7, 8, 13])("all of %d records are read once", async (count) => {
  const list = listOf(numbers(count));
  expect(await readAll(list)).toEqual(numbers(count).map((id) => `A${id}`));
  for (const query of list.asked) {
    expect(query).toEqual({
      fields: "equipment_id,barcode",
      sortby: "equipment_id asc",
      limit: "1000",
      skip: expect.any(String),
    });
  }
});

test("records that come meanwhile are read at the end", async () => {
  const list = listOf(numbers(6), { between: (page, ids) => page === 1 && ids.push(7, 8) });
  expect(await readAll(list)).toEqual(numbers(8).map((id) => `A${id}`));
});

test.each([[[1]], [[4]], [[3, 4]], [[1, 2, 3, 4]]])(
  "when %p are deleted behind the reader, nothing is left out",
  async (deleted) => {
    const list = listOf(numbers(12), {
      between: (page, ids) => {
        if (page !== 1) return;
        for (const id of deleted) ids.splice(ids.indexOf(id), 1);
      },
    });
    expect(await readAll(list)).toEqual(numbers(12).map((id) => `A${id}`));
  },
);

test("when records are deleted at the end of the list, it ends", async () => {
  const list = listOf(numbers(5), { between: (page, ids) => page === 1 && ids.splice(3) });
  expect(await readAll(list)).toEqual(["A1", "A2", "A3", "A4"]);
});

test("a list that ignores skip is not read for ever", async () => {
  const ids = numbers(9);
  const ask: OomnitzaReader["ask"] = () =>
    Promise.resolve({ value: ids.slice(0, 4).map((id) => ({ equipment_id: id })) });
  expect(await readAll({ ask }).catch((error) => error)).toBeInstanceOf(SinkError);
});

test.each([[[{ barcode: "A1" }]], [{ rows: [] }], ["no"]])(
  "%p is no list of assets with ids",
  async (value) => {
    const ask: OomnitzaReader["ask"] = () => Promise.resolve({ value });
    expect(await readAll({ ask }).catch((error) => error)).toBeInstanceOf(SinkError);
  },
);
