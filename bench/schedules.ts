/**
 * Thirty thousand schedules of ten thousand tenants, a third of them due at once, in three processes: each start is
 * made once, and what a tenant with one of them waits beside one with many.
 *
 * @module
 */
import { loadavg } from "node:os";
import { join } from "node:path";
import { migrate } from "../src/state/postgres/migrate.ts";
import { type Postgres, startPostgres } from "../test/support/postgres.ts";
import { formatFigure, median } from "./figures.ts";
import { openDoor, schema } from "./scale_load.ts";
import { serverSeconds } from "./server_time.ts";

const processes = 3;
const idleSeconds = 30;

interface Start {
  readonly tenant: string;
  readonly section: string;
  readonly ms: number;
}

/** A process, whose lines come as they are printed. */
function startProcess(words: readonly string[], hear: (line: Record<string, unknown>) => void) {
  const child = Bun.spawn(
    [process.execPath, join(import.meta.dir, "scheduling_process.ts"), ...words],
    { stdin: "pipe", stdout: "pipe", stderr: "inherit" },
  );
  const ready = Promise.withResolvers<void>();
  const read = async () => {
    let rest = "";
    for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + part).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (line === "ready") ready.resolve();
        else hear(JSON.parse(line));
      }
    }
    ready.reject(new Error("a process of the schedules ended"));
  };
  return {
    ready: ready.promise,
    ended: read(),
    async tell() {
      child.stdin.write(".");
      await child.stdin.flush();
    },
    stop: () => child.kill(),
  };
}

/** So many schedules: three of each tenant, a third of all due, a tenth of those with one tenant. */
function divide(size: number) {
  const tenants = Math.ceil(size / 3);
  const due = Math.ceil(size / 3);
  const ofLarge = Math.ceil(due / 10);
  const small = due - ofLarge;
  return { due, words: [small, ofLarge, tenants - small - 1, 2] };
}

function say(what: string, figures: Readonly<Record<string, number>>): void {
  const texts = Object.entries(figures).map(([unit, figure]) => `${formatFigure(figure)} ${unit}`);
  console.log(`  ${what}: ${texts.join(", ")}; load ${formatFigure(loadavg()[0] ?? Number.NaN)}`);
}

function describe(starts: readonly Start[]): Record<string, number> {
  const of = (isWanted: (start: Start) => boolean) =>
    starts.filter(isWanted).map(({ ms }) => ms / 1000).toSorted((a, b) => a - b);
  const all = of(() => true);
  const small = of(({ tenant }) => tenant !== "large");
  const large = of(({ tenant }) => tenant === "large");
  return {
    "s until the last began": all.at(-1) ?? Number.NaN,
    "starts/s": all.length / (all.at(-1) ?? Number.NaN),
    "s, the middle of the small tenants": median(small),
    "s, 99 of 100 of them": small[Math.floor(small.length * 0.99)] ?? Number.NaN,
    "s until the last of the large one began": large.at(-1) ?? Number.NaN,
  };
}

/** Measures so many schedules. */
export async function measureSchedules(size: number): Promise<void> {
  const server: Postgres = await startPostgres();
  const { due, words: counts } = divide(size);
  const door = openDoor(server, 1);
  await migrate(door, schema);
  await door.close();
  const at = new Date(Math.floor(Date.now() / 60_000) * 60_000 - 60_000).toISOString();
  const words = [server.url("127.0.0.1", "sslmode=disable"), ...counts.map(String), at];
  const starts: Start[] = [];
  const ends: Record<string, unknown>[] = [];
  const done = Promise.withResolvers<void>();
  const hear = (line: Record<string, unknown>) => {
    if (line.section === undefined) return void ends.push(line);
    starts.push(line as unknown as Start);
    if (starts.length >= due) done.resolve();
  };
  const children = Array.from({ length: processes }, () => startProcess(words, hear));
  try {
    await Promise.all(children.map(({ ready }) => ready));
    console.log(`schedules: ${size}, ${due} due at once, ${processes} processes`);
    const before = serverSeconds(server);
    for (const child of children) await child.tell();
    await Promise.race([done.promise, ...children.map(({ ended }) => ended)]);
    const spent = serverSeconds(server) - before;
    for (const child of children) await child.tell();
    const idleFrom = serverSeconds(server);
    await Bun.sleep(idleSeconds * 1000);
    const idleSpent = serverSeconds(server) - idleFrom;
    for (const child of children) await child.tell();
    await Promise.all(children.map(({ ended }) => ended.catch(() => undefined)));
    const twice = starts.length -
      new Set(starts.map((each) => `${each.tenant} ${each.section}`)).size;
    if (twice > 0) throw new Error(`${twice} starts were made twice`);
    const sum = (key: string) => ends.reduce((total, end) => total + Number(end[key] ?? 0), 0);
    say("starts", { ...describe(starts), "starts made twice": twice });
    say("processor time a start", {
      "ms of the server": spent / due * 1000,
      "ms of the three processes": sum("cpu") / due * 1000,
      "leases lost": sum("lost"),
      "MB of a process": sum("memory") / processes,
    });
    say("with nothing due", {
      "of a core, the server": idleSpent / idleSeconds,
      "of a core, a process": sum("idle") / processes,
    });
  } finally {
    for (const child of children) child.stop();
    await server[Symbol.asyncDispose]();
  }
}
