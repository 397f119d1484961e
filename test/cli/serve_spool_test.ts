/**
 * Webhooks while the PostgreSQL that keeps the state is killed, stopped or away, from callers that never
 * repeat a call.
 *
 * @module
 */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { eventBody } from "../sources/casper/events.ts";
import { usePostgres } from "../support/postgres.ts";
import { listen, type Listener } from "../support/serve.ts";
import { slow } from "../support/slow.ts";
import { openServeWorkspace, type ServeWorkspace } from "./serve_workspace.ts";

const server = usePostgres();

let tenants = 0;

/** A workspace whose state is in PostgreSQL; nothing is processed unless `coalesceSeconds` is given. */
async function openSharedWorkspace(
  more = "",
  coalesceSeconds = 3600,
): Promise<ServeWorkspace & { readonly tenant: string }> {
  const tenant = `tenant ${++tenants}`;
  const url = server.url("127.0.0.1", "sslmode=disable");
  const space = await openServeWorkspace({
    serve: `coalesce_seconds = ${coalesceSeconds}\ncalls_per_second = 0\ndrain_seconds = 1\n`,
    more: `[state]\nurl = ${url}\ntenant = ${tenant}\n${more}`,
  });
  return { ...space, tenant };
}

/** Waits until something holds. */
async function until(holds: () => boolean | Promise<boolean>, ms = 30_000): Promise<void> {
  for (const deadline = Date.now() + ms; !await holds(); await Bun.sleep(20)) {
    if (Date.now() > deadline) throw new Error(`not within ${ms} ms: ${holds}`);
  }
}

/** Ids of the devices whose events the shared inbox has. */
async function arrived(tenant: string): Promise<number[]> {
  const keys = await server.psql(
    `\\connect agent\nSELECT key FROM oomnitza_agent.inbox WHERE tenant = '${tenant}'`,
  );
  return keys.split("\n").map((key) => Number(/\d+/.exec(key)?.[0])).sort((a, b) => a - b);
}

async function metric(agent: Listener, name: string): Promise<number> {
  const text = await (await fetch(`${agent.url}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1]);
}

/** Has callers post, each about devices of its own and each call once, until they are told to end. */
function post(agent: Listener, callers: number) {
  let isOver = false;
  let next = 0;
  const refused: number[] = [];
  const work = Array.from({ length: callers }, async () => {
    while (!isOver) {
      const id = ++next;
      const answer = await agent.post("/casper", eventBody("ComputerAdded", id));
      if (answer.status !== 204) refused.push(id);
      await Bun.sleep(2);
    }
  });
  return {
    refused,
    count: () => next,
    async end() {
      isOver = true;
      await Promise.all(work);
      return Array.from({ length: next }, (_, at) => at + 1);
    },
  };
}

/** The process that started all others of the server. */
function postmaster(): number {
  return Number(readFileSync(join(server.socket, "data", "postmaster.pid"), "utf8").split("\n")[0]);
}

/** All processes of the server. */
function processes(): number[] {
  const main = postmaster();
  const children = Bun.spawnSync(["ps", "-o", "pid=", "--ppid", String(main)]).stdout.toString();
  return [main, ...children.trim().split(/\s+/).map(Number)];
}

const ways = {
  killed: async (meanwhile: () => Promise<unknown>) => {
    for (const pid of processes()) process.kill(pid, "SIGKILL");
    await meanwhile();
    // Not before the system has cleared away what was killed.
    await until(() => server.start().then(() => true, () => false));
  },
  stopped: async (meanwhile: () => Promise<unknown>) => {
    const pids = processes();
    for (const pid of pids) process.kill(pid, "SIGSTOP");
    await meanwhile();
    for (const pid of pids) process.kill(pid, "SIGCONT");
  },
};

for (const [way, takeAway] of Object.entries(ways)) {
  slow(`while PostgreSQL is ${way}, nothing is refused, and nothing is lost`, async () => {
    await using space = await openSharedWorkspace();
    await using agent = await listen(space);
    const posting = post(agent, 16);
    await until(() => posting.count() > 200);
    await takeAway(async () => {
      const before = posting.count();
      await until(async () => await metric(agent, "agent_spool_events") > 0);
      await until(() => posting.count() > before + 500);
      expect((await fetch(`${agent.url}/readyz`)).status).toBe(200);
      expect((await fetch(`${agent.url}/healthz`)).status).toBe(200);
      expect(await metric(agent, "agent_state_up")).toBe(0);
    });
    // While more events come.
    await until(async () => await metric(agent, "agent_spool_events") === 0, 60_000);
    const posted = await posting.end();
    expect(posting.refused).toEqual([]);
    await until(async () => await metric(agent, "agent_state_up") === 1);
    expect(await arrived(space.tenant)).toEqual(posted);
    const file = join(space.folder, "agent-spool.sqlite");
    expect(agent.log().split(`webhook events are kept in ${file}`)).toHaveLength(2);
    expect(agent.log()).toMatch(/\d+ webhook events of .*agent-spool.sqlite were forwarded/);
  }, 120_000);
}

slow("an agent that is killed with a full spool forwards it after its next start", async () => {
  await using space = await openSharedWorkspace();
  const agent = await listen(space, [], { ownProcess: true });
  await agent.post("/casper", eventBody("ComputerAdded", 1));
  await server.stop();
  for (let id = 2; id <= 300; id++) {
    expect((await agent.post("/casper", eventBody("ComputerAdded", id))).status).toBe(204);
  }
  await agent.kill();
  await server.start();
  expect(await arrived(space.tenant)).toEqual([1]);
  await using again = await listen(space);
  await until(async () => await metric(again, "agent_spool_events") === 0);
  expect(await arrived(space.tenant)).toEqual(Array.from({ length: 300 }, (_, at) => at + 1));
  expect(again.log()).toContain("299 webhook events wait in ");
}, 120_000);

slow("what is in the spool is fetched and uploaded soon after PostgreSQL is back", async () => {
  await using space = await openSharedWorkspace("", 0);
  const agent = await listen(space);
  await server.stop();
  for (let id = 1; id <= 20; id++) {
    expect((await agent.post("/casper", eventBody("ComputerAdded", id))).status).toBe(204);
  }
  await agent.until("a failure", () => agent.log().includes("Cannot process the webhook events"));
  await server.start();
  await agent.until("all of them", () => space.arrived().length === 20);
  await server.stop();
  expect((await agent.post("/casper", eventBody("ComputerAdded", 21))).status).toBe(204);
  expect(await agent.stop()).toBe(0);
  expect(agent.log()).toContain("1 webhook events stay in ");
  await server.start();
}, 120_000);

slow(
  "with spool = none, events are refused until PostgreSQL is back, and readyz says so",
  async () => {
    await using space = await openSharedWorkspace("spool = none\n");
    await using agent = await listen(space);
    await server.stop();
    const refused = await agent.post("/casper", eventBody("ComputerAdded", 1));
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "30"]);
    expect((await fetch(`${agent.url}/readyz`)).status).toBe(503);
    expect((await fetch(`${agent.url}/healthz`)).status).toBe(200);
    await server.start();
    // Who balances the load sends nothing to an agent that is not ready.
    await until(async () => (await fetch(`${agent.url}/readyz`)).status === 200);
    expect((await agent.post("/casper", eventBody("ComputerAdded", 2))).status).toBe(204);
    expect(await arrived(space.tenant)).toEqual([2]);
  },
  120_000,
);

slow(
  "when the spool cannot be written either, events are refused, and readyz says so",
  async () => {
    await using space = await openSharedWorkspace("spool = own.sqlite\n");
    await using agent = await listen(space);
    using database = new Database(join(space.folder, "own.sqlite"));
    database.run("ALTER TABLE spool RENAME TO elsewhere");
    expect((await agent.post("/casper", eventBody("ComputerAdded", 1))).status).toBe(204);
    await server.stop();
    expect((await agent.post("/casper", eventBody("ComputerAdded", 2))).status).toBe(503);
    expect((await fetch(`${agent.url}/readyz`)).status).toBe(503);
    expect((await fetch(`${agent.url}/healthz`)).status).toBe(200);
    database.run("ALTER TABLE elsewhere RENAME TO spool");
    await until(async () => (await fetch(`${agent.url}/readyz`)).status === 200);
    expect((await agent.post("/casper", eventBody("ComputerAdded", 3))).status).toBe(204);
    expect(await metric(agent, "agent_spool_events")).toBe(1);
    await server.start();
    await until(async () => await metric(agent, "agent_spool_events") === 0);
    expect(await arrived(space.tenant)).toEqual([1, 3]);
  },
  120_000,
);

test("two agents with one spool: the second one says so and ends", async () => {
  await using space = await openSharedWorkspace();
  await using agent = await listen(space);
  const other = await space.agent(["serve", "--port", "0"]);
  expect(other.code).toBe(1);
  expect(other.stderr).toContain("agent-spool.sqlite for webhook events: another agent");
  expect((await agent.post("/casper", eventBody("ComputerAdded", 1))).status).toBe(204);
}, 60_000);
