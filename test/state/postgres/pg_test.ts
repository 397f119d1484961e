/**
 * The port for PostgreSQL against a real server: values, transactions, deadlines, TLS, and what it says.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { openPg, type PgOptions } from "../../../src/state/postgres/pg.ts";
import { PgError } from "../../../src/state/postgres/failure.ts";
import { parsePgUrl } from "../../../src/state/postgres/target.ts";
import { freePort } from "../../support/ports.ts";
import { password, usePostgres } from "../../support/postgres.ts";

const server = usePostgres();

function open(url = server.url(), options: Partial<PgOptions> = {}) {
  const pg = openPg(parsePgUrl(url), { connections: 2, milliseconds: 20_000, ...options });
  return Object.assign(pg, { [Symbol.asyncDispose]: () => pg.close() });
}

async function failure(work: Promise<unknown>): Promise<Error & { hint?: string }> {
  const thrown = await work.then(() => undefined, (error: unknown) => error);
  if (!(thrown instanceof Error)) throw new Error("it did not fail");
  const shown = Bun.inspect(thrown);
  expect(shown).not.toContain(password);
  expect(shown).not.toContain(encodeURIComponent(password));
  return thrown;
}

describe("values", () => {
  test("come back as they were sent", async () => {
    await using pg = open();
    const texts = ["", "a\\b\"c'd,{}", "NULL", "\u{1F600}", "\u0001\t\n", "ü"];
    const bytes = new Uint8Array([0, 255, 92, 34]);
    const [row] = await pg.rows(
      `SELECT $1::text[] AS texts, $2::bytea AS bytes, $3::bytea[] AS many, $4::int8 AS big,
        $5::int4 AS small, $6::float8 AS fraction, $7::boolean AS yes, $8::text AS nothing,
        $9::int8[] AS bigs, $10::boolean[] AS flags`,
      [texts, bytes, [bytes, null], 2n ** 63n - 1n, -7, 0.1, true, null, [1n, null], [true, false]],
    );
    expect(row).toMatchObject({
      texts,
      big: "9223372036854775807",
      small: -7,
      fraction: 0.1,
      yes: true,
      nothing: null,
    });
    expect(Buffer.from(row?.bytes as Uint8Array)).toEqual(Buffer.from(bytes));
    const [again] = await pg.rows(
      "SELECT encode(($1::bytea[])[1], 'hex') AS hex, $2::int8[] = ARRAY[1, NULL]::int8[] AS same",
      [[bytes], [1n, null]],
    );
    expect(again).toEqual({ hex: "00ff5c22", same: true });
  });

  test.each([
    ["NUL", "a\u0000b", "holds the character NUL"],
    ["half of a pair", "a\ud800", "holds half of a surrogate pair"],
    ["NUL in a list", ["a", "\u0000"], "holds the character NUL"],
    ["half of a pair in a list", ["\udc00"], "holds half of a surrogate pair"],
    ["no number", Number.NaN, "is not a finite number"],
  ])("%s is refused, never changed", async (_name, value, words) => {
    await using pg = open();
    const error = await failure(pg.rows("SELECT 1, $1::text", [value]));
    expect(error.message).toBe(`Parameter $1 ${words}, which PostgreSQL cannot keep`);
  });
});

describe("a transaction", () => {
  test("is kept completely or not at all", async () => {
    await using pg = open();
    await pg.rows("CREATE TABLE kept (n int4 PRIMARY KEY)");
    await pg.tx(async (on) => {
      await Promise.all([1, 2, 3].map((n) => on.rows("INSERT INTO kept VALUES ($1)", [n])));
    });
    const own = new Error("changed my mind");
    expect(
      await failure(pg.tx(async (on) => {
        await on.rows("INSERT INTO kept VALUES (4)");
        throw own;
      })),
    ).toBe(own);
    expect(await pg.rows("SELECT n FROM kept ORDER BY n")).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
  });

  test("waits for statements that nobody waits for, and fails with them", async () => {
    await using pg = open();
    await pg.rows("CREATE TABLE unawaited (n int4)");
    await pg.tx((on) => {
      void on.rows("SELECT pg_sleep(0.05)");
      void on.rows("INSERT INTO unawaited VALUES (1)");
      return Promise.resolve();
    });
    const error = await failure(pg.tx((on) => {
      void on.rows("INSERT INTO unawaited VALUES (2)");
      void on.rows("SELECT 1 / $1::int4", [0]).catch(() => []);
      return Promise.resolve();
    }));
    expect(error).toMatchObject({ state: "22012" });
    expect(await pg.rows("SELECT n FROM unawaited")).toEqual([{ n: 1 }]);
  });

  test("fails when a statement of it did, also when that was caught", async () => {
    await using pg = open();
    await pg.rows("CREATE TABLE caught (n int4 PRIMARY KEY)");
    const error = await failure(pg.tx(async (on) => {
      await on.rows("INSERT INTO caught VALUES (1)");
      await on.rows("INSERT INTO caught VALUES (1)").catch(() => []);
    }));
    expect(error).toBeInstanceOf(PgError);
    expect(error).toMatchObject({ state: "23505", isUnknown: false });
    expect(error.message).toContain("in conflict with others (SQLSTATE 23505)");
    expect(error.message).not.toContain("Key (n)=(1)");
    expect(await pg.rows("SELECT n FROM caught")).toEqual([]);
  });

  test("waits for the disk even where the server would not", async () => {
    await server.psql("ALTER ROLE agent SET synchronous_commit = off");
    await using pg = open();
    expect(await pg.rows("SELECT current_setting('synchronous_commit') AS disk"))
      .toEqual([{ disk: "off" }]);
    const [row] = await pg.tx((on) =>
      on.rows(
        "SELECT current_setting('synchronous_commit') AS disk, current_setting('statement_timeout') AS most",
      ), { milliseconds: 7000 });
    expect(row).toEqual({ disk: "on", most: "7s" });
    await server.psql("ALTER ROLE agent RESET synchronous_commit");
  });
});

describe("a deadline", () => {
  test("ends a statement here and on the server, and the connection is replaced", async () => {
    await using pg = open(server.url(), { connections: 1 });
    const error = await failure(
      pg.rows("SELECT pg_sleep(600), 'sleeper' AS mark", [], { milliseconds: 300 }),
    );
    expect(error).toMatchObject({ isUnknown: true, retriable: true });
    expect(error.message).toMatch(/^PostgreSQL at \S+ did not answer within 0\.3 s$/);
    expect(await pg.rows("SELECT 1 AS one")).toEqual([{ one: 1 }]);
    const busy = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%sleeper%' " +
      "AND state = 'active' AND pid <> pg_backend_pid()";
    while (await server.psql(busy) !== "0") await Bun.sleep(20);
  });

  test("counts the wait for a connection", async () => {
    await using pg = open(server.url(), { connections: 1 });
    const gate = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const holder = pg.tx(async (on) => {
      await on.rows("SELECT 1");
      begun.resolve();
      await gate.promise;
    });
    await begun.promise;
    const error = await failure(pg.rows("SELECT 1", [], { milliseconds: 100 }));
    expect(error).toMatchObject({ isUnknown: false, retriable: true });
    gate.resolve();
    await holder;
    expect(await pg.rows("SELECT 1 AS one")).toEqual([{ one: 1 }]);
  });

  test("of a transaction rolls it back", async () => {
    await using pg = open();
    await pg.rows("CREATE TABLE late (n int4)");
    const error = await failure(pg.tx(async (on) => {
      await on.rows("INSERT INTO late VALUES (1)");
      await on.rows("SELECT pg_sleep(600)");
    }, { milliseconds: 300 }));
    expect(error).toMatchObject({ isUnknown: false });
    expect(await pg.rows("SELECT n FROM late")).toEqual([]);
  });
});

describe("notifications", () => {
  test("arrive until nobody listens", async () => {
    await using pg = open();
    const heard = Promise.withResolvers<string>();
    const end = await pg.listen("due", heard.resolve);
    await pg.rows("SELECT pg_notify('due', 'ünow')");
    expect(await heard.promise).toBe("ünow");
    await end();
  });

  test("are refused behind a pooler", async () => {
    await using pg = open(server.url(undefined, "pgbouncer=true"));
    expect((await failure(pg.listen("due", () => {}))).message).toContain("is behind a pooler");
  });
});

describe("TLS", () => {
  const encrypted = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";

  test("is used with an authority of our own and the right host", async () => {
    const ca = await Bun.file(server.authority).text();
    await using pg = open(server.url("localhost", "sslmode=verify-full"), { ca });
    expect(await pg.rows(encrypted)).toEqual([{ ssl: true }]);
    await using authority = open(server.url("127.0.0.1", "sslmode=verify-ca"), { ca });
    expect(await authority.rows(encrypted)).toEqual([{ ssl: true }]);
    await using unverified = open(server.url("127.0.0.1", "sslmode=require"));
    expect(await unverified.rows(encrypted)).toEqual([{ ssl: true }]);
  });

  test("refuses an unknown authority and another host", async () => {
    const ca = await Bun.file(server.authority).text();
    await using stranger = open(server.url("localhost", "sslmode=verify-full"));
    await using unsigned = open(server.url("127.0.0.1", "sslmode=verify-ca"));
    await using otherHost = open(server.url("127.0.0.1", "sslmode=verify-full"), { ca });
    for (const pg of [stranger, unsigned, otherHost]) {
      const error = await failure(pg.rows("SELECT 1"));
      expect(error.message).toMatch(
        /^PostgreSQL at \S+ has a certificate (or TLS that is not accepted|for another host name)/,
      );
      expect(error).toMatchObject({ retriable: false });
    }
  });
});

describe("what is said", () => {
  test("of a wrong password, a missing database and nobody there", async () => {
    const wrong = server.url().replace(/:[^:@]*@/, ":wrong@");
    await using intruder = open(wrong);
    expect((await failure(intruder.rows("SELECT 1"))).message).toMatch(
      /^PostgreSQL at \S+:\d+\/agent refuses user or password/,
    );
    await using lost = open(server.url().replace("/agent?", "/elsewhere?"));
    expect((await failure(lost.rows("SELECT 1"))).message).toContain("has no such database");
    const port = await freePort();
    await using nobody = open(server.url("127.0.0.1").replace(/:\d+\//, `:${port}/`));
    expect(await failure(nobody.rows("SELECT 1"))).toMatchObject({
      message: expect.stringContaining(`127.0.0.1:${port}/agent cannot be reached`),
      isUnknown: false,
      retriable: true,
    });
  });

  test("nothing of the environment is used", async () => {
    const kept = { ...process.env };
    Object.assign(process.env, {
      DATABASE_URL: "postgres://x:y@192.0.2.1/z?path=/nowhere&sslmode=verify-full",
      PGDATABASE: "z",
    });
    try {
      await using pg = open(server.url("127.0.0.1"));
      expect(await pg.rows("SELECT current_database() AS name")).toEqual([{ name: "agent" }]);
    } finally {
      for (const name of ["DATABASE_URL", "PGDATABASE"]) {
        if (kept[name] === undefined) delete process.env[name];
        else process.env[name] = kept[name];
      }
    }
  });
});
