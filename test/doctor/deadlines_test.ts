/**
 * What vendors end: the countdown, and that new sections do not depend on it any more in good time.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { checkDeadlines } from "../../src/doctor/deadlines.ts";
import { describeIni } from "../../src/describe/ini.ts";
import { sampleText } from "../../src/describe/value.ts";
import { countDown, daysUntil, type Deadline } from "../../src/sdk/deadline.ts";
import { readOption } from "../../src/sdk/option.ts";
import { opt, type Source } from "../../src/sdk/mod.ts";
import { sources } from "../../src/sources/mod.ts";

const deadline: Deadline = {
  what: "API tokens",
  ends: "2027-04-30",
  notice: "About the end of tokens",
  successor: "an OAuth client",
  todo: "Create an OAuth client.",
  concerns: ({ token }) => token !== undefined,
};

const source = { title: "Example", deadlines: [deadline] } as unknown as Source;

function on(day: string, options: Record<string, unknown> = { token: "x" }) {
  const now = Date.parse(`${day}T12:00:00Z`);
  return checkDeadlines({ name: "example", source, options }, now, false);
}

describe("the countdown", () => {
  test("half a year before there is a warning, a month before and afterwards a failure", () => {
    const states: Record<string, string> = {
      "2026-10-31": "ok",
      "2026-11-01": "warning",
      "2027-03-30": "warning",
      "2027-03-31": "failed",
      "2027-04-30": "failed",
      "2028-01-01": "failed",
    };
    for (const [day, state] of Object.entries(states)) {
      expect([day, on(day).map((check) => check.state)]).toEqual([day, [state]] as never);
    }
  });

  test("it says what ends when, by which notice, and what to do", () => {
    expect(on("2027-04-20")).toEqual([{
      area: "deadline",
      subject: "example",
      state: "failed",
      found: 'Example ends API tokens on 2027-04-30, in 10 days ("About the end of tokens")',
      todo: "Create an OAuth client.",
    }]);
    expect(on("2027-04-29")[0]?.found).toContain("in 1 day (");
    expect(on("2027-04-30")[0]?.found).toContain("today");
    expect(on("2027-05-02")[0]?.found).toContain("was to end API tokens on 2027-04-30, 2 days ago");
  });

  test("a section that does not depend on it is not told", () => {
    expect(on("2027-04-20", {})).toEqual([]);
  });

  test("without a day it is told, and is no finding", () => {
    const { ends: _none, ...undated } = deadline;
    expect(countDown(undated, "Example", 0)).toMatchObject({
      severity: "none",
      message:
        'Example has deprecated API tokens without naming an end ("About the end of tokens")',
    });
  });
});

/** The values of a new section, as `generate-ini` writes it. */
function newSection({ options }: Source): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(options).map(([key, option]) => {
      const text = option.advanced ? undefined : sampleText(option);
      const result = readOption(option, text);
      return [key, result.ok ? result.value : undefined];
    }),
  );
}

/** Days before an end by which new sections must not depend on it. */
const preparedDays = 60;

/** What new sections depend on that ends within {@linkcode preparedDays} of a moment, as what is to be done. */
function findDue(from: readonly Source[], now: number): string[] {
  return from.flatMap((source) =>
    (source.deadlines ?? [])
      .filter(({ ends, concerns }) =>
        ends !== undefined && daysUntil(ends, now) <= preparedDays &&
        concerns(newSection(source), false)
      )
      .map(({ what, ends, successor, notice }) =>
        `${source.title} ends ${what} on ${ends}, and [${source.name}] of generate-ini still ` +
        `depends on it: let new sections use ${successor} ("${notice}")`
      )
  );
}

const declared = sources.flatMap((source) =>
  (source.deadlines ?? []).map((one) => ({ source, one }))
);

describe("deadlines of the sources", () => {
  test("are complete", () => {
    expect(declared.length).toBeGreaterThan(0);
    for (const { source, one } of declared) {
      const where = `${source.name}: ${one.what}`;
      expect([where, one.notice, one.successor, one.todo]).not.toContain("");
      expect([where, /\.$/.test(one.todo)]).toEqual([where, true]);
      const day = one.ends ?? "2027-01-01";
      expect([where, new Date(day).toISOString().slice(0, 10)]).toEqual([where, day]);
    }
  });

  /*
   * Fails by the calendar: when it does, change what `generate-ini` writes for that source, so that a new
   * section no longer depends on what ends (take the option out of the sample, or recommend another
   * value); when nothing replaces it, take the source's support for it out.
   */
  test("are not what a new section depends on, from 60 days before", () => {
    expect(findDue(sources, Date.now())).toEqual([]);
  });

  test("are told from 60 days before, where a new section depends on them", () => {
    const options = { token: opt.text("A token.", { example: "x" }) };
    const sample = { ...source, name: "example", options } as unknown as Source;
    const at = (day: string) => findDue([sample], Date.parse(`${day}T12:00:00Z`));
    expect(at("2027-02-28")).toEqual([]);
    expect(at("2027-03-01")).toEqual([expect.stringContaining("let new sections use an OAuth")]);
    expect(at("2029-01-01")).toHaveLength(1);
  });

  test("are not what a new section of Zendesk depends on, and are told of those that do", () => {
    const zendesk = sources.find(({ name }) => name === "zendesk");
    if (zendesk?.deadlines === undefined) throw new Error("no deadline");
    const { deadlines } = zendesk;
    const concerned = (options: Readonly<Record<string, unknown>>) =>
      deadlines.filter((one) => one.concerns({ ...newSection(zendesk), ...options }, false))
        .map(({ ends }) => ends);
    expect(newSection(zendesk).client_id).not.toBe("");
    expect(concerned({})).toEqual([]);
    expect(concerned({ client_id: "", api_token: "x" })).toEqual(["2027-04-30"]);
    expect(concerned({ client_id: "", oauth_token: "x" })).toEqual(["2027-04-01"]);
    // The token is what the section signs in with then.
    expect(concerned({ oauth_token: "x" })).toEqual(["2027-04-01"]);
  });

  test("are not what a new section of Jamf Pro depends on", () => {
    const jamf = sources.find(({ name }) => name === "casper");
    const [classic] = jamf?.deadlines ?? [];
    if (jamf === undefined || classic === undefined) throw new Error("no deadline");
    const options = newSection(jamf);
    expect(describeIni([jamf])).toContain("\napi = pro\n");
    expect(options.api).toBe("pro");
    expect(classic.concerns(options, false)).toBe(false);
    const older = { ...options, api: "auto" };
    expect([classic.concerns(older, false), classic.concerns(older, true)]).toEqual([true, false]);
    expect(classic.concerns({ ...options, api: "classic" }, true)).toBe(true);
  });
});
