/**
 * FreeTDS's `tsql`, logging in by Kerberos.
 *
 * @module
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Kdc } from "../kdc.ts";
import { needPackage } from "../apt.ts";

/**
 * Asks one question with the tickets of a keytab.
 *
 * @returns The rows as tsql prints them, split at tabs; the first is the names of the columns.
 */
export async function askTsqlByKerberos(
  kdc: Kdc,
  { keytab, principal, port }: { keytab: string; principal: string; port: number },
  sql: string,
): Promise<string[][]> {
  needPackage("/usr/bin/tsql", "freetds-bin");
  needPackage("/usr/bin/kinit", "krb5-user");
  const env = {
    ...kdc.env,
    KRB5CCNAME: `FILE:${join(kdc.folder, "tsql.tickets")}`,
    FREETDSCONF: join(kdc.folder, "freetds.conf"),
    LANG: "C.UTF-8",
  };
  const kinit = Bun.spawnSync(["kinit", "-k", "-t", keytab, principal], { env });
  if (!kinit.success) throw new Error(`kinit failed: ${kinit.stderr}`);
  writeFileSync(
    env.FREETDSCONF,
    `[site]\nhost = localhost\nport = ${port}\ntds version = 7.4\nspn = MSSQLSvc/localhost:${port}\n`,
  );
  const child = Bun.spawn(["/usr/bin/tsql", "-S", "site", "-D", "CM_DCT", "-o", "q"], {
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
