/**
 * The account of a run, and the report that is made of it.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { AgentError } from "../../src/base/errors.ts";
import { type Counts, maxListedFailures, openAccount } from "../../src/sync/account.ts";
import {
  bugHint,
  describeCounts,
  describeSection,
  type SectionReport,
  toSectionError,
} from "../../src/sync/report.ts";

const endings = [
  "filtered",
  "incomplete",
  "unchanged",
  "sent",
  "shown",
  "failed",
  "kept",
  "held",
] as const satisfies readonly (keyof Counts)[];

test.each([...endings])("a record that ends as %s balances one that was read", (ending) => {
  const account = openAccount();
  account.counts.fetched = 1;
  expect(account.imbalance(true)).toBe("1 records were fetched, but 0 accounted for");
  account.counts[ending]++;
  expect(account.imbalance(true)).toBeUndefined();
});

test("unreadable records count towards what the vendor says it has, and no further", () => {
  const account = openAccount();
  account.counts.fetched = 2;
  account.counts.sent = 2;
  account.skip("computer 3", "broken");
  account.claim(3);
  expect(account.imbalance(true)).toBeUndefined();
  account.claim(4);
  expect(account.imbalance(true)).toBe("the source says it has 4 records, but gave 3");
  expect(account.imbalance(false)).toBeUndefined();
  expect(account.claimed()).toBe(4);
});

test("failures are counted all, and listed up to a limit", () => {
  const account = openAccount();
  for (let number = 0; number < maxListedFailures + 5; number++) account.fail(`T${number}`, "bad");
  expect(account.counts.failed).toBe(maxListedFailures + 5);
  expect(account.failures).toHaveLength(maxListedFailures);
  expect(account.failures[0]).toEqual({ record: "T0", reason: "bad" });
});

test("counts are a phrase: what was read and sent, and whatever else there is", () => {
  expect(describeCounts({ fetched: 3, sent: 0 })).toBe("3 read, 0 sent");
  expect(describeCounts({ fetched: 3, shown: 3 })).toBe("3 read, 3 shown");
  const counts = { fetched: 9, sent: 4, kept: 2, held: 1, unreadable: 2 };
  expect(describeCounts(counts)).toBe(
    "9 read, 4 sent, 2 kept for the next run, 1 not sent, 2 unreadable",
  );
  expect(describeCounts(counts, true)).toBe(
    "9 read, 4 sent, 2 kept for the next run, 1 held back by the guard, 2 unreadable",
  );
});

test("an error of the agent is distinguished from a bug in it", () => {
  const known = new AgentError("no route", { hint: "Check the network." });
  expect(toSectionError(known)).toEqual({
    message: "no route",
    hint: "Check the network.",
    bug: false,
  });
  expect(toSectionError(new TypeError("x is undefined"))).toEqual({
    message: "Unexpected: x is undefined",
    hint: bugHint,
    bug: true,
  });
});

const report: SectionReport = {
  section: "devices",
  run: "r1",
  source: "devices",
  mapping_name: "Devices",
  kind: "assets",
  origin: "upload",
  postponed: 0,
  empty_paths: [],
  dead_letters: 0,
  outcome: "failed",
  started: "2026-01-01T00:00:00.000Z",
  ended: "2026-01-01T00:00:01.500Z",
  counts: { ...openAccount().counts, fetched: 30, sent: 5, failed: 25 },
  receipt: null,
  earlier_receipts: [],
  times: { source_ms: 0, agent_ms: 0, oomnitza_ms: 0 },
  latency: { read: null, webhook: null },
  backlog: { records: 3, sent: 2, failed: 0, kept: 1 },
  changes: {
    new: 1,
    renamed: 21,
    renames: Array.from({ length: 21 }, (_, index) => ({ old: `O${index}`, new: `N${index}` })),
    changed: 0,
    unchanged: 0,
    blanked: 0,
    gone: 21,
    gone_records: Array.from({ length: 21 }, (_, index) => `G${index}`),
  },
  stopped_by_guard: false,
  claimed: null,
  api: "v3",
  requests: 4,
  conversion_problems: 0,
  converter_failures: [
    { converter: "split", field: "SITE", failed: 1, tried: 9, reason: "the value is not text" },
  ],
  failures: [
    { record: "", reason: "no tag" },
    ...Array.from({ length: 22 }, (_, index) => ({ record: `T${index}`, reason: "400" })),
  ],
  failures_omitted: 2,
  error: { message: "It broke", hint: "Fix it.", bug: false },
};

test("the text report names the first failures and counts the others", () => {
  const lines = describeSection(report).split("\n");
  expect(lines.slice(0, 6)).toEqual([
    "devices: failed: 30 read, 5 sent, 25 failed in 1.5 s",
    "  3 left by an earlier run: 2 sent, 0 failed, 1 still kept",
    `  21 renamed: ${
      Array.from({ length: 20 }, (_, index) => `O${index} → N${index}`).join(", ")
    }, … and 1 more`,
    `  21 gone from the source: ${
      Array.from({ length: 20 }, (_, index) => `G${index}`).join(", ")
    }, … and 1 more`,
    "  (no sync field): no tag",
    "  T0: 400",
  ]);
  expect(lines.slice(-5)).toEqual([
    "  … and 5 more",
    "  Converter split of SITE failed 1 of 9 times: the value is not text",
    "  1 not answered and kept in the state file: the next run sends them first",
    "  It broke",
    "  Fix it.",
  ]);
  expect(lines).toHaveLength(29);
});

test("a report without backlog, changes and failures is one line", () => {
  const plain = {
    ...report,
    backlog: { records: 0, sent: 0, failed: 0, kept: 0 },
    changes: { ...report.changes, gone: null, renamed: 0 } as SectionReport["changes"],
    failures: [],
    converter_failures: [],
    failures_omitted: 0,
    error: null,
  };
  expect(describeSection(plain)).toBe("devices: failed: 30 read, 5 sent, 25 failed in 1.5 s");
});
