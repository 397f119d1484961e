/**
 * A run of a section from its source to its report, with an instance that answers as configured.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AgentError } from "../../src/base/errors.ts";
import { Skipped } from "../../src/base/record.ts";
import { createRedactor } from "../../src/base/redact.ts";
import type { SourceItem } from "../../src/sdk/source.ts";
import { openCursors } from "../../src/state/cursor.ts";
import { deliverSection } from "../../src/sync/run.ts";
import type { RunContext, RunSettings } from "../../src/sync/run_settings.ts";
import { describeSection, isSuccess } from "../../src/sync/report.ts";
import { type FakeSink, fakeSink } from "./support/fakes.ts";
import { type Items, prepareTestSection, tagged } from "./support/prepared_section.ts";
import { openTestStore } from "./support/store.ts";

interface Given {
  readonly ini?: string;
  readonly rest?: string;
  readonly sink?: FakeSink;
  readonly settings?: Partial<RunSettings>;
  readonly context?: Partial<RunContext>;
}

async function run(
  items: Items,
  { ini, rest, sink = fakeSink([200]), settings, context }: Given = {},
) {
  const sections = { ...(ini !== undefined && { ini }), ...(rest !== undefined && { rest }) };
  const { prepared, lines } = await prepareTestSection(items, sections);
  const oomnitza = {
    url: "http://instance",
    get: () => Promise.resolve({}),
    mappings: () => Promise.resolve({}),
    retries: () => 0,
    post: sink.post,
  } as unknown as RunContext["oomnitza"];
  const delivered = await deliverSection(prepared, {
    oomnitza,
    apiVersion: "auto",
    batchSize: 4,
    batchBytes: 1_000_000,
    guard: {},
    receipts: { mode: "off", timeoutMs: 0 },
    http: {} as never,
    cursors: undefined,
    beside: join(tmpdir(), "agent-run-test"),
    redactor: createRedactor(),
    signal: new AbortController().signal,
    ...context,
  }, { workers: 1, recordCount: 0, ...settings });
  if (!await delivered.ask()) await delivered.wait();
  return { report: await delivered.settle(), lines, sink };
}

const filtered = `sync_field = TAG
mapping.TAG = tag
mapping.NAME = {"source": "name", "required": true}
`;

test("every record that is read ends in the account", async () => {
  const [first = {}, second = {}, third = {}] = tagged(3);
  const items: SourceItem[] = [
    [first, { ...second, name: "" }, new Skipped("computer 9", "broken")],
    third,
  ];
  const { report, sink, lines } = await run(items, { ini: filtered });
  expect(report).toMatchObject({
    section: "devices",
    source: "devices",
    mapping_name: "Devices",
    kind: "assets",
    outcome: "failed",
    counts: { fetched: 3, sent: 2, incomplete: 1, unreadable: 1 },
    failures: [{ record: "computer 9", reason: "broken" }],
    failures_omitted: 0,
    api: "v3",
    requests: 2,
    error: null,
  });
  expect(sink.posted[0]?.tags).toEqual(["T1", "T3"]);
  expect(lines).toContain("error: Unreadable: computer 9: broken");
  expect(lines).toContain("warning: Not sent: T2: no value for NAME");
});

test("a run without a loss is well", async () => {
  const { report } = await run(tagged(3));
  expect(report).toMatchObject({ outcome: "ok", counts: { fetched: 3, sent: 3 }, run: null });
});

test("drops of one kind are logged up to a limit, and counted", async () => {
  const items = tagged(25).map((record) => ({ ...record, name: "" }));
  const { report, lines } = await run(items, { ini: filtered });
  expect(report.counts.incomplete).toBe(25);
  expect(lines.filter((line) => line.startsWith("warning: Not sent: "))).toHaveLength(20);
  expect(lines.filter((line) => line.includes("More records of this kind"))).toHaveLength(1);
});

test("records before the failure of a source are sent, and the failure is the report's", async () => {
  async function* items() {
    yield* tagged(3);
    throw new AgentError("the vendor is away", { hint: "Try later." });
  }
  const { report } = await run(items);
  expect(report).toMatchObject({
    outcome: "failed",
    counts: { fetched: 3, sent: 3 },
    error: { message: "the vendor is away", hint: "Try later.", bug: false },
  });
});

test("a vendor that says it has more than it gave fails the run, also one that lost nothing", async () => {
  async function* items(context: { total(count: number): void }) {
    context.total(5);
    yield* tagged(3);
  }
  const { report } = await run(items);
  expect(report.claimed).toBe(5);
  expect(report.error?.message).toBe(
    "The account does not balance [devices]: the source says it has 5 records, but gave 3",
  );
  const cut = await run(items, { settings: { recordCount: 2 } });
  expect(cut.report).toMatchObject({ outcome: "ok", counts: { fetched: 2, sent: 2 } });
});

test("a section that cannot deliver reads no further than it must", async () => {
  let read = 0;
  async function* items() {
    for (const record of tagged(10_000)) {
      read++;
      yield record;
    }
  }
  const { report } = await run(items, { sink: fakeSink([401]) });
  expect(report.outcome).toBe("failed");
  expect(report.counts).toMatchObject({ sent: 0, failed: report.counts.fetched });
  expect(read).toBeLessThan(1000);
});

test("test mode prints what would be sent, one record at a time, and remembers nothing", async () => {
  const printed: string[] = [];
  const { report, sink } = await run(tagged(2), {
    settings: { testmode: (text) => void printed.push(text) },
  });
  expect(sink.posted).toEqual([]);
  expect(printed.map((text) => JSON.parse(text).records)).toEqual([
    [{ TAG: "T1", NAME: "air" }],
    [{ TAG: "T2", NAME: "air" }],
  ]);
  expect(printed[0]).toContain('{\n  "connector_name": "Devices",\n  "connector_version"');
  expect(report).toMatchObject({ counts: { shown: 2, sent: 0 }, requests: 0, outcome: "ok" });
});

test("--save-data writes what was read and what was posted", async () => {
  const folder = mkdtempSync(join(tmpdir(), "agent-run-"));
  try {
    await run(tagged(2), { settings: { saveData: folder } });
    const saved = join(folder, "saved_data");
    expect(readdirSync(saved).sort()).toEqual([
      "0.json",
      "1.json",
      "oom.payload000.json",
      "oom.payload001.json",
    ]);
    expect(JSON.parse(readFileSync(join(saved, "1.json"), "utf8"))).toEqual({ ...tagged(2)[1] });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("what a source remembers is kept only when all of it was accepted", async () => {
  async function* items(context: { cursor: { set(key: string, value: string): void } }) {
    context.cursor.set("since", "monday");
    yield* tagged(2);
  }
  for (const [status, kept] of [[400, undefined], [200, "monday"]] as const) {
    await using opened = openTestStore();
    const { store } = opened;
    await run(items, {
      sink: fakeSink(({ path }) => path.endsWith("bulk") ? status : 200),
      context: { cursors: openCursors(store.path) },
      settings: { store },
    });
    const cursor = openCursors(store.path).cursor("devices");
    expect(await cursor.get("since")).toBe(kept as string);
    cursor.close();
  }
});

test("what one run could not deliver, the next sends first", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  const away = await run(tagged(2), { sink: fakeSink([503]), settings: { store } });
  expect(away.report).toMatchObject({ outcome: "failed", counts: { kept: 2 } });
  expect(await store.run(String(away.report.run))).toMatchObject({ state: "failed", waiting: 2 });
  const { report, sink } = await run([{ tag: "T3", name: "mini" }], { settings: { store } });
  expect(report).toMatchObject({
    outcome: "ok",
    backlog: { records: 2, sent: 2, failed: 0, kept: 0 },
    counts: { fetched: 1, sent: 1, kept: 0 },
    requests: 3,
  });
  expect(sink.posted.map(({ tags }) => tags.join(" "))).toEqual(["T1 T2", "", "T3", ""]);
});

test("a backlog that cannot be delivered keeps the source from being read", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  await run(tagged(2), { sink: fakeSink([503]), settings: { store } });
  const { report } = await run(tagged(5), { sink: fakeSink([503]), settings: { store } });
  expect(report).toMatchObject({ counts: { fetched: 0 }, backlog: { records: 2, kept: 2 } });
  expect(report.error?.message).toMatch(
    /^Cannot deliver to Oomnitza the records left by run \w+ \[/,
  );
});

test("the guard stops a run, and the report says so", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  await run(tagged(40), { settings: { store } });
  const { report } = await run(tagged(20), { settings: { store } });
  expect(report).toMatchObject({
    outcome: "failed",
    stopped_by_guard: true,
    counts: { fetched: 20, sent: 0, held: 20 },
    changes: { gone: 20, unchanged: 20 },
  });
  const accepted = await run(tagged(20), { settings: { store, accept: true } });
  expect(accepted.report).toMatchObject({ outcome: "ok", stopped_by_guard: false });
});

test("an aborted run says why, and its records are held back", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  await run(tagged(20), { settings: { store } });
  const stop = new AbortController();
  async function* items() {
    yield* tagged(5);
    stop.abort(new AgentError("a person stopped it"));
    yield* tagged(20).slice(5);
  }
  const { report } = await run(items, { context: { signal: stop.signal }, settings: { store } });
  expect(report).toMatchObject({
    outcome: "failed",
    counts: { fetched: 20, sent: 0, held: 20 },
    error: { message: "a person stopped it" },
  });
});

test("a state file that cannot be used fails the section before anything is read", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  store.begin = () => Promise.reject(new AgentError("the disk is full"));
  const { report, sink } = await run(tagged(2), { settings: { store } });
  expect(report).toMatchObject({
    outcome: "failed",
    run: null,
    counts: { fetched: 0 },
    error: { message: "the disk is full" },
  });
  expect(sink.posted).toEqual([]);
});

test("a record that is lost in the filter leaves it open what is gone", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  const ini = `sync_field = TAG
mapping.TAG = tag
only_changed = True
recordfilter =
    # language: javascript
    if (record.tag === "T2") throw new Error("odd");
    return true;
`;
  const { report } = await run(tagged(3), { ini, settings: { store } });
  expect(report).toMatchObject({ counts: { sent: 2, failed: 1 }, changes: { gone: null } });
  expect(report.failures).toMatchObject([{ record: "T2" }]);
});

test("records that come by themselves are a run of their own kind", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  async function* read() {
    yield { tag: "T9", name: "mini" };
  }
  const { report, sink } = await run(tagged(3), { settings: { store, read } });
  expect(sink.posted[0]?.tags).toEqual(["T9"]);
  expect(await store.run(String(report.run))).toMatchObject({ origin: "webhook", state: "ok" });
});

test("a run in which no record could be sent has failed", async () => {
  const items = tagged(3).map((record) => ({ ...record, name: "" }));
  const { report, sink } = await run(items, { ini: filtered });
  expect(report).toMatchObject({
    outcome: "failed",
    counts: { fetched: 3, incomplete: 3 },
    error: {
      message:
        "No record could be sent [devices]: all that were read lack a value for a required field",
      bug: false,
    },
  });
  expect(sink.posted).toEqual([]);
});

test("one record that can be sent, and one that was let go by the filter, are no failure", async () => {
  const [first = {}, second = {}] = tagged(2);
  const { report } = await run([first, { ...second, name: "" }], { ini: filtered });
  expect(report).toMatchObject({ outcome: "ok", error: null });
  expect((await run([])).report).toMatchObject({ outcome: "ok", error: null });
});

test("mapped paths that are empty in every record are reported, not logged", async () => {
  const ini = "sync_field = TAG\nmapping.TAG = tag\nmapping.NAME = nmae\nmapping.OS = os.name\n";
  const items = tagged(3).map((record, index) => ({
    ...record,
    os: { name: index === 2 ? "x" : "" },
  }));
  const { report, lines } = await run(items, { ini });
  expect(report.empty_paths).toEqual([{ path: "nmae", fields: ["NAME"], note: null }]);
  expect(describeSection(report)).toContain("\n  Empty in every record: nmae (NAME)");
  expect(lines.filter((line) => line.includes("nmae"))).toEqual([]);
  expect((await run([], { ini })).report.empty_paths).toEqual([]);
});

test("a record without a sync field has its own number and place in the log", async () => {
  const records = tagged(5).map((record, index) => index === 2 || index === 4 ? {} : record);
  const page = Object.assign(records.slice(1), { locate: (index: number) => `line ${index + 20}` });
  const { lines } = await run([new Skipped("x", "broken"), records[0] ?? {}, page]);
  const named = lines.filter((line) => line.includes("Not sent"));
  expect(named).toEqual([
    "warning: Not sent: record 3 (line 21): no value for TAG",
    "warning: Not sent: record 5 (line 23): no value for TAG",
  ]);
});

test("records that are kept after a stop are logged once, and the report says what comes next", async () => {
  await using opened = openTestStore();
  const sink = fakeSink([new AgentError("Stopped by SIGINT")]);
  const { report, lines } = await run(tagged(40), { sink, settings: { store: opened.store } });
  expect(report.counts).toMatchObject({ sent: 0, failed: 0 });
  expect(report.counts.kept).toBeGreaterThan(4);
  const reported = lines.filter((line) => line.includes("Kept for the next run"));
  expect(reported).toEqual([
    `warning: Kept for the next run: ${report.counts.kept} records: Stopped by SIGINT`,
  ]);
  expect(describeSection(report)).toContain("the next run sends them first");
});

test("refused records are named up to a limit, and the report names agent failed and agent retry", async () => {
  await using opened = openTestStore();
  const sink = fakeSink(({ path }) => path.endsWith("finalize") ? 200 : 400);
  const { report, lines } = await run(tagged(60), { sink, settings: { store: opened.store } });
  expect(report).toMatchObject({ counts: { failed: 60 }, dead_letters: 60 });
  expect(lines.filter((line) => line.startsWith("error: Refused T"))).toHaveLength(20);
  expect(lines).toContain("error: 40 more were not accepted; the report counts them");
  expect(describeSection(report)).toContain(
    '  60 refused and kept in the state file: "agent failed" lists them, "agent retry" sends them again',
  );
  expect((await run(tagged(2), { sink })).report.dead_letters).toBe(0);
});

test("a stop is no fault of the agent", async () => {
  const stop = new AbortController();
  stop.abort();
  const { report } = await run(tagged(2), { context: { signal: stop.signal } });
  expect(report.error).toEqual({ message: "Stopped before the end", hint: null, bug: false });
});

test("a run for webhooks that could fetch nothing is not well", async () => {
  const read = () => (async function* () {})();
  const settings = { read, postponed: () => 2 };
  const { report } = await run([], { settings });
  expect(report).toMatchObject({ origin: "webhook", outcome: "failed", postponed: 2, error: null });
  expect(describeSection(report)).toContain("2 webhook events could not be fetched for");
  const idle = await run([], { settings: { ...settings, postponed: () => 0 } });
  expect(idle.report.outcome).toBe("ok");
  expect(isSuccess(idle.report)).toBe(false);
});
