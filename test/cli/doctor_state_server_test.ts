/**
 * `agent doctor` about the PostgreSQL of the state: what is set for the account, and what it may do.
 *
 * @module
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { account, type Postgres, startPostgres } from "../support/postgres.ts";
import { type StandIn, startStandIn } from "../support/stand_in/mod.ts";
import { oomnitzaSection, tagsOnly, type Workspace, workspace } from "../support/workspace.ts";

let server: Postgres;
let instance: StandIn;
let space: Workspace;
beforeAll(async () => {
  [server, instance] = await Promise.all([startPostgres(), startStandIn()]);
  space = prepare(server.url());
  expect((await space.agent(["state", "migrate"])).code).toBe(0);
}, 60_000);
afterAll(async () => {
  space[Symbol.dispose]();
  await instance.stop();
  await server[Symbol.asyncDispose]();
});

function prepare(url: string): Workspace {
  const made = workspace();
  made.write(
    "config.ini",
    oomnitzaSection(instance, "receipt = off") + `[state]\nurl = ${url}\n` + tagsOnly,
  );
  made.write("assets.csv", "tag\nT1\n");
  return made;
}

/** What the doctor finds about the server, as `state: finding → what to do`. */
async function examine({ agent }: Workspace): Promise<string[]> {
  const { stdout, stderr } = await agent(["doctor", "--output", "json"]);
  expect(stderr).toBe("");
  const { checks } = JSON.parse(stdout) as { checks: Record<string, string>[] };
  return checks.filter(({ area }) => area === "state server")
    .map(({ state, found, todo }) => `${state}: ${found} → ${todo ?? ""}`);
}

test.each([
  [
    "SET default_transaction_read_only = on",
    "failed: lets this account read only",
    "RESET default_transaction_read_only",
  ],
  ["SET row_security = off", "failed: has row_security = off", "RESET row_security"],
  [
    "SET default_transaction_isolation = serializable",
    "warning: has default_transaction_isolation = serializable",
    "RESET default_transaction_isolation",
  ],
  [
    "SET statement_timeout = '2s'",
    "warning: ends statements of this account after 2000 ms",
    "RESET statement_timeout",
  ],
])("%s is told, and how to undo it", async (setting, finding, todo) => {
  await server.psql(`ALTER ROLE ${account} ${setting}`);
  const found = await examine(space);
  await server.psql(`ALTER ROLE ${account} RESET ALL`);
  const [told, ...more] = found.filter((line) => line.startsWith(finding));
  expect(told, found.join("\n")).toContain(todo);
  expect(more).toEqual([]);
});

test("tables that the account may not write are named", async () => {
  await server.psql(`CREATE ROLE few LOGIN PASSWORD 'canary-few';
\\c agent
GRANT USAGE ON SCHEMA oomnitza_agent TO few;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA oomnitza_agent TO few;
REVOKE INSERT ON oomnitza_agent.inbox, oomnitza_agent.outbox FROM few;`);
  using narrow = prepare(server.url().replace(/\/\/[^@]*@/, "//few:canary-few@"));
  const found = await examine(narrow);
  expect(found.at(-1)).toContain("these tables of oomnitza_agent: inbox, outbox →");
  expect(found.join("\n")).not.toContain("canary");
});
