/**
 * What is set on a server, a database or a role against the agent's interest: the error says what it is.
 *
 * @module
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { migrate } from "../../../src/state/postgres/migrate.ts";
import { openPg, type Pg } from "../../../src/state/postgres/pg.ts";
import { readSchemaRights } from "../../../src/state/postgres/server_facts.ts";
import { parsePgUrl } from "../../../src/state/postgres/target.ts";
import { account, type Postgres, startPostgres } from "../../support/postgres.ts";

let server: Postgres;
beforeAll(async () => {
  server = await startPostgres();
}, 60_000);
afterAll(() => server[Symbol.asyncDispose]());

function open(url: string, milliseconds = 30_000): Pg & AsyncDisposable {
  const pg = openPg(parsePgUrl(url), { connections: 2, milliseconds });
  return Object.assign(pg, { [Symbol.asyncDispose]: () => pg.close() });
}

/** Sets something for the account while `work` goes on. */
async function withSetting(setting: string, work: () => Promise<void>): Promise<void> {
  await server.psql(`ALTER ROLE ${account} ${setting}`);
  try {
    await work();
  } finally {
    await server.psql(`ALTER ROLE ${account} RESET ALL; ALTER ROLE ${account} LOGIN;`);
  }
}

const thrown = (work: Promise<unknown>) => work.then(() => undefined, (error: unknown) => error);

/** The server as the account sees it with a setting: what a statement of it leads to. */
async function refusal(setting: string, text: string) {
  let found: unknown;
  await withSetting(setting, async () => {
    await using pg = open(server.url());
    found = await thrown(pg.tx((on) => on.rows(text)));
  });
  return found;
}

test("a missing right names what it is about", async () => {
  await using pg = open(server.url());
  await migrate(pg, "named");
  await server.psql(`CREATE ROLE narrow LOGIN PASSWORD 'canary-narrow';
\\c agent
GRANT USAGE ON SCHEMA named TO narrow;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA named TO narrow;
REVOKE SELECT ON named.runs FROM narrow;
REVOKE INSERT ON named.fingerprints_3 FROM narrow;`);
  const url = server.url().replace(/\/\/[^@]*@/, "//narrow:canary-narrow@");
  await using narrow = open(url);
  expect(await thrown(narrow.tx((on) => on.rows("SELECT * FROM named.runs")))).toMatchObject({
    message: expect.stringContaining("(SQLSTATE 42501: permission denied for table runs)"),
    hint: expect.stringContaining("agent doctor"),
  });
  // Rights on a part of a table are of no effect.
  expect(await readSchemaRights(narrow, "named")).toMatchObject({ closed: ["runs"] });
});

test.each([
  [
    "SET default_transaction_read_only = on",
    "CREATE TABLE t ()",
    "25006",
    "default_transaction_read_only",
  ],
  ["SET row_security = off", "SELECT * FROM guarded.runs", "42501", "doctor"],
  ["SET lock_timeout = '10ms'", "LOCK TABLE guarded.runs", "55P03", "lock_timeout"],
  ["NOLOGIN", "SELECT 1", "28000", "pg_hba.conf"],
])("%s: the error says where to look", async (setting, text, state, word) => {
  await using pg = open(server.url());
  await migrate(pg, "guarded");
  // Held until the end of this test, for the statement that wants it, too.
  const gate = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  const holder = pg.tx(async (on) => {
    await on.rows("LOCK TABLE guarded.runs IN ACCESS SHARE MODE");
    held.resolve();
    await gate.promise;
  });
  await held.promise;
  const error = await refusal(setting, text);
  gate.resolve();
  await holder;
  expect(error).toMatchObject({ state, hint: expect.stringContaining(word) });
});

test("a role's own level of isolation has no effect on transactions", () =>
  withSetting("SET default_transaction_isolation = serializable", async () => {
    await using pg = open(server.url());
    const level = "SELECT current_setting('transaction_isolation') AS level";
    const expected = [{ level: "read committed" }];
    expect(await pg.tx((on) => on.rows(level))).toEqual(expected);
    expect(await pg.rows(level, [], { tenant: "acme" })).toEqual(expected);
  }));

test("a database that cannot keep every text is refused before there are tables", async () => {
  for (const encoding of ["LATIN1", "SQL_ASCII"]) {
    const name = `in_${encoding.toLowerCase()}`;
    await server.psql(
      `CREATE DATABASE ${name} OWNER ${account} TEMPLATE template0 ENCODING '${encoding}' LC_COLLATE 'C' LC_CTYPE 'C'`,
    );
    await using pg = open(server.url().replace(`/${account}?`, `/${name}?`));
    await expect(migrate(pg, "agent")).rejects.toThrow(
      `The database of the state is in ${encoding}, and has to be in UTF8`,
    );
    expect(
      await server.psql(`\\c ${name}\nSELECT count(*) FROM pg_namespace WHERE nspname = 'agent'`),
    )
      .toContain("0");
  }
});

test("a table that is not there is named", async () => {
  await using pg = open(server.url());
  expect(await thrown(pg.tx((on) => on.rows("SELECT * FROM gone.runs")))).toMatchObject({
    message: expect.stringContaining(
      'does not have a table of the state (SQLSTATE 42P01: relation "gone.runs" does not exist)',
    ),
    hint: expect.stringContaining("backup"),
  });
});

test("the values of rows are in no error", async () => {
  await using pg = open(server.url());
  const error = await thrown(pg.tx((on) => on.rows("SELECT $1::text::int4", ["canary-value"])));
  expect(error).toMatchObject({ state: "22P02" });
  expect(String(error)).not.toContain("canary-value");
});

test("a pooler that the URL does not name is named by the error", async () => {
  const port = await server.bouncer(2);
  const url = server.url("127.0.0.1").replace(`:${server.port}/`, `:${port}/`);
  // Statements of two clients come to one connection of the server sooner or later.
  const found = new Set<unknown>();
  for (let tries = 0; found.size === 0 && tries < 50; tries++) {
    await using one = open(url);
    await using other = open(url);
    for (const pg of [one, other]) {
      const error = await thrown(pg.rows("SELECT $1::text AS one", ["x"]));
      if (error !== undefined) found.add(error);
    }
  }
  for (const error of found) {
    expect(error).toMatchObject({ hint: expect.stringContaining("add pgbouncer=true to url") });
  }
  expect(found.size).toBeGreaterThan(0);
});

test("a pooler that has no transactions is named by the error", async () => {
  const port = await server.bouncer(2, "statement");
  const url = server.url("127.0.0.1", "pgbouncer=true").replace(`:${server.port}/`, `:${port}/`);
  await using pg = open(url);
  expect(await thrown(pg.tx((on) => on.rows("SELECT 1")))).toMatchObject({
    message: expect.stringContaining("statement pooling"),
    hint: expect.stringContaining("PgBouncer has to be in transaction or session mode"),
  });
});

test("another host than that of the certificate is told apart from an unknown authority", async () => {
  const [host, authority] = await Promise.all(
    ["127.0.0.1", "localhost"].map(async (name) => {
      const url = server.url(name, "sslmode=verify-full");
      const ca = name === "localhost" ? {} : { ca: await Bun.file(server.authority).text() };
      const pg = openPg(parsePgUrl(url), { connections: 1, milliseconds: 30_000, ...ca });
      const error = await thrown(pg.rows("SELECT 1"));
      await pg.close();
      return error;
    }),
  );
  expect(host).toMatchObject({ message: expect.stringContaining("for another host name") });
  expect(authority).toMatchObject({ hint: expect.stringContaining("as ca in [state]") });
});
