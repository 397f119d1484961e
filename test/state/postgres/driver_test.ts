/**
 * The driver under load and trouble: no answer may be that of another statement, and no call may hang.
 *
 * Drivers were seen that mixed up the answers of connections that many clients share.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { openPg, type Pg } from "../../../src/state/postgres/pg.ts";
import { parsePgUrl } from "../../../src/state/postgres/target.ts";
import { usePostgres } from "../../support/postgres.ts";
import { slow } from "../../support/slow.ts";

const clients = 64;
const connections = 8;

const server = usePostgres();

function open(url = server.url(), milliseconds = 60_000): Pg & AsyncDisposable {
  const pg = openPg(parsePgUrl(url), { connections, milliseconds });
  return Object.assign(pg, { [Symbol.asyncDispose]: () => pg.close() });
}

/** Numbers from 0 to below `below`, the same in each run of the test. */
function makeRandom(seed: number): (below: number) => number {
  let state = seed + 1;
  return (below) => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9 | 0;
    return (Math.imul(state ^ (state >>> 13), 0x297a2d39) >>> 1) % below;
  };
}

/** A statement of a shape that few others have, and what it must answer. */
function makeStatement(random: (below: number) => number, mark: string) {
  const columns: string[] = [];
  const values: (string | number | string[] | boolean | null | Uint8Array)[] = [];
  const expected: Record<string, unknown> = {};
  const kinds = ["int4", "text", "boolean", "text[]", "int8", "bytea", "float8"] as const;
  for (let column = 0; column <= random(8); column++) {
    const kind = kinds[random(kinds.length)] ?? "text";
    const name = `c${column}_${random(30)}`;
    const number = random(1_000_000);
    const text = `${mark} ${"x".repeat(random(40))}`;
    const made = {
      "int4": [number, number],
      "text": random(9) === 0 ? [null, null] : [text, text],
      "boolean": [number % 2 === 0, number % 2 === 0],
      "text[]": [[text, ""], [text, ""]],
      "int8": [number, String(number)],
      "bytea": [Buffer.from(text), Buffer.from(text)],
      "float8": [number / 8, number / 8],
    }[kind];
    values.push(made[0] as string);
    columns.push(`$${values.length}::${kind} AS ${name}`);
    expected[name] = made[1];
  }
  values.push(mark);
  const rows = random(4);
  return {
    text: `SELECT ${columns.join(", ")}, $${values.length}::text AS mark, n ` +
      `FROM generate_series(1, ${rows}) AS n`,
    values,
    expected: Array.from({ length: rows }, (_each, index) => ({
      ...expected,
      mark,
      n: index + 1,
    })),
  };
}

/** Runs that many statements from all clients at once; gives how many answers were not the right ones. */
async function countWrong(pg: Pg, count: number): Promise<number> {
  let next = 0;
  let wrong = 0;
  async function client(id: number): Promise<void> {
    const random = makeRandom(id * 7919);
    while (next < count) {
      const mark = `${id}/${next++}`;
      const { text, values, expected } = makeStatement(random, mark);
      const rows = random(5) === 0
        ? await pg.tx((on) => on.rows(text, values))
        : await pg.rows(text, values);
      if (!Bun.deepEquals([...rows], expected)) wrong++;
      // A statement that fails must not move the answers of the others.
      if (random(40) === 0) {
        const state = await pg.rows("SELECT 1 / $1::int4", [0]).then(
          () => "none",
          (error) => error.state,
        );
        if (state !== "22012") wrong++;
      }
    }
  }
  await Promise.all(Array.from({ length: clients }, (_each, id) => client(id)));
  return wrong;
}

test("answers of 64 clients are their own", async () => {
  await using pg = open();
  expect(await countWrong(pg, 1_000)).toBe(0);
});

slow("30,000 answers of 64 clients on 8 connections are their own", async () => {
  await using pg = open();
  expect(await countWrong(pg, 30_000)).toBe(0);
  const [row] = await pg.rows(
    "SELECT count(*)::int4 AS n FROM pg_stat_activity WHERE usename = 'agent'",
  );
  expect(row?.n).toBeLessThanOrEqual(connections);
}, 300_000);

slow("the same through PgBouncer in transaction mode", async () => {
  const port = await server.bouncer(4);
  await using pg = open(
    server.url("127.0.0.1", "pgbouncer=true").replace(/:\d+\//, `:${port}/`),
  );
  expect(await countWrong(pg, 10_000)).toBe(0);
}, 300_000);

test("statements behind PgBouncer have no names on the server", async () => {
  const port = await server.bouncer(2);
  await using pg = open(
    server.url("127.0.0.1", "pgbouncer=true").replace(/:\d+\//, `:${port}/`),
  );
  expect(await countWrong(pg, 300)).toBe(0);
  const names = await pg.rows("SELECT name FROM pg_prepared_statements");
  expect(names).toEqual([]);
});

test("closing ends with calls at work, and they say so", async () => {
  const pg = open();
  const calls = Array.from({ length: 200 }, () => pg.rows("SELECT pg_sleep(600)"));
  const ends = Promise.allSettled(calls);
  await pg.rows("SELECT 1", [], { milliseconds: 200 }).catch(() => undefined);
  await pg.close();
  for (const end of await ends) {
    expect(end).toMatchObject({ status: "rejected", reason: { name: "PgError" } });
  }
});

test("a session that the server ends costs its call only", async () => {
  await using pg = open();
  await Promise.all(Array.from({ length: 40 }, () => pg.rows("SELECT pg_sleep(0.01)")));
  const work = pg.rows("SELECT pg_sleep(600), 'doomed'").catch((error: unknown) => error);
  const end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity " +
    "WHERE usename = 'agent'";
  const running = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%''doomed''%' " +
    "AND usename = 'agent' AND state = 'active'";
  while (await server.psql(running) !== "1") await Bun.sleep(10);
  await server.psql(end);
  expect(await work).toMatchObject({ name: "PgError", retriable: true, isUnknown: true });
  while (await pg.rows("SELECT 1").then(() => false, () => true)) await Bun.sleep(10);
  expect(await countWrong(pg, 200)).toBe(0);
});

slow("a server that was away is used again within 5 s", async () => {
  await using pg = open(server.url(), 2_000);
  await pg.rows("CREATE TABLE noted (n int4 PRIMARY KEY)");
  let isOver = false;
  const noted = new Set<number>();
  let failures = 0;
  const writers = Array.from({ length: 16 }, async (_each, id) => {
    for (let n = id; !isOver; n += 16) {
      const isKept = await pg.tx((on) => on.rows("INSERT INTO noted VALUES ($1)", [n]))
        .then(() => true, () => false);
      if (isKept) noted.add(n);
      else failures++;
      if (!isKept) await Bun.sleep(20);
    }
  });
  while (noted.size < 200) await Bun.sleep(10);
  await server.stop();
  while (failures < 16) await Bun.sleep(10);
  await server.start();
  const back = performance.now();
  const before = noted.size;
  while (noted.size < before + 200) await Bun.sleep(10);
  // Who waits for the deadline of a call, a minute, is not back yet.
  expect(performance.now() - back).toBeLessThan(30_000);
  isOver = true;
  await Promise.all(writers);
  const kept = new Set((await pg.rows("SELECT n FROM noted")).map(({ n }) => n));
  expect([...noted].filter((n) => !kept.has(n))).toEqual([]);
}, 60_000);

slow("stopped backends: each call ends within its deadline, and others go on", async () => {
  await using pg = open(server.url(), 1_500);
  await Promise.all(Array.from({ length: 40 }, () => pg.rows("SELECT pg_sleep(0.01)")));
  const list = "SELECT pid FROM pg_stat_activity WHERE usename = 'agent'";
  const pids = (await server.psql(list)).split("\n").map(Number);
  expect(pids.length).toBe(connections);
  for (const pid of pids) process.kill(pid, "SIGSTOP");
  try {
    const begun = performance.now();
    const ends = await Promise.all(
      Array.from(
        { length: connections },
        () => pg.rows("SELECT 1").then(() => "answered", (error) => error.message),
      ),
    );
    for (const end of ends) expect(end).toContain("did not answer within 1.5 s");
    // Only a hang takes ten times the deadline.
    expect(performance.now() - begun).toBeLessThan(15_000);
    expect(await countWrong(pg, 200)).toBe(0);
    const stopped = await pg.tx((on) => on.rows("SELECT 2 AS two"));
    expect(stopped).toEqual([{ two: 2 }]);
  } finally {
    for (const pid of pids) process.kill(pid, "SIGCONT");
  }
}, 60_000);
