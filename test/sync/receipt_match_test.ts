/**
 * Which record a text of Oomnitza's is about.
 *
 * @module
 */
import { expect, test } from "bun:test";
import type { MappedRecord } from "../../src/base/record.ts";
import { matchTexts } from "../../src/sync/receipt/match.ts";

async function match(texts: readonly string[], tags: readonly unknown[], fields = ["TAG"]) {
  const records = tags.map((TAG): MappedRecord => ({ TAG }));
  const { named, unmatched } = await matchTexts(texts, records, fields);
  return { named: named.map(({ payload, texts }) => [payload.TAG, ...texts]), unmatched };
}

test("a text names the record whose sync field it has as a word", async () => {
  const texts = ["T1: no such model", "Cannot store 't12'.", "the database is full"];
  expect(await match(texts, ["T1", "T2", "T12", "T123"])).toEqual({
    named: [["T1", "T1: no such model"], ["T12", "Cannot store 't12'."]],
    unmatched: ["the database is full"],
  });
});

test("a value of signs only is named as any other", async () => {
  const texts = ["\u{1F5A5}\u{FE0F}: no such model", "--: not a date"];
  expect(await match(texts, ["T1", "\u{1F5A5}\u{FE0F}", "--", "***"])).toEqual({
    named: [["\u{1F5A5}\u{FE0F}", texts[0]], ["--", texts[1]]],
    unmatched: [],
  });
});

test("texts about one record come together", async () => {
  expect((await match(["T1: bad", "T1: also bad"], ["T1"])).named).toEqual([[
    "T1",
    "T1: bad",
    "T1: also bad",
  ]]);
});

test("of several values in a text, the one with the name of its field is meant", async () => {
  const text = "Value 7 is used by 8 (TAG: 9)";
  expect((await match([text], [7, 8, 9])).named).toEqual([[9, text]]);
});

test("of several values, the longest is meant, then the first", async () => {
  expect((await match(["PC-1 spare is odd"], ["PC-1", "PC-1 spare"])).named).toEqual([
    ["PC-1 spare", "PC-1 spare is odd"],
  ]);
  expect((await match(["A1 has the address of B2"], ["B2", "A1"])).named).toEqual([
    ["A1", "A1 has the address of B2"],
  ]);
});

test("of several sync fields, all values must be there", async () => {
  const records = [{ A: "x", B: "1" }, { A: "x", B: "2" }, { A: "", B: "3" }];
  const { named, unmatched } = await matchTexts(["x / 2 failed", "3 failed", "x failed"], records, [
    "A",
    "B",
  ]);
  expect(named.map(({ payload }) => payload)).toEqual([records[1], records[2]] as MappedRecord[]);
  expect(unmatched).toEqual(["x failed"]);
});

test("of records with the same sync fields, the last one is what failed", async () => {
  const records = [{ TAG: "T1", NAME: "old" }, { TAG: "T1", NAME: "new" }];
  expect((await matchTexts(["T1 failed"], records, ["TAG"])).named[0]?.payload.NAME).toBe("new");
});

test("nothing is named by a blank value, or without sync fields", async () => {
  expect((await match(["null failed"], [null, "", undefined])).named).toEqual([]);
  expect(await match(["T1 failed"], ["T1"], [])).toEqual({ named: [], unmatched: ["T1 failed"] });
});
