/**
 * docs/report.md has exactly the fields of the report.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { AgentError } from "../../src/base/errors.ts";
import { exitCodeMeanings } from "../../src/describe/exit_codes.ts";
import { openAccount } from "../../src/sync/account.ts";
import { type RunReport, toSectionError } from "../../src/sync/report.ts";

const page = readFileSync(join(import.meta.dir, "../../docs/report.md"), "utf8");

const account = openAccount();
account.fail("17", "422 refused");

const receipt = {
  ...{ state: "reported", reason: null, added: 1, updated: 0, unchanged: 0, skipped: 0 } as const,
  ...{ failed: 0, canceled: 0, processing: 0, texts_omitted: 0 },
  texts: [{ outcome: "skipped", text: "17 is known already" }] as const,
};
const latency = { records: 1, p50_ms: 10, p99_ms: 10, sum_ms: 10, buckets: [1] };

/** The type checker sees to it that no field is missing and none is made up. */
const sample: RunReport = {
  report: 1,
  agent: "0.1.0",
  started: "2026-01-01T00:00:00.000Z",
  ended: "2026-01-01T00:00:01.000Z",
  testmode: false,
  not_enabled: ["okta"],
  sections: [{
    section: "csv_assets",
    run: "mif2x1ab7k",
    source: "csv_assets",
    mapping_name: "CSV_assets",
    kind: "assets",
    origin: "upload",
    postponed: 0,
    empty_paths: [{ path: "nmae", fields: ["NAME"], note: null }],
    dead_letters: 0,
    outcome: "failed",
    started: "2026-01-01T00:00:00.000Z",
    ended: "2026-01-01T00:00:01.000Z",
    counts: account.counts,
    receipt,
    earlier_receipts: [{ run: "mif2x1ab7j", ...receipt }],
    times: { source_ms: 0, agent_ms: 0, oomnitza_ms: 0 },
    latency: { read: latency, webhook: latency },
    backlog: { records: 0, sent: 0, failed: 0, kept: 0 },
    changes: {
      ...{ new: 1, renamed: 1, changed: 2, unchanged: 3, blanked: 0, gone: 1, gone_records: ["A"] },
      renames: [{ old: "B", new: "C" }],
    },
    stopped_by_guard: false,
    claimed: null,
    api: "v3",
    requests: 1,
    conversion_problems: 0,
    converter_failures: [
      { converter: "split", field: "SITE", failed: 1, tried: 9, reason: "the value is not text" },
    ],
    failures: account.failures,
    failures_omitted: 0,
    error: null,
  }],
  error: null,
  exit: 3,
};

/** Paths of all fields, as the page writes them: `sections[].counts.sent`. */
function fieldsOf(value: unknown, path = ""): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => fieldsOf(item, `${path}[]`));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const name = path === "" ? key : `${path}.${key}`;
    return [name, ...fieldsOf(inner, name)];
  });
}

/** The fields that the tables of a part of the page name. */
function documented(from: string, to: string): string[] {
  const part = page.slice(page.indexOf(from), page.indexOf(to));
  return [...part.matchAll(/^\| `([\w.[\]]+)`/gm)].map(([, field = ""]) => field);
}

describe("docs/report.md", () => {
  test("names every field of a report and no other", () => {
    expect(documented("## The run", "## An error").toSorted()).toEqual(fieldsOf(sample).toSorted());
  });

  test("names every field of an error and no other", () => {
    const fields = fieldsOf(toSectionError(new AgentError("x", { hint: "y" })));
    expect(documented("## An error", "## Exit codes").toSorted()).toEqual(fields.toSorted());
  });

  test("has every exit code", () => {
    const part = page.slice(page.indexOf("## Exit codes"));
    const codes = [...part.matchAll(/^\| (\d+) /gm)].map(([, code]) => Number(code));
    expect(codes).toEqual(exitCodeMeanings.map(({ code }) => code));
  });
});
