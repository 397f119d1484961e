/**
 * Rows that upload CSV rows into the counting server: cold and warm, first and again, with user code,
 * and beside a bare loop that posts the very bodies that the agent sent.
 *
 * @module
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type BenchLanguage, csvFile, folder, iniFile } from "./data.ts";
import { forgetState, type Run, runSection } from "./program.ts";
import type { Figures, Row } from "./row.ts";
import { type CountingServer, token } from "./server.ts";

const small = 100_000;
const large = 1_000_000;
const section = "csv_assets";

async function configure(
  server: CountingServer,
  rows: number,
  { language, options = "" }: { language?: BenchLanguage; options?: string } = {},
): Promise<string> {
  const ini = iniFile(await csvFile(rows), server.url, token, language);
  const text = readFileSync(ini, "utf8");
  writeFileSync(ini, text.replace("[csv_assets]", `[csv_assets]\n${options}`), { mode: 0o600 });
  return ini;
}

async function checkCount(server: CountingServer, rows: number): Promise<void> {
  const { records } = await server.count();
  if (records !== rows) throw new Error(`${records} records arrived instead of ${rows}`);
}

function whole({ ms, cpuUs, peakMb }: Run, rows: number): Figures {
  return { "records/s": rows / ms * 1000, "µs of CPU a record": cpuUs / rows, "MB": peakMb };
}

/** An upload of which nothing is remembered, from the start of the program to its end. */
function firstUpload(
  server: CountingServer,
  name: string,
  given: { language?: BenchLanguage; words?: readonly string[] } = {},
): Row {
  return {
    name: `cold: ${small} rows, ${name}`,
    async measure(program) {
      const ini = await configure(server, small, given);
      forgetState();
      await server.reset();
      const run = await runSection(program, {
        section,
        ini,
        ...given.words === undefined ? {} : { words: given.words },
      });
      await checkCount(server, small);
      return whole(run, small);
    },
  };
}

/** A run after so many that sent everything, and as a multiple of the first of them. */
function again(
  server: CountingServer,
  name: string,
  options: string,
  { command, sent, before }: {
    readonly command: "upload" | "plan";
    readonly sent: number;
    readonly before: number;
  },
): Row {
  return {
    name: `again: ${small} rows, ${name}`,
    async measure(program) {
      forgetState();
      const off = await configure(server, small, { options: "guard = off" });
      const unguarded = await runSection(program, { section, ini: off });
      forgetState();
      for (let run = 0; run < before; run++) {
        await runSection(program, { section, ini: await configure(server, small) });
      }
      const ini = await configure(server, small, { options });
      await server.reset();
      const run = await runSection(program, { command, section, ini });
      await checkCount(server, sent);
      const times = run.cpuUs / unguarded.cpuUs;
      return { ...whole(run, small), "times the CPU of an upload with guard = off": times };
    },
  };
}

const bodies = join(folder, "bodies.bin");

async function keepBodies(server: CountingServer, program: string): Promise<void> {
  const ini = await configure(server, small);
  forgetState();
  await server.reset(true);
  await runSection(program, { section, ini });
  writeFileSync(bodies, await server.bodies());
}

/** Posts the bodies of an upload again and again; gives the milliseconds that it took. */
async function bareLoop(server: CountingServer, times: number, width: number): Promise<number> {
  await server.reset();
  const script = join(import.meta.dir, "bare_loop.ts");
  const words = [server.url, token, bodies, String(times), String(width)];
  const child = Bun.spawn([process.execPath, script, ...words], { stdout: "pipe" });
  const ms = Number(await new Response(child.stdout).text());
  await checkCount(server, times * small);
  return ms;
}

/** Shows what the server can take, which must be more than any upload. */
export async function measureServer(server: CountingServer, program: string): Promise<void> {
  await keepBodies(server, program);
  const times = 30;
  let best = Infinity;
  for (let round = 0; round < 3; round++) best = Math.min(best, await bareLoop(server, times, 0));
  const rate = Math.round(times * small / best * 1000).toLocaleString("en");
  console.log(`the counting server takes ${rate} records/s from bare sockets (best of 3)`);
}

/** The second half of a large upload, when everything has been compiled. */
function warmUpload(server: CountingServer): Row {
  async function warmRate(): Promise<number> {
    const { secondHalf, secondHalfMs } = await server.count();
    return secondHalf / secondHalfMs * 1000;
  }
  return {
    name: `warm: the second half of ${large} rows`,
    async measure(program) {
      const ini = await configure(server, large);
      forgetState();
      await server.reset();
      const { cpuUs, peakMb } = await runSection(program, { section, ini });
      await checkCount(server, large);
      return {
        "records/s": await warmRate(),
        "µs of CPU a record": cpuUs / large,
        "MB": peakMb,
      };
    },
    reference: {
      name: "a bare loop that posts the same bodies",
      async measure() {
        await bareLoop(server, large / small, 2);
        return { "records/s": await warmRate() };
      },
    },
  };
}

/** First uploads: cold, without state, and warm beside the bare loop. */
export function uploadRows(server: CountingServer): Row[] {
  return [
    firstUpload(server, "first upload"),
    firstUpload(server, "first upload, without a state file", { words: ["--no-state"] }),
    warmUpload(server),
  ];
}

/** Rows of what is remembered, compared and guarded. */
export function deltaRows(server: CountingServer): Row[] {
  const upload = { command: "upload", sent: small, before: 2 } as const;
  return [
    again(server, "guard off", "guard = off", upload),
    again(server, "second upload", "", { ...upload, before: 1 }),
    again(server, "third upload", "", upload),
    again(server, "only_changed", "only_changed = on", { ...upload, sent: 0 }),
    again(server, "plan", "", { command: "plan", sent: 0, before: 2 }),
  ];
}

/** Rows with a custom converter on every record. */
export function userCodeRows(server: CountingServer): Row[] {
  return [
    firstUpload(server, "one JavaScript converter", { language: "javascript" }),
    firstUpload(server, "one Python converter", { language: "python" }),
    firstUpload(server, "one JavaScript converter with a pattern", {
      language: "javascript, interpreted",
    }),
    firstUpload(server, "one Python converter with try", { language: "python, try" }),
    firstUpload(server, "one Python converter with an error in each record", {
      language: "python, errors",
    }),
    firstUpload(server, "one Python converter with a comprehension", {
      language: "python, interpreted",
    }),
  ];
}
