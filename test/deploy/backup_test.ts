/**
 * The recipe of the page about scaling for a backup with pg_dump: dumped while an agent works, restored on
 * another server as the owner of the tables, and worked on there.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Postgres, startPostgres } from "../support/postgres.ts";
import { slow } from "../support/slow.ts";
import { startStandIn } from "../support/stand_in/mod.ts";
import { oomnitzaSection, tagsOnly, type Workspace, workspace } from "../support/workspace.ts";

const page = readFileSync(join(import.meta.dir, "../../docs/scaling.md"), "utf8");
const [, database = "", roles = ""] = page.split(/^```sql\n/m).map((text) => text.split("```")[0]);
const commands = [...page.matchAll(/^ *((?:PGOPTIONS=\S+ \S+ )?pg_(?:dump|restore) .*)$/gm)]
  .map(([, line = ""]) => line);

const passwords: Readonly<Record<string, string>> = {
  agent_owner: "change-me",
  agent: "change-me-too",
  agent_backup: "change-me-as-well",
};

function url(server: Postgres, role: string): string {
  return `postgresql://${role}:${passwords[role]}@127.0.0.1:${server.port}/agent`;
}

/** Runs a line of the page, with servers in the place of its names. */
function run(
  line: string,
  servers: Readonly<Record<"OLD" | "NEW", Postgres>>,
  { folder }: Workspace,
) {
  const text = line.replace(
    /postgresql:\/\/(\w+)@(OLD|NEW)\/agent/,
    (_all, role: string, name: "OLD" | "NEW") => url(servers[name], role),
  );
  const { exitCode, stderr } = Bun.spawnSync(["sh", "-c", text], { cwd: folder });
  return { code: exitCode, stderr: `${stderr}` };
}

/** The database and the roles of the page; `schema` is not made where a dump brings it. */
async function prepare(server: Postgres, makesSchema: boolean): Promise<void> {
  // The cluster of tests comes with another role and database of these names.
  await server.psql("DROP DATABASE agent;\nDROP ROLE agent;");
  const [before = ""] = database.split("\\connect");
  await server.psql(makesSchema ? database : before);
}

/** What is in the tables, of all tenants. */
async function contents(server: Postgres): Promise<string> {
  const tables = ["runs", "outbox", "inbox", "fingerprints", "answered_batches", "cursors"];
  const counts = tables.map((table) =>
    `SELECT '${table}', count(*), coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM oomnitza_agent.${table} t`
  );
  return await server.psql(`\\connect agent\n${counts.join("\nUNION ALL ")} ORDER BY 1;`);
}

test("the page has the commands that are run here", () => {
  expect(commands.map((line) => /pg_\w+/.exec(line)?.[0])).toEqual([
    "pg_dump",
    "pg_dump",
    "pg_restore",
  ]);
  expect(roles).toContain("CREATE ROLE agent_backup LOGIN PASSWORD 'change-me-as-well' BYPASSRLS;");
});

slow("what was dumped while an agent worked is taken over on another server", async () => {
  await using old = await startPostgres();
  await using fresh = await startPostgres();
  const servers = { OLD: old, NEW: fresh };
  await prepare(old, true);
  await old.psql(`\\connect agent\n${roles}`);
  const came = Promise.withResolvers<void>();
  const passed = Promise.withResolvers<void>();
  let isHolding = true;
  const instance = await startStandIn({
    hold() {
      if (!isHolding) return Promise.resolve();
      came.resolve();
      return passed.promise;
    },
  });
  using space = workspace();
  const oomnitza = oomnitzaSection(instance, "receipt = off");
  const ini = (tenant: string) =>
    `${oomnitza}[state]\nurl = \${env:STATE_URL}\nlease_seconds = 3\ntenant = ${tenant}\n${tagsOnly}only_changed = True\n`;
  for (const tenant of ["default", "other"]) space.write(`${tenant}.ini`, ini(tenant));
  space.write("assets.csv", "tag\nT1\nT2\n");
  const on = (server: Postgres, role = "agent") => ({ STATE_URL: url(server, role) });
  const migrated = await space.agent(["state", "migrate", "--ini", "default.ini"], {
    env: on(old, "agent_owner"),
  });
  expect(migrated.code, migrated.stderr).toBe(0);
  // One tenant has been through, the other one is in the middle of it.
  const upload = (
    tenant: string,
  ) => ["upload", "csv_assets", "--ini", `${tenant}.ini`, "--output", "json"];
  isHolding = false;
  expect((await space.agent(upload("other"), { env: on(old) })).code).toBe(0);
  isHolding = true;
  const agent = await space.start(upload("default"), { ownProcess: true, env: on(old) });
  await Promise.race([came.promise, agent.ended]);
  // The owner of the tables may not, and says why.
  const [dump = "", dumpOfTenant = "", restore = ""] = commands;
  const refused = run(dump.replace("agent_backup", "agent_owner"), servers, space);
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toContain("row-level security");
  expect(run(dump, servers, space)).toEqual({ code: 0, stderr: "" });
  const dumped = await contents(old);
  expect(dumped).toMatch(/^outbox\|1\|/m);
  await agent.kill();

  await prepare(fresh, false);
  expect(run(restore, servers, space)).toEqual({ code: 0, stderr: "" });
  expect(await contents(fresh)).toBe(dumped);
  const leases = "\\connect agent\nSELECT count(*) FROM oomnitza_agent.owners";
  expect(await fresh.psql(leases)).toBe("1");
  isHolding = false;
  passed.resolve();
  // Until the lease of the old one is over, the section is held.
  let next = await space.agent(upload("default"), { env: on(fresh) });
  while (next.code !== 0 && next.stderr.includes("is at work already")) {
    next = await space.agent(upload("default"), { env: on(fresh) });
  }
  expect(next.code, next.stderr + next.stdout).toBe(0);
  expect(JSON.parse(next.stdout).sections[0].backlog).toMatchObject({ records: 2, sent: 2 });
  const others = await space.agent(["runs", "--ini", "other.ini"], { env: on(fresh) });
  expect(others.stdout).toMatch(/csv_assets +upload +ok/);
  const left =
    "\\connect agent\nSELECT count(*) FROM oomnitza_agent.owners WHERE until > clock_timestamp()";
  expect(await fresh.psql(left)).toBe("0");

  // The other way: one tenant, by the owner.
  expect(run(dumpOfTenant, servers, space)).toEqual({ code: 0, stderr: "" });
  await fresh.psql("DROP DATABASE agent;");
  await fresh.psql(
    "CREATE DATABASE agent OWNER agent_owner;\nGRANT CONNECT ON DATABASE agent TO agent;",
  );
  expect(run(restore.replace("agent.dump", "default.dump"), servers, space))
    .toEqual({ code: 0, stderr: "" });
  const tenants = "\\connect agent\nSELECT DISTINCT tenant FROM oomnitza_agent.runs";
  expect(await fresh.psql(tenants)).toBe("default");
  // It knows nothing of what was finished since: what that upload refuses goes as one of its own.
  const last = await space.agent(upload("default"), { env: on(fresh) });
  expect(last.code, last.stderr).toBe(0);
  expect(JSON.parse(last.stdout).sections[0]).toMatchObject({
    counts: { sent: 0, unchanged: 2 },
    backlog: { records: 2, sent: 2, failed: 0 },
  });
  await instance.stop();
}, 180_000);
