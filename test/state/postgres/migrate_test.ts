/**
 * The tables in PostgreSQL: made once by many, and never touched by an older agent.
 *
 * @module
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { migrate } from "../../../src/state/postgres/migrate.ts";
import { openPg, type Pg } from "../../../src/state/postgres/pg.ts";
import { migrations } from "../../../src/state/postgres/schema.ts";
import { parsePgUrl } from "../../../src/state/postgres/target.ts";
import { type Postgres, startPostgres } from "../../support/postgres.ts";
import { slow } from "../../support/slow.ts";

let server: Postgres;
let pg: Pg;
beforeAll(async () => {
  server = await startPostgres();
  pg = openPg(parsePgUrl(server.url()), { connections: 8, milliseconds: 30_000 });
}, 60_000);
afterAll(async () => {
  await pg.close();
  await server[Symbol.asyncDispose]();
});

async function columns(schema: string): Promise<string> {
  return await server.psql(
    `\\c agent
SELECT table_name, column_name, data_type FROM information_schema.columns
WHERE table_schema = '${schema}' ORDER BY 1, ordinal_position;
SELECT version, xmin FROM ${schema}.meta;`,
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

test("tables of a newer agent are refused and not touched", async () => {
  await migrate(pg, "newer");
  await pg.rows(`UPDATE newer.meta SET version = ${migrations.length + 1}`);
  const before = await columns("newer");
  await expect(migrate(pg, "newer")).rejects.toThrow(
    `The schema "newer" is of version ${migrations.length + 1}, of a newer agent`,
  );
  expect(await columns("newer")).toBe(before);
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
  });
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
