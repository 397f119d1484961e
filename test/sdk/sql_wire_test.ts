/**
 * The test server for SQL Server before two clients that are not its author's: FreeTDS and tedious.
 *
 * @module
 */
import { afterAll, describe, expect, test } from "bun:test";
import { Connection, Request, TYPES } from "tedious";
import { sqlRows } from "../../src/sdk/sql/rows.ts";
import { makeIdentity } from "../support/tds/certificate.ts";
import { columnsOf, connect } from "../support/tds/reader.ts";
import { defaultAccount, startTdsServer, type TdsServer } from "../support/tds/server.ts";
import { askTsql } from "../support/tds/tsql.ts";
import { slow } from "../support/slow.ts";

const identity = makeIdentity("DNS:localhost,IP:127.0.0.1");
afterAll(() => identity[Symbol.dispose]());

const zeros = "00000000-0000-0000-0000-000000000001";

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
      expect(server.errors).toEqual([]);
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
      options: {
        port: server.port,
        database: "CM_DCT",
        encrypt: false,
        // The driver's own limits are for a machine with time to spare.
        connectTimeout: 60_000,
        cancelTimeout: 60_000,
        requestTimeout: 0,
      },
    });
    connection.on("error", () => {});
    return new Promise((resolve, reject) => {
      connection.connect((error) => error ? reject(error) : resolve(connection));
    });
  }

  slow("sp_executesql gives the parameters, and an attention ends an endless result", async () => {
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
    expect(server.errors).toEqual([]);
    expect(server.queries.map(({ isRpc }) => isRpc)).toEqual([true, true, true]);
  }, 60_000);
});
