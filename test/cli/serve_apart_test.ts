/**
 * `agent serve` evaluates what webhooks bring apart from its scheduled runs: in alerts, and in the metric
 * that a stale rule looks at.
 *
 * @module
 */
import { expect } from "bun:test";
import { eventBody } from "../sources/casper/events.ts";
import { listen, type Listener } from "../support/serve.ts";
import { slow } from "../support/slow.ts";
import type { VendorCall } from "../support/vendor.ts";
import { openServeWorkspace } from "./serve_workspace.ts";

/** A receiver of alerts, as `event origin`. */
function receiver() {
  const alerts: string[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const { event, origin } = await request.json() as { event: string; origin: string };
      alerts.push(`${event} ${origin}`);
      return new Response("ok");
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    alerts,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

/** A metric of [casper]; undefined when it has no series. */
async function metric(
  { url }: Listener,
  name: string,
  labels = "",
): Promise<number | undefined> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const start = `${name}{section="casper"${labels}} `;
  const line = text.split("\n").find((one) => one.startsWith(start));
  return line === undefined ? undefined : Number(line.slice(start.length));
}

/** Waits until a metric has a value that is wanted. */
async function metricUntil(
  agent: Listener,
  name: string,
  labels: string,
  isWanted: (value: number) => boolean,
): Promise<number> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const value = await metric(agent, name, labels);
    if (value !== undefined && isWanted(value)) return value;
    if (Date.now() > deadline) throw new Error(`${name}${labels} is ${value}\n${agent.log()}`);
    await Bun.sleep(20);
  }
}

function runs(origin: string, outcome: string): string {
  return `,origin="${origin}",outcome="${outcome}"`;
}

const lastSuccess = "agent_last_success_timestamp_seconds";
const lastWebhook = "agent_webhook_last_success_timestamp_seconds";

slow(
  "a schedule that fails stays failed whatever webhooks bring, and webhooks by what they fetched",
  async () => {
    await using ear = receiver();
    await using space = await openServeWorkspace({
      serve: "coalesce_seconds = 0\ncalls_per_second = 0\n",
      extra: "api = classic\nschedule = every 1s\n",
      more: `[alerts]\nurl = ${ear.url}\nformat = json\nstale_hours = 0\n`,
    });
    let isListBroken = true;
    let areDevicesBroken = false;
    const isMine = ({ path }: VendorCall) => path.includes("/computers");
    const isList = (call: VendorCall) => isMine(call) && call.path.endsWith("/computers");
    // 400: what is not worth another attempt.
    const answer = () => new Response("no", { status: 400 });
    const times = Number.POSITIVE_INFINITY;
    space.vendor.fail({ on: (call) => isListBroken && isList(call), times, answer });
    space.vendor.fail({
      on: (call) => areDevicesBroken && isMine(call) && !isList(call),
      times,
      answer,
    });
    await using agent = await listen(space, ["--singleton", "0"]);

    // The section never succeeded, and has a series all the same: a stale rule would not see it otherwise.
    await metricUntil(agent, "agent_runs_total", runs("upload", "failed"), (count) => count > 0);
    await agent.until("the alert", () => ear.alerts.includes("failed upload"));
    expect(await metric(agent, lastSuccess)).toBe(0);
    expect(await metric(agent, lastWebhook)).toBeUndefined();

    // A webhook that brings its device says nothing about the schedule.
    await agent.post("/casper", eventBody("ComputerAdded", 7));
    const webhooks = await metricUntil(agent, lastWebhook, "", (at) => at > 0);
    expect(space.arrived()).toEqual(["SN7"]);
    const failures = await metric(agent, "agent_runs_total", runs("upload", "failed")) ?? 0;
    const more = (count: number) => count > failures + 1;
    await metricUntil(agent, "agent_runs_total", runs("upload", "failed"), more);
    expect(await metric(agent, lastSuccess)).toBe(0);
    expect(await metric(agent, "agent_last_run_success")).toBe(0);
    expect(ear.alerts).toEqual(["failed upload", "failed upload"].slice(0, ear.alerts.length));

    // A batch in which no device can be fetched is no success.
    areDevicesBroken = true;
    for (const id of [8, 9]) await agent.post("/casper", eventBody("ComputerAdded", id));
    await metricUntil(agent, "agent_runs_total", runs("webhook", "failed"), (count) => count > 0);
    await agent.until("its alert", () => ear.alerts.includes("failed webhook"));
    expect(await metric(agent, lastWebhook)).toBe(webhooks);
    expect(await metric(agent, lastSuccess)).toBe(0);

    // Each recovers by itself: first the devices, then the list.
    areDevicesBroken = false;
    await agent.until("the devices", () => space.arrived().length === 3, 60_000);
    await agent.until("their alert", () => ear.alerts.includes("recovered webhook"));
    expect(ear.alerts).not.toContain("recovered upload");
    expect(await metric(agent, lastSuccess)).toBe(0);
    isListBroken = false;
    await agent.until("the schedule", () => ear.alerts.includes("recovered upload"), 60_000);
    await metricUntil(agent, lastSuccess, "", (at) => at > 0);
    expect(ear.alerts.toSorted()).toEqual([
      "failed upload",
      "failed webhook",
      "recovered upload",
      "recovered webhook",
    ]);
    expect(await agent.stop()).toBe(0);
  },
  180_000,
);
