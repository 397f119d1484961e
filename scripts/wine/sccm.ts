/**
 * The first-named use: `agent upload sccm` as it is installed, from System32 without any flag, as the account
 * that runs it; at the server itself, and through a listener that sends readers on to a copy.
 *
 * @module
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeIdentity } from "../../test/support/tds/certificate.ts";
import { writeNtlmHelper } from "../../test/support/tds/ntlm_helper.ts";
import { startTdsServer, type TdsServer } from "../../test/support/tds/server.ts";
import { siteRows } from "../../test/sources/sccm/computers.ts";
import { makeSite } from "../../test/sources/sccm/site_database.ts";
import { windowsPath, type Wine } from "./prefix.ts";

export interface SccmCheck {
  /** The program, as Windows names it. */
  readonly agent: string;
  /** The folder of the configuration, and System32, as paths of this machine. */
  readonly data: string;
  readonly system: string;
  readonly instance: { readonly url: string; readonly token: string };
}

/** Whom Wine's NTLM knows; no secret, the server is in this process. */
const account = { domain: "EXAMPLE", name: "svc-agent", password: "for the test server only" };
const computers = 3;

/** Throws with what was seen when the upload does not bring all computers. */
export async function checkSccm(wine: Wine, check: SccmCheck): Promise<void> {
  const { agent, data, system, instance } = check;
  const env = writeNtlmHelper(join(wine.folder, "helpers"))(account);
  using identity = makeIdentity("DNS:localhost,IP:127.0.0.1");
  const { cert, key, authority } = identity;
  const { answer } = makeSite({ rows: siteRows(computers, 2) });
  const options = { answer, ntlmAccounts: [account], tls: { cert, key } };
  await using copy = await startTdsServer(options);
  const route = () => ({ host: "localhost", port: copy.port });
  await using listener = await startTdsServer({ ...options, route });
  async function upload({ port }: TdsServer): Promise<void> {
    const ini = `[oomnitza]
url = ${instance.url}
api_token = ${instance.token}
[sccm]
enable = True
server = localhost,${port}
database = CM_DCT
authentication = Windows
cacert_file = ${windowsPath(authority)}
sync_field = BARCODE
mapping.BARCODE = hardware.computer_name
`;
    writeFileSync(join(data, "config.ini"), ini);
    const command = [agent, "upload", "sccm"];
    const { code, stdout, stderr } = await wine.run(command, { cwd: system, env });
    if (code !== 0 || !stdout.includes(`${computers} read, ${computers} sent`)) {
      throw new Error(`agent upload sccm: exit ${code}\n${stdout}${stderr}`);
    }
  }
  await upload(copy);
  const alone = copy.logins.length;
  await upload(listener);
  const users = [...copy.logins, ...listener.logins].map(({ user }) => user);
  const isRouted = copy.logins.length > alone && listener.queries.length === 0;
  if (!isRouted || users.some((user) => user !== `${account.domain}\\${account.name}`)) {
    throw new Error(`Not as it should be: ${users.join()}; routed: ${isRouted}`);
  }
  const faults = [...copy.errors, ...listener.errors];
  if (faults.length > 0) throw new Error(`The server failed: ${faults.join()}`);
  console.log("wine: sccm as the running account, directly and through a listener that routes");
}
