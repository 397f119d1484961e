/**
 * What a long history costs: nothing is searched through, and long work is done in short stretches.
 *
 * @module
 */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqlite, type Sqlite, type SqliteValue } from "../../src/runtime/sqlite.ts";
import { addAnsweredBatch } from "../../src/state/answered_batches.ts";
import { openState } from "../../src/state/file.ts";
import { foldSome, hasMoreAnsweredBatches, maxFoldedRecords } from "../../src/state/fold.ts";
import { applicationId, migrations } from "../../src/state/migrations.ts";
import { findAwaiting } from "../../src/state/receipts.ts";
import type { RunOrigin } from "../../src/state/run_account.ts";
import {
  endRun,
  insertRun,
  isUploadOpen,
  lastRuns,
  latestRuns,
  pruneRuns,
  recentRuns,
} from "../../src/state/runs.ts";
import { StateStore } from "../../src/state/store.ts";
import { openTestStore, storedSection } from "../sync/support/store.ts";

const { section, upload } = storedSection;

/** The file of an older version; by default of one that came before the last runs were kept. */
function writeOldFile(path: string, version = 5): Sqlite {
  const database = openSqlite(path);
  const old = migrations.slice(0, version);
  for (const statement of old.flat()) database.run(statement);
  database.run(`PRAGMA application_id = ${applicationId}`);
  database.run(`PRAGMA user_version = ${old.length}`);
  return database;
}

/** A run as the file has it. */
interface Run {
  readonly section: string;
  readonly origin: RunOrigin;
  readonly number: number;
  readonly outcome: "ok" | "failed" | null;
  readonly fetched?: number;
  readonly isOpen?: boolean;
}

function time(number: number): string {
  return new Date(Date.UTC(2026, 0, 1) + number * 60_000).toISOString();
}

function addRun(database: Sqlite, run: Run): void {
  const { section, origin, number, outcome, fetched = 1, isOpen = false } = run;
  database.run(
    `INSERT INTO runs (id, section, origin, owner, started, ended, outcome, counts, requests, upload, is_open)
      VALUES (?, ?, ?, 'o', ?, ?, ?, ?, 0, '{}', ?)`,
    `${String(number).padStart(6, "0")}${section}${origin}`,
    section,
    origin,
    time(number),
    outcome === null ? null : time(number + 1),
    outcome,
    JSON.stringify({ fetched }),
    isOpen ? 1 : 0,
  );
}

/** Lends a folder for a while. */
async function withFolder(work: (folder: string) => Promise<void> | void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "agent-history-"));
  try {
    await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("a file of an older agent tells the last runs of its sections", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "state.sqlite");
    const old = writeOldFile(path);
    addRun(old, { section: "a", origin: "upload", number: 1, outcome: "ok" });
    addRun(old, { section: "a", origin: "upload", number: 2, outcome: "ok" });
    addRun(old, { section: "a", origin: "upload", number: 3, outcome: "failed" });
    addRun(old, { section: "a", origin: "webhook", number: 4, outcome: "ok" });
    addRun(old, { section: "a", origin: "webhook", number: 5, outcome: "ok", fetched: 0 });
    addRun(old, { section: "b", origin: "upload", number: 6, outcome: null });
    old.close();
    const store = new StateStore({ path, instance: undefined, redact: (text) => text });
    expect((await store.lastRuns()).started("a")).toBe(time(3));
    expect((await store.lastRuns()).succeeded("a", "upload")).toBe(time(3));
    expect((await store.lastRuns()).succeeded("a", "webhook")).toBe(time(5));
    expect((await store.lastRuns()).started("b")).toBe(time(6));
    expect((await store.lastRuns()).succeeded("b", "upload")).toBeUndefined();
    expect((await store.lastRuns()).succeeded("b", "webhook")).toBeUndefined();
    await store.close();
    const database = new Database(path);
    expect(database.query("SELECT section, origin, remembered FROM last_runs").values()).toEqual([
      ["a", "upload", 3],
      ["a", "webhook", 2],
      ["b", "upload", 1],
    ]);
    database.close();
  });
});

test("what an older agent had taken in is compared with as before", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "state.sqlite");
    const old = writeOldFile(path);
    const way = JSON.stringify({ instance: "https://example.oomnitza.com", syncFields: ["TAG"] });
    old.run("INSERT INTO ways (id, way) VALUES (7, ?)", way);
    old.run('INSERT INTO field_lists (id, fields) VALUES (3, \'["TAG","NAME"]\')');
    old.run(
      "INSERT INTO baselines (id, section, way, full_run, answer) VALUES (2, ?, 7, 'r', 9)",
      section,
    );
    for (const [key, missed] of [["T1", 0], ["T2", 0], ["T3", 4]] as const) {
      old.run(
        `INSERT INTO fingerprints (baseline, key, fields, vals, run, must_send, missed)
          VALUES (2, ?, 3, ?, 'r', 0, ?)`,
        JSON.stringify([key]),
        JSON.stringify([key, "air"]),
        missed,
      );
    }
    old.close();
    const instance = "https://example.oomnitza.com";
    const store = new StateStore({ path, instance, redact: (text) => text });
    const same = JSON.stringify({ syncFields: ["TAG"] });
    const baseline = await store.accepted.openBaseline(section, same);
    expect([baseline.isFull, baseline.size]).toEqual([true, 2]);
    expect((await baseline.findAll(['["T2"]']))[0]).toMatchObject({
      fields: '["TAG","NAME"]',
      values: '["T2","air"]',
    });
    expect((await baseline.findAll(['["T3"]']))[0]?.missed).toBe(4);
    const [first] = await baseline.findAll(['["T1"]']);
    const isSeen = (id: number) => id === first?.id;
    await baseline.conclude({ run: "s", isSeen, returned: [] });
    const next = await store.accepted.openBaseline(section, same);
    const [second, third] = await next.findAll(['["T2"]', '["T3"]']);
    expect([second?.missed, third]).toEqual([1, undefined]);
    await store.close();
  });
});

test("what an older agent waited for is waited for under today's names", async () => {
  await withFolder(async (folder) => {
    const path = join(folder, "state.sqlite");
    const old = writeOldFile(path, 9);
    const states = ["told", "not_told", "processing", "unanswered", null] as const;
    states.forEach((state, number) => {
      addRun(old, { section: "a", origin: "upload", number, outcome: "ok" });
      const receipt = state === null ? null : JSON.stringify({ state, added: number });
      old.run("UPDATE runs SET receipt = ? WHERE started = ?", receipt, time(number));
    });
    for (const id of [1, 2, 3]) {
      old.run("INSERT INTO outbox (id, run, count, records) VALUES (?, 'open', 1, x'00')", id);
    }
    old.run("INSERT INTO settled (ticket, run) VALUES (2, 'open')");
    old.close();
    const store = new StateStore({ path, instance: undefined, redact: (text) => text });
    const names = (await store.runs(10)).map(({ receipt }) => receipt?.state);
    expect(names).toEqual([undefined, "unanswered", "processing", "not_reported", "reported"]);
    await store.close();
    const database = new Database(path);
    const waiting = "SELECT id FROM outbox WHERE id NOT IN (SELECT batch FROM acknowledged)";
    expect(database.query(waiting).values()).toEqual([[1], [3]]);
    database.close();
  });
});

/** A database that notes what it is asked. */
function watched(database: Sqlite) {
  const asked = new Map<string, readonly SqliteValue[]>();
  const note = (statement: string, values: readonly SqliteValue[]) => asked.set(statement, values);
  return {
    asked,
    database: {
      ...database,
      run(statement, ...values) {
        note(statement, values);
        database.run(statement, ...values);
      },
      rows(statement, ...values) {
        note(statement, values);
        return database.rows(statement, ...values);
      },
    } satisfies Sqlite,
  };
}

/** How SQLite goes about a statement: `SCAN` reads all of a table, `TEMP B-TREE` sorts what it read. */
function planOf(database: Sqlite, statement: string, values: readonly SqliteValue[]): string[] {
  return database.rows(`EXPLAIN QUERY PLAN ${statement}`, ...values)
    .map(({ detail }) => String(detail));
}

/** What a section and a kind of run has one row of: reading all of it is no search. */
const small = /^SCAN (last_runs|SUBQUERY)/;

test("nothing about the runs of a section is searched for", async () => {
  await withFolder((folder) => {
    const opened = openState(join(folder, "state.sqlite"));
    const { asked, database } = watched(opened);
    const run = { section, origin: "upload", owner: "o", started: time(1), upload } as const;
    insertRun(database, { ...run, id: "0000000001" });
    endRun(database, "0000000001", {
      ended: time(2),
      outcome: "ok",
      counts: { fetched: 1 },
      claimed: null,
      api: null,
      requests: 1,
      error: null,
      stopped_by_guard: false,
    });
    database.run("UPDATE last_runs SET remembered = 2000");
    pruneRuns(database, section, "upload");
    lastRuns(database);
    recentRuns(database, { section, origin: "webhook", since: "", limit: 30 }, () => false);
    latestRuns(database, 20, () => false);
    isUploadOpen(database, section);
    hasMoreAnsweredBatches(database, section, 200);
    const home = {
      database,
      section,
      destination: 1,
      unusable: (cause: unknown) => cause as Error,
    };
    foldSome(home);
    const plans = [...asked].filter(([statement]) => !statement.startsWith("PRAGMA"))
      .flatMap(([statement, values]) =>
        planOf(opened, statement, values).map((step) => `${step}\n  ${statement}`)
      );
    expect(plans.length).toBeGreaterThan(12);
    const searching = plans.filter((plan) =>
      /SCAN|TEMP B-TREE/.test(plan.split("\n")[0] ?? "") && !small.test(plan)
    );
    // The newest runs of all sections are the last rows of their table.
    expect(searching).toEqual([
      expect.stringMatching(/^SCAN runs\n +SELECT runs.*ORDER BY id DESC/s),
    ]);
    opened.close();
  });
});

test("the runs that wait for their receipts are found without reading the others of the section", async () => {
  await withFolder((folder) => {
    const opened = openState(join(folder, "state.sqlite"));
    const { asked, database } = watched(opened);
    findAwaiting(database, section);
    const plans = [...asked].flatMap(([statement, values]) => planOf(opened, statement, values));
    expect(plans).toEqual([expect.stringContaining("USING INDEX runs_receipt")]);
    opened.close();
  });
});

/** Does some work on the file of a store, in one transaction: it waits for the disk once. */
function inFile<T>(store: StateStore, work: (database: Sqlite) => T): T {
  const database = openSqlite(store.path);
  try {
    return database.transaction(() => work(database));
  } finally {
    database.close();
  }
}

let runs = 0;

/** A run of the section that left nothing. */
function addEnded(
  database: Sqlite,
  origin: RunOrigin,
  outcome: "ok" | "failed",
  ended: string,
): string {
  const id = `z${String(++runs).padStart(9, "0")}`;
  insertRun(database, { id, section, origin, owner: "o", started: ended, upload });
  const counts = { fetched: 1 };
  endRun(database, id, {
    ended,
    outcome,
    counts,
    claimed: null,
    api: null,
    requests: 0,
    error: null,
    stopped_by_guard: false,
  });
  database.run("UPDATE runs SET is_open = 0 WHERE id = ?", id);
  return id;
}

test("the oldest runs are forgotten, not the open ones, and never the last success", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  const open = (await store.begin(storedSection, "webhook", () => ({}))).id;
  inFile(store, (database) => {
    const good = addEnded(database, "webhook", "ok", time(1));
    const ids = Array.from({ length: 230 }, () => {
      pruneRuns(database, section, "webhook");
      return addEnded(database, "webhook", "failed", time(2));
    });
    const kept = database.rows("SELECT id FROM runs ORDER BY id").map(({ id }) => id);
    expect(kept).toEqual([open, ...ids.slice(-200)]);
    expect(kept).not.toContain(good);
  });
  expect((await store.lastRuns()).succeeded(section, "webhook")).toBe(time(1));
});

test("of many runs too many, some are forgotten at a time", async () => {
  await using opened = openTestStore();
  inFile(opened.store, (database) => {
    for (let run = 0; run < 300; run++) addEnded(database, "webhook", "ok", time(1));
    const counts = Array.from({ length: 7 }, () => {
      pruneRuns(database, section, "webhook");
      return Number(database.rows("SELECT count(*) AS count FROM runs")[0]?.count);
    });
    expect(counts).toEqual([280, 260, 240, 220, 200, 200, 200]);
  });
});

test("a section that runs seldom is known beside one that runs often", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  const nightly =
    (await store.begin({ ...storedSection, section: "nightly" }, "upload", () => ({}))).id;
  const busy = inFile(store, (database) => {
    const ids = Array.from({ length: 1100 }, () => addEnded(database, "upload", "ok", time(1)));
    return String(ids.at(-1));
  });
  const last = async (name: string) => {
    const runs = await store.recentRuns({ section: name, origin: "upload", since: "", limit: 1 });
    return runs.map(({ id }) => id);
  };
  expect(await last(section)).toEqual([busy]);
  expect(await last("nightly")).toEqual([nightly]);
});

/** Batches of a size that were answered, and that nothing was compared with yet. */
function answer(store: StateStore, batches: number, size: number): void {
  const destination = store.accepted.destinationId(upload);
  inFile(store, (database) => {
    for (let batch = 0; batch < batches; batch++) {
      const records = Array.from({ length: size }, (_, row) => ({ TAG: `T${batch * size + row}` }));
      addAnsweredBatch(database, { section, run: "r1", destination }, "accepted", records);
    }
  });
}

function countBatches(store: StateStore): number {
  return inFile(store, (database) => {
    const [row] = database.rows("SELECT count(*) AS count FROM answered_batches");
    return Number(row?.count);
  });
}

/** Counts the answered batches that wait each time that others have a turn, until some work has ended. */
async function watchTurns(path: string, work: Promise<unknown>): Promise<number[]> {
  const database = new Database(path);
  const waiting = database.query<{ count: number }, []>(
    "SELECT count(*) AS count FROM answered_batches",
  );
  const counts = [waiting.get()?.count ?? 0];
  let isDone = false;
  void work.finally(() => isDone = true).catch(() => {});
  while (!isDone) {
    await new Promise((resolve) => setImmediate(resolve));
    counts.push(waiting.get()?.count ?? 0);
  }
  waiting.finalize();
  database.close();
  await work;
  return counts;
}

function longestStretch(counts: readonly number[]): number {
  return Math.max(...counts.slice(1).map((count, turn) => (counts[turn] ?? 0) - count));
}

test("much that was answered is taken in while others have their turns", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  answer(store, 120, 100);
  const counts = await watchTurns(store.path, store.accepted.openBaseline(section, upload));
  // The first stretch is over when the watching begins.
  expect(counts[0]).toBe(120 - maxFoldedRecords / 100);
  expect(counts.at(-1)).toBe(0);
  expect(longestStretch(counts)).toBe(maxFoldedRecords / 100);
  expect((await store.accepted.openBaseline(section, upload)).size).toBe(12_000);
});

test("webhooks leave no more than some answers behind, and take in little at a time", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  const accepted = store.accepted;
  const waiting = () => countBatches(store);
  answer(store, 200, 1);
  await accepted.takeInSurplus(section, upload, { origin: "webhook" });
  expect(waiting()).toBe(200);
  answer(store, 1, 1);
  await accepted.takeInSurplus(section, upload, { origin: "upload" });
  expect(waiting()).toBe(201);
  await accepted.takeInSurplus(section, upload, { origin: "webhook" });
  expect(waiting()).toBe(0);
  answer(store, 300, 100);
  await accepted.takeInSurplus(section, upload, { origin: "webhook" });
  expect(waiting()).toBe(250);
  // What an upload is being compared with stays as it is.
  const run = await store.begin(storedSection, "upload", () => ({}));
  await accepted.takeInSurplus(section, upload, { origin: "webhook" });
  expect(waiting()).toBe(250);
  await run.outbox.finish();
  await accepted.takeInSurplus(section, upload, { origin: "webhook" });
  expect(waiting()).toBe(200);
});

test("webhooks take in one step at a time while sections run", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  answer(store, 320, 100);
  const counts: number[] = [];
  for (const isBusy of [true, false]) {
    await store.accepted.takeInSurplus(section, upload, {
      origin: "webhook",
      isBusy: () => isBusy,
    });
    counts.push(countBatches(store));
  }
  expect(counts).toEqual([320 - maxFoldedRecords / 100, 265]);
  // It is looked anew after each step.
  let steps = 0;
  const isBusy = () => ++steps === 3;
  await store.accepted.takeInSurplus(section, upload, { origin: "webhook", isBusy });
  expect(countBatches(store)).toBe(250);
});

test("a run that compared nothing forgets older answers in stretches, and none of its own", async () => {
  await using opened = openTestStore();
  const { store } = opened;
  answer(store, 900, 1);
  await store.accepted.add(section, upload, "r2", [{ TAG: "new" }]);
  const work = store.accepted.concludeUncompared(section, upload, "r2");
  const counts = await watchTurns(store.path, work);
  expect(longestStretch(counts)).toBeLessThanOrEqual(200);
  // Its batch, and the note that it was complete.
  expect(counts.at(-1)).toBe(2);
  const baseline = await store.accepted.openBaseline(section, upload);
  expect([baseline.size, baseline.isFull]).toEqual([1, true]);
});
