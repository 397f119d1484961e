/**
 * What the states of several tenants in one process share: connections, renewals and looks at the inboxes.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { openPg, type Pg } from "../../../src/state/postgres/pg.ts";
import { PgServers, type SharedServer } from "../../../src/state/postgres/servers.ts";
import { openPgState, type PgState } from "../../../src/state/postgres/state.ts";
import { parsePgUrl } from "../../../src/state/postgres/target.ts";
import { usePostgres } from "../../support/postgres.ts";
import { beginRun, runEnd } from "../conformance/open_state.ts";
import { slow } from "../../support/slow.ts";

const server = usePostgres();

/** Asks the database of the agent. */
const query = (statement: string) => server.psql(`\\c agent\n${statement}`);

let schemas = 0;
const newSchema = () => `shared_${++schemas}`;

function connect(connections = 3): Pg {
  return openPg(parsePgUrl(server.url()), { connections, milliseconds: 10_000 });
}

/** The states of some tenants, over the same connections. */
async function openStates(schema: string, tenants: readonly string[], leaseMs = 30_000) {
  const servers = new PgServers();
  const states = new Map<string, PgState>();
  const uses: SharedServer[] = [];
  for (const tenant of tenants) {
    const use = servers.use({ connections: "one", schema, leaseMs }, connect);
    uses.push(use);
    const { pg } = use;
    const state = await openPgState({
      ...{ pg, schema, tenant, leaseMs, shared: use, intake: use.intake },
      instance: "https://example.oomnitza.com",
      redact: (text) => text,
    });
    states.set(tenant, state);
  }
  return {
    look: (uses[0] as SharedServer).look,
    state: (tenant: string) => states.get(tenant) as PgState,
    async close() {
      for (const state of states.values()) await state.close();
      for (const use of uses) await use.leave();
    },
  };
}

const event = (section: string, key: string) => ({ section, key, body: "{}", due: Date.now() });

test("they share connections, and the last one closes them", async () => {
  const schema = newSchema();
  const names = Array.from({ length: 20 }, (_, index) => `tenant${index}`);
  const states = await openStates(schema, names);
  const count = () => query(`SELECT count(*) FROM pg_stat_activity WHERE usename = 'agent'`);
  await Promise.all(names.map((name) => states.state(name).holdSection("casper")));
  expect(Number(await count())).toBe(3);
  const add = (name: string) => states.state(name).inbox.add([event("casper", "1")]);
  await Promise.all(names.map(add));
  // One for events, whoever they are of.
  expect(Number(await count())).toBe(4);
  await states.close();
  for (let tries = 0; Number(await count()) > 0; tries++) {
    expect(tries).toBeLessThan(300);
    await Bun.sleep(10);
  }
});

test("each finds what is due for it, and nothing of others", async () => {
  const states = await openStates(newSchema(), ["a", "b", "c"]);
  const { inbox } = states.state("a");
  await inbox.add([event("one", "1"), event("two", "1"), {
    ...event("later", "1"),
    due: Date.now() + 60_000,
  }]);
  await states.state("c").inbox.add([event("one", "2"), event("one", "3")]);
  expect((await inbox.dueSections()).toSorted()).toEqual(["one", "two"]);
  expect(await states.state("b").inbox.dueSections()).toEqual([]);
  expect(await states.state("c").inbox.dueSections()).toEqual(["one"]);
  const facts = async (tenant: string) => (await states.look.facts(tenant)).inbox;
  expect((await facts("a")).map(({ section, waiting }) => [section, waiting])).toEqual([
    ["later", 1],
    ["one", 1],
    ["two", 1],
  ]);
  expect(await facts("b")).toEqual([]);
  expect((await facts("c")).map(({ section, waiting }) => [section, waiting])).toEqual([[
    "one",
    2,
  ]]);
  // What comes is found with the next look.
  await states.state("b").inbox.add([event("new", "1")]);
  for (let tries = 0; (await states.state("b").inbox.dueSections()).length === 0; tries++) {
    expect(tries).toBeLessThan(1000);
    await Bun.sleep(10);
  }
  await states.close();
});

test("the last runs of all are read at once, and each is told of its own", async () => {
  const schema = newSchema();
  const states = await openStates(schema, ["a", "b", "c"]);
  // Nobody has asked yet, so the first look is after the runs.
  await beginRun(states.state("a"), "one");
  const other = await beginRun(states.state("b"), "one");
  await other.end(runEnd);
  await beginRun(states.state("b"), "left");
  await query(`UPDATE ${schema}.runs SET owner = 'gone' WHERE section = 'left'`);
  const [a, b, c] = await Promise.all(
    ["a", "b", "c"].map((tenant) => states.state(tenant).lastRuns()),
  );
  expect(["one", "left"].map((section) => a?.started(section) !== undefined)).toEqual([
    true,
    false,
  ]);
  expect(["one", "left"].map((section) => b?.started(section) !== undefined)).toEqual([true, true]);
  expect(c?.started("one")).toBe(undefined);
  expect([a, b].map((runs) => runs?.succeeded("one", "upload"))).toEqual([undefined, runEnd.ended]);
  expect([a?.isAbandoned("one"), b?.isAbandoned("one"), b?.isAbandoned("left")])
    .toEqual([false, false, true]);
  // What begins is found with a later look.
  await beginRun(states.state("c"), "one");
  for (let tries = 0; (await states.state("c").lastRuns()).started("one") === undefined; tries++) {
    expect(tries).toBeLessThan(1000);
    await Bun.sleep(10);
  }
  await states.close();
});

test("what a process took that is gone is given back to each tenant, and nothing else", async () => {
  const schema = newSchema();
  const states = await openStates(schema, ["a", "b"]);
  for (const tenant of ["a", "b"]) {
    await states.state(tenant).inbox.add([event("one", "1"), event("two", "2")]);
  }
  expect(await states.state("b").inbox.take("one", 10, false)).toHaveLength(1);
  await query(`UPDATE ${schema}.inbox SET owner = 'gone' WHERE owner IS NULL`);
  await states.state("b").inbox.release();
  expect(await states.state("a").inbox.take("one", 10, false)).toHaveLength(1);
  expect(await states.state("a").inbox.take("two", 10, false)).toHaveLength(1);
  expect(await states.state("b").inbox.take("one", 10, false)).toEqual([]);
  expect(await states.state("b").inbox.take("two", 10, false)).toHaveLength(1);
  await states.close();
});

slow(
  "all leases are renewed, with one statement, and one that was removed is lost alone",
  async () => {
    const schema = newSchema();
    const leaseMs = 1500;
    const states = await openStates(schema, ["a", "b", "c"], leaseMs);
    const leases = await Promise.all(
      ["a", "b", "c"].map((tenant) => states.state(tenant).owner.lease()),
    );
    const [a, b, c] = leases;
    await query(`DELETE FROM ${schema}.owners WHERE id = '${b?.id}'`);
    const deadline = Date.now() + 3 * leaseMs;
    while (Date.now() < deadline) await Bun.sleep(20);
    expect(leases.map((lease) => lease.leftMs() > 0)).toEqual([true, false, true]);
    const alive = await query(
      `SELECT count(*), count(DISTINCT xmin::text) FROM ${schema}.owners WHERE until > clock_timestamp()`,
    );
    expect(alive).toBe("2|1");
    expect(await states.state("b").owner.lease()).not.toBe(b as never);
    expect([a?.signal.aborted, c?.signal.aborted]).toEqual([false, false]);
    await states.close();
    expect(await query(`SELECT count(*) FROM ${schema}.owners`)).toBe("0");
  },
);
