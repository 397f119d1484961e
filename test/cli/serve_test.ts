/**
 * `agent serve` on the compiled program: events become records in Oomnitza.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { eventBody, eventNames } from "../sources/casper/events.ts";
import { binaryPath } from "../support/binary.ts";
import { listen } from "../support/serve.ts";
import { openServeWorkspace } from "./serve_workspace.ts";
import { query } from "./state_run.ts";
import { slow } from "../support/slow.ts";

function isMobile(name: string): boolean {
  return name.startsWith("MobileDevice");
}

test("all ten events of both sections reach Oomnitza, fetched anew by their id", async () => {
  await using space = await openServeWorkspace();
  await using agent = await listen(space);
  for (const [index, name] of eventNames.entries()) {
    const section = isMobile(name) ? "casper.MDM" : "casper";
    const answer = await agent.post(`/any/prefix/${section}?x=1`, eventBody(name, index + 1));
    expect(answer.status).toBe(204);
    expect(await answer.text()).toBe("");
  }
  const serials = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, index) => `SN${from + index}`).sort();
  await agent.until(
    "all records",
    () => space.arrived().length === 5 && space.arrived("Casper.MDM").length === 5,
  );
  expect(space.arrived()).toEqual(serials(1, 6));
  expect(space.arrived("Casper.MDM")).toEqual(serials(6, 11));
  expect(space.vendor.unexpected).toEqual([]);
  expect(await agent.stop()).toBe(0);
  expect(query(space, "SELECT * FROM inbox")).toEqual([]);
  const runs = query(space, "SELECT outcome, is_open FROM runs");
  for (const run of runs) expect(run).toEqual({ outcome: "ok", is_open: 0 });
  for (const { finalized } of space.standIn.state.portions) expect(finalized).toBe(true);
}, 60_000);

test("T14: over API v2, one device is fetched and one audit posted under Casper.MDM", async () => {
  await using space = await openServeWorkspace({ standIn: { apiVersions: ["v2"] } });
  await using agent = await listen(space);
  const answer = await agent.post("/x/y/casper.MDM", eventBody("MobileDeviceEnrolled", 7));
  expect(answer.status).toBe(204);
  await agent.until("the record", () => space.arrived("Casper.MDM").length === 1);
  expect(space.fetched()).toEqual(["mobiledevices/id/7/subset/General"]);
  expect(space.standIn.state.counters.received).toBe(1);
  expect(space.arrived("Casper.MDM")).toEqual(["SN7"]);
}, 60_000);

test("T15: calls that make no sense get 204 and a warning", async () => {
  await using space = await openServeWorkspace({ more: "[csv_users]\nenable = False\n" });
  await using agent = await listen(space);
  const body = eventBody("ComputerAdded", 1);
  for (
    const [path, text, warning] of [
      ["/nope", body, 'there is no enabled section "nope"'],
      ["/csv_users", body, 'there is no enabled section "csv_users"'],
      ["/Casper", body, 'there is no enabled section "Casper"'],
      ["/casper/", body, 'there is no enabled section ""'],
      ["/casper", "{", "the body is not JSON"],
      ["/casper", "", "the body is not JSON"],
      ["/casper", "[]", "not a webhook of Jamf Pro"],
      ["/casper", '{"webhook":{"webhookEvent":"JSSStartup"},"event":{"jssID":3}}', "JSSStartup"],
    ] as const
  ) {
    const answer = await agent.post(path, text);
    expect(answer.status).toBe(204);
    await agent.until(warning, () => agent.log().includes(warning));
  }
  // As the Python connector did, any method is good.
  expect((await agent.post("/casper", body, { method: "PUT" })).status).toBe(204);
  expect((await fetch(`${agent.url}/casper`)).status).toBe(204);
  await agent.until("the record", () => space.arrived().length === 1);
  expect(await agent.stop()).toBe(0);
  expect(space.fetched()).toEqual(["computers/id/1/subset/General&Software"]);
}, 60_000);

slow("events of one device within the window become one fetch, later ones another", async () => {
  await using space = await openServeWorkspace({ serve: "coalesce_seconds = 1\n" });
  await using agent = await listen(space);
  const begun = Date.now();
  for (const name of ["ComputerAdded", "ComputerCheckIn", "ComputerInventoryCompleted"]) {
    for (const id of [3, 4]) await agent.post("/casper", eventBody(name, id));
  }
  await agent.until("both", () => space.arrived().length === 2);
  expect(Date.now() - begun).toBeGreaterThan(700);
  expect(space.fetched().length).toBe(2);
  const events = () =>
    [...agent.log().matchAll(/Webhooks: (\d+) events/g)].reduce((sum, [, n]) => sum + Number(n), 0);
  await agent.until("all six", () => events() === 6);
  await agent.post("/casper", eventBody("ComputerCheckIn", 3));
  await agent.until("another", () => space.fetched().length === 3);
  // All batches have one token.
  expect(space.vendor.calls.filter(({ path }) => path.endsWith("/auth/token"))).toHaveLength(1);
}, 60_000);

test("SIGTERM works off what waits, also what waits for more of its kind", async () => {
  await using space = await openServeWorkspace({ serve: "coalesce_seconds = 600\n" });
  await using agent = await listen(space);
  for (let id = 1; id <= 20; id++) await agent.post("/casper", eventBody("ComputerAdded", id));
  expect(await agent.stop()).toBe(0);
  expect(space.arrived()).toHaveLength(20);
  expect(query(space, "SELECT * FROM inbox")).toEqual([]);
}, 60_000);

slow("an upload works beside the listener", async () => {
  await using space = await openServeWorkspace();
  await using agent = await listen(space);
  const upload = space.agent(["upload", "casper", "casper.MDM", "--singleton", "1"]);
  for (let id = 1; id <= 50; id++) {
    const answer = await agent.post("/casper", eventBody("ComputerCheckIn", id));
    expect(answer.status).toBe(204);
  }
  expect((await upload).code).toBe(0);
  expect(await agent.stop()).toBe(0);
  expect(space.arrived()).toHaveLength(50);
  expect(space.arrived("Casper.MDM")).toHaveLength(50);
  expect(query(space, "SELECT id FROM runs WHERE is_open = 1")).toEqual([]);
}, 60_000);

test(
  "in test mode the payload is shown, and neither Oomnitza nor the state file gets it",
  async () => {
    await using space = await openServeWorkspace();
    const child = Bun.spawn([await binaryPath(), "serve", "--port", "18923", "--testmode"], {
      cwd: space.folder,
      env: process.env,
      stdout: "pipe",
      stderr: "pipe",
    });
    const url = "http://127.0.0.1:18923/casper";
    const init = { method: "POST", body: eventBody("ComputerAdded", 9) };
    for (let tries = 0; tries < 200; tries++) {
      const answer = await fetch(url, init).catch(() => undefined);
      if (answer?.status === 204) break;
      await Bun.sleep(50);
    }
    child.kill("SIGTERM");
    expect(await new Response(child.stdout).text()).toContain('"SERIAL": "SN9"');
    expect(await child.exited).toBe(0);
    expect(space.standIn.state.counters.received).toBe(0);
    expect(space.has("agent-state.sqlite")).toBe(false);
  },
  60_000,
);

test("a batch is a run of its own origin, which no schedule takes for an upload", async () => {
  const more = "[casper.2]\nenable = True\nschedule = every 1h\n";
  await using space = await openServeWorkspace({ more });
  const ini = space.read("config.ini");
  const [, casper = ""] = /\[casper\]\n([^[]*)/.exec(ini) ?? [];
  space.write("config.ini", ini.replace(more, `${more}${casper.replace("enable = True\n", "")}`));
  await using agent = await listen(space);
  await agent.until("the scheduled upload", () => space.arrived().length === 50);
  const last = async () =>
    JSON.parse((await space.agent(["schedule", "--output", "json"])).stdout)
      .find(({ section }: { section: string }) => section === "casper.2").last;
  const before = await last();
  await agent.post("/casper.2", eventBody("ComputerAdded", 1));
  await agent.until(
    "its run",
    () => query(space, "SELECT id FROM runs WHERE origin = 'webhook'").length === 1,
  );
  expect(await last()).toBe(before);
  expect(await agent.stop()).toBe(0);
  const listed = (await space.agent(["runs"])).stdout;
  expect(listed).toMatch(/casper\.2 +webhook +ok .* 1 read, 1 sent/);
  expect(listed).toMatch(/casper\.2 +upload +ok .* 50 read, 50 sent/);
}, 60_000);
