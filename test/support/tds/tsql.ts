/**
 * FreeTDS's `tsql`: a second, independent client of the test server.
 *
 * @module
 */
import { needPackage } from "../apt.ts";
import { defaultAccount } from "./server.ts";
import type { SqlAccount } from "./session.ts";

const program = "/usr/bin/tsql";
needPackage(program, "freetds-bin");

/**
 * Asks one question.
 *
 * @param account `DOMAIN\name` logs in by NTLM.
 * @returns The rows as tsql prints them, split at tabs; the first is the names of the columns.
 */
export async function askTsql(
  port: number,
  sql: string,
  { name, password }: SqlAccount = defaultAccount,
): Promise<string[][]> {
  const space = ["-H", "127.0.0.1", "-p", String(port), "-D", "CM_DCT"];
  const words = [...space, "-U", name, "-P", password];
  return await runTsql(words, { TDSVER: "7.4", LANG: "C.UTF-8", LC_ALL: "C.UTF-8" }, sql);
}

/** Runs tsql with its words and environment; gives the rows as {@linkcode askTsql} does. */
export async function runTsql(
  words: readonly string[],
  env: Readonly<Record<string, string>>,
  sql: string,
): Promise<string[][]> {
  const child = Bun.spawn([program, ...words, "-o", "q"], {
    env,
    stdin: new TextEncoder().encode(`${sql}\ngo\nexit\n`),
    stdout: "pipe",
    stderr: "pipe",
    timeout: 30_000,
  });
  const [out, said, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (code !== 0) throw new Error(`tsql ended with ${code}.\n${out}${said}`);
  return out.split("\n").filter((line) => line.includes("\t")).map((line) => line.split("\t"));
}
