/**
 * The URL of the state: what it means, and which are refused.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { checkSchemaName, parsePgUrl } from "../../../src/state/postgres/target.ts";

test.each([
  ["postgres://a:p@db.example.com/s", "full"],
  ["postgresql://a:p@db.example.com/s?sslmode=verify-full", "full"],
  ["postgres://a:p@db.example.com/s?sslmode=verify-ca", "authority"],
  ["postgres://a:p@db.example.com/s?sslmode=require", "unverified"],
  ["postgres://a:p@db.example.com/s?sslmode=disable", "none"],
  ["postgres://a:p@10.0.0.1/s", "full"],
  ["postgres://a:p@localhost/s", "none"],
  ["postgres://a:p@127.0.0.1/s", "none"],
  ["postgres://a:p@[::1]/s", "none"],
  ["postgres://a:p@localhost/s?sslmode=verify-full", "full"],
  ["postgres://a@/s?host=/var/run/postgresql", "none"],
])("%s: %s", (url, tls) => {
  expect(parsePgUrl(url).tls).toBe(tls as "none");
});

test("every part is taken, and the name has no password", () => {
  expect(parsePgUrl("postgres://us%40er:p%3A%2F@db.example.com:6432/da%20ta?pgbouncer=true"))
    .toEqual({
      host: "db.example.com",
      port: 6432,
      user: "us@er",
      password: "p:/",
      database: "da ta",
      tls: "full",
      isPooled: true,
      name: "db.example.com:6432/da ta",
    });
});

test.each([
  ["mysql://a:canary@db/s", "is not a URL of PostgreSQL"],
  ["postgres://a:canary@one:1,two:2/s", "is not a URL of PostgreSQL"],
  ["postgres://a:canary@one,two/s", "names several hosts"],
  ["postgres://a:can@ary/#canary@db/s", "is not a URL of PostgreSQL"],
  ['"postgres://a:canary@db/s"', "is not a URL of PostgreSQL"],
  ["postgres://a:canary@db:0/s", "has a port that there is not"],
  ["postgres://a:canary@db:65536/s", "has a port that there is not"],
  ["postgres://a:canary@db/s?pgbouncer=yes", "says neither true nor false for pgbouncer"],
  ["postgres://a:canary@db/s?sslmode=prefer", "has an sslmode that may end without TLS"],
  ["postgres://a:canary@db/s?sslmode=allow", "has an sslmode that may end without TLS"],
  ["postgres://a:canary@db/s?sslmode=", "has an sslmode that may end without TLS"],
  ["postgres://a:canary@db/s?password=canary", "has a parameter that is not known here"],
  ["postgres://a:canary%zz@db/s", "has a % that begins no character"],
  ["postgres://db/s", "names no user or no host"],
  ["postgres://a:canary@/s", "names no user or no host"],
])("%s is refused without repeating it", (url, words) => {
  expect(() => parsePgUrl(url)).toThrow(`The URL of the state ${words}`);
  try {
    parsePgUrl(url);
  } catch (error) {
    expect(Bun.inspect(error)).not.toContain("canary%");
    expect((error as Error).message).not.toContain("canary");
  }
});

test.each(["pg_agent", "information_schema", "Agent", "1st", 'a"b', ""])(
  "%p is no name for the schema",
  (name) => {
    expect(() => checkSchemaName(name)).toThrow(`"${name}"`);
  },
);

test("other names are ones for a schema", () => {
  for (const name of ["oomnitza_agent", "pgagent", "select", "_"]) checkSchemaName(name);
});
