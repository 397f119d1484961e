/**
 * A process of the benchmark of schedules: has a scheduler for each tenant, as `agent serve --configs`, and makes
 * what is due with a run of one batch. Prints, for each run, the tenant and the milliseconds since it was told to
 * begin, as JSON, and at its end what it took.
 *
 * Arguments: URL; tenants with one section that is due; sections that are due of a large one; tenants of which none
 * is due; sections of each tenant that are not due; the start that is due, ISO 8601.
 *
 * @module
 */
import { runHeld } from "../src/daemon/scheduled_runs.ts";
import { Scheduler } from "../src/daemon/scheduler.ts";
import { FairTurns } from "../src/daemon/turns.ts";
import type { ScheduledSection } from "../src/app/schedule.ts";
import { createRedactor } from "../src/base/redact.ts";
import { createLog } from "../src/logging/log.ts";
import { parseSchedule, parseWindows } from "../src/settings/schedule.ts";
import { openPg } from "../src/state/postgres/pg.ts";
import { PgServers } from "../src/state/postgres/servers.ts";
import { PgState } from "../src/state/postgres/state.ts";
import { parsePgUrl } from "../src/state/postgres/target.ts";
import { instance } from "./postgres.ts";
import { schema, uploadSection } from "./scale_load.ts";

const [url = "", ...words] = process.argv.slice(2);
const [small = 0, large = 0, idle = 0, later = 0] = words.map(Number);
const dueText = words.at(-1) ?? "";
const due = new Date(dueText);
const leaseMs = 60_000;
const atOnce = 8;
const pool = 8;
const use = new PgServers().use(
  { connections: "", schema, leaseMs },
  (connections = pool) => openPg(parsePgUrl(url), { connections, milliseconds: 300_000 }),
);
const log = createLog("agent", createRedactor(), []);
const turns = new FairTurns(atOnce);
const never = new AbortController().signal;
let began = 0;

function scheduled(name: string, isDue: boolean): ScheduledSection {
  const schedule = isDue ? `${due.getUTCMinutes()} ${due.getUTCHours()} * * *` : "0 0 29 2 *";
  return {
    ...{ name, jitterMs: 0, after: [] },
    schedule: parseSchedule(schedule, "UTC"),
    windows: parseWindows("", "UTC"),
  };
}

function openScheduler(tenant: string, dueCount: number): { scheduler: Scheduler; state: PgState } {
  const { pg, renewing, intake } = use;
  const state = new PgState({
    ...{ pg, renewing, intake, schema, tenant, instance, leaseMs, shared: use },
    redact: (text) => text,
  });
  const since = new Date(due.getTime() - 3_600_000);
  const scheduler = new Scheduler({
    sections: [
      ...Array.from({ length: dueCount }, (_, at) => scheduled(`due ${at}`, true)),
      ...Array.from({ length: later }, (_, at) => scheduled(`later ${at}`, false)),
    ],
    // As openPast gives it, without the notes of when each schedule was new.
    readPast: async () => {
      const latest = await state.lastRuns();
      return (section) => {
        const last = latest.started(section);
        return {
          lastStart: last === undefined ? undefined : new Date(last),
          since,
          isAbandoned: latest.isAbandoned(section),
        };
      };
    },
    ...{ parallel: atOnce, log },
    run: async (name, claimed) => {
      const run = async () => {
        const ms = Math.round(performance.now() - began);
        await uploadSection(state, name, { first: 0, batches: 1, group: 1 });
        console.log(JSON.stringify({ tenant, section: name, ms }));
      };
      return await turns.take(tenant, () => runHeld(state, name, claimed, run), never) === true;
    },
  });
  return { scheduler, state };
}

const list = (name: string, length: number, count: number) =>
  Array.from({ length }, (_, at) => [`${name} ${at}`, count] as const);
// The large one is in the middle: who comes first begins first.
const half = Math.floor(small / 2);
const all = [
  ...list("small", half, 1),
  ["large", large] as const,
  ...list("other", small - half, 1),
  ...list("idle", idle, 0),
].map(([tenant, count]) => openScheduler(tenant, count));
console.log("ready");
const input = Bun.stdin.stream().getReader();
await input.read();
began = performance.now();
const used = process.cpuUsage();
for (const { scheduler } of all) scheduler.start();
// Until the benchmark has seen the last run, and a while longer, by which it sees what nothing to do takes.
await input.read();
const { user, system } = process.cpuUsage(used);
console.log(JSON.stringify({
  cpu: (user + system) / 1e6,
  leases: all.filter(({ state }) => state.owner.current !== undefined).length,
  lost: all.reduce((sum, { state }) => sum + state.leasesLost, 0),
  memory: process.memoryUsage.rss() / 1e6,
}));
const before = process.cpuUsage();
const idleFrom = performance.now();
await input.read();
const idleUsed = process.cpuUsage(before);
console.log(JSON.stringify({
  idle: (idleUsed.user + idleUsed.system) / 1e6 / ((performance.now() - idleFrom) / 1000),
}));
process.exit(0);
