/**
 * A thousand starts that are due at the same moment, made by three processes: each once, and what the tenants
 * with few sections wait while one has many.
 *
 * @module
 */
import { join } from "node:path";
import type { Postgres } from "../test/support/postgres.ts";
import { median } from "./figures.ts";
import type { Figures } from "./row.ts";

const processes = 3;
const smallTenants = 19;
const sectionsOfSmall = 30;
const sectionsOfLarge = 430;
/** Starts of all tenants together. */
export const starts = smallTenants * sectionsOfSmall + sectionsOfLarge;

interface Start {
  readonly tenant: string;
  readonly ms: number;
}

async function run(
  server: Postgres,
  sections: Readonly<Record<string, number>>,
  due: string,
): Promise<Start[]> {
  const words = [server.url("127.0.0.1", "sslmode=disable"), JSON.stringify(sections), due];
  const children = Array.from({ length: processes }, () => {
    const child = Bun.spawn(
      [process.execPath, join(import.meta.dir, "starting_process.ts"), ...words],
      { stdin: "pipe", stdout: "pipe", stderr: "inherit" },
    );
    return { child, output: child.stdout.pipeThrough(new TextDecoderStream()).getReader() };
  });
  for (const { output } of children) await output.read();
  for (const { child } of children) child.stdin.end();
  const printed = await Promise.all(children.map(async ({ output, child }) => {
    let text = "";
    for (let part = await output.read(); !part.done; part = await output.read()) text += part.value;
    if (await child.exited !== 0) throw new Error("a process of the starts failed");
    return text;
  }));
  return printed.flatMap((text) => text.trim().split("\n").filter(Boolean))
    .map((line) => JSON.parse(line) as Start);
}

let rounds = 0;

/** Measures the starts, with and without the tenant that has many sections. */
export async function measureStarts(server: Postgres): Promise<Figures> {
  const round = ++rounds;
  const small = Object.fromEntries(
    Array.from({ length: smallTenants }, (_, at) => [`small ${at}`, sectionsOfSmall]),
  );
  const at = (minute: number) => new Date(Date.UTC(2026, 0, round, 3, minute)).toISOString();
  const alone = await run(server, small, at(0));
  const made = await run(server, { large: sectionsOfLarge, ...small }, at(1));
  if (made.length !== starts || alone.length !== smallTenants * sectionsOfSmall) {
    throw new Error(`${made.length} and ${alone.length} starts were made`);
  }
  const lastOf = (all: readonly Start[], tenant: string) =>
    Math.max(...all.filter((each) => each.tenant === tenant).map(({ ms }) => ms));
  const names = Object.keys(small);
  return {
    "starts/s": starts / Math.max(...made.map(({ ms }) => ms)) * 1000,
    "ms until a small tenant is done, alone": median(names.map((name) => lastOf(alone, name))),
    "ms beside one with many": median(names.map((name) => lastOf(made, name))),
    "ms, the slowest small one beside it": Math.max(...names.map((name) => lastOf(made, name))),
    "ms until the large one is done": lastOf(made, "large"),
  };
}
