/**
 * Webhook events per second that are durable when they are answered, beside the same route without the
 * inbox.
 *
 * @module
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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

/** Posts so many events over 64 connections, in so many rounds each. */
export async function measureWebhook(
  binary: string,
  events: number,
  rounds: number,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "agent-bench-"));
  const standIn = await startStandIn({ keep: "counts" });
  const ini = join(folder, "config.ini");
  // Nothing is processed meanwhile: only the path into the inbox is measured.
  writeFileSync(
    ini,
    `[oomnitza]\nurl = ${standIn.url}\napi_token = ${standIn.token}
[serve]\ncalls_per_second = 0\ncoalesce_seconds = 3600
[casper]\nenable = True\nurl = http://127.0.0.1:9\nusername = x\npassword = x\nsync_field = SERIAL
mapping.SERIAL = general.serial_number\n`,
  );
  const durable: Round[] = [];
  const bare: Round[] = [];
  for (let round = 0; round < rounds; round++) {
    const state = join(folder, `state-${round}.sqlite`);
    const words = ["serve", "--port", "0", "--output", "json", "--ini", ini, "--state", state];
    durable.push(await measure([binary, ...words], events));
    const script = join(import.meta.dir, "bare_webhook.ts");
    bare.push(await measure([process.execPath, script, ini], events));
  }
  await standIn.stop();
  rmSync(folder, { recursive: true, force: true });
  const rate = printRate("durable", events, durable);
  const limit = printRate("the same route without the inbox", events, bare);
  console.log(`  the durable one reaches ${(rate / limit * 100).toFixed(0)} % of it`);
}
