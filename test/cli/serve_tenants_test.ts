/**
 * `agent serve --configs`: many tenants in one process, apart from each other.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { eventBody } from "../sources/casper/events.ts";
import type { Listener } from "../support/serve.ts";
import { slow } from "../support/slow.ts";
import { type StandIn, startStandIn } from "../support/stand_in/mod.ts";
import { oomnitzaSection, tagsOnly } from "../support/workspace.ts";
import { openTenantsSpace, type TestTenant } from "./tenants_workspace.ts";

/** Posts an event, with the secret of a tenant unless there is none. */
async function post(agent: Listener, path: string, id: number, by?: TestTenant): Promise<number> {
  const headers = by === undefined ? {} : { "X-Webhook-Secret": by.secret };
  return (await agent.post(path, eventBody("ComputerAdded", id), { headers })).status;
}

async function metricsOf(agent: Listener, headers: Record<string, string> = {}): Promise<string[]> {
  const answer = await fetch(`${agent.url}/metrics`, { headers });
  expect(answer.status).toBe(200);
  return (await answer.text()).split("\n");
}

test("each tenant has its own webhooks, credentials, state and log", async () => {
  await using space = openTenantsSpace();
  const [acme, zenith] = [await space.tenant("acme"), await space.tenant("zenith.eu")];
  for (const tenant of [acme, zenith]) space.place(tenant);
  await using agent = await space.serve();
  expect(await post(agent, "/acme/casper", 1, acme)).toBe(204);
  expect(await post(agent, "/any/prefix/zenith.eu/casper?x=1", 2, zenith)).toBe(204);
  // What others know opens nothing.
  expect(await post(agent, "/acme/casper", 3, zenith)).toBe(401);
  expect(await post(agent, "/acme/casper", 3)).toBe(401);
  expect(await post(agent, "/acme/zenith.eu/casper", 3, acme)).toBe(401);
  expect(await post(agent, "/acme/casper/zenith.eu", 3, acme)).toBe(401);
  // Who has no tenant does not learn which there are.
  for (const path of ["/nobody/casper", "/casper", "/", "/listener/casper", "/ACME/casper"]) {
    expect(await post(agent, path, 3, acme)).toBe(401);
  }
  // As ever, a section that there is not is told to nobody but the log.
  expect(await post(agent, "/acme/nope", 3, acme)).toBe(204);
  await agent.until("both", () => acme.arrived().length + zenith.arrived().length === 2);
  expect(acme.arrived()).toEqual(["SN1"]);
  expect(zenith.arrived()).toEqual(["SN2"]);
  expect(agent.log()).toMatch(/\[acme\] Webhook call ignored: there is no enabled section "nope"/);
  expect(await agent.stop()).toBe(0);
  // A record arrives before the log says so.
  expect(agent.log()).toMatch(/\[acme\.casper\] Webhooks: 1 event,/);
  expect(agent.log()).not.toContain("canary");
  const runs = async (tenant: string) =>
    (await space.agent([
      ...["runs", "--ini", `tenants/${tenant}.ini`],
      ...["--state", `tenants/${tenant}/agent-state.sqlite`],
    ])).stdout.match(/casper +webhook +ok/g)?.length;
  expect([await runs("acme"), await runs("zenith.eu")]).toEqual([1, 1]);
}, 60_000);

test("one that is broken stops no other, and is taken up when it is mended", async () => {
  await using space = openTenantsSpace();
  const [acme, broken] = [await space.tenant("acme"), await space.tenant("broken")];
  space.place(acme);
  space.write("tenants/broken.ini", broken.ini().replace("[casper]", "[casper]\nurl"));
  space.write("tenants/ä b.ini", "");
  await using agent = await space.serve();
  expect(agent.log()).toMatch(/ERROR.*\[broken\] The tenant does not run: Cannot use/);
  expect(agent.log()).toContain("ä b.ini is no tenant");
  expect(agent.log()).toContain(
    "Tenants at work: 1; not at work, as their configurations have errors: 1",
  );
  expect(await post(agent, "/acme/casper", 1, acme)).toBe(204);
  // Nothing is promised that nobody keeps.
  expect(await post(agent, "/broken/casper", 1, broken)).toBe(503);
  const lines = await metricsOf(agent);
  expect(lines).toContain('agent_tenant_up{tenant="broken"} 0');
  expect(lines).toContain('agent_tenant_configured{tenant="acme"} 1');
  expect(lines).toContain('agent_webhook_events_accepted_total{tenant="acme"} 1');
  expect(lines).toContain(
    'agent_runs_total{tenant="acme",section="casper",origin="upload",outcome="ok"} 0',
  );
  expect(lines.filter((line) => line.startsWith("# TYPE agent_ready"))).toHaveLength(1);
  space.place(broken);
  agent.reload();
  await untilStatus(204, () => post(agent, "/broken/casper", 2, broken));
  await agent.until("its record", () => broken.arrived().length === 1);
}, 60_000);

function keysOf(instance: StandIn): string[] {
  return instance.state.records({}).map(({ key }) => String(key));
}

/** Waits until a call is answered as it should be. */
async function untilStatus(status: number, call: () => Promise<number>): Promise<void> {
  const deadline = Date.now() + 30_000;
  let last = 0;
  while (Date.now() < deadline) {
    last = await call();
    if (last === status) return;
    await Bun.sleep(20);
  }
  throw new Error(`The answer never was ${status}, but ${last}`);
}

slow(
  "a configuration that changes is used from then on, a broken one is not, and events are kept",
  async () => {
    await using space = openTenantsSpace();
    const acme = await space.tenant("acme");
    const other = await startStandIn();
    space.place(acme);
    await using agent = await space.serve();
    expect(await post(agent, "/acme/casper", 1, acme)).toBe(204);
    space.write("tenants/acme.ini", acme.ini().replace("enable = True", "enable = perhaps"));
    agent.reload();
    await agent.until(
      "the fault",
      () => agent.log().includes("[acme] The tenant goes on with the configuration of before"),
    );
    expect(await metricsOf(agent)).toContain('agent_tenant_configured{tenant="acme"} 0');
    expect(await metricsOf(agent)).toContain('agent_tenant_up{tenant="acme"} 1');
    expect(await post(agent, "/acme/casper", 2, acme)).toBe(204);
    await agent.until("both", () => acme.arrived().length === 2);
    const elsewhere = acme.ini().replace(
      oomnitzaSection(acme.standIn, "receipt = off"),
      oomnitzaSection(other),
    );
    space.write("tenants/acme.ini", elsewhere.replace(acme.secret, "another-secret"));
    // Calls go on meanwhile: none is refused but for its secret, and none is lost.
    agent.reload();
    const taken = new Map<number, string>();
    const isSwitched = () => [...taken.values()].includes("another-secret");
    for (let round = 0; !isSwitched() || round < 5; round++) {
      expect(round).toBeLessThan(2000);
      const id = 3 + round % 48;
      for (const secret of [acme.secret, "another-secret"]) {
        const headers = { "X-Webhook-Secret": secret };
        const body = eventBody("ComputerAdded", id);
        const { status } = await agent.post("/acme/casper", body, { headers });
        expect([204, 401]).toContain(status);
        if (status === 204) taken.set(id, secret);
      }
      await Bun.sleep(10);
    }
    const arrived = () =>
      new Set([acme, { arrived: () => keysOf(other) }].flatMap((one) => one.arrived()));
    await agent.until("all", () => [1, 2, ...taken.keys()].every((id) => arrived().has(`SN${id}`)));
    expect(other.state.records({}).length).toBeGreaterThan(0);
    expect(await agent.stop()).toBe(0);
    await other.stop();
  },
  90_000,
);

slow(
  "a tenant that is added runs, one whose file is gone ends with what it has begun",
  async () => {
    await using space = openTenantsSpace();
    const [acme, late] = [await space.tenant("acme"), await space.tenant("late")];
    space.place(acme, { serve: "coalesce_seconds = 600\n" });
    await using agent = await space.serve([], { ownProcess: true });
    expect(await post(agent, "/late/casper", 1, late)).toBe(401);
    expect(await post(agent, "/acme/casper", 1, acme)).toBe(204);
    space.place(late);
    space.remove("acme");
    agent.reload();
    await untilStatus(204, () => post(agent, "/late/casper", 2, late));
    await untilStatus(401, () => post(agent, "/acme/casper", 3, acme));
    await agent.until("both", () => acme.arrived().length > 0 && late.arrived().length > 0);
    expect(acme.arrived()[0]).toBe("SN1");
    expect((await metricsOf(agent)).some((line) => line.includes('tenant="acme"'))).toBe(false);
    expect(await agent.stop()).toBe(0);
  },
  60_000,
);

test("a call that began before a change is answered when its event is kept", async () => {
  await using space = openTenantsSpace();
  const acme = await space.tenant("acme");
  space.place(acme);
  space.write("tenants/listener.ini", "[serve]\ncalls_at_once = 1\n");
  await using agent = await space.serve();
  const text = eventBody("ComputerAdded", 5);
  const { promise: rest, resolve: goOn } = Promise.withResolvers<string>();
  const body = new ReadableStream({
    async start(controller) {
      controller.enqueue(new TextEncoder().encode(text.slice(0, 20)));
      controller.enqueue(new TextEncoder().encode(await rest));
      controller.close();
    },
  });
  const headers = { "X-Webhook-Secret": acme.secret };
  const answer = fetch(`${agent.url}/acme/casper`, { method: "POST", headers, body });
  const status = async () => (await fetch(`${agent.url}/healthz`)).status;
  // The one call that may go on at once has begun.
  await untilStatus(429, status);
  space.write("tenants/acme.ini", acme.ini().replace(acme.secret, "another-secret"));
  agent.reload();
  await agent.until("the change", () => agent.log().includes("The configuration was changed"));
  // If anything were closed too early, that would be now.
  await Bun.sleep(50);
  goOn(text.slice(20));
  expect((await answer).status).toBe(204);
  await agent.until("its record", () => acme.arrived().includes("SN5"));
  expect(await agent.stop()).toBe(0);
}, 60_000);

test("the metrics of all are for whom listener.ini says, and for no tenant", async () => {
  await using space = openTenantsSpace();
  const acme = await space.tenant("acme");
  space.place(acme);
  space.write(
    "tenants/listener.ini",
    "[serve]\nauth = basic\nusername = watch\npassword = ${env:WATCH}\n",
  );
  await using agent = await space.serve([], { env: { WATCH: "canary-of-watchers" } });
  const status = async (headers: Record<string, string>) =>
    (await fetch(`${agent.url}/metrics`, { headers })).status;
  expect(await status({})).toBe(401);
  expect(await status({ "X-Webhook-Secret": acme.secret })).toBe(401);
  const Authorization = `Basic ${btoa("watch:canary-of-watchers")}`;
  expect(await status({ Authorization })).toBe(200);
  // Nor do those who watch post anything, but to nobody.
  const posted = async (path: string) =>
    (await agent.post(path, eventBody("ComputerAdded", 1), { headers: { Authorization } })).status;
  expect(await posted("/acme/casper")).toBe(401);
  expect(await posted("/nobody/casper")).toBe(204);
  expect(await agent.stop()).toBe(0);
  expect(agent.log()).not.toContain("canary");
}, 60_000);

test("without credentials, only who is on this machine reads the metrics", async () => {
  await using space = openTenantsSpace();
  const acme = await space.tenant("acme");
  space.place(acme);
  space.write("tenants/listener.ini", "[serve]\ntrusted_proxies = 127.0.0.1\n");
  await using agent = await space.serve(["--host", "0.0.0.0"]);
  const status = async (from: string) =>
    (await fetch(`${agent.url}/metrics`, { headers: { "X-Forwarded-For": from } })).status;
  expect(await status("127.0.0.1")).toBe(200);
  expect(await status("192.0.2.7")).toBe(403);
}, 60_000);

test("what cannot be is said with the file and what to do", async () => {
  await using space = openTenantsSpace();
  const acme = await space.tenant("acme");
  const files = {
    "acme.ini": acme.ini({ serve: "cert = cert.pem\nkey = key.pem\n" }),
    "open.ini": acme.ini().replace("auth = header", "").replace(/secret = .*\n/, ""),
    "other.ini": acme.ini({ more: "[state]\ntenant = acme\n" }),
    "limits.ini": acme.ini({ serve: "calls_at_once = 5\n" }),
  };
  for (const [name, text] of Object.entries(files)) space.write(`tenants/${name}`, text);
  await using agent = await space.serve(["--host", "0.0.0.0"]);
  expect(agent.log()).toMatch(
    /\[acme\] The tenant does not run: .*acme\.ini sets cert or key in \[serve\]/,
  );
  expect(agent.log()).toContain("put them into [serve] of listener.ini");
  expect(agent.log()).toMatch(/\[open\] The tenant does not run: Cannot listen on 0\.0\.0\.0/);
  expect(agent.log()).toContain("is acme, in the file of other");
  expect(agent.log()).toMatch(/WARNING.*\[limits\] calls_at_once in \[serve\] has no effect/);
  expect(await agent.stop()).toBe(0);
  for (
    const [words, text] of [
      [["--ini", "tenants/acme.ini"], "--ini"],
      [["--no-state", "--testmode"], "--no-state and --testmode"],
      [[], "listener.ini has a section [casper]"],
    ] as const
  ) {
    if (words.length === 0) space.write("tenants/listener.ini", "[casper]\n");
    const run = await space.agent(["serve", "--configs", "tenants", ...words]);
    expect({ code: run.code, stderr: run.stderr.includes(text) })
      .toEqual({ code: words.length === 0 ? 1 : 2, stderr: true });
  }
  const gone = await space.agent(["serve", "--configs", "nowhere"]);
  expect(gone.code).toBe(1);
  expect(gone.stderr).toContain("Cannot read the folder of --configs");
}, 60_000);

slow("the many runs of one tenant do not hold up those of others", async () => {
  await using space = openTenantsSpace();
  const instance = await startStandIn();
  space.write("tenants/assets.csv", "tag\nT1\n");
  const place = (tenant: string, count: number) => {
    const sections = Array.from(
      { length: count },
      (_, index) => tagsOnly.replace("[csv_assets]", `[csv_assets.${index}]\nschedule = every 1h`),
    );
    const oomnitza = oomnitzaSection(instance, "receipt = off\nparallel = 64");
    space.write(`tenants/${tenant}.ini`, oomnitza + sections.join(""));
  };
  place("greedy", 200);
  await using agent = await space.serve(["--parallel", "1"]);
  const ended = () =>
    [...agent.log().matchAll(/\[(\w+)\] csv_assets\.\d+: ok/g)].map(([, who]) => who);
  await agent.until("the first", () => ended().length > 0);
  const others = ["b", "c", "d"];
  for (const small of others) place(small, 1);
  agent.reload();
  const isUp = async () => (await metricsOf(agent)).includes('agent_tenant_up{tenant="d"} 1');
  while (!await isUp()) await Bun.sleep(2);
  const greedy = () => ended().filter((who) => who === "greedy").length;
  const before = greedy();
  await agent.until("the small ones", () => others.every((small) => ended().includes(small)));
  // 64 runs of the greedy one were waiting already when the small ones came.
  expect(greedy() - before).toBeLessThan(40);
  expect(await agent.stop()).toBe(0);
  await instance.stop();
}, 60_000);
