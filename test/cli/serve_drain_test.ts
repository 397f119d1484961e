/**
 * How `agent serve` ends behind a load balancer: not ready at once, and it takes calls for a while longer.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { eventBody } from "../sources/casper/events.ts";
import { binaryPath } from "../support/binary.ts";
import { listen, type Listener } from "../support/serve.ts";
import { openServeWorkspace } from "./serve_workspace.ts";

await binaryPath();

/** Waits until the listener says that it is not ready; fails when it refuses to answer. */
async function notReady({ url }: Listener): Promise<string> {
  for (;;) {
    const answer = await fetch(`${url}/readyz`);
    const text = await answer.text();
    if (answer.status === 503) return text;
    await Bun.sleep(5);
  }
}

test("until drain_delay is over it is not ready, and takes every call", async () => {
  await using space = await openServeWorkspace({
    serve: "coalesce_seconds = 0\ndrain_delay = 300\n",
  });
  await using agent = await listen(space, [], { ownProcess: true });
  const ended = agent.stop();
  expect(await notReady(agent)).toBe("ending\n");
  expect((await fetch(`${agent.url}/healthz`)).status).toBe(200);
  const answer = await agent.post("/casper", eventBody("ComputerAdded", 1));
  expect(answer.status).toBe(204);
  await agent.until("the record of that call", () => space.arrived().includes("SN1"));
  expect(agent.hasEnded()).toBe(false);
  await agent.kill();
  await ended;
}, 60_000);

test("after drain_delay it ends, and drain_seconds count from then", async () => {
  await using space = await openServeWorkspace({
    serve: "coalesce_seconds = 0\ndrain_delay = 1\ndrain_seconds = 0\n",
  });
  await using agent = await listen(space);
  const answer = await agent.post("/casper", eventBody("ComputerAdded", 1));
  expect(answer.status).toBe(204);
  await agent.until("its record", () => space.arrived().includes("SN1"));
  const asked = performance.now();
  expect(await agent.stop()).toBe(0);
  expect(performance.now() - asked).toBeGreaterThan(900);
  expect(agent.log()).not.toContain("within 0 s");
  await expect(fetch(`${agent.url}/readyz`)).rejects.toThrow();
}, 60_000);
