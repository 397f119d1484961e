/**
 * Addresses of SQL Server, and the tokens of a login in its answers.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { parseSqlAddress } from "../../src/sdk/sql/address.ts";
import { takeTokens } from "../../src/sdk/sql/sspi.ts";

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
