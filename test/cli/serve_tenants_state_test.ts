/**
 * `agent serve --configs` with the states of all tenants in one PostgreSQL.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { eventBody } from "../sources/casper/events.ts";
import { usePostgres } from "../support/postgres.ts";
import { tagsOnly } from "../support/workspace.ts";
import { openTenantsSpace } from "./tenants_workspace.ts";

const server = usePostgres();

/** Asks the database of the agent. */
const query = (statement: string) => server.psql(`\\c agent\n${statement}`);

const scheduled = tagsOnly.replace("[csv_assets]", "[csv_assets]\nschedule = every 1h");

test("tenants share connections and tables, and nothing else", async () => {
  await using space = openTenantsSpace();
  const names = ["a", "b", "c", "d", "e", "f"];
  const tenants = await Promise.all(names.map((name) => space.tenant(name)));
  const state = `[state]\nurl = ${server.url()}\nschema = agent_tenants\n`;
  for (const tenant of tenants) {
    const named = tenant.name === "f" ? `${state}tenant = f\n` : state;
    space.place(tenant, { more: scheduled + named });
  }
  space.write("tenants/assets.csv", "tag\nT1\nT2\n");
  await using agent = await space.serve(["--state", "states"]);
  for (const { name, secret } of tenants) {
    const headers = { "X-Webhook-Secret": secret };
    const init = { method: "POST", headers, body: eventBody("ComputerAdded", 7) };
    expect((await fetch(`${agent.url}/${name}/casper`, init)).status).toBe(204);
  }
  await agent.until(
    "all records",
    () => tenants.every((tenant) => tenant.arrived().join() === "SN7,T1,T2"),
  );
  // The ends of runs are known a little later.
  const ends = async () =>
    (await (await fetch(`${agent.url}/metrics`)).text()).match(
      /^agent_last_success_timestamp_seconds\{tenant="[a-f]",section="csv_assets"\} 1\d+/gm,
    );
  for (let tries = 0; (await ends())?.length !== names.length; tries++) {
    expect(tries).toBeLessThan(300);
    await Bun.sleep(50);
  }
  const connections = await query(
    "SELECT count(*) FROM pg_stat_activity WHERE usename = 'agent'",
  );
  // Those of `pool`, and one each for events and for renewals.
  expect(Number(connections)).toBeLessThanOrEqual(6);
  // One that changes leaves the connections to the others, and goes on with what it had.
  const [first] = tenants;
  const changed = first?.ini({ more: scheduled + state }).replace(first.secret, "another-secret");
  space.write("tenants/a.ini", changed ?? "");
  agent.reload();
  const body = eventBody("ComputerAdded", 8);
  const headers = { "X-Webhook-Secret": "another-secret" };
  for (let tries = 0; (await agent.post("/a/casper", body, { headers })).status !== 204; tries++) {
    expect(tries).toBeLessThan(300);
    await Bun.sleep(50);
  }
  await agent.until("its record", () => first?.arrived().join() === "SN7,SN8,T1,T2");
  const runs = () =>
    query(
      `SELECT tenant, section, origin, outcome FROM agent_tenants.runs WHERE NOT is_open
        ORDER BY tenant, section`,
    );
  const { stdout: replicas } = await space.agent(["replicas", "--ini", "tenants/f.ini"]);
  expect(replicas).toMatch(/^ +serve +\S+ +\d+ /m);
  expect(await agent.stop()).toBe(0);
  expect((await runs()).split("\n")).toEqual([
    "a|casper|webhook|ok",
    ...names.flatMap((name) => [`${name}|casper|webhook|ok`, `${name}|csv_assets|upload|ok`]),
  ]);
  expect(await query("SELECT count(*) FROM agent_tenants.owners")).toBe("0");
  // Who looks at one tenant needs its name in the file.
  expect(agent.log()).toMatch(/WARNING.*\[a\] .*tenant/);
  expect(agent.log()).not.toMatch(/WARNING.*\[f\] .*tenant/);
  const { stdout } = await space.agent(["runs", "--ini", "tenants/f.ini"]);
  expect(stdout).toContain("tenant f");
  expect(stdout).toMatch(/csv_assets +upload +ok/);
}, 60_000);
