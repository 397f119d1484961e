/**
 * `agent serve` with a long history beside the same service with an empty state file: how long answers
 * take, and how soon all sections that are due have run.
 *
 * @module
 */
import { Database } from "bun:sqlite";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringifyExactJson } from "../src/base/json.ts";
import { compress } from "../src/runtime/compress.ts";
import { openSqlite, type Sqlite } from "../src/runtime/sqlite.ts";
import { applicationId, migrations } from "../src/state/migrations.ts";
import { asUser } from "../test/sources/casper/section.ts";
import { spawnStandIn } from "../test/support/stand_in/process.ts";
import { type CallTimes, devices } from "./history_caller.ts";
import type { Settings } from "./row.ts";
import { spawnServer } from "./server.ts";

/** How much history there is. */
export interface History {
  readonly sections: number;
  /** Runs of each section. */
  readonly runs: number;
  /** Batches of 100 records that webhooks got accepted and that nothing was compared with. */
  readonly answers: number;
}

/** The version of the state file that builds of before can open, too: others bring it up to date. */
const oldVersion = 5;

function seedRuns(database: Sqlite, { sections, runs }: History): void {
  const begin = Date.now() - 30 * 86_400_000;
  let number = 0;
  for (let run = 0; run < runs; run++) {
    for (let section = 0; section < sections; section++) {
      const at = begin + run * 60_000 + section;
      database.run(
        `INSERT INTO runs (id, section, owner, started, ended, outcome, counts, requests, upload, is_open)
          VALUES (?, ?, 'nobody', ?, ?, 'ok', '{"fetched":10,"sent":10}', 1, '{}', 0)`,
        at.toString(36).padStart(8, "0") + (number++ % 1296).toString(36).padStart(2, "0"),
        `csv_assets.${section}`,
        new Date(at).toISOString(),
        new Date(at + 500).toISOString(),
      );
    }
  }
}

function seedAnswers(database: Sqlite, { answers }: History, instance: string): void {
  database.run("INSERT INTO ways (id, way) VALUES (1, ?)", JSON.stringify({ instance }));
  for (let answer = 0; answer < answers; answer++) {
    const records = Array.from({ length: 100 }, (_, row) => ({
      SERIAL: `SN${(answer * 100 + row) % 200_000}`,
      NAME: `computer ${answer * 100 + row}`,
      OWNER: `person${row}@example.com`,
      MODEL: "MacBook Air",
      OS: `macOS 26.${answer % 7}`,
    }));
    database.run(
      "INSERT INTO answers (section, run, way, kind, records) VALUES ('casper', 'r', 1, 'accepted', ?)",
      compress(stringifyExactJson(records)),
    );
  }
}

function seed(path: string, history: History, instance: string): void {
  const database = openSqlite(path);
  database.run("PRAGMA journal_mode = WAL");
  for (const statement of migrations.slice(0, oldVersion).flat()) database.run(statement);
  database.run(`PRAGMA application_id = ${applicationId}`);
  database.run(`PRAGMA user_version = ${oldVersion}`);
  database.transaction(() => {
    seedRuns(database, history);
    seedAnswers(database, history, instance);
  });
  database.close();
}

/** The greatest of some figures but for a part of them. */
function percentile(figures: readonly number[], part: number): number {
  const sorted = figures.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

function countRuns(state: string, since: string): number {
  const database = new Database(state, { readonly: true });
  try {
    return database.query<{ count: number }, [string]>(
      "SELECT count(*) AS count FROM runs WHERE id > ? AND origin = 'upload' AND outcome IS NOT NULL",
    ).get(since)?.count ?? 0;
  } finally {
    database.close();
  }
}

/** What was seen of one service. */
export interface Served {
  readonly healthP99: number;
  readonly healthMax: number;
  /** The same of a server that does nothing else. */
  readonly bareP99: number;
  readonly bareMax: number;
  readonly webhookMax: number;
  readonly metricsMax: number;
  /** Seconds until all sections had run; absent when they did not within the time. */
  readonly allRan: number | undefined;
  readonly ran: number;
}

/** When all sections have run, in seconds from now; undefined when they have not until the end. */
async function awaitRuns(
  state: string,
  sections: number,
  { since, ended }: { readonly since: string; readonly ended: Promise<unknown> },
): Promise<number | undefined> {
  const begun = performance.now();
  let isOver = false;
  void ended.finally(() => isOver = true);
  while (!isOver) {
    await Bun.sleep(500);
    if (countRuns(state, since) >= sections) return (performance.now() - begun) / 1000;
  }
  return undefined;
}

async function serveFor(
  program: string,
  words: { readonly ini: string; readonly state: string; readonly seconds: number },
  sections: number,
): Promise<Served> {
  const { ini, state, seconds } = words;
  const since = Date.now().toString(36).padStart(8, "0");
  const child = Bun.spawn(
    [program, "serve", "--port", "0", "--output", "json", "--ini", ini, "--state", state],
    { stdout: "pipe", stderr: "ignore" },
  );
  const bare = await spawnServer("bare_health.ts", []);
  try {
    const { value } = await child.stdout.getReader().read();
    const { url } = JSON.parse(new TextDecoder().decode(value)) as { url: string };
    const caller = Bun.spawn([
      process.execPath,
      join(import.meta.dir, "history_caller.ts"),
      ...[url, bare.url, String(seconds)],
    ], { stdout: "pipe", stderr: "inherit" });
    const called = new Response(caller.stdout).json() as Promise<CallTimes>;
    const allRan = await awaitRuns(state, sections, { since, ended: called });
    const times = await called;
    return {
      healthP99: percentile(times.health, 0.99),
      healthMax: Math.max(...times.health),
      bareP99: percentile(times.bare, 0.99),
      bareMax: Math.max(...times.bare),
      webhookMax: Math.max(...times.webhook),
      metricsMax: Math.max(...times.metrics),
      allRan,
      ran: countRuns(state, since),
    };
  } finally {
    child.kill("SIGKILL");
    bare.child.kill();
    await child.exited;
  }
}

function writeIni(folder: string, url: string, token: string, jamf: string, sections: number) {
  const csv = join(folder, "rows.csv");
  const rows = Array.from({ length: 10 }, (_, row) => `T${row},name ${row}`);
  writeFileSync(csv, ["tag,name", ...rows].join("\n"));
  const scheduled = Array.from(
    { length: sections },
    (_, section) =>
      `[csv_assets.${section}]\nenable = True\nfilename = ${csv}\nsync_field = TAG
mapping.TAG = tag\nmapping.NAME = name\nschedule = every 1d\n`,
  );
  const ini = join(folder, "config.ini");
  writeFileSync(
    ini,
    `[oomnitza]\nurl = ${url}\napi_token = ${token}\n[serve]\ncoalesce_seconds = 0
[casper]\nenable = True\nurl = ${jamf}/jss\n${asUser}sync_field = SERIAL
mapping.SERIAL = general.serial_number\nmapping.NAME = general.name\n${scheduled.join("")}`,
  );
  return ini;
}

function print(label: string, served: Served): void {
  const { healthP99, healthMax, bareP99, bareMax, webhookMax, metricsMax, allRan, ran } = served;
  const ms = (figure: number) => `${figure.toFixed(0)} ms`;
  console.log(
    `history: ${label}: /healthz p99 ${ms(healthP99)}, slowest ${ms(healthMax)}; ` +
      `a bare server beside it p99 ${ms(bareP99)}, slowest ${ms(bareMax)}; ` +
      `webhook slowest ${ms(webhookMax)}; /metrics slowest ${ms(metricsMax)}; ` +
      (allRan === undefined ? `${ran} sections ran` : `all ran after ${allRan.toFixed(1)} s`),
  );
}

/** Serves with a history and without, one after the other; with two builds, first the one before. */
export async function measureHistory(
  { program, against }: Pick<Settings, "program" | "against">,
  history: History,
  seconds: number,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "agent-bench-"));
  const token = "token-of-the-benchmark";
  const standIn = await spawnStandIn({ token, keep: "counts" });
  const jamf = await spawnServer("vendor_server.ts", ["jamf", String(devices)]);
  const { sections } = history;
  const ini = writeIni(folder, standIn.url, token, jamf.url, sections);
  const builds = [
    ...against === undefined ? [] : [["the build before, ", against] as const],
    ["", program] as const,
  ];
  try {
    const empty = { sections, runs: 0, answers: 0 };
    for (const [label, kept] of [["empty state", empty], ["history", history]] as const) {
      for (const [build, path] of builds) {
        const state = join(folder, "state.sqlite");
        for (const suffix of ["", "-wal", "-shm"]) rmSync(state + suffix, { force: true });
        seed(state, kept, standIn.url);
        print(`${build}${label}`, await serveFor(path, { ini, state, seconds }, sections));
      }
    }
  } finally {
    standIn.child.kill();
    jamf.child.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}
