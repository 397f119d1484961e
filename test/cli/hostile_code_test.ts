/**
 * All hostile bodies in one upload by the binary: each ends alone, the other records are sent.
 *
 * @module
 */
import { expect } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { hostileBodies } from "../sandbox/hostile_bodies.ts";
import { binaryPath } from "../support/binary.ts";
import { record } from "../support/recorder.ts";
import { slow } from "../support/slow.ts";
import { oomnitzaSection, workspace } from "../support/workspace.ts";

const binary = await binaryPath();

/** Peak memory in MB of each process that was a child of another. */
function watchChildren(parent: number): () => number[] {
  const peaks = new Map<string, number>();
  const timer = setInterval(() => {
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      try {
        const status = readFileSync(`/proc/${pid}/status`, "utf8");
        if (Number(/^PPid:\s+(\d+)$/m.exec(status)?.[1]) !== parent) continue;
        const peak = Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1000;
        peaks.set(pid, Math.max(peaks.get(pid) ?? 0, peak));
      } catch {
        // It ended between the listing and the look.
      }
    }
  }, 10);
  return () => {
    clearInterval(timer);
    return [...peaks.values()];
  };
}

/** A body as an option of `[converters]`, doing harm for the record of its number only. */
function converter(body: string, index: number): string {
  const guarded =
    `// language: javascript\nif (record.hostile === "${index}") {\n${body}\n}\nreturn record.tag;`;
  return `c${index}:\n${guarded.split("\n").map((line) => `    ${line}`).join("\n")}\n`;
}

async function upload(rows: readonly string[]) {
  await using instance = record();
  using space = workspace();
  space.write("assets.csv", `tag,hostile\n${rows.join("\n")}\n`);
  const mappings = hostileBodies.map((_, index) =>
    `mapping.C${index} = {"source": "tag", "converter": "c${index}"}`
  );
  space.write(
    "config.ini",
    `${oomnitzaSection(instance)}[csv_assets]
enable = True
filename = assets.csv
sync_field = BARCODE
mapping.BARCODE = tag
${mappings.join("\n")}

[converters]
${hostileBodies.map(({ body }, index) => converter(body, index)).join("")}`,
  );
  const words = ["upload", "csv_assets", "--singleton", "0", "--output", "json"];
  const child = Bun.spawn([binary, ...words], {
    cwd: space.folder,
    env: process.env,
    stdout: "pipe",
    stderr: "pipe",
  });
  const peaks = watchChildren(child.pid);
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  const code = await child.exited;
  const records = instance.uploads()
    .filter(({ path }) => path === "/api/v3/bulk")
    .flatMap(({ body }) => JSON.parse(body).records as Record<string, unknown>[]);
  return { code, stderr, records, peaks: peaks(), report: JSON.parse(stdout).sections[0] };
}

slow(
  "every hostile body ends alone; all other records are sent; memory stays bounded",
  async () => {
    const idle = await upload(["A0,", "A1,"]);
    expect(idle.code).toBe(0);
    const rows = hostileBodies.flatMap((_, index) => [`H${index},${index}`, `G${index},`]);
    const run = await upload(rows);
    const { counts, failures, error } = run.report;
    expect(error).toBeNull();
    expect(counts.fetched).toBe(rows.length);
    expect(counts.sent + counts.failed).toBe(rows.length);
    const sent = new Map(run.records.map((one) => [one.BARCODE, one]));
    const lost = new Set(failures.map((failure: { record: string }) => failure.record));
    for (const [index, { end, title }] of hostileBodies.entries()) {
      expect(sent.has(`G${index}`)).toBe(true);
      const outcome = lost.has(`H${index}`) ? "stopped" : sent.get(`H${index}`)?.[`C${index}`];
      if (end === "stopped") expect({ title, outcome }).toEqual({ title, outcome: "stopped" });
      else if (end === "error") expect({ title, outcome }).toEqual({ title, outcome: null });
      else if (end === "either") expect([null, "stopped"]).toContain(outcome as null);
      else expect({ title, outcome }).toEqual({ title, outcome: end.result });
    }
    expect(Math.max(...run.peaks)).toBeLessThan(Math.max(...idle.peaks) + 64);
    expect(run.code).toBe(3);
  },
  240_000,
);
