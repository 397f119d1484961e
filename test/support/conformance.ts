/**
 * What every source over HTTP must do, tried with the compiled binary against its vendor's server.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { checkConfig } from "../../src/config/config.ts";
import { parseIni } from "../../src/config/ini.ts";
import { describeIni } from "../../src/describe/ini.ts";
import type { Source } from "../../src/sdk/mod.ts";
import { record } from "./recorder.ts";
import { slow } from "./slow.ts";
import type { Vendor, VendorCall } from "./vendor.ts";
import { oomnitzaSection, type Workspace, workspace } from "./workspace.ts";

/** A vendor's server with some objects, and the section that reads them. */
export interface VendorUnderTest {
  readonly vendor: Vendor;
  /** Section name, for example `okta`. */
  readonly section: string;
  /** Option lines with the right credentials, `sync_field` and mappings; without header and enable. */
  readonly options: string;
  /** The same with wrong credentials. */
  readonly wrongOptions: string;
  /** Values of the sync field of all records, in the source's order. */
  readonly keys: readonly string[];
  /** Oomnitza field that holds them. */
  readonly keyField: string;
  /** Everything that must never be shown: passwords, tokens, also those that the server hands out. */
  readonly secrets: readonly string[];
}

/** A source to try. */
export interface ConformanceSubject {
  readonly source: Source;
  /** Starts the vendor with so many objects; more than one page for `many`. */
  start(count: number): VendorUnderTest | Promise<VendorUnderTest>;
  /** A number of objects that takes three pages, the last one not full. */
  readonly many: number;
  /** Whether a request asks for a page of the list (not for a token, nor for a detail). */
  readonly isList: (call: VendorCall) => boolean;
  /** The vendor's answer when it throttles; asks to wait for a second. */
  readonly throttled: () => Response;
  /** Whether the vendor's id of a record is its key, which never changes then. */
  readonly isKeyId?: boolean;
  /** Whether that makes the agent wait for longer: some vendors name the time, in whole seconds. */
  readonly isLongThrottle?: boolean;
}

interface Upload {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly records: readonly Record<string, unknown>[];
  readonly report: {
    sections: { counts: Record<string, number>; error: { message: string; hint: string } | null }[];
  };
}

function iniOf(subject: VendorUnderTest, oomnitza: string, options: string): string {
  return `${oomnitza}[${subject.section}]\nenable = True\n${options}\n`;
}

/** Uploads the section with the binary and gives what arrived. */
export async function uploadAll(
  subject: VendorUnderTest,
  words: readonly string[] = [],
  options: string = subject.options,
): Promise<Upload> {
  await using instance = record();
  using space: Workspace = workspace();
  space.write("config.ini", iniOf(subject, oomnitzaSection(instance), options));
  const run = await space.agent(["upload", subject.section, "--output", "json", ...words], {
    timeoutMs: 120_000,
  });
  const records = instance.uploads()
    .filter(({ path }) => path === "/api/v3/bulk")
    .flatMap(({ body }) => JSON.parse(body).records as Record<string, unknown>[]);
  return { ...run, records, report: JSON.parse(run.stdout) };
}

/** Checks the section with the binary. */
export async function check(
  subject: VendorUnderTest,
  options: string = subject.options,
  words: readonly string[] = [],
) {
  await using instance = record();
  using space = workspace();
  space.write("config.ini", iniOf(subject, oomnitzaSection(instance), options));
  return await space.agent(["check", subject.section, "--verbose", ...words], {
    timeoutMs: 60_000,
  });
}

function spellings(secret: string): string[] {
  const base64 = Buffer.from(secret, "utf8").toString("base64").replace(/=+$/, "");
  return [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), base64];
}

function expectNoSecret(subject: VendorUnderTest, text: string): void {
  for (const secret of subject.secrets) {
    for (const spelling of spellings(secret)) expect(text).not.toContain(spelling);
  }
}

function keysOf(subject: VendorUnderTest, { records }: Upload): unknown[] {
  return records.map((one) => one[subject.keyField]);
}

/** Defines the tests for one source. */
export function conformance(subject: ConformanceSubject): void {
  const { source, many, isList } = subject;
  describe(`${source.name} conforms`, () => {
    declarationTests(source);
    credentialTests(subject);
    test("pages are joined, nothing is missing, doubled or out of order", async () => {
      const space = await subject.start(many);
      await using vendor = space.vendor;
      const run = await uploadAll(space, ["--workers", "1"]);
      expect(run.report.sections[0]?.error).toBeNull();
      expect(keysOf(space, run)).toEqual([...space.keys]);
      expect(run.code).toBe(0);
      expect(vendor.unexpected).toEqual([]);
    });
    test("an empty list is no error", async () => {
      const space = await subject.start(0);
      await using _vendor = space.vendor;
      const run = await uploadAll(space);
      expect(run.code).toBe(0);
      expect(run.records).toEqual([]);
    });
    test("--record-count 1 asks for no second page", async () => {
      const space = await subject.start(many);
      await using vendor = space.vendor;
      const run = await uploadAll(space, ["--record-count", "1"]);
      expect(keysOf(space, run)).toEqual(space.keys.slice(0, 1));
      expect(run.code).toBe(0);
      expect(vendor.calls.filter(isList)).toHaveLength(1);
    });
    faultTests(subject);
    if (source.vendorId !== undefined && subject.isKeyId !== true) renameTests(subject);
  });
}

function declarationTests(source: Source): void {
  test("the generated section validates once it is enabled", () => {
    const text = describeIni([source]).replace("enable = False", "enable = True");
    const plan = checkConfig(parseIni(text, "config.ini"), {
      sources: [source],
      env: {},
      directory: "/",
    });
    expect(plan.findings).toEqual([]);
    expect(plan.sections.map(({ name }) => name)).toEqual([source.name]);
  });
}

function credentialTests({ start }: ConformanceSubject): void {
  test("right credentials pass check, wrong ones are reported with the option to look at", async () => {
    const space = await start(3);
    await using _vendor = space.vendor;
    const good = await check(space, space.options);
    expect(good.stdout).toMatch(new RegExp(`ok +\\[${space.section.replaceAll(".", "\\.")}\\]`));
    expect(good.code).toBe(0);
    const bad = await check(space, space.wrongOptions);
    expect(bad.code).toBe(3);
    expect(bad.stdout).toContain(`FAILED [${space.section}]`);
    // What is wrong is a sentence of its own, and so is what to do.
    expect(bad.stdout).toMatch(/^FAILED .*[^.:]\. .*Check /m);
    expectNoSecret(space, good.stdout + good.stderr + bad.stdout + bad.stderr);
  });
  test("no secret is in any output, whatever goes wrong", async () => {
    const space = await start(3);
    await using vendor = space.vendor;
    const good = await uploadAll(space, ["--verbose"]);
    vendor.fail({
      on: () => true,
      times: 1000,
      answer: ({ headers, body, url }) => {
        const echo = JSON.stringify({ headers: Object.fromEntries(headers), body, url: url.href });
        return new Response(`no, since you said ${echo}`, { status: 400 });
      },
    });
    const bad = await uploadAll(space, ["--verbose"]);
    expect(bad.code).toBe(3);
    expectNoSecret(space, good.stdout + good.stderr + bad.stdout + bad.stderr);
  });
}

function renameTests({ start }: ConformanceSubject): void {
  test("a record with another key is known again by the vendor's id", async () => {
    const space = await start(3);
    await using vendor = space.vendor;
    await using instance = record();
    using folder = workspace();
    folder.write("config.ini", iniOf(space, oomnitzaSection(instance), space.options));
    const run = async (command: "upload" | "plan") => {
      const { stdout } = await folder.agent([command, space.section, "--output", "json"]);
      return JSON.parse(stdout).sections[0];
    };
    expect((await run("upload")).counts).toMatchObject({ failed: 0, unreadable: 0 });
    const [, old = ""] = space.keys;
    const now = `${old}X`;
    vendor.rename(old, now);
    const planned = await run("plan");
    expect(planned.counts).toMatchObject({ new: 0, renamed: 1, gone: 0 });
    expect(planned.changes).toContainEqual(
      expect.objectContaining({ kind: "renamed", record: now, was: old }),
    );
    const { changes } = await run("upload");
    expect(changes).toMatchObject({ new: 0, renamed: 1, gone: 0, renames: [{ old, new: now }] });
    const again = await run("upload");
    expect(again.changes).toMatchObject({ new: 0, renamed: 0, gone: 0, unchanged: 3 });
  });
}

function faultTests({ start, isList, throttled, isLongThrottle }: ConformanceSubject): void {
  (isLongThrottle ? slow : test)(
    "500 is tried again, and throttling waits as long as asked",
    async () => {
      const space = await start(3);
      await using vendor = space.vendor;
      vendor.fail({ on: isList, times: 1, answer: () => new Response("oops", { status: 500 }) });
      vendor.fail({ on: isList, times: 1, answer: throttled });
      const run = await uploadAll(space);
      expect(keysOf(space, run)).toEqual([...space.keys]);
      expect(run.code).toBe(0);
      const [, second, third] = vendor.calls.filter(isList).map(({ at }) => at);
      expect((third ?? 0) - (second ?? 0)).toBeGreaterThanOrEqual(990);
    },
  );
  test("cut JSON, a web page and a foreign shape end the section, naming the request", async () => {
    const answers = [
      () => new Response('{"cut": [', { headers: { "Content-Type": "application/json" } }),
      () =>
        new Response("<!DOCTYPE html><html>Please log in</html>", {
          headers: { "Content-Type": "text/html" },
        }),
      () => Response.json({ nothing: "of the kind" }),
    ];
    for (const answer of answers) {
      const space = await start(3);
      await using vendor = space.vendor;
      vendor.fail({ on: isList, times: 50, answer });
      const run = await uploadAll(space);
      const path = vendor.calls.find(isList)?.path ?? "no list was asked for";
      expect(run.code).toBe(3);
      const message = run.report.sections[0]?.error?.message ?? "";
      // Named as the source asks for it: below the path that an address may have.
      const shown = /\((?:GET|POST) (?:https?:\/\/[^/]+)?(\/[^)]+)\)/.exec(message)?.[1] ?? message;
      expect(path.endsWith(shown)).toBe(true);
    }
  });
  test("a stop ends a request that hangs", async () => {
    const space = await start(3);
    await using vendor = space.vendor;
    vendor.fail({ on: isList, times: 10 });
    await using instance = record();
    using folder = workspace();
    folder.write("config.ini", iniOf(space, oomnitzaSection(instance), space.options));
    const agent = await folder.start(["upload", space.section]);
    while (!vendor.calls.some(isList)) await Bun.sleep(5);
    // Only the stop can end it: the vendor holds the request for as long as it lives.
    expect(await agent.stop()).toBe(3);
  });
}
