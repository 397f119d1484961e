/**
 * The site database before a second client: FreeTDS's `tsql` asks what the agent asked.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { startTdsServer } from "../../support/tds/server.ts";
import { askTsql } from "../../support/tds/tsql.ts";
import { hardwareOf, siteRows } from "./computers.ts";
import { mapAll, optionsFor, upload } from "./sccm_run.ts";
import { makeSite } from "./site_database.ts";
import { slow } from "../../support/slow.ts";

const keys = Object.keys(hardwareOf(0));
const service = { domain: "EXAMPLE", name: "svc-agent", password: "ntlm Canary pässwörd" };

/** The one time of the generated computers: as it is sent, and as tsql prints it. */
const logon = { sent: Date.parse("2026-01-04T07:12:00Z") / 1000, printed: "Jan  4 2026 07:12AM" };

/** A value that arrived, as tsql prints it. */
function printed(value: unknown, key: string): string {
  if (value === null) return "NULL";
  if (typeof value === "boolean") return value ? "1" : "0";
  return key === "last_logon" && value === logon.sent ? logon.printed : String(value);
}

slow("tsql reads by the agent's own two queries what the agent delivered", async () => {
  const { answer } = makeSite({ rows: siteRows(300, 9) });
  await using server = await startTdsServer({ answer });
  const run = await upload(optionsFor(server.port, mapAll(keys)), ["--workers", "1"]);
  expect(run.code).toBe(0);
  const [computers = "", programs = ""] = ["v_GS_COMPUTER_SYSTEM", "v_GS_ADD_REMOVE_PROGRAMS"]
    .map((view) => server.queries.find(({ sql }) => sql.includes(`FROM dbo.${view}`))?.sql);
  const [names = [], ...rows] = await askTsql(server.port, computers);
  const theirs = rows.map((row) => Object.fromEntries(names.map((name, at) => [name, row[at]])));
  expect(theirs.map((row) => keys.map((key) => row[key]))).toEqual(
    run.records.map((record) => keys.map((key) => printed(record[key.toUpperCase()], key))),
  );
  const [, ...installed] = await askTsql(server.port, programs);
  expect(installed).toEqual(
    run.records.flatMap(({ RESOURCE_ID, APPLICATIONS }) =>
      (APPLICATIONS as Record<string, unknown>[]).map(({ name, version, publisher }) =>
        [RESOURCE_ID, name, version, publisher].map((value) => printed(value, "program"))
      )
    ),
  );
  expect(installed).toHaveLength(2700);
  expect(server.errors).toEqual([]);
});

test("tsql logs in to the test server by NTLM, and not with a wrong password", async () => {
  const { answer } = makeSite({ rows: siteRows(2, 1) });
  await using server = await startTdsServer({ answer, ntlmAccounts: [service] });
  const sql = "SELECT ResourceID, Name0 FROM dbo.v_GS_COMPUTER_SYSTEM ORDER BY ResourceID";
  const account = { name: `${service.domain}\\${service.name}`, password: service.password };
  const [, ...rows] = await askTsql(server.port, sql, account);
  expect(rows.map(([, name]) => name)).toEqual(["PC-00000", "PC-00001"]);
  expect(server.logins.map(({ user }) => user)).toEqual([account.name]);
  const wrong = askTsql(server.port, sql, { ...account, password: "wrong" });
  await expect(wrong).rejects.toThrow("untrusted domain");
  expect(server.logins).toHaveLength(1);
});
