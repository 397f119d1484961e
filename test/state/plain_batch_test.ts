/**
 * Fingerprints of the text of a batch: they are those of its records, whatever these are.
 *
 * @module
 */

import { expect, test } from "bun:test";
import { parseExactJson, stringifyExactJson } from "../../src/base/json.ts";
import type { MappedRecord } from "../../src/base/record.ts";
import { Fingerprints } from "../../src/state/fingerprint.ts";
import { readPlainBatch } from "../../src/state/plain_batch.ts";

const maxLength = 256;

function isPlain(records: readonly MappedRecord[]): boolean {
  return readPlainBatch(stringifyExactJson(records), maxLength) !== undefined;
}

function expectSame(records: readonly MappedRecord[], syncFields: readonly string[] = ["TAG"]) {
  const text = stringifyExactJson(records);
  const each = (parseExactJson(text) as MappedRecord[]).map((record, position) =>
    [position, new Fingerprints(syncFields).create(record)] as const
  );
  expect(new Fingerprints(syncFields).createAll(text)).toEqual(each);
}

const plain: readonly unknown[] = [
  ...[
    "",
    "a",
    " ",
    "é €",
    "😀",
    "},{",
    ',NAME:"'.replaceAll('"', "'"),
    "[1]",
    "null",
    "1,2",
    "a:b",
  ],
  ...["x".repeat(256), "é".repeat(256), 0, -1.5, 1e21, 1e-7, 2n ** 64n, -(2n ** 70n), 1e20],
  ...[true, false, null],
];

test("plain records are read as they stand", () => {
  for (const value of plain) {
    const records = [
      { TAG: "T1", NAME: value, OS: "1" },
      { TAG: "T2", NAME: "b", OS: value },
      { TAG: value, NAME: "b", OS: 2 },
    ];
    expect(isPlain(records)).toBe(true);
    for (const syncFields of [["TAG"], ["OS", "TAG"], []]) expectSame(records, syncFields);
  }
  expect(isPlain([{ TAG: "T1" }])).toBe(true);
  expectSame([{ TAG: "T1" }], ["TAG", "SITE"]);
  expectSame([{ 7: "a", TAG: "T1", 3: "b" }]);
});

test("all others are parsed", () => {
  const odd: readonly unknown[] = [
    ...['"', "\\", "\n", "\u0000", "\ud800", "x".repeat(257), [], ["a"], {}, { NAME: "b", OS: 1 }],
  ];
  for (const value of odd) {
    for (const name of ["NAME", "OS"]) {
      const records = [{ TAG: "T1", NAME: "a", OS: "1" }, { TAG: "T2", NAME: "b", OS: "1" }];
      for (const [position, record] of records.entries()) {
        const changed = records.with(position, { ...record, [name]: value });
        expect(isPlain(changed)).toBe(false);
        expectSame(changed);
      }
    }
  }
  for (
    const records of [
      [],
      [{}],
      [{ TAG: "T1" }, {}],
      [{ TAG: "T1" }, { TAG: "T2", NAME: "b" }],
      [{ TAG: "T1", NAME: "a" }, { TAG: "T2" }],
      [{ TAG: "T1", NAME: "a" }, { NAME: "b", TAG: "T2" }],
      [{ TAG: "T1" }, { TAGS: "T2" }],
      [{ 'a"b': 1 }],
    ]
  ) {
    expect(isPlain(records)).toBe(false);
    expectSame(records);
  }
});

test("what is no list of records is refused, wherever it ends", () => {
  const text = '[{"TAG":"T1","SIZE":12},{"TAG":"T2","SIZE":null}]';
  expect(readPlainBatch(text, maxLength)?.records).toEqual([['"T1"', "12"], ['"T2"', "null"]]);
  for (let end = 0; end < text.length; end++) {
    expect(readPlainBatch(text.slice(0, end), maxLength)).toBeUndefined();
    expect(() => new Fingerprints(["TAG"]).createAll(text.slice(0, end))).toThrow(SyntaxError);
  }
  expect(readPlainBatch(`${text}]`, maxLength)).toBeUndefined();
});

test("only some of a batch are made fingerprints of, by their positions", () => {
  const records = [{ TAG: "T1" }, { TAG: "T2" }, { TAG: "T3" }];
  const some = new Fingerprints(["TAG"]).createAll(stringifyExactJson(records), [2, 0]);
  expect(some.map(([position, print]) => [position, print?.key])).toEqual([
    [2, '["T3"]'],
    [0, '["T1"]'],
  ]);
});
