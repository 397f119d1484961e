/**
 * Every source with every way to sign in, for the search for secrets. A new source is to be added here:
 * the test fails until it is.
 *
 * @module
 */
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { VendorCall } from "../support/vendor.ts";
import { makeAdministrator } from "../sources/airwatch/administrator.ts";
import { account as airwatch, startAirwatch, startTokens } from "../sources/airwatch/server.ts";
import { start as startApple } from "../sources/apple_business/section.ts";
import { start as startAppledep } from "../sources/appledep/section.ts";
import {
  application,
  company,
  startBamboo,
  token as bambooToken,
} from "../sources/bamboohr/server.ts";
import { asClient, asUser, start as startCasper } from "../sources/casper/section.ts";
import { start as startFleet } from "../sources/fleet/section.ts";
import { account as jasperRest, startRest } from "../sources/jasper/rest_server.ts";
import { start as startJasper } from "../sources/jasper/section.ts";
import { directoryLdif } from "../sources/ldap/people.ts";
import {
  account as mobileiron,
  client,
  devices,
  startCloud,
  startTokens as startIvantiTokens,
  tokenStart as ivantiTokenStart,
} from "../sources/mobileiron/cloud_server.ts";
import { coreDevice, startCore } from "../sources/mobileiron/core_server.ts";
import { oktaTokenStart } from "../sources/okta/oauth.ts";
import { startOkta, token as oktaToken } from "../sources/okta/server.ts";
import { start as startOnelogin } from "../sources/onelogin/section.ts";
import { siteRows } from "../sources/sccm/computers.ts";
import { makeSite } from "../sources/sccm/site_database.ts";
import { account as zendesk, startZendesk, tokenStart } from "../sources/zendesk/server.ts";
import { accounts, password, startSlapd, suffix } from "../support/slapd.ts";
import { defaultAccount, startTdsServer } from "../support/tds/server.ts";

/** A source that runs. */
export interface Canary extends AsyncDisposable {
  /** Option lines with the right credentials. */
  readonly options: string;
  /** What must not be found anywhere; also beginnings of tokens that the vendor hands out. */
  readonly secrets: readonly string[];
  /** Lets the vendor answer everything like this from now on; without it, the vendor goes away. */
  breakDown(answer: (call: VendorCall) => Response): Promise<void>;
}

/** One way to sign in to a source. */
export interface Subject {
  readonly source: string;
  /** Which way this is. */
  readonly way: string;
  start(): Promise<Canary>;
}

/** Any server written with `startVendor`. */
interface HttpVendor {
  fail(fault: { on: () => boolean; times: number; answer: (call: VendorCall) => Response }): void;
  stop(): Promise<void>;
}

function overHttp(
  options: string,
  secrets: readonly string[],
  ...vendors: readonly HttpVendor[]
): Promise<Canary> {
  return Promise.resolve({
    options,
    secrets,
    breakDown(answer) {
      for (const vendor of vendors) vendor.fail({ on: () => true, times: 1_000_000, answer });
      return Promise.resolve();
    },
    async [Symbol.asyncDispose]() {
      for (const vendor of vendors) await vendor.stop();
    },
  });
}

const people = "default_role = 25\ndefault_position = Employee\n";
const count = 3;

function airwatchOptions(url: string, login: string): string {
  return `url = ${url}\napi_token = ${airwatch.tenant}\n${login}sync_field = SERIAL\n` +
    'mapping.SERIAL = {"source": "SerialNumber"}\n';
}

function startAirwatchOauth(): Promise<Canary> {
  const tokens = new Set<string>();
  const server = startTokens(tokens);
  const vendor = startAirwatch({ count, tokens });
  const login = `client_id = ${airwatch.clientId}\nclient_secret = ${airwatch.clientSecret}\n` +
    `token_url = ${server.url}/connect/token\n`;
  const secrets = [airwatch.clientSecret, airwatch.tenant, "Access-Token-Canary"];
  return overHttp(airwatchOptions(vendor.url, login), secrets, vendor, server);
}

function startZendeskBy(login: string, ...secrets: string[]): Promise<Canary> {
  const vendor = startZendesk({ users: count });
  return overHttp(`system_name = example\nurl = ${vendor.url}\n${people}${login}`, secrets, vendor);
}

async function startDirectory(source: "ldap" | "ldap_assets"): Promise<Canary> {
  const slapd = await startSlapd({ ldif: directoryLdif(count) });
  const rest = source === "ldap" ? people : "sync_field = UID\nmapping.UID = uid\n";
  return {
    options: `url = ${slapd.plain}\nusername = ${accounts.reader}\npassword = ${password}\n` +
      `base_dn = ou=people,${suffix}\n${rest}`,
    secrets: [password],
    breakDown: () => slapd.kill(),
    [Symbol.asyncDispose]: () => slapd[Symbol.asyncDispose](),
  };
}

async function startSccm(): Promise<Canary> {
  const { answer } = makeSite({ rows: siteRows(count, 2) });
  const server = await startTdsServer({ answer });
  return {
    options: `server = 127.0.0.1,${server.port}\nusername = ${defaultAccount.name}\n` +
      `password = ${defaultAccount.password}\nencrypt = False\nsync_field = NAME\n` +
      "mapping.NAME = hardware.computer_name\n",
    secrets: [defaultAccount.password],
    breakDown: () => server[Symbol.asyncDispose](),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

function startCsv(rest: string): Promise<Canary> {
  return overHttp(`filename = people.csv\n${rest}`, []);
}

export const subjects: readonly Subject[] = [
  {
    source: "airwatch",
    way: "Basic",
    start() {
      const vendor = startAirwatch({ count });
      const login = `username = ${airwatch.username}\npassword = ${airwatch.password}\n`;
      const secrets = [airwatch.password, airwatch.tenant];
      return overHttp(airwatchOptions(vendor.url, login), secrets, vendor);
    },
  },
  { source: "airwatch", way: "OAuth", start: startAirwatchOauth },
  {
    source: "airwatch",
    way: "certificate",
    async start() {
      const administrator = makeAdministrator();
      const vendor = startAirwatch({ count, administrator });
      const login = `signing_pem_file = ${administrator.pem}\n`;
      const secrets = [airwatch.tenant, administrator.keyText];
      const canary = await overHttp(airwatchOptions(vendor.url, login), secrets, vendor);
      return {
        ...canary,
        async [Symbol.asyncDispose]() {
          await canary[Symbol.asyncDispose]();
          administrator[Symbol.dispose]();
        },
      };
    },
  },
  {
    source: "apple_business",
    way: "key",
    start() {
      const { options, secrets, vendor, tokenServer } = startApple({ count });
      return overHttp(options, secrets, vendor, tokenServer);
    },
  },
  {
    source: "appledep",
    way: "OAuth 1",
    start() {
      const { options, secrets, vendor } = startAppledep({ count });
      return overHttp(options, secrets, vendor);
    },
  },
  {
    source: "bamboohr",
    way: "Basic",
    start() {
      const vendor = startBamboo({ active: count });
      const url = `url = ${vendor.url}/api/gateway.php\nsystem_name = ${company}\n`;
      const options = `${url}api_token = ${bambooToken}\ndefault_role = 25\n`;
      return overHttp(options, [bambooToken], vendor);
    },
  },
  {
    source: "bamboohr",
    way: "application",
    async start() {
      const vendor = startBamboo({ active: count });
      const { clientId, clientSecret, tokenStart, refreshStart } = application;
      const folder = mkdtempSync(join(tmpdir(), "agent-test-"));
      const file = join(folder, "refresh-token");
      writeFileSync(file, `${refreshStart}0`, { mode: 0o600 });
      const options = `url = ${vendor.url}/api/gateway.php\nsystem_name = ${company}\n` +
        `token_url = ${vendor.url}/token.php?request=token\nrefresh_token_file = ${file}\n` +
        `client_id = ${clientId}\nclient_secret = ${clientSecret}\ndefault_role = 25\n`;
      const canary = await overHttp(options, [clientSecret, tokenStart, refreshStart], vendor);
      return {
        ...canary,
        async [Symbol.asyncDispose]() {
          await canary[Symbol.asyncDispose]();
          rmSync(folder, { recursive: true, force: true });
        },
      };
    },
  },
  ...[["user", asUser], ["API client", asClient]].map(([way = "", login]): Subject => ({
    source: "casper",
    way,
    start() {
      const { options, secrets, vendor } = startCasper({ count }, "", login);
      return overHttp(options, secrets, vendor);
    },
  })),
  {
    source: "csv_assets",
    way: "file",
    start: () => startCsv("sync_field = NAME\nmapping.NAME = name\n"),
  },
  {
    source: "csv_users",
    way: "file",
    start: () => startCsv(`${people}mapping.USER = name\nmapping.EMAIL = name\n`),
  },
  {
    source: "fleet",
    way: "token",
    start() {
      const { options, secrets, vendor } = startFleet({ count });
      return overHttp(options, secrets, vendor);
    },
  },
  {
    source: "jasper",
    way: "WS-Security",
    start() {
      const { options, secrets, vendor } = startJasper({ count });
      return overHttp(options, secrets, vendor);
    },
  },
  {
    source: "jasper",
    way: "REST",
    start() {
      const vendor = startRest({ count });
      const options = `api = rest\nurl = ${vendor.url}\nusername = ${jasperRest.username}\n` +
        `api_token = ${jasperRest.apiKey}\nsync_field = SIM\nmapping.SIM = {"source": "iccid"}\n`;
      return overHttp(options, [jasperRest.apiKey], vendor);
    },
  },
  { source: "ldap", way: "simple bind", start: () => startDirectory("ldap") },
  { source: "ldap_assets", way: "simple bind", start: () => startDirectory("ldap_assets") },
  {
    source: "mobileiron",
    way: "Cloud",
    start() {
      const partitions = [{ id: 11, name: "Drivers", devices: devices(count) }];
      const vendor = startCloud({ partitions });
      const options = `url = ${vendor.url}\nusername = ${mobileiron.username}\n` +
        `password = ${mobileiron.password}\npartitions = ["Drivers"]\nsync_field = SERIAL\n` +
        'mapping.SERIAL = {"source": "serialNumber"}\n';
      return overHttp(options, [mobileiron.password], vendor);
    },
  },
  {
    source: "mobileiron",
    way: "Cloud, OAuth",
    start() {
      const tokens = new Set<string>();
      const server = startIvantiTokens(tokens);
      const partitions = [{ id: 11, name: "Drivers", devices: devices(count) }];
      const vendor = startCloud({ partitions, tokens });
      const tenant = "11111111-1111-1111-1111-59115d65c3e7";
      const login = `client_id = ${client.id}\nclient_secret = ${client.secret}\n` +
        `token_url = ${server.url}/${tenant}/connect/token\nscope = ${client.scope}\n`;
      const options = `url = ${vendor.url}\n${login}partitions = ["Drivers"]\n` +
        'sync_field = SERIAL\nmapping.SERIAL = {"source": "serialNumber"}\n';
      return overHttp(options, [client.secret, ivantiTokenStart], vendor, server);
    },
  },
  {
    source: "mobileiron",
    way: "Cloud, ready token",
    start() {
      const token = "Ready-Token-Canary-0+/=";
      const partitions = [{ id: 11, name: "Drivers", devices: devices(count) }];
      const vendor = startCloud({ partitions, tokens: new Set([token]) });
      const options = `url = ${vendor.url}\napi_token = ${token}\npartitions = ["Drivers"]\n` +
        'sync_field = SERIAL\nmapping.SERIAL = {"source": "serialNumber"}\n';
      return overHttp(options, [token], vendor);
    },
  },
  {
    source: "mobileiron",
    way: "Core",
    start() {
      const vendor = startCore({ spaces: { "1": [coreDevice(1), coreDevice(2)] } });
      const options = `url = ${vendor.url}\nusername = ${mobileiron.username}\n` +
        `password = ${mobileiron.password}\napi_version = 2\nsync_field = SERIAL\n` +
        'mapping.SERIAL = {"source": "common.SerialNumber"}\n';
      return overHttp(options, [mobileiron.password], vendor);
    },
  },
  {
    source: "okta",
    way: "token",
    start() {
      const vendor = startOkta({ active: count });
      const options = `url = ${vendor.url}\napi_token = ${oktaToken}\n${people}`;
      return overHttp(options, [oktaToken], vendor);
    },
  },
  {
    source: "okta",
    way: "service app",
    start() {
      const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const app = {
        clientId: "0oaCanary",
        keys: { main: publicKey.export({ format: "jwk" }) },
        scopes: ["okta.users.read"],
        requiresDpop: true,
      };
      const vendor = startOkta({ active: count, app });
      const key = privateKey.export({ format: "pem", type: "pkcs8" }).toString().trim();
      const login = `client_id = ${app.clientId}\nprivate_key = ${key.replaceAll("\n", " ")}\n`;
      const options = `url = ${vendor.url}\n${login}${people}`;
      return overHttp(options, [key.split("\n")[1] ?? "", oktaTokenStart], vendor);
    },
  },
  ...(["API 2", "the XML API"] as const).map((way): Subject => ({
    source: "onelogin",
    way,
    start() {
      const { options, secrets, vendor } = startOnelogin(way, { users: count });
      return overHttp(options, secrets, vendor);
    },
  })),
  { source: "sccm", way: "SQL Server", start: startSccm },
  {
    source: "zendesk",
    way: "OAuth client",
    start() {
      const { clientId, clientSecret } = zendesk;
      const login = `client_id = ${clientId}\nclient_secret = ${clientSecret}\n`;
      return startZendeskBy(login, clientSecret, tokenStart);
    },
  },
  {
    source: "zendesk",
    way: "ready token",
    start: () => startZendeskBy(`oauth_token = ${zendesk.oauthToken}\n`, zendesk.oauthToken),
  },
  {
    source: "zendesk",
    way: "API token",
    start() {
      const login = `username = ${zendesk.username}\napi_token = ${zendesk.apiToken}\n`;
      return startZendeskBy(login, zendesk.apiToken);
    },
  },
];
