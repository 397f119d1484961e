/**
 * Reading from SQL Server: rows, values, back-pressure.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { type SqlRow, sqlRows } from "../../src/sdk/sql/rows.ts";
import { columnsOf, connect } from "../support/tds/reader.ts";
import { startTdsServer, type TdsServerOptions } from "../support/tds/server.ts";
import type { TdsAnswer } from "../support/tds/session.ts";
import { slow } from "../support/slow.ts";

async function readAll(options: TdsServerOptions, sql: string): Promise<SqlRow[]> {
  await using server = await startTdsServer(options);
  const connection = await connect(server);
  try {
    return await Array.fromAsync(sqlRows(connection, sql));
  } finally {
    connection.close();
    expect(server.errors).toEqual([]);
  }
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
  ])("a %s that no number holds is reported, not rounded", async (type, value) => {
    const tables = { odd: () => ({ columns: columnsOf({ size: type }), rows: [[value]] }) };
    const read = readAll({ tables }, "select * from odd");
    await expect(read).rejects.toThrow("Column size has a number of");
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

  slow(
    "a reader that is slow holds the server up, and one that leaves ends the connection",
    async () => {
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
    },
  );

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
    // Without the stop it would never end.
    const rows = Array.fromAsync(sqlRows(connection, "select * from never"));
    await expect(rows).rejects.toThrow("stopped");
  });
});
