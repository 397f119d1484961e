/**
 * What `timestamp` and `date_format` make of dates: the tables of the Python connector's behaviour.
 *
 * @module
 */

import { describe, expect, test } from "bun:test";
import { run, services } from "./converter_run.ts";

const read: [value: unknown, seconds: number][] = [
  [1546398245, 1546398245],
  [1546398245.9, 1546398245],
  ["1546398245", 1546398245],
  ["1546398245.9", 1546398245],
  ["2019", 2019],
  ["20190102", 20190102],
  ["-5", -5],
  ["2019-01-02", 1546387200],
  ["2019-01-02T03:04:05", 1546398245],
  ["2019-01-02T03:04:05Z", 1546398245],
  ["2019-01-02T03:04:05.123Z", 1546398245],
  ["2019-01-02T03:04:05,123456789Z", 1546398245],
  ["2019-01-02T03:04:05+02:00", 1546391045],
  ["2019-01-02T03:04:05+0200", 1546391045],
  ["2019-01-02T03:04:05+02", 1546391045],
  ["2019-01-02T03:04:05.5-02:30", 1546407245],
  ["2019-01-02T03:04", 1546398240],
  ["2019-01-02T03:04+02:00", 1546391040],
  ["2019-01", 1546300800],
  ["2019-01-02xyz", 1546387200],
  ["2019-01-02+02:00", 1546387200],
  ["2019-01-02T03:04:05Z[UTC]", 1546398245],
  ["2020-02-29", 1582934400],
  ["0001-01-01", -62135596800],
  ["0099-12-31T23:59:59", -59011459201],
  ["9999-12-31T23:59:59Z", 253402300799],
  [new Date("2019-01-02T03:04:05.900Z"), 1546398245],
];

const doubtful = [
  "2019-0a-02",
  "2019-01-0a",
  "2019-00-10",
  "01/02/2019",
  "2019/01/02",
  "02.01.2019",
  "2019-13-45",
  "2019-1-2",
  "2019-02-30",
  "2019-01-023",
  "2019-01-2",
  "x2019-01-02",
];

const unreadable = [
  "",
  "abc",
  "Jan 2, 2019",
  "0000-00-00",
  "2019-01-02T03",
  "2019-01-02T",
  "2019-01-02T3:4:5",
  "2019-01-02T03:04:5",
  "2019-01-02T03:04.5",
  "2019-01-02T03:04:055",
  "2019-01-02T24:00:00",
  "2019-01-02T03:60:00",
  "2019-01-02T03:04:60",
  "2019-02-30T03:04:05",
  "2019-01-02T03:04:05+2:00",
  "2019-01-02T03:04:05+25:00",
  "2019-01-02T03:04:05 EST",
  "1565358758000",
  "Infinity",
  "NaN",
  "0x10",
];

describe("timestamp", () => {
  test.each(read)("reads %p", async (value, seconds) => {
    expect(await run("timestamp", { value, services })).toEqual({
      result: seconds,
      problems: [],
      thrown: undefined,
    });
  });

  test.each(doubtful)("leaves %p with a warning", async (value) => {
    const { result, problems } = await run("timestamp", { value, services });
    expect([result, ...problems.map(({ level }) => level)]).toEqual([value, "warning"]);
  });

  test.each([...unreadable, 1565358758000, NaN, -1e12, true])(
    "leaves %p with an error",
    async (value) => {
      const { result, problems } = await run("timestamp", { value, services });
      expect([result, ...problems.map(({ level }) => level)]).toEqual([value, "error"]);
    },
  );

  test("heeds the zone after a space", async () => {
    for (const value of ["2019-01-02 03:04:05 +02:00", "2019-01-02 03:04:05+0200"]) {
      expect((await run("timestamp", { value, services })).result).toBe(1546391045);
    }
    const value = "2019-01-02 03:04:05";
    expect((await run("timestamp", { value, services })).result).toBe(1546398245);
  });

  test("leaves what is neither text, number nor date, with an error", async () => {
    for (const value of [["2019-01-02"], { date: "2019-01-02" }, new Date(NaN)]) {
      const { result, problems } = await run("timestamp", { value, services });
      expect(result).toBe(value);
      expect(problems).toHaveLength(1);
    }
  });
});

describe("date_format", () => {
  test.each(read.filter(([value]) => typeof value !== "number"))(
    "reads %p",
    async (value, seconds) => {
      expect((await run("date_format", { value, services })).result).toBe(seconds);
    },
  );

  test.each(doubtful)("leaves %p with a warning", async (value) => {
    const { result, problems } = await run("date_format", { value, services });
    expect([result, ...problems.map(({ level }) => level)]).toEqual([value, "warning"]);
  });

  test.each([...unreadable, 12, 12.5, true, { date: "2019-01-02" }])(
    "leaves %p silently",
    async (value) => {
      expect(await run("date_format", { value, services })).toEqual({
        result: value,
        problems: [],
        thrown: undefined,
      });
    },
  );

  test("finds a date with a space anywhere, and ignores its zone", async () => {
    for (
      const value of [
        "2019-01-02 03:04:05",
        "2019-01-02 03:04:05 +02:00",
        "2019-01-02 03:04:05.999 PST",
        "on 2019-01-02 03:04:05.",
      ]
    ) expect((await run("date_format", { value, services })).result).toBe(1546398245);
  });

  test("leaves text with a space and no full date silently", async () => {
    for (
      const value of ["2019-01-02 03:04", "2019-01-02 ", "2019-02-30 03:04:05", "01/02/2019 x"]
    ) {
      const { result, problems } = await run("date_format", { value, services });
      expect([result, problems]).toEqual([value, []]);
    }
  });
});
