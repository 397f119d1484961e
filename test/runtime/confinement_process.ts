/**
 * A process that confines itself and then tries what it must not be able to do.
 *
 * @module
 */
import { readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { confineProcess } from "../../src/runtime/confinement.ts";

const [file = ""] = process.argv.slice(2);
const confinement = confineProcess();

function attempt(run: () => unknown): string {
  try {
    run();
    return "allowed";
  } catch {
    return "refused";
  }
}

const attempts = {
  read: attempt(() => readFileSync(file)),
  write: attempt(() => writeFileSync(`${file}.new`, "x")),
  remove: attempt(() => unlinkSync(file)),
  program: attempt(() => Bun.spawnSync(["/bin/true"])),
  signal: attempt(() => process.kill(process.ppid, 0)),
  listen: attempt(() => Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } })),
  connect: await fetch(process.argv[3] ?? "").then(() => "allowed", () => "refused"),
};
// Threads start and collect garbage still: the engine lives on them.
const kept = Array.from({ length: 500_000 }, (_, at) => ({ at }));
Bun.gc(true);
const tasks = new Set(kept.map(({ at }) => at)).size;
process.stdout.write(`${JSON.stringify({ confinement, attempts, tasks })}\n`);
// The test looks at the process from outside meanwhile.
for await (const _ of Bun.stdin.stream());
