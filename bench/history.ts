/**
 * `agent serve` with a long history beside the same service with an empty state file: how long answers
 * take, and how soon all sections that are due have run.
 *
 * @module
 */
import { Database } from "bun:sqlite";
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringifyExactJson } from "../src/base/json.ts";
import { compress } from "../src/runtime/compress.ts";
import { openSqlite, type Sqlite } from "../src/runtime/sqlite.ts";
import { applicationId, migrations } from "../src/state/migrations.ts";
import { asUser } from "../test/sources/casper/section.ts";
import { spawnStandIn } from "../test/support/stand_in/process.ts";
import { formatSpread } from "./figures.ts";
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

/** What was seen of one service, in milliseconds. */
interface Served {
  readonly calls: CallTimes;
  /** From its start until all sections had run; absent when they did not within the time. */
  readonly allRan: number | undefined;
}

/** When the last of all sections ended, in milliseconds of the clock; undefined while some did not. */
function findEnd(state: string, since: string, sections: number): number | undefined {
  const database = new Database(state, { readonly: true });
  try {
    const row = database.query<{ count: number; last: string }, [string]>(
      `SELECT count(*) AS count, max(ended) AS last FROM runs
        WHERE id > ? AND origin = 'upload' AND outcome IS NOT NULL`,
    ).get(since);
    return row === null || row.count < sections ? undefined : Date.parse(row.last);
  } finally {
    database.close();
  }
}

async function serveFor(
  program: string,
  words: { readonly ini: string; readonly state: string; readonly seconds: number },
  sections: number,
): Promise<Served> {
  const { ini, state, seconds } = words;
  const begun = Date.now();
  const child = Bun.spawn(
    [program, "serve", "--port", "0", "--output", "json", "--ini", ini, "--state", state],
    { stdout: "pipe", stderr: "ignore" },
  );
  const bare = await spawnServer("bare_health.ts", [`${state}-bare`]);
  try {
    const { value } = await child.stdout.getReader().read();
    const { url } = JSON.parse(new TextDecoder().decode(value)) as { url: string };
    const caller = Bun.spawn([
      process.execPath,
      join(import.meta.dir, "history_caller.ts"),
      ...[url, bare.url, String(seconds)],
    ], { stdout: "pipe", stderr: "inherit" });
    const calls = await new Response(caller.stdout).json() as CallTimes;
    // Looked up when all is over: a reader of the file would hold up the service.
    const end = findEnd(state, begun.toString(36).padStart(8, "0"), sections);
    return { calls, allRan: end === undefined ? undefined : end - begun };
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

function print(label: string, rounds: readonly Served[]): void {
  const ms = (figure: (served: Served) => number) => `${formatSpread(rounds.map(figure))} ms`;
  const p99 = (kind: keyof CallTimes) => ms(({ calls }) => percentile(calls[kind], 0.99));
  const slowest = (kind: keyof CallTimes) => ms(({ calls }) => Math.max(...calls[kind]));
  console.log(
    `history: ${label}:
  /healthz p99 ${p99("health")}, slowest ${slowest("health")}
  a bare server beside it p99 ${p99("bare")}, slowest ${slowest("bare")}
  webhook p99 ${p99("webhook")}, slowest ${slowest("webhook")}
  the bare server's write of the same p99 ${p99("bareWebhook")}, slowest ${slowest("bareWebhook")}
  /metrics slowest ${slowest("metrics")}
  all sections had run after ${
      rounds.some(({ allRan }) => allRan === undefined)
        ? "more than the time"
        : ms(({ allRan }) => allRan ?? 0)
    }`,
  );
}

/** Makes a state file as the program itself keeps it; gives how many seconds it took to bring it up to date. */
async function prepareState(
  program: string,
  { ini, state, history, instance }: {
    readonly ini: string;
    readonly state: string;
    readonly history: History;
    readonly instance: string;
  },
): Promise<number> {
  seed(state, history, instance);
  const begun = performance.now();
  const words = ["runs", "--ini", ini, "--state", state];
  const child = Bun.spawn([program, ...words], { stdout: "ignore", stderr: "pipe" });
  const errors = await new Response(child.stderr).text();
  if (await child.exited !== 0) throw new Error(`${words.join(" ")}:\n${errors}`);
  return (performance.now() - begun) / 1000;
}

const suffixes = ["", "-wal", "-shm"];

/** Serves with a history and without in turn, and with two builds each of them. */
export async function measureHistory(
  { program, against, rounds }: Settings,
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
  const empty = { sections, runs: 0, answers: 0 };
  const kinds = builds.flatMap(([build, path]) =>
    ([["empty state", empty], ["history", history]] as const).map(([label, kept]) => ({
      label: `${build}${label}`,
      path,
      kept,
      prepared: join(folder, `${build}${label}.sqlite`),
      served: [] as Served[],
    }))
  );
  const state = join(folder, "state.sqlite");
  try {
    for (const { label, path, kept, prepared } of kinds) {
      const words = { ini, state: prepared, history: kept, instance: standIn.url };
      const took = await prepareState(path, words);
      console.log(`history: ${label}: brought up to date in ${took.toFixed(2)} s`);
    }
    for (let round = 0; round < rounds; round++) {
      for (const { path, prepared, served } of round % 2 === 0 ? kinds : kinds.toReversed()) {
        for (const suffix of suffixes) {
          rmSync(state + suffix, { force: true });
          if (existsSync(prepared + suffix)) copyFileSync(prepared + suffix, state + suffix);
        }
        // Otherwise the first events wait until the disk has the copy.
        Bun.spawnSync(["sync"]);
        served.push(await serveFor(path, { ini, state, seconds }, sections));
      }
    }
    for (const { label, served } of kinds) print(label, served);
  } finally {
    standIn.child.kill();
    jamf.child.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}
