/**
 * Sections of processes that are killed, stand still, or cannot reach their server.
 *
 * @module
 */
import { expect } from "bun:test";
import { join } from "node:path";
import { slow } from "../../support/slow.ts";
import { hold } from "../conformance/holds.ts";
import { beginRun } from "../conformance/open_state.ts";
import { connect, openTenant } from "./states.ts";
import { useServer } from "./use_server.ts";

const { server, pg } = useServer(12);

const leaseMs = 1500;

/** On a machine that does little else it is a second. */
const graceMs = 15_000;

/** A process that holds section `a` of a tenant. */
async function startHolding(tenant: string) {
  const script = join(import.meta.dir, "holding_process.ts");
  const child = Bun.spawn(
    [process.execPath, script, server.url(), tenant, String(leaseMs)],
    { stdin: "pipe", stdout: "pipe" },
  );
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  /** Reads on until a text was printed. */
  const until = async (wanted: string) => {
    while (!text.includes(wanted)) {
      const { value, done } = await lines.read();
      if (done) throw new Error(`The process ended after ${text}`);
      text += value;
    }
  };
  await until("held\n");
  return {
    child,
    until,
    print: () => text,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

/** Takes section `a` as soon as it is free; gives how long that took, in milliseconds. */
async function takeOver(tenant: string) {
  const state = await openTenant(pg, tenant, 60_000);
  await state.owner.lease();
  const begun = performance.now();
  for (;;) {
    const found = await state.holdSection("a");
    if (found.kind === "held") return { state, waited: performance.now() - begun };
    await Bun.sleep(20);
  }
}

slow("a section of a process that was killed is taken over when its lease is over", async () => {
  await using holding = await startHolding("killed");
  const { child } = holding;
  child.kill("SIGKILL");
  await child.exited;
  const { state, waited } = await takeOver("killed");
  expect(waited).toBeLessThan(leaseMs + graceMs);
  await state.close();
}, 60_000);

slow(
  "a process that stood still for too long notices it, and writes nothing any more",
  async () => {
    await using holding = await startHolding("stopped");
    const { child, until, print } = holding;
    child.kill("SIGSTOP");
    const { state, waited } = await takeOver("stopped");
    expect(waited).toBeLessThan(leaseMs + graceMs);
    const stored = { section: "a", remember: true };
    expect(await Array.fromAsync(state.unfinishedRuns(stored))).toHaveLength(1);
    child.stdin.write("write\n");
    child.stdin.flush();
    child.kill("SIGCONT");
    await until("lost\n");
    await until("away for too long");
    expect(print()).not.toContain("written");
    child.kill("SIGKILL");
    await child.exited;
    await state.close();
  },
  60_000,
);

slow(
  "a process whose server is away has to stop in time, and goes on when that is back",
  async () => {
    const own = connect(server.url(), 4);
    const state = await openTenant(own, "cut off", leaseMs);
    const held = await hold(state, "a");
    const run = await beginRun(state, "a");
    await server.stop();
    const begun = performance.now();
    const lost = Promise.withResolvers<void>();
    held.signal.addEventListener("abort", () => lost.resolve());
    expect(held.leftMs()).toBeLessThanOrEqual(leaseMs);
    await lost.promise;
    const waited = performance.now() - begun;
    await held.release();
    await server.start();
    expect(waited).toBeLessThan(leaseMs + graceMs);
    const anew = await hold(state, "a");
    await expect(run.outbox.put([])).rejects.toThrow("away for too long");
    const next = await beginRun(state, "a");
    await next.outbox.put([{ records: [{ TAG: "T1" }], text: undefined }]);
    await anew.release();
    await state.close();
    await own.close();
  },
  60_000,
);
