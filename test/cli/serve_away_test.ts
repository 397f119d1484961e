/**
 * `agent serve` that starts while the PostgreSQL with its state is away: it takes webhooks, and begins all else
 * once the database is there.
 *
 * @module
 */
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { eventBody } from "../sources/casper/events.ts";
import { freePort } from "../support/ports.ts";
import { type Postgres, startPostgres } from "../support/postgres.ts";
import { listen, type Listener } from "../support/serve.ts";
import { slow } from "../support/slow.ts";
import { tagsOnly } from "../support/workspace.ts";
import { openServeWorkspace, type ServeWorkspace } from "./serve_workspace.ts";

let server: Postgres;
beforeAll(async () => void (server = await startPostgres()), 60_000);
afterAll(() => server[Symbol.asyncDispose]());

/** A URL of the server of these tests, or of one on another port. */
function stateUrl(port = server.port): string {
  return server.url("127.0.0.1", "sslmode=disable").replace(`:${server.port}/`, `:${port}/`);
}

/** A workspace with a schedule, whose state is at a URL. */
async function openAwayWorkspace(url: string, state = ""): Promise<ServeWorkspace> {
  const space = await openServeWorkspace({
    serve: "coalesce_seconds = 0\ncalls_per_second = 0\ndrain_seconds = 1\n",
    more: `[state]\nurl = ${url}\n${state}\n${
      tagsOnly.replace("[csv_assets]", "[csv_assets]\nschedule = every 1h")
    }`,
  });
  space.write("assets.csv", "tag\nT1\n");
  return space;
}

async function until(holds: () => boolean | Promise<boolean>, ms = 60_000): Promise<void> {
  for (const deadline = Date.now() + ms; !await holds(); await Bun.sleep(20)) {
    if (Date.now() > deadline) throw new Error(`not within ${ms} ms: ${holds}`);
  }
}

async function metric(agent: Listener, name: string): Promise<number> {
  const text = await (await fetch(`${agent.url}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1]);
}

const status = async (agent: Listener, path: string) => (await fetch(agent.url + path)).status;
const post = async (agent: Listener, id: number) =>
  (await agent.post("/casper", eventBody("ComputerAdded", id))).status;
const waitsFor = "The service waits for it and tries again; webhook events are ";

slow(
  "started while PostgreSQL is away, it takes webhooks, and begins once that is there",
  async () => {
    await using space = await openAwayWorkspace(stateUrl());
    await server.stop();
    await using agent = await listen(space);
    for (let id = 1; id <= 20; id++) expect(await post(agent, id)).toBe(204);
    expect(await status(agent, "/healthz")).toBe(200);
    expect(await status(agent, "/readyz")).toBe(200);
    expect(await metric(agent, "agent_state_up")).toBe(0);
    expect(await metric(agent, "agent_spool_events")).toBe(20);
    expect(await metric(agent, "agent_webhook_events_accepted_total")).toBe(20);
    // Another reason for the same, which is not told again.
    let tries = 0;
    const closing = Bun.listen({
      hostname: "127.0.0.1",
      port: server.port,
      socket: { open: (socket) => void (tries++, socket.end()), data() {} },
    });
    await until(() => tries >= 2);
    closing.stop(true);
    expect(agent.log().split(waitsFor)).toHaveLength(2);
    await server.start();
    await agent.until("the events and the schedule", () =>
      space.arrived().length === 20 &&
      space.standIn.state.records({}).some(({ key }) => key === "T1"));
    await until(async () => await metric(agent, "agent_spool_events") === 0);
    await until(async () => await metric(agent, "agent_state_up") === 1);
    expect(await post(agent, 21)).toBe(204);
    expect(await metric(agent, "agent_webhook_events_accepted_total")).toBe(21);
    await agent.until("the next one", () => space.arrived().length === 21);
    expect(agent.log().split("answers: the service is at work")).toHaveLength(2);
    expect(agent.log()).toMatch(/20 webhook events of .*agent-spool.sqlite were forwarded/);
  },
  120_000,
);

test("while it waits it ends at once, and what it took stays in the spool", async () => {
  await using space = await openAwayWorkspace(stateUrl(await freePort()));
  const agent = await listen(space);
  expect(await post(agent, 1)).toBe(204);
  expect(await agent.stop()).toBe(0);
  expect(agent.log()).toContain(`${waitsFor}kept in ${join(space.folder, "agent-spool.sqlite")}`);
  expect(agent.log()).toContain("1 webhook events stay in ");
});

slow(
  "a server that takes connections and says nothing holds up neither start nor end",
  async () => {
    // Whoever waited for it would do so for longer than this test may take.
    using silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
    await using space = await openAwayWorkspace(stateUrl(silent.port), "timeout = 300\n");
    const agent = await listen(space);
    expect(await post(agent, 1)).toBe(204);
    expect(await status(agent, "/readyz")).toBe(200);
    expect(agent.log()).toContain(" did not answer within 3 s. The service waits for it");
    expect(await agent.stop()).toBe(0);
  },
  60_000,
);

test("with spool = none it waits as well, and refuses events until then", async () => {
  await using space = await openAwayWorkspace(stateUrl(await freePort()), "spool = none\n");
  await using agent = await listen(space);
  const refused = await agent.post("/casper", eventBody("ComputerAdded", 1));
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "30"]);
  expect(await status(agent, "/readyz")).toBe(503);
  expect(await status(agent, "/healthz")).toBe(200);
  expect(agent.log()).toContain(`${waitsFor}refused until then`);
});

slow("while it waits and the spool cannot be written, it is not ready", async () => {
  await using space = await openAwayWorkspace(stateUrl(await freePort()));
  await using agent = await listen(space);
  using database = new Database(join(space.folder, "agent-spool.sqlite"));
  database.run("ALTER TABLE spool RENAME TO elsewhere");
  // A load balancer sends no events to who is not ready: it finds out by itself, in both directions.
  await until(async () => await status(agent, "/readyz") === 503);
  expect(await post(agent, 1)).toBe(503);
  database.run("ALTER TABLE elsewhere RENAME TO spool");
  await until(async () => await status(agent, "/readyz") === 200);
  expect(await post(agent, 1)).toBe(204);
}, 60_000);

test("what does not pass by itself ends the start", async () => {
  const [password, database] = [
    stateUrl().replace(/:[^:@]*@/, ":wrong@"),
    stateUrl().replace(`/agent?`, "/nothing?"),
  ];
  const tls = server.url("127.0.0.1", "sslmode=verify-full");
  for (
    const [url, says] of [
      [password, "refuses user or password"],
      [database, "has no such database"],
      [tls, "TLS that is not accepted"],
    ] as const
  ) {
    await using space = await openAwayWorkspace(url);
    const { code, stderr } = await space.agent(["serve", "--port", "0"]);
    expect([code, stderr]).toEqual([1, expect.stringContaining(says)]);
  }
}, 60_000);

slow(
  "a database that comes back with newer tables is told, and events are refused until it fits",
  async () => {
    const schema = "agent_newer";
    await using space = await openAwayWorkspace(stateUrl(), `schema = ${schema}\n`);
    const before = await listen(space);
    expect(await before.stop()).toBe(0);
    const setVersion = (least: string) =>
      server.psql(`\\c agent\nUPDATE ${schema}.meta SET min_agent = ${least}`);
    await setVersion("min_agent + 1000");
    // At the start it is an error.
    expect((await space.agent(["serve", "--port", "0"])).code).toBe(1);
    await server.stop();
    await using agent = await listen(space);
    expect(await post(agent, 1)).toBe(204);
    await server.start();
    const says = "The service cannot begin, and refuses webhook events until it can: The schema";
    await agent.until("the error", () => agent.log().includes(says));
    expect(agent.log()).toContain("Upgrade this agent");
    const answer = await fetch(`${agent.url}/readyz`);
    expect([answer.status, await answer.text()]).toEqual([
      503,
      "the state cannot be used: see the log\n",
    ]);
    expect(await post(agent, 2)).toBe(503);
    expect(await status(agent, "/healthz")).toBe(200);
    expect(await metric(agent, "agent_spool_events")).toBe(1);
    // Somebody goes back to the tables of before.
    await setVersion("min_agent - 1000");
    await agent.until("what was promised", () => space.arrived().length === 1, 60_000);
    expect(await status(agent, "/readyz")).toBe(200);
    expect(await post(agent, 3)).toBe(204);
  },
  120_000,
);
