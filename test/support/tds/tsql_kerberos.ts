/**
 * FreeTDS's `tsql`, logging in by Kerberos.
 *
 * @module
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Kdc } from "../kdc.ts";
import { needPackage } from "../apt.ts";
import { runTsql } from "./tsql.ts";

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
  return await runTsql(["-S", "site", "-D", "CM_DCT"], env, sql);
}
