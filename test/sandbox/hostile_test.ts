/**
 * Bodies that hang, exhaust, escape or poison: each must end alone.
 *
 * @module
 */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import {
  createSandbox,
  defaultLimits,
  type Sandbox,
  type SandboxOutcome,
} from "../../src/sandbox/mod.ts";
import { hostileBodies, type HostileBody } from "./hostile_bodies.ts";
import { converterSource, keepLog, prepared } from "./sandbox_harness.ts";
import { slow } from "../support/slow.ts";

/** Milliseconds for a hostile record between two others: deadline, watchdog and a new process on a busy machine. */
const patienceMs = 20_000;

function guarded(body: string, index: number): string {
  return `// language: javascript\nif (record.hostile === ${index}) {\n${body}\n}\nreturn record.n;`;
}

/** The most memory that a process has had so far, in MiB; 0 when it is gone. */
function peakMb(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

function checkEnd(body: HostileBody, outcome: SandboxOutcome | undefined, index: number): void {
  if (outcome === undefined) throw new Error("no outcome");
  if (body.end === "stopped" || (body.end === "either" && "failed" in outcome)) {
    expect(outcome).toHaveProperty("failed");
    return;
  }
  if (!("results" in outcome)) throw new Error(JSON.stringify(outcome));
  expect(outcome.results[index]).toEqual(typeof body.end === "string" ? null : body.end.result);
}

describe("hostile bodies", () => {
  let sandbox: Sandbox;
  /** Memory of a process that has only seen good records. */
  let idle = 0;
  const count = hostileBodies.length;
  const { log } = keepLog();

  function record(n: number, hostile: number): { record: unknown; values: unknown[] } {
    const inner = { list: [n] };
    return { record: { n, hostile, inner }, values: new Array(count).fill(null) };
  }

  beforeAll(async () => {
    const sources = [
      ...hostileBodies.map(({ body }, index) => converterSource(`c${index}`, guarded(body, index))),
      converterSource("mirror", '// language: javascript\nreturn converter(record, "mirror");'),
      converterSource(
        "recursive",
        '// language: javascript\nreturn converter(record, "recursive");',
      ),
    ];
    sandbox = await createSandbox({
      programs: prepared(...sources),
      calls: hostileBodies.map((_, index) => ({ converter: `c${index}`, field: "f", params: {} })),
      limits: defaultLimits,
      log,
    });
    await sandbox.run([record(1, -1), record(2, -1)]);
    idle = peakMb(sandbox.stats.pid);
    expect(idle).toBeGreaterThan(0);
  });
  afterAll(() => sandbox.close());

  test("there are at least 40", () => {
    expect(count).toBeGreaterThanOrEqual(40);
  });

  hostileBodies.forEach((body, index) => {
    test(body.title, async () => {
      const good = [record(1, -1), record(2, -1)] as const;
      let peak = 0;
      const watch = setInterval(() => peak = Math.max(peak, peakMb(sandbox.stats.pid)), 3);
      const began = performance.now();
      const outcomes = await sandbox.run([good[0], record(3, index), good[1]]);
      const tookMs = performance.now() - began;
      clearInterval(watch);
      peak = Math.max(peak, peakMb(sandbox.stats.pid));
      expect(outcomes[0]).toEqual({ keep: true, results: new Array(count).fill(1) });
      expect(outcomes[2]).toEqual({ keep: true, results: new Array(count).fill(2) });
      checkEnd(body, outcomes[1], index);
      expect(tookMs).toBeLessThan(patienceMs);
      expect(peak - idle).toBeLessThanOrEqual(64);
    }, 20_000);
  });

  slow("all in one batch, each between two others", async () => {
    const batch = hostileBodies.flatMap((
      _,
      index,
    ) => [record(index, index), record(1000 + index, -1)]);
    const outcomes = await sandbox.run(batch);
    hostileBodies.forEach((body, index) => {
      checkEnd(body, outcomes[2 * index], index);
      const neighbour = { keep: true, results: new Array(count).fill(1000 + index) };
      expect(outcomes[2 * index + 1]).toEqual(neighbour as SandboxOutcome);
    });
  }, 120_000);
});
