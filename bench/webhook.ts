/**
 * Webhook events per second that are durable when they are answered, in the state file and in PostgreSQL on
 * this machine, beside the same route without the inbox.
 *
 * @module
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startPostgres } from "../test/support/postgres.ts";
import { startStandIn } from "../test/support/stand_in/mod.ts";
import { median } from "./figures.ts";

/** What one round of the client measured, in milliseconds. */
interface Round {
  readonly all: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

async function startServer(words: readonly string[]) {
  const child = Bun.spawn([...words], { stdout: "pipe", stderr: "ignore" });
  const { value } = await child.stdout.getReader().read();
  const { url } = JSON.parse(new TextDecoder().decode(value)) as { url: string };
  return { child, url };
}

async function measure(words: readonly string[], events: number): Promise<Round> {
  const { child, url } = await startServer(words);
  const client = Bun.spawn(
    [process.execPath, join(import.meta.dir, "webhook_client.ts"), url, String(events), "64"],
    { stdout: "pipe", stderr: "inherit" },
  );
  const text = await new Response(client.stdout).text();
  child.kill("SIGKILL");
  await child.exited;
  return JSON.parse(text) as Round;
}

function printRate(name: string, events: number, rounds: readonly Round[]): number {
  const rate = Math.round(events / median(rounds.map(({ all }) => all)) * 1000);
  const [p50, p99, max] = (["p50", "p99", "max"] as const)
    .map((key) => median(rounds.map((round) => round[key])).toFixed(1));
  console.log(
    `webhook: ${name}: ${rate} events/s, p50 ${p50} ms, p99 ${p99} ms, slowest ${max} ms`,
  );
  return rate;
}

/** One way to keep events, or none. */
interface Way {
  readonly name: string;
  /** The command line that serves round `round`. */
  readonly words: (round: number) => readonly string[];
  readonly rounds: Round[];
}

function openWays(programs: readonly string[], folder: string, ini: string, url: string): Way[] {
  const shared = `${ini}.shared`;
  const text = readFileSync(ini, "utf8");
  const serve = ["serve", "--port", "0", "--output", "json", "--ini"];
  const durable = programs.flatMap((program, at): Way[] => {
    const build = at === 0 ? "" : ", the build before";
    const state = (round: number) => join(folder, `state-${at}-${round}.sqlite`);
    return [{
      name: `durable in the state file${build}`,
      words: (round) => [program, ...serve, ini, "--state", state(round)],
      rounds: [],
    }, {
      name: `durable in PostgreSQL${build}`,
      words(round) {
        writeFileSync(shared, `${text}[state]\nurl = ${url}\ntenant = round ${at} ${round}\n`);
        return [program, ...serve, shared];
      },
      rounds: [],
    }];
  });
  const script = join(import.meta.dir, "bare_webhook.ts");
  const bare = {
    name: "the same route without the inbox",
    words: () => [process.execPath, script, ini],
    rounds: [],
  };
  return [...durable, bare];
}

/** Posts so many events over 64 connections, in so many rounds each, in turn. */
export async function measureWebhook(
  programs: readonly string[],
  events: number,
  rounds: number,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "agent-bench-"));
  const standIn = await startStandIn({ keep: "counts" });
  const server = await startPostgres();
  const ini = join(folder, "config.ini");
  // Nothing is processed meanwhile: only the path into the inbox is measured.
  writeFileSync(
    ini,
    `[oomnitza]\nurl = ${standIn.url}\napi_token = ${standIn.token}
[serve]\ncalls_per_second = 0\ncoalesce_seconds = 3600
[casper]\nenable = True\nurl = http://127.0.0.1:9\nusername = x\npassword = x\nsync_field = SERIAL
mapping.SERIAL = general.serial_number\n`,
  );
  const ways = openWays(programs, folder, ini, server.url("127.0.0.1", "sslmode=disable"));
  for (let round = 0; round < rounds; round++) {
    // Forwards and backwards: the load of the machine changes meanwhile.
    for (const way of round % 2 === 0 ? ways : ways.toReversed()) {
      way.rounds.push(await measure(way.words(round), events));
    }
  }
  await standIn.stop();
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
  const rates = ways.map((way) => printRate(way.name, events, way.rounds));
  const percent = (rate = 0, of = 1) => `${(rate / of * 100).toFixed(0)} %`;
  const [file, shared] = rates;
  console.log(`  the state file reaches ${percent(file, rates.at(-1))} of the bare route,`);
  console.log(`  PostgreSQL ${percent(shared, file)} of the state file`);
}
