/**
 * Reading from SQL Server: rows, values, back-pressure, and the test server before a second client.
 *
 * @module
 */
import { afterAll, describe, expect, test } from "bun:test";
import { Connection, Request, TYPES } from "tedious";
import { connectSql, type SqlConnection } from "../../src/sdk/sql_connection.ts";
import { parseSqlAddress } from "../../src/sdk/sql_address.ts";
import { type SqlRow, sqlRows } from "../../src/sdk/sql_rows.ts";
import { takeTokens } from "../../src/sdk/sql_sspi.ts";
import { makeIdentity } from "../support/tds/certificate.ts";
import {
  defaultAccount,
  startTdsServer,
  type TdsServer,
  type TdsServerOptions,
} from "../support/tds/server.ts";
import type { TdsAnswer } from "../support/tds/session.ts";
import { askTsql } from "../support/tds/tsql.ts";

const identity = makeIdentity("DNS:localhost,IP:127.0.0.1");
afterAll(() => identity[Symbol.dispose]());

async function connect(
  server: TdsServer,
  signal: AbortSignal = new AbortController().signal,
): Promise<SqlConnection> {
  return await connectSql({
    address: { host: "127.0.0.1", port: server.port },
    database: "CM_DCT",
    login: { kind: "sql", user: defaultAccount.name, password: defaultAccount.password },
    encrypt: false,
    readOnly: true,
    tls: { verify: true },
    connectMs: 5000,
    silenceMs: 5000,
    signal,
  });
}

async function readAll(options: TdsServerOptions, sql: string): Promise<SqlRow[]> {
  await using server = await startTdsServer(options);
  const connection = await connect(server);
  try {
    return await Array.fromAsync(sqlRows(connection, sql));
  } finally {
    connection.close();
    expect(server.faults).toEqual([]);
  }
}

function columnsOf(types: Readonly<Record<string, string>>) {
  return Object.entries(types).map(([name, type]) => ({ name, type }));
}

const zeros = "00000000-0000-0000-0000-000000000001";
/** Type, value as the server has it, value as a record has it. */
const values: readonly (readonly [string, unknown, unknown])[] = [
  ["tinyint", 255, 255],
  ["smallint", -32_768, -32_768],
  ["int", -2_147_483_648, -2_147_483_648],
  ["bigint", 9_007_199_254_740_991n, 9_007_199_254_740_991],
  ["bigint", 9_007_199_254_740_993n, "9007199254740993"],
  ["bigint", -(2n ** 63n), "-9223372036854775808"],
  ["bit", 1, true],
  ["bit", 0, false],
  ["float", 0.1, 0.1],
  ["decimal(20,4)", "12345678901.2345", 12_345_678_901.2345],
  ["decimal(9,2)", "-0.10", -0.1],
  ["money", "922337203.6854", 922_337_203.6854],
  ["datetime", "2026-01-04 07:12:00", "2026-01-04T07:12:00"],
  ["datetime", "1999-12-31 23:59:59.997", "1999-12-31T23:59:59.997"],
  ["smalldatetime", "2026-01-04 07:12:00", "2026-01-04T07:12:00"],
  ["datetime2(7)", "0001-01-01 00:00:00.1239999", "0001-01-01T00:00:00.123"],
  ["date", "9999-12-31", "9999-12-31"],
  ["time(3)", "23:59:59.999", "23:59:59.999"],
  ["datetimeoffset(3)", "2026-01-04 07:12:00.5 +02:00", "2026-01-04T05:12:00.500Z"],
  ["uniqueidentifier", zeros, zeros],
  ["varchar(20)", "Zoë", "Zoë"],
  ["nvarchar(20)", "Zoë ✓ 😀", "Zoë ✓ 😀"],
  ["nvarchar(20)", "", ""],
  ["nvarchar(max)", "x".repeat(70_000), "x".repeat(70_000)],
  ["varbinary(8)", Uint8Array.of(0, 255, 16), "AP8Q"],
];

/** All values in one row, none in the next, and every second in the last. */
function everyType(): TdsAnswer {
  const columns = values.map(([type], index) => ({ name: `c${index}`, type }));
  return {
    columns,
    rows: [
      values.map(([, value]) => value),
      values.map(() => null),
      values.map(([, value], index) => index % 2 === 0 ? value : null),
    ],
  };
}

describe("rows", () => {
  test("every type arrives as JSON has it, also absent ones", async () => {
    const rows = await readAll({ tables: { every: everyType } }, "select * from every");
    const wanted = (pick: (index: number) => boolean) =>
      Object.fromEntries(
        values.map(([, , value], index) => [`c${index}`, pick(index) ? value : null]),
      );
    expect(rows).toEqual([wanted(() => true), wanted(() => false), wanted((i) => i % 2 === 0)]);
    expect(JSON.parse(JSON.stringify(rows))).toEqual(rows);
  });

  test.each([
    ["decimal(28,4)", "1234567890123456.7891"],
    ["money", "922337203685477.5807"],
  ])("a %s that no number holds is told, not rounded", async (type, value) => {
    const tables = { odd: () => ({ columns: columnsOf({ size: type }), rows: [[value]] }) };
    expect(readAll({ tables }, "select * from odd")).rejects.toThrow("Column size has a number of");
  });

  test("rows that came before an error are given first", async () => {
    const error = { number: 8134, severity: 16, text: "Divide by zero error encountered." };
    const rows = Array.from({ length: 700 }, (_, index) => [index]);
    const answer = { columns: columnsOf({ n: "int" }), rows, error };
    await using server = await startTdsServer({ tables: { some: () => answer } });
    const connection = await connect(server);
    const seen: unknown[] = [];
    async function read(): Promise<void> {
      for await (const { n } of sqlRows(connection, "select * from some")) seen.push(n);
    }
    expect(read()).rejects.toThrow("Divide by zero error encountered. [8134]");
    await read().catch(() => {});
    expect(seen).toEqual(rows.map(([n]) => n));
  });

  test("one query after the other on one connection", async () => {
    const one = () => ({ columns: columnsOf({ n: "int" }), rows: [[1], [2]] });
    await using server = await startTdsServer({ tables: { one } });
    const connection = await connect(server);
    for (let count = 0; count < 3; count++) {
      const rows = await Array.fromAsync(sqlRows(connection, "select * from one"));
      expect(rows).toEqual([{ n: 1 }, { n: 2 }]);
    }
    connection.close();
    expect(server.logins).toHaveLength(1);
  });

  test("a reader that is slow holds the server up, and one that leaves ends the connection", async () => {
    let made = 0;
    function* endless(): Generator<unknown[]> {
      for (;;) yield [made++, "x".repeat(1000)];
    }
    const columns = columnsOf({ n: "int", text: "nvarchar(1000)" });
    await using server = await startTdsServer({
      tables: { endless: () => ({ columns, rows: endless() }) },
    });
    const connection = await connect(server);
    let read = 0;
    let most = 0;
    for await (const { n } of sqlRows(connection, "select * from endless")) {
      expect(n).toBe(read++);
      if (read % 500 === 0) await Bun.sleep(20);
      most = Math.max(most, made - read);
      if (read === 20_000) break;
    }
    // Buffers of the sockets and of the driver: megabytes of rows, not what an endless server makes.
    expect(most).toBeLessThan(10_000);
    while (server.connections > 0) await Bun.sleep(5);
  });

  test("a stop is thrown at once, whatever the server does", async () => {
    async function* never(): AsyncGenerator<unknown[]> {
      yield [1];
      await new Promise(() => {});
    }
    const answer = () => ({ columns: columnsOf({ n: "int" }), rows: never() });
    await using server = await startTdsServer({ tables: { never: answer } });
    const stop = new AbortController();
    const connection = await connect(server, stop.signal);
    setTimeout(() => stop.abort(new Error("stopped")), 50);
    const begun = performance.now();
    expect(Array.fromAsync(sqlRows(connection, "select * from never"))).rejects.toThrow("stopped");
    await Array.fromAsync(sqlRows(connection, "select * from never")).catch(() => {});
    expect(performance.now() - begun).toBeLessThan(500);
  });
});

describe("the test server", () => {
  const types = {
    n: "int",
    big: "bigint",
    flag: "bit",
    share: "float",
    amount: "decimal(20,4)",
    text: "nvarchar(100)",
    more: "nvarchar(max)",
    code: "varchar(20)",
    id: "uniqueidentifier",
    bytes: "varbinary(8)",
  } as const;

  function* people(count: number): Generator<unknown[]> {
    for (let n = 0; n < count; n++) {
      const some = n % 3 === 1 ? null : n;
      yield [
        n,
        BigInt(n) * 4_611_686_018n,
        n % 2,
        n / 4,
        `${n}.${String(n % 10_000).padStart(4, "0")}`,
        some === null ? null : `Zoë ✓ ${some}`,
        some === null ? null : "y".repeat(n % 50 + 1),
        `code${n}`,
        zeros,
        some === null ? null : Uint8Array.of(n & 255, 16),
      ];
    }
  }

  /** A value of ours as tsql prints it. */
  function printed(value: unknown, name: string): string {
    if (value === null) return "NULL";
    if (typeof value === "boolean") return value ? "1" : "0";
    if (name === "bytes") return Buffer.from(String(value), "base64").toString("hex");
    if (name === "amount") return Number(value).toFixed(4);
    return String(value);
  }

  test.each([["in the clear", {}], ["with the login encrypted", identity], [
    "encrypted",
    identity,
  ]])(
    "tsql reads the same rows as the agent: %s",
    async (title, tls) => {
      const answer = () => ({ columns: columnsOf(types), rows: people(3000) });
      const secured = "cert" in tls ? { tls: { cert: tls.cert, key: tls.key } } : {};
      await using server = await startTdsServer({
        ...secured,
        encrypt: title === "encrypted" ? "required" : "cert" in tls ? "offered" : "none",
        tables: { people: answer },
      });
      const theirs = await askTsql(server.port, "select * from people");
      await using plain = await startTdsServer({ tables: { people: answer } });
      const connection = await connect(plain);
      const ours = await Array.fromAsync(sqlRows(connection, "select * from people"));
      connection.close();
      const names = Object.keys(types);
      expect(ours).toHaveLength(3000);
      expect(theirs[0]).toEqual(names);
      expect(theirs.slice(1)).toEqual(
        ours.map((row) => names.map((name) => printed(row[name], name))),
      );
      expect(server.faults).toEqual([]);
      expect(server.logins[0]).toMatchObject({
        encryptedLogin: title !== "in the clear",
        encrypted: title === "encrypted",
      });
      expect(server.logins[0]?.login.appName).toBe("TSQL");
    },
  );

  function openTedious(server: TdsServer): Promise<Connection> {
    const connection = new Connection({
      server: "127.0.0.1",
      authentication: {
        type: "default",
        options: { userName: defaultAccount.name, password: defaultAccount.password },
      },
      options: { port: server.port, database: "CM_DCT", encrypt: false },
    });
    connection.on("error", () => {});
    return new Promise((resolve, reject) => {
      connection.connect((error) => error ? reject(error) : resolve(connection));
    });
  }

  test("sp_executesql gives the parameters, and an attention ends an endless result", async () => {
    function* endless(): Generator<unknown[]> {
      for (let n = 0;; n++) yield [n];
    }
    await using server = await startTdsServer({
      tables: { endless: () => ({ columns: columnsOf({ n: "int" }), rows: endless() }) },
      answer: ({ parameters }) => ({
        columns: columnsOf({ echo: "nvarchar(50)" }),
        rows: [[JSON.stringify(parameters)]],
      }),
    });
    const connection = await openTedious(server);
    function run(sql: string, prepare: (request: Request) => void = () => {}): Promise<unknown[]> {
      return new Promise((resolve, reject) => {
        const seen: unknown[] = [];
        const request = new Request(sql, (error) => {
          if (error && (error as { code?: string }).code !== "ECANCEL") reject(error);
          else resolve(seen);
        });
        prepare(request);
        request.on("row", ([cell]: { value: unknown }[]) => {
          if (seen.push(cell?.value) === 100) request.cancel();
        });
        connection.execSql(request);
      });
    }
    const echo = await run("select @n, @t, @b", (request) => {
      request.addParameter("n", TYPES.Int, 7);
      request.addParameter("t", TYPES.NVarChar, "Zoë");
      request.addParameter("b", TYPES.Bit, true);
    });
    expect(echo).toEqual(['{"n":7,"t":"Zoë","b":true}']);
    expect((await run("select * from endless")).slice(0, 3)).toEqual([0, 1, 2]);
    expect(await run("select 1")).toEqual(["{}"]);
    connection.close();
    expect(server.faults).toEqual([]);
    expect(server.queries.map(({ isRpc }) => isRpc)).toEqual([true, true, true]);
  });
});

test.each([
  ["db", { host: "db", port: 1433 }],
  ["db.example.com,1444", { host: "db.example.com", port: 1444 }],
  ["tcp:db, 1444", { host: "db", port: 1444 }],
  ["db\\SITE", { host: "db", instance: "SITE" }],
  ["db\\SITE,1444", { host: "db", port: 1444, instance: "SITE" }],
  ["db\\MSSQLSERVER", { host: "db", port: 1433 }],
  ["(local)", { host: "localhost", port: 1433 }],
  [".\\SITE", { host: "localhost", instance: "SITE" }],
  ["[::1],1444", { host: "::1", port: 1444 }],
  [" 192.0.2.1 ", { host: "192.0.2.1", port: 1433 }],
])("the address %p", (text, address) => {
  const { host, port, instance } = { port: undefined, instance: undefined, ...address } as {
    host: string;
    port: number | undefined;
    instance: string | undefined;
  };
  expect(parseSqlAddress(text)).toEqual({ host, port, instance });
});

test.each(["", "a b", "np:\\\\.\\pipe\\sql", "lpc:db", "db,", "db,0", "db\\", "http://db"])(
  "%p is no address",
  (text) => expect(parseSqlAddress(text)).toBeString(),
);

test("a token of a login is taken out of an answer, however short it is", () => {
  const token = Buffer.from("a1073005a0030a0100", "hex");
  const info = Buffer.from([0xab, 2, 0, 1, 2]);
  const done = Buffer.from([0xfd, ...Array(12).fill(0)]);
  const features = Buffer.from([0xae, 1, 1, 0, 0, 0, 0xed, 0xff]);
  const sspi = Buffer.concat([Buffer.of(0xed, token.length, 0), token]);
  expect(takeTokens(Buffer.concat([info, sspi, features, done]))).toEqual({
    token,
    rest: Buffer.concat([info, features, done]),
  });
  expect(takeTokens(Buffer.concat([info, done])).token).toBeUndefined();
  expect(takeTokens(Buffer.alloc(0))).toEqual({ token: undefined, rest: Buffer.alloc(0) });
});
