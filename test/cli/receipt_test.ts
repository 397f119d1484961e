/**
 * Delivered means stored: what Oomnitza tells of an upload after it took the records in.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { slow } from "../support/slow.ts";
import { type StandIn, type StandInOptions, startStandIn } from "../support/stand_in/mod.ts";
import { oomnitzaSection, type Workspace, workspace } from "../support/workspace.ts";
import { rows, section, startUpload } from "./state_run.ts";

/** Records that are refused when they are processed: 37 of 10,000. */
const refused = Array.from({ length: 37 }, (_, index) => 100 + index * 250);
const refusedTags = refused.map((row) => `T${row}`).sort();

/** Fails the records of some rows with a text that names them. */
function failing(numbers: readonly number[]): StandInOptions {
  const values = numbers.map((row) => `model ${row}`);
  const text = "BARCODE {key}: {value} is not in the list of MODEL";
  return {
    processing: { delayMs: 50, rules: [{ outcome: "failed", text, field: "MODEL", values }] },
  };
}

function fill(space: Workspace, standIn: StandIn, count: number, options = ""): void {
  space.write("assets.csv", rows(count));
  space.write("config.ini", oomnitzaSection(standIn, options) + section + "only_changed = True\n");
}

async function upload(space: Workspace) {
  const { code, stdout, stderr } = await space.agent(["upload", "csv_assets", "--output", "json"], {
    timeoutMs: 120_000,
  });
  const report = JSON.parse(stdout);
  return { code, stderr, report: report.sections[0] };
}

async function listFailed(space: Workspace): Promise<Record<string, unknown>[]> {
  return JSON.parse((await space.agent(["failed", "--output", "json"])).stdout);
}

/** The records that failed, each once. */
function names(failures: readonly { readonly record: string }[]): string[] {
  return [...new Set(failures.map(({ record }) => record))].sort();
}

function askedFor({ state }: StandIn) {
  return state.requests.filter(({ path }) => path.includes("/connector_run_logs/"));
}

slow("of 10,000 records, the 37 that are refused later are named and sent again", async () => {
  const standIn = await startStandIn(failing(refused));
  using space = workspace();
  fill(space, standIn, 10_000);
  const first = await upload(space);
  expect(first.code).toBe(3);
  expect(first.report).toMatchObject({
    outcome: "failed",
    counts: { fetched: 10_000, sent: 9963, failed: 37 },
    receipt: { state: "reported", added: 9963, failed: 37, texts: [] },
    dead_letters: 37,
    error: null,
  });
  expect(names(first.report.failures)).toEqual(refusedTags);
  for (const { record, reason } of first.report.failures) {
    expect(reason).toBe(`BARCODE ${record}: model ${record.slice(1)} is not in the list of MODEL`);
  }
  const letters = await listFailed(space);
  expect(letters.map(({ record }) => String(record)).sort()).toEqual(refusedTags);
  const before = standIn.state.counters.received;
  const retry = await space.agent(["retry", "--singleton", "0"]);
  expect(retry.code).toBe(3);
  expect(retry.stdout).toContain("37 sent again: 0 accepted, 37 refused, 0 not answered");
  expect(standIn.state.counters.received - before).toBe(37);
  expect(await listFailed(space)).toHaveLength(37);
  const next = await upload(space);
  expect(next.report).toMatchObject({ counts: { fetched: 10_000, unchanged: 9963, failed: 37 } });
  expect(names(next.report.failures)).toEqual(refusedTags);
  await standIn.stop();
});

slow("what is killed while it waits is told to the next run", async () => {
  const standIn = await startStandIn({ ...failing(refused), holdsProcessing: true });
  using space = workspace();
  fill(space, standIn, 10_000);
  const child = await startUpload(space);
  while (askedFor(standIn).length === 0) await Bun.sleep(5);
  child.kill("SIGKILL");
  await child.exited;
  const [run] = JSON.parse((await space.agent(["runs", "--output", "json"])).stdout);
  expect(run).toMatchObject({ awaits_receipt: true });
  const processing = setInterval(() => standIn.state.process(), 20);
  const { code, report } = await upload(space);
  clearInterval(processing);
  expect(code).toBe(3);
  expect(report.earlier_receipts).toMatchObject([{ run: run.id, state: "reported", failed: 37 }]);
  expect(names(report.failures)).toEqual(refusedTags);
  const letters = await listFailed(space);
  const ofKilled = letters.filter(({ run: id }) => id === run.id);
  expect(ofKilled.map(({ record }) => String(record)).sort()).toEqual(refusedTags);
  const next = JSON.parse((await space.agent(["runs", run.id, "--output", "json"])).stdout);
  expect(next).toMatchObject({ awaits_receipt: false, counts: { sent: 9963, failed: 37 } });
  await standIn.stop();
});

slow("what failed before is sent again by the run that is told of it", async () => {
  const standIn = await startStandIn({ ...failing([3]), holdsProcessing: true });
  using space = workspace();
  fill(space, standIn, 20, "receipt_timeout = 1s");
  const first = await upload(space);
  expect(first.code).toBe(0);
  expect(first.report).toMatchObject({
    counts: { sent: 20, failed: 0 },
    receipt: { state: "processing", processing: 20 },
  });
  const runs = await space.agent(["runs"]);
  expect(runs.stdout).toContain("20 read, 20 sent, receipt awaited");
  standIn.state.process();
  const processing = setInterval(() => standIn.state.process(), 20);
  const next = await upload(space);
  clearInterval(processing);
  expect(next.report).toMatchObject({
    earlier_receipts: [{ state: "reported", added: 19, failed: 1 }],
    counts: { unchanged: 19, sent: 0, failed: 1 },
  });
  await standIn.stop();
});

slow(
  "while an upload waits for its receipt, others may work, and a retry keeps what is undecided",
  async () => {
    const standIn = await startStandIn({ ...failing([3]), holdsProcessing: true });
    using space = workspace();
    fill(space, standIn, 20, "receipt_timeout = 2s");
    const words = ["csv_assets", "--singleton", "1", "--output", "json"];
    const first = await space.start(["upload", ...words]);
    while (askedFor(standIn).length < 2) await Bun.sleep(5);
    const other = await space.agent(["retry", "--singleton", "1"]);
    expect(other.stderr).toBe("");
    expect(other.code).toBe(0);
    standIn.state.process();
    while (!first.hasEnded()) await Bun.sleep(5);
    expect(names(JSON.parse(first.stdout()).sections[0].failures)).toEqual(["T3"]);
    const retry = await space.agent(["retry", "--singleton", "0"]);
    expect(retry.stdout).toContain(
      "1 sent again: 0 accepted, 0 refused, 0 not answered, 1 still processing",
    );
    expect(retry.code).toBe(0);
    expect(await listFailed(space)).toHaveLength(1);
    await standIn.stop();
  },
);

test("an instance that tells at once is asked once, and the report has it", async () => {
  const standIn = await startStandIn();
  using space = workspace();
  fill(space, standIn, 20);
  const { code, stdout } = await space.agent(["upload", "csv_assets"]);
  expect(code).toBe(0);
  expect(stdout).toContain("\n  Oomnitza: 20 added\n");
  expect(askedFor(standIn)).toHaveLength(1);
  const [{ id }] = JSON.parse((await space.agent(["runs", "--output", "json"])).stdout);
  const run = await space.agent(["runs", id]);
  expect(run.stdout).toMatch(/receipt +Oomnitza: 20 added\n/);
  expect(run.stdout).toMatch(/from reading to receipt +p50 \d+\.\d s, p99 \d+\.\d s\n/);
  expect(run.stdout).toMatch(/time +source \d+\.\d s, agent \d+\.\d s, Oomnitza \d+\.\d s\n/);
  await standIn.stop();
});

test.each(["absent", "denied"] as const)(
  "where the run log is %s, an upload says so once",
  async (runLog) => {
    const standIn = await startStandIn({ access: { runLog } });
    using space = workspace();
    fill(space, standIn, 20);
    const { code, stdout, stderr } = await space.agent(["upload", "csv_assets"]);
    expect(code).toBe(0);
    expect(stdout.match(/does not tell what became/g)).toHaveLength(1);
    expect(stderr).not.toContain("does not tell");
    const next = await upload(space);
    expect(next.report).toMatchObject({ counts: { unchanged: 20 }, receipt: null });
    await standIn.stop();
  },
);

test("with receipt = require, an instance that does not tell is a failure", async () => {
  const standIn = await startStandIn({ access: { runLog: "denied" } });
  using space = workspace();
  fill(space, standIn, 20, "receipt = require");
  const { code, report } = await upload(space);
  expect(code).toBe(3);
  expect(report).toMatchObject({
    counts: { sent: 20 },
    receipt: { state: "not_reported" },
    error: { bug: false },
  });
  await standIn.stop();
});

slow("receipts that were waited for are given up once receipt = off", async () => {
  const standIn = await startStandIn({ ...failing([3]), holdsProcessing: true });
  using space = workspace();
  fill(space, standIn, 20, "receipt_timeout = 1s");
  expect((await upload(space)).report).toMatchObject({ receipt: { state: "processing" } });
  const waiting = async () => {
    const runs = JSON.parse((await space.agent(["runs", "--output", "json"])).stdout);
    return runs.map(({ awaits_receipt }: { awaits_receipt: boolean }) => awaits_receipt);
  };
  expect(await waiting()).toEqual([true]);
  fill(space, standIn, 20, "receipt = off");
  expect((await upload(space)).code).toBe(0);
  expect(await waiting()).toEqual([false, false]);
  await standIn.stop();
});

test("with receipt = off, nothing is asked", async () => {
  const standIn = await startStandIn(failing([3]));
  using space = workspace();
  fill(space, standIn, 20, "receipt = off");
  const { code, report } = await upload(space);
  expect(code).toBe(0);
  expect(report).toMatchObject({ counts: { sent: 20 }, receipt: null });
  expect(askedFor(standIn)).toEqual([]);
  await standIn.stop();
});
