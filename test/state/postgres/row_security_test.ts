/**
 * Row-level security between tenants: a statement that names no tenant sees and writes nothing of others, in every table.
 *
 * @module
 */
import { beforeAll, expect, test } from "bun:test";
import { migrate } from "../../../src/state/postgres/migrate.ts";
import type { Pg } from "../../../src/state/postgres/pg.ts";
import { forEveryTenant, forTenant } from "../../../src/state/postgres/row_security.ts";
import { connect } from "./states.ts";
import { useServer } from "./use_server.ts";

const { server, pg } = useServer(2);
beforeAll(async () => {
  await migrate(pg, "row_security");
});

/** Rows of these are of no tenant, or of all of them. */
const shared = ["meta", "owners"];

/** A value of each type for columns that must have one. */
const values: Readonly<Record<string, string>> = {
  text: "'x'",
  int2: "1",
  int4: "1",
  int8: "1",
  bool: "false",
  bytea: "'\\x00'",
  timestamptz: "clock_timestamp()",
};

async function readTables(): Promise<string[]> {
  const rows = await pg.rows(
    `SELECT relname FROM pg_class WHERE relnamespace = 'row_security'::regnamespace AND relkind IN ('r', 'p')
      AND NOT relispartition AND NOT relname = ANY ($1::text[]) ORDER BY relname`,
    [shared],
  );
  return rows.map(({ relname }) => String(relname));
}

/** A statement that adds a row of tenant `$1`, with something in all columns that must have something. */
async function insertInto(table: string): Promise<string> {
  const columns = await pg.rows(
    `SELECT attname, typname FROM pg_attribute JOIN pg_type t ON t.oid = atttypid
      WHERE attrelid = ('row_security.' || $1)::regclass AND attnum > 0 AND NOT attisdropped AND attnotnull
        AND attidentity = '' AND NOT atthasdef AND attname <> 'tenant'`,
    [table],
  );
  const names = columns.map(({ attname }) => `, ${attname}`).join("");
  const filled = columns.map(({ typname }) => `, ${values[String(typname)]}`).join("");
  return `INSERT INTO row_security.${table} (tenant${names}) VALUES ($1${filled})`;
}

function count(door: Pick<Pg, "rows">, table: string): Promise<number> {
  return door.rows(`SELECT count(*) AS count FROM row_security.${table}`).then(([row]) =>
    Number(row?.count)
  );
}

test("no statement reaches rows of another tenant, in any table", async () => {
  const tables = await readTables();
  expect(tables.length).toBeGreaterThanOrEqual(12);
  const [one, other] = [forTenant(pg, "one"), forTenant(pg, "o'ther\\")];
  for (const table of tables) {
    const insert = await insertInto(table);
    for (const [door, name] of [[one, "one"], [other, "o'ther\\"]] as const) {
      await door.tx((on) => on.rows(insert, [name]));
    }
    expect([table, await count(one, table), await count(pg, table)]).toEqual([table, 1, 0]);
    const statements = [
      `UPDATE row_security.${table} SET tenant = tenant RETURNING tenant`,
      `DELETE FROM row_security.${table} RETURNING tenant`,
    ];
    for (const statement of statements) {
      expect([table, await one.tx((on) => on.rows(statement))]).toEqual([table, [{
        tenant: "one",
      }]]);
      expect(await pg.tx((on) => on.rows(statement))).toEqual([]);
    }
    expect([table, await count(other, table)]).toEqual([table, 1]);
    // Neither for another tenant, nor for any by who is of none.
    for (const door of [one, pg]) {
      await expect(door.tx((on) => on.rows(insert, ["o'ther\\"]))).rejects.toMatchObject({
        state: "42501",
      });
    }
    const move = other.tx((on) => on.rows(`UPDATE row_security.${table} SET tenant = 'one'`));
    await expect(move).rejects.toMatchObject({ state: "42501" });
  }
});

test("partitions show nothing to who asks them by their own names", async () => {
  const partitions = await pg.rows(
    `SELECT relname FROM pg_class WHERE relnamespace = 'row_security'::regnamespace AND relispartition
      AND relkind = 'r'`,
  );
  expect(partitions.length).toBeGreaterThan(0);
  const insert = await insertInto("fingerprints");
  const one = forTenant(pg, "partitions");
  await one.tx((on) => on.rows(insert, ["partitions"]));
  const counts = await one.tx(async (on) =>
    await Promise.all(partitions.map(({ relname }) => count(on, String(relname))))
  );
  expect(counts.every((each) => each === 0)).toBe(true);
  expect(await count(one, "fingerprints")).toBe(1);
});

test("behind a pooler, a connection forgets whose rows it was about", async () => {
  const port = await server.bouncer(1);
  const url = server.url("127.0.0.1", "pgbouncer=true").replace(`:${server.port}/`, `:${port}/`);
  const pooled = connect(url, 4);
  const insert = await insertInto("cursors");
  const tenants = ["first", "second", "third"];
  for (const tenant of tenants) {
    await forTenant(pooled, tenant).tx((on) => on.rows(insert, [tenant]));
    await forTenant(pooled, tenant).rows("SELECT 1");
    expect(await count(pooled, "cursors")).toBe(0);
  }
  const seen = await Promise.all(
    tenants.map((tenant) =>
      forTenant(pooled, tenant).rows("SELECT tenant FROM row_security.cursors")
    ),
  );
  expect(seen).toEqual(tenants.map((tenant) => [{ tenant }]));
  await pooled.close();
});

test("what is about all tenants says so", async () => {
  const insert = await insertInto("starts");
  for (const tenant of ["every 1", "every 2"]) {
    await forTenant(pg, tenant).tx((on) => on.rows(insert, [tenant]));
  }
  const read = "SELECT tenant FROM row_security.starts WHERE tenant LIKE 'every %' ORDER BY tenant";
  expect(await forEveryTenant(pg).rows(read)).toEqual([
    { tenant: "every 1" },
    { tenant: "every 2" },
  ]);
  expect(await pg.rows(read)).toEqual([]);
});

test("a single statement for a tenant can only read", async () => {
  const statement = forTenant(pg, "reader").rows("DELETE FROM row_security.cursors");
  await expect(statement).rejects.toMatchObject({ state: "25006" });
});

test.each(["a\u0000b", "\ud800"])("no tenant is called %j", async (tenant) => {
  await expect(forTenant(pg, tenant).rows("SELECT 1")).rejects.toThrow("PostgreSQL cannot keep");
});
