/**
 * `agent serve --configs` while the databases of tenants are away: one spool file for all of them.
 *
 * @module
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { eventBody } from "../sources/casper/events.ts";
import { freePort } from "../support/ports.ts";
import { type Postgres, startPostgres } from "../support/postgres.ts";
import { listen, type Listener } from "../support/serve.ts";
import { slow } from "../support/slow.ts";
import { openTenantsSpace, type TenantsSpace, type TestTenant } from "./tenants_workspace.ts";

let server: Postgres;
beforeAll(async () => void (server = await startPostgres()), 60_000);
afterAll(() => server[Symbol.asyncDispose]());

/** Each test has tables of its own. */
let schemas = 0;

function stateSection(name: string, schema: number, port = server.port, more = ""): string {
  const url = server.url("127.0.0.1", "sslmode=disable").replace(`:${server.port}/`, `:${port}/`);
  return `[state]\nurl = ${url}\nschema = spooled_${schema}\ntenant = ${name}\n${more}`;
}

/** Tenants whose states are in the server of these tests, unless a port is named. */
async function placeTenants(
  space: TenantsSpace,
  ports: Readonly<Record<string, number>>,
): Promise<Readonly<Record<string, TestTenant>>> {
  const schema = ++schemas;
  const entries = Object.entries(ports).map(async ([name, port]) => {
    const tenant = await space.tenant(name);
    const more = stateSection(name, schema, port);
    space.place(tenant, { serve: "calls_per_second = 0\ndrain_seconds = 1\n", more });
    return [name, tenant] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

async function until(holds: () => boolean | Promise<boolean>, ms = 60_000): Promise<void> {
  for (const deadline = Date.now() + ms; !await holds(); await Bun.sleep(20)) {
    if (Date.now() > deadline) throw new Error(`not within ${ms} ms: ${holds}`);
  }
}

async function metric(agent: Listener, name: string, tenant: string): Promise<number> {
  const text = await (await fetch(`${agent.url}/metrics`)).text();
  return Number(new RegExp(`^${name}{tenant="${tenant}"} (\\S+)$`, "m").exec(text)?.[1]);
}

async function post(agent: Listener, { name, secret }: TestTenant, id: number): Promise<number> {
  const headers = { "X-Webhook-Secret": secret };
  return (await agent.post(`/${name}/casper`, eventBody("ComputerAdded", id), { headers })).status;
}

const words = ["--state", "states"];

slow(
  "killed with a full spool, no tenant loses an event, and one that is away holds up no other",
  async () => {
    await using space = openTenantsSpace();
    const tenants = await placeTenants(space, {
      a: server.port,
      gone: server.port,
      c: await freePort(),
    });
    const { a, gone, c } = tenants;
    if (a === undefined || gone === undefined || c === undefined) throw new Error("no tenants");
    const agent = await space.serve(words, { ownProcess: true });
    expect(await post(agent, a, 1)).toBe(204);
    await until(() => a.arrived().length === 1);
    await server.stop();
    // The more of one that is away, the earlier they are in the file.
    for (const tenant of [c, a, gone]) {
      for (let id = 2; id <= 40; id++) expect(await post(agent, tenant, id)).toBe(204);
    }
    expect((await fetch(`${agent.url}/readyz`)).status).toBe(200);
    expect(await metric(agent, "agent_spool_events", "a")).toBe(39);
    expect(await metric(agent, "agent_state_up", "a")).toBe(0);
    await agent.kill();
    space.remove("gone");
    // The start while it is away: of a tenant that has worked before, and of one that never has.
    await using again = await space.serve(words);
    const file = join(space.folder, "states", "agent-spool.sqlite");
    await again.until("words about what is left", () =>
      again.log().includes(
        `39 webhook events of the tenant gone stay in ${file}: this agent does not serve that tenant`,
      ));
    expect(await metric(again, "agent_spool_unserved_events", "gone")).toBe(39);
    expect(await post(again, a, 41)).toBe(204);
    await server.start();
    await until(() => a.arrived().length === 41);
    await until(async () => await metric(again, "agent_spool_events", "a") === 0);
    expect(await metric(again, "agent_state_up", "a")).toBe(1);
    expect(await metric(again, "agent_spool_events", "c")).toBe(39);
    expect(gone.arrived()).toEqual([]);
    // Its file comes back.
    space.place(gone, { more: stateSection("gone", schemas) });
    again.reload();
    await until(() => gone.arrived().length === 39);
    expect(await metric(again, "agent_spool_unserved_events", "gone")).toBeNaN();
    expect(await again.stop()).toBe(0);
    expect(again.log()).toMatch(/WARNING.*\[c\] 39 webhook events stay in /);
  },
  180_000,
);

slow(
  "events that wait survive a new configuration, and a new database, of their tenant",
  async () => {
    await using space = openTenantsSpace();
    const { a } = await placeTenants(space, { a: await freePort() });
    if (a === undefined) throw new Error("no tenant");
    await using agent = await space.serve(words);
    expect(await post(agent, a, 1)).toBe(204);
    const place = (more: string) => {
      space.place(a, { more });
      agent.reload();
    };
    // Again to a database that is away: the configuration that waits is replaced by one that waits.
    place(stateSection("a", schemas, await freePort()));
    await agent.until("the change", () => agent.log().includes("The configuration was changed"));
    expect(await post(agent, a, 2)).toBe(204);
    place(stateSection("a", schemas));
    await until(() => a.arrived().length === 2);
    await server.stop();
    expect(await post(agent, a, 3)).toBe(204);
    // What cannot be opened does not replace what works, which goes on by the spool.
    place(stateSection("a", schemas, await freePort()));
    await agent.until(
      "the refusal",
      () => agent.log().includes("goes on with the configuration of before: PostgreSQL"),
    );
    expect(await post(agent, a, 4)).toBe(204);
    expect(await metric(agent, "agent_spool_events", "a")).toBe(2);
    space.remove("a");
    agent.reload();
    await agent.until(
      "words about what is left",
      () =>
        agent.log().includes("2 webhook events stay in ") &&
        agent.log().includes("they are forwarded when its file is there again"),
    );
    await server.start();
    place(stateSection("a", schemas));
    await until(() => a.arrived().length === 4);
  },
  180_000,
);

test(
  "listener.ini names the spool, or says that there is none, and nothing else of a state",
  async () => {
    await using space = openTenantsSpace();
    const { a } = await placeTenants(space, { a: await freePort() });
    if (a === undefined) throw new Error("no tenant");
    space.write("tenants/listener.ini", "[state]\nspool = own.sqlite\n");
    {
      await using agent = await space.serve(words);
      expect(await post(agent, a, 1)).toBe(204);
      // Two would forward each other's events.
      const other = await space.agent(["serve", "--port", "0", "--configs", "tenants", ...words]);
      expect([other.code, other.stderr]).toEqual([
        1,
        expect.stringContaining("another agent on this machine uses it"),
      ]);
      expect(other.stderr).toContain("spool in [state] of listener.ini");
      expect(await Bun.file(join(space.folder, "tenants", "own.sqlite")).exists()).toBe(true);
    }
    space.write("tenants/listener.ini", "[state]\nspool = none\n");
    {
      await using agent = await listen(space, ["--configs", "tenants", ...words]);
      await until(async () => (await post(agent, a, 2)) === 503);
      await agent.until(
        "the reason",
        () => agent.log().includes("webhook events are refused until"),
      );
      expect((await fetch(`${agent.url}/readyz`)).status).toBe(503);
      expect(await metric(agent, "agent_spool_events", "a")).toBeNaN();
    }
    space.write("tenants/listener.ini", "[state]\nurl = postgres://host/database\n");
    const wrong = await space.agent(["serve", "--port", "0", "--configs", "tenants", ...words]);
    expect([wrong.code, wrong.stderr]).toEqual([
      1,
      expect.stringContaining("url: is not for the listener"),
    ]);
  },
  60_000,
);
