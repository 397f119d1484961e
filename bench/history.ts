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
import { eventBody } from "../test/sources/casper/events.ts";
import { asUser } from "../test/sources/casper/section.ts";
import { startJamf } from "../test/sources/casper/server.ts";
import { spawnStandIn } from "../test/support/stand_in/process.ts";

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

const devices = 500;
const webhooksPerSecond = 20;
const scrapeMs = 5000;
const healthMs = 100;

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

/** Calls a path again and again until it is told to end; gives how long each answer took, in milliseconds. */
function callEvery(ms: number, call: () => Promise<Response>) {
  const times: number[] = [];
  const timer = setInterval(async () => {
    const begun = performance.now();
    try {
      await (await call()).text();
    } catch {
      // Until it listens, and when it has ended.
      return;
    }
    times.push(performance.now() - begun);
  }, ms);
  return {
    times,
    end: () => clearInterval(timer),
  };
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
  readonly webhookMax: number;
  readonly metricsMax: number;
  /** Seconds until all sections had run; absent when they did not within the time. */
  readonly allRan: number | undefined;
  readonly ran: number;
}

async function serveFor(
  binary: string,
  words: { readonly ini: string; readonly state: string; readonly seconds: number },
  sections: number,
): Promise<Served> {
  const { ini, state, seconds } = words;
  const since = Date.now().toString(36).padStart(8, "0");
  const child = Bun.spawn(
    [binary, "serve", "--port", "0", "--output", "json", "--ini", ini, "--state", state],
    { stdout: "pipe", stderr: "ignore" },
  );
  const { value } = await child.stdout.getReader().read();
  const { url } = JSON.parse(new TextDecoder().decode(value)) as { url: string };
  const begun = performance.now();
  let device = 0;
  const health = callEvery(healthMs, () => fetch(`${url}/healthz`));
  const metrics = callEvery(scrapeMs, () => fetch(`${url}/metrics`));
  const webhooks = callEvery(1000 / webhooksPerSecond, () => {
    const body = eventBody("ComputerInventoryCompleted", 1 + device++ % devices);
    return fetch(`${url}/bench/casper`, { method: "POST", body });
  });
  let allRan: number | undefined;
  while (performance.now() - begun < seconds * 1000) {
    await Bun.sleep(500);
    if (allRan !== undefined || countRuns(state, since) < sections) continue;
    allRan = (performance.now() - begun) / 1000;
  }
  for (const { end } of [health, metrics, webhooks]) end();
  // What is on its way still counts.
  await Bun.sleep(2000);
  const ran = countRuns(state, since);
  child.kill("SIGKILL");
  await child.exited;
  return {
    healthP99: percentile(health.times, 0.99),
    healthMax: Math.max(...health.times),
    webhookMax: Math.max(...webhooks.times),
    metricsMax: Math.max(...metrics.times),
    allRan,
    ran,
  };
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
  const { healthP99, healthMax, webhookMax, metricsMax, allRan, ran } = served;
  const ms = (figure: number) => `${figure.toFixed(0)} ms`;
  console.log(
    `history: ${label}: /healthz p99 ${ms(healthP99)}, slowest ${ms(healthMax)}; ` +
      `webhook slowest ${ms(webhookMax)}; /metrics slowest ${ms(metricsMax)}; ` +
      (allRan === undefined ? `${ran} sections ran` : `all ran after ${allRan.toFixed(1)} s`),
  );
}

/** Serves with a history and without, one after the other. */
export async function measureHistory(
  binary: string,
  history: History,
  seconds: number,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "agent-bench-"));
  const token = "token-of-the-benchmark";
  const standIn = await spawnStandIn({ token, keep: "counts" });
  const jamf = startJamf({ count: devices });
  const { sections } = history;
  const ini = writeIni(folder, standIn.url, token, jamf.url, sections);
  try {
    const empty = { sections, runs: 0, answers: 0 };
    for (const [label, kept] of [["empty state", empty], ["history", history]] as const) {
      const state = join(folder, `${kept.runs}-${kept.answers}.sqlite`);
      seed(state, kept, standIn.url);
      print(label, await serveFor(binary, { ini, state, seconds }, sections));
    }
  } finally {
    standIn.child.kill();
    await jamf.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
