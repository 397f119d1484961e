/**
 * Vendors with so many people or computers.
 *
 * `bun bench/vendor_server.ts okta|ldap|jamf COUNT [SERVERS] [HOLD_MS]` prints the addresses as JSON,
 * separated by blanks; Okta and Jamf wait so long before each answer.
 *
 * @module
 */
import { startJamf } from "../test/sources/casper/server.ts";
import { startActiveDirectory } from "../test/sources/ldap/active_directory.ts";
import { startOkta } from "../test/sources/okta/server.ts";

const [kind = "", count = "0", servers = "1", holdMs = "0"] = process.argv.slice(2);

async function hold(): Promise<void> {
  if (holdMs !== "0") await Bun.sleep(Number(holdMs));
}

async function start(): Promise<string> {
  if (kind === "okta") return startOkta({ active: Number(count), hold }).url;
  if (kind === "jamf") return startJamf({ count: Number(count), hold }).url;
  const entries = Array.from({ length: Number(count) }, (_, index) => ({
    dn: `CN=Person ${index},OU=Staff,DC=example,DC=org`,
    values: {
      sAMAccountName: [`person${index}`],
      givenName: [`First${index}`],
      sn: [`Last ${index}`],
      mail: [`person${index}@example.org`],
      department: [`Department ${index % 40}`],
    },
  }));
  return (await startActiveDirectory({ entries })).url;
}

const urls: string[] = [];
for (let server = 0; server < Number(servers); server++) urls.push(await start());
console.log(JSON.stringify({ url: urls.join(" ") }));
