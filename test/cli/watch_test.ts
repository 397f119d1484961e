/**
 * How a service is watched: its metrics move, and alerts are sent once for each change.
 *
 * @module
 */
import { expect } from "bun:test";
import { startStandIn } from "../support/stand_in/mod.ts";
import { listen } from "../support/serve.ts";
import { slow } from "../support/slow.ts";
import { oomnitzaSection, workspace } from "../support/workspace.ts";
import { rows, section } from "./state_run.ts";

/** A receiver of alerts and heartbeats. */
function receiver() {
  const alerts: Record<string, unknown>[] = [];
  let beats = 0;
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      if (new URL(request.url).pathname === "/beat") {
        beats++;
        return new Response("ok");
      }
      alerts.push(await request.json());
      return new Response("ok");
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    alerts,
    beats: () => beats,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

async function metric(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const line = text.split("\n").find((one) => one.startsWith(`${name} `));
  if (line === undefined) throw new Error(`no ${name} in\n${text}`);
  return Number(line.slice(name.length + 1));
}

slow("the metrics of a scheduled section move, and are text that Prometheus reads", async () => {
  const standIn = await startStandIn();
  using space = workspace();
  space.write("assets.csv", rows(30));
  space.write("config.ini", `${oomnitzaSection(standIn)}${section}schedule = every 1s\n`);
  await using service = await listen(space, ["--singleton", "0"]);
  const runs = 'agent_runs_total{section="csv_assets",origin="upload",outcome="ok"}';
  let seen = 0;
  for (let n = 0; n < 200 && seen < 2; n++) {
    seen = await metric(service.url, runs);
    await Bun.sleep(100);
  }
  expect(seen).toBeGreaterThanOrEqual(2);
  const sent = await metric(
    service.url,
    'agent_records_total{section="csv_assets",outcome="sent"}',
  );
  expect(sent).toBeGreaterThanOrEqual(60);
  expect(sent % 30).toBe(0);
  const last = await metric(
    service.url,
    'agent_last_success_timestamp_seconds{section="csv_assets"}',
  );
  expect(Math.abs(Date.now() / 1000 - last)).toBeLessThan(30);
  expect(await metric(service.url, "agent_ready")).toBe(1);
  const answer = await fetch(`${service.url}/metrics`);
  expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4");
  for (const line of (await answer.text()).trimEnd().split("\n")) {
    expect(line).toMatch(
      /^(# (HELP|TYPE) agent_[a-z_]+ .+|agent_[a-z_]+(\{([a-z]+="[^"]*",?)+\})? [\d.e+-]+)$/,
    );
  }
  expect(await service.stop()).toBe(0);
  await standIn.stop();
}, 60_000);

slow("a failure is reported once, its end once, also over a restart; the heart beats", async () => {
  const standIn = await startStandIn();
  await using ear = receiver();
  using space = workspace();
  space.write(
    "config.ini",
    `${oomnitzaSection(standIn)}[alerts]
url = ${ear.url}/secret-hook
heartbeat_url = ${ear.url}/beat
heartbeat_seconds = 1

${section.replace("filename = assets.csv", "filename = missing.csv")}schedule = every 1s\n`,
  );
  {
    await using first = await listen(space, ["--singleton", "0"]);
    await first.until("an alert", () => ear.alerts.length > 0, 20_000);
    await first.until("two heartbeats", () => ear.beats() >= 2, 20_000);
    // More runs fail, and nothing more is told.
    await Bun.sleep(3000);
    expect(await first.stop()).toBe(0);
    expect(first.log()).not.toContain("secret-hook");
  }
  expect(ear.alerts).toHaveLength(1);
  expect(ear.alerts[0]).toMatchObject({ section: "csv_assets", event: "failed" });
  expect(String(ear.alerts[0]?.text)).toContain("missing.csv");
  {
    await using second = await listen(space, ["--singleton", "0"]);
    await Bun.sleep(2500);
    expect(ear.alerts).toHaveLength(1);
    space.write("missing.csv", rows(3));
    await second.until("the end of the failure", () => ear.alerts.length > 1, 20_000);
    await Bun.sleep(1500);
    expect(await second.stop()).toBe(0);
  }
  expect(ear.alerts).toHaveLength(2);
  expect(ear.alerts[1]).toMatchObject({ section: "csv_assets", event: "recovered" });
  await standIn.stop();
}, 90_000);

slow("a configuration that is broken meanwhile is reported with what is wrong in it", async () => {
  const standIn = await startStandIn();
  await using ear = receiver();
  using space = workspace();
  space.write("assets.csv", rows(3));
  const ini = `${oomnitzaSection(standIn)}[alerts]\nurl = ${ear.url}/hook\n\n${section}`;
  space.write("config.ini", `${ini}schedule = every 2s\n`);
  await using service = await listen(space, ["--singleton", "0"]);
  await service.until("a good run", () => service.log().includes("csv_assets: ok"));
  const wrong = Array.from({ length: 30 }, (_, n) => `mapping.FIELD${n} = {"source": \n`);
  space.write("config.ini", `${ini}schedule = every 2s\nupdate_only = perhaps\n${wrong.join("")}`);
  await service.until("an alert", () => ear.alerts.length > 0);
  const good = () => service.log().split("csv_assets: ok").length;
  const before = good();
  await service.until("a run by the configuration of before", () => good() > before + 1);
  expect(ear.alerts).toHaveLength(1);
  expect(service.log().split("go on with the configuration of before")).toHaveLength(2);
  space.write("config.ini", `${ini}schedule = every 2s\n`);
  await service.until("the end of the fault", () => ear.alerts.length > 1);
  expect(ear.alerts[1]).toMatchObject({ section: "csv_assets", event: "recovered" });
  expect(await service.stop()).toBe(0);
  const [alert] = ear.alerts;
  for (const text of [service.log(), String(alert?.text)]) {
    expect(text).toContain("it has 31 errors");
    expect(text).toMatch(/error: .*config\.ini:\d+ \[csv_assets\] update_only: is not a boolean/);
    expect(text).toMatch(/config\.ini:\d+ \[csv_assets\] mapping\.field0: /i);
    expect(text).toContain("… and 21 more: agent check --file-only lists them");
  }
  expect(alert).toMatchObject({ section: "csv_assets", event: "failed", report: null });
  await standIn.stop();
}, 60_000);
