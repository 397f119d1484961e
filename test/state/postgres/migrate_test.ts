/**
 * The tables in PostgreSQL: made once by many, and never touched by an older agent.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { hostname } from "node:os";
import { join } from "node:path";
import { version } from "../../../src/runtime/version.ts";
import { isMigrated, migrate } from "../../../src/state/postgres/migrate.ts";
import { openPg } from "../../../src/state/postgres/pg.ts";
import { migrations } from "../../../src/state/postgres/schema.ts";
import { openPgState, type PgStateSettings } from "../../../src/state/postgres/state.ts";
import { parsePgUrl } from "../../../src/state/postgres/target.ts";
import { slow } from "../../support/slow.ts";
import { beginRun, runEnd } from "../conformance/open_state.ts";
import { makeHolding, untilHeldBack } from "./states.ts";
import { useServer } from "./use_server.ts";

const { server, pg } = useServer();
const opening: Omit<PgStateSettings, "schema"> = {
  ...{ pg, tenant: "acme", instance: "https://example.oomnitza.com", leaseMs: 600_000 },
  redact: (text) => text,
};

async function columns(schema: string): Promise<string> {
  return await server.psql(
    `\\c agent
SELECT table_name, column_name, data_type FROM information_schema.columns
WHERE table_schema = '${schema}' ORDER BY 1, ordinal_position;
SELECT *, xmin FROM ${schema}.meta;`,
  );
}

test("eight at once do each step once", async () => {
  const steps = await Promise.all(Array.from({ length: 8 }, () => migrate(pg, "crowd")));
  expect(steps.sort()).toEqual([...Array(7).fill(0), migrations.length]);
  expect(await migrate(pg, "crowd")).toBe(0);
});

slow("eight processes at once do each step once", async () => {
  const words = [join(import.meta.dir, "migrating_process.ts"), server.url(), "processes"];
  const children = Array.from({ length: 8 }, () => {
    const child = Bun.spawn([process.execPath, ...words], { stdin: "pipe", stdout: "pipe" });
    return { child, lines: child.stdout.pipeThrough(new TextDecoderStream()).getReader() };
  });
  for (const { lines } of children) expect((await lines.read()).value).toBe("ready\n");
  for (const { child } of children) child.stdin.end();
  const steps = await Promise.all(children.map(async ({ lines }) => (await lines.read()).value));
  expect(steps.sort()).toEqual([...Array(7).fill("0\n"), `${migrations.length}\n`]);
  expect(await Promise.all(children.map(({ child }) => child.exited))).toEqual(Array(8).fill(0));
}, 60_000);

/** What the next release would bring: a column that agents of this one do not need to know. */
const next = {
  steps: [
    ...migrations,
    (schema: string) => [`ALTER TABLE ${schema}.runs ADD COLUMN next_thing text`],
  ],
  minAgent: migrations.length,
};

test("an agent that waited for a newer one leaves what that one made", async () => {
  const holding = makeHolding(pg);
  const held = holding.hold();
  const newer = migrate(holding, "waited", undefined, next);
  await held.reached;
  const older = migrate(pg, "waited");
  await untilHeldBack(pg, [older]);
  held.release();
  expect(await Promise.all([newer, older])).toEqual([next.steps.length, 0]);
  const [meta] = await pg.rows("SELECT version FROM waited.meta");
  expect(meta).toEqual({ version: next.steps.length });
});

/** And what the one after it would: it takes away what this one uses. */
const afterNext = {
  steps: [...next.steps, (schema: string) => [`ALTER TABLE ${schema}.runs DROP COLUMN api`]],
  minAgent: migrations.length + 1,
};

test("tables of the next agent are worked with and not touched", async () => {
  expect(await migrate(pg, "next")).toBe(migrations.length);
  expect(await migrate(pg, "next", undefined, next)).toBe(1);
  const before = await columns("next");
  expect(await migrate(pg, "next")).toBe(0);
  const state = await openPgState({ ...opening, schema: "next" });
  const run = await beginRun(state, "a");
  await run.end(runEnd);
  expect(await state.runs(9)).toHaveLength(1);
  await state.close();
  expect(await columns("next")).toBe(before);
});

test("tables of a newer agent that this one does not know are refused and not touched", async () => {
  await migrate(pg, "newer", undefined, afterNext);
  const before = await columns("newer");
  const [known, newest] = [migrations.length, migrations.length + 2];
  for (const attempt of [migrate, isMigrated]) {
    await expect(attempt(pg, "newer")).rejects.toThrow(
      `The schema "newer" is of version ${newest}, and agents need to know at least version ${
        known + 1
      } of it: this one knows ${known}`,
    );
  }
  expect(await columns("newer")).toBe(before);
  expect(await migrate(pg, "newer", undefined, next)).toBe(0);
});

test("what older agents do not know waits until none is at work", async () => {
  const settings = { ...opening, schema: "rolling" };
  const state = await openPgState(settings);
  await state.owner.lease();
  // What only adds something does not wait.
  expect(await migrate(pg, "rolling", undefined, next)).toBe(1);
  const before = await columns("rolling");
  const attempt = migrate(pg, "rolling", undefined, {
    ...afterNext,
    minAgent: migrations.length + 2,
  });
  await expect(attempt).rejects.toThrow(
    `process ${process.pid} on ${hostname()}, of version ${version}, works with version ${
      migrations.length + 1
    } of it`,
  );
  expect(await columns("rolling")).toBe(before);
  await state.close();
  expect(await migrate(pg, "rolling", undefined, afterNext)).toBe(1);
});

test("a step that fails leaves nothing behind", async () => {
  await pg.rows("CREATE SCHEMA taken");
  await pg.rows("CREATE TABLE taken.cursors (n int4)");
  await expect(migrate(pg, "taken")).rejects.toMatchObject({ state: "42P07" });
  const [row] = await pg.rows("SELECT to_regclass('taken.meta') IS NULL AS gone");
  expect(row).toEqual({ gone: true });
});

test("a role that may create nothing uses what is up to date", async () => {
  await migrate(pg, "shared");
  await server.psql(`CREATE ROLE runner LOGIN PASSWORD 'canary';
\\c agent
GRANT USAGE ON SCHEMA shared TO runner;
GRANT SELECT ON ALL TABLES IN SCHEMA shared TO runner;`);
  const url = server.url().replace(/\/\/[^@]*@/, "//runner:canary@");
  const runner = openPg(parsePgUrl(url), { connections: 1, milliseconds: 30_000 });
  expect(await migrate(runner, "shared")).toBe(0);
  await expect(migrate(runner, "other")).rejects.toMatchObject({
    state: "42501",
    message: expect.stringContaining("refuses: a right is missing"),
    hint: expect.stringContaining('Run "agent state migrate"'),
  });
  await pg.rows("UPDATE shared.meta SET version = 1");
  await expect(migrate(runner, "shared")).rejects.toThrow("cannot be created, brought up to date");
  await runner.close();
});

test("the tenant is first in the key of every table but that of processes", async () => {
  await migrate(pg, "keys");
  const keys = await pg.rows(
    `SELECT c.relname AS name, a.attname AS first
      FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
      WHERE c.relnamespace = 'keys'::regnamespace AND c.relname NOT IN ('meta', 'owners')
        AND i.indisunique`,
  );
  expect(keys.length).toBeGreaterThan(0);
  for (const { first } of keys) expect(first).toBe("tenant");
});

test.each(["", "Upper", 'a"b', "1st", "a".repeat(64)])("no schema is called %p", async (name) => {
  await expect(migrate(pg, name)).rejects.toThrow("cannot be the name of a schema");
});
