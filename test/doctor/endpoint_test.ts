/**
 * Which hosts a configuration leads to.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { createRedactor } from "../../src/base/redact.ts";
import { createLog } from "../../src/logging/log.ts";
import { parseIni } from "../../src/config/ini.ts";
import { checkConfig } from "../../src/config/config.ts";
import { findEndpoints } from "../../src/doctor/endpoint.ts";
import { sources } from "../../src/sources/mod.ts";

const log = createLog("test", createRedactor(), []);

function endpointsOf(text: string) {
  const config = checkConfig(parseIni(text, "config.ini"), { sources, env: {}, directory: "/" });
  return findEndpoints(config, config.sections, log);
}

const oomnitza = "[oomnitza]\nurl = https://example.oomnitza.com\napi_token = x\n";
const casper = `[casper]
enable = True
url = https://jamf.example.com:8443/base
username = x
password = x
sync_field = SERIAL_NUMBER
mapping.SERIAL_NUMBER = general.serial_number
`;

test("Oomnitza comes first, then the sections by the base of their source", () => {
  const endpoints = endpointsOf(`${oomnitza}verify_ssl = False\n${casper}`);
  expect(endpoints.map(({ section, url, tls }) => [section, url.host, tls.verify])).toEqual([
    ["oomnitza", "example.oomnitza.com", false],
    ["casper", "jamf.example.com:8443", true],
  ]);
});

test("the base of a source counts, also when no option is an address", () => {
  const zendesk = `[zendesk]
enable = True
system_name = acme
api_token = x
username = ann@example.com
default_role = 25
default_position = Employee
`;
  expect(endpointsOf(oomnitza + zendesk).map(({ url }) => url.host))
    .toEqual(["example.oomnitza.com", "acme.zendesk.com"]);
});

test("the proxy is that of the section", async () => {
  const [endpoint] = endpointsOf(`${oomnitza}proxy = http://proxy.example.com:3128\n`);
  const route = await endpoint?.proxy.find("https://example.oomnitza.com/");
  expect(route?.proxy?.url)
    .toBe("http://proxy.example.com:3128");
});

test("a source that reads files leads nowhere", () => {
  const csv = "[csv_assets]\nenable = True\nfilename = a.csv\nsync_field = BARCODE\n" +
    "mapping.BARCODE = tag\n";
  expect(endpointsOf(oomnitza + csv).map(({ section }) => section)).toEqual(["oomnitza"]);
});

test("a source that does not speak HTTP leads to the address among its options", () => {
  const ldap = `[ldap]
enable = True
url = ldaps://ldap.example.com
username = cn=reader,dc=example,dc=com
password = x
base_dn = dc=example,dc=com
default_role = 25
default_position = Employee
`;
  expect(endpointsOf(oomnitza + ldap).map(({ section, url }) => [section, url.host])).toEqual([
    ["oomnitza", "example.oomnitza.com"],
    ["ldap", "ldap.example.com"],
  ]);
});
