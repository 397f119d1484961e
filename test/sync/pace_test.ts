/**
 * Total, rate and remaining time of a section that runs.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { openAccount } from "../../src/sync/account.ts";
import { describePace, describeSeconds, measurePace } from "../../src/sync/pace.ts";

function accountOf(fetched: number, total?: number) {
  const account = openAccount();
  account.counts.fetched = fetched;
  if (total !== undefined) account.claim(total);
  return account;
}

test("a source that knows its total has a share and a remaining time", () => {
  const pace = measurePace(accountOf(120, 1000), 2_000);
  expect(pace).toEqual({ done: 120, total: 1000, perSecond: 60, secondsLeft: 880 / 60 });
  expect(describePace(pace)).toBe("12 % of 1000, 60/s, 15 s left");
});

test("one that does not has its rate only", () => {
  expect(describePace(measurePace(accountOf(120), 2_000))).toBe("60/s");
});

test("a limit of records is the total, and nothing read yet says nothing of the time", () => {
  expect(measurePace(accountOf(5, 1000), 1_000, 10).secondsLeft).toBe(1);
  expect(describePace(measurePace(accountOf(0, 1000), 1_000))).toBe("0 % of 1000, 0/s");
});

test("more records than the source said are all of them, not more", () => {
  expect(describePace(measurePace(accountOf(1200, 1000), 1_000))).toBe(
    "100 % of 1000, 1200/s, 0 s left",
  );
});

test("long times are in minutes and hours", () => {
  expect([40.2, 89, 200, 7_500].map(describeSeconds)).toEqual([
    "41 s",
    "89 s",
    "3 min",
    "2 h 5 min",
  ]);
});
