/**
 * AirWatch against its server.
 *
 * @module
 */
import { expect, test } from "bun:test";
import type { Http } from "../../../src/sdk/http/http.ts";
import { createAuth } from "../../../src/sources/airwatch/access.ts";
import { airwatch } from "../../../src/sources/airwatch/mod.ts";
import { check, conformance, uploadAll, type VendorUnderTest } from "../../support/conformance.ts";
import { makeAdministrator } from "./administrator.ts";
import {
  account,
  type AirwatchOptions,
  device,
  startAirwatch,
  startTokens,
  throttled,
} from "./server.ts";
import { slow } from "../../support/slow.ts";
import type { VendorCall } from "../../support/vendor.ts";

const mapped = 'sync_field = SERIAL\nmapping.SERIAL = {"source": "SerialNumber"}\n';
const withNetwork =
  'mapping.MAC = {"source": "network.WifiInfo.WifiMacAddress"}\nmapping.NAME = {"source": "DeviceFriendlyName"}\n';

function start(options: AirwatchOptions, extra = "", credentials?: string): VendorUnderTest {
  const vendor = startAirwatch(options);
  const common = `url = ${vendor.url}/\napi_token = ${account.tenant}\n${mapped}${extra}`;
  const basic = (password: string) => `username = ${account.username}\npassword = ${password}\n`;
  return {
    vendor,
    section: "airwatch",
    options: `${credentials ?? basic(account.password)}${common}`,
    wrongOptions: `${basic("wrong-password")}${common}`,
    keys: Array.from({ length: options.count }, (_, index) => device(index).SerialNumber),
    keyField: "SERIAL",
    secrets: [account.password, account.tenant],
  };
}

const isList = ({ path }: { path: string }) => path === "/api/mdm/devices/search";

conformance({
  source: airwatch,
  many: 1100,
  start: (count) => start({ count }),
  isList,
  throttled: () => throttled(1000),
});

test("1,200 devices arrive exactly, with three requests", async () => {
  const space = start({ count: 1200 });
  await using vendor = space.vendor;
  const run = await uploadAll(space);
  expect(run.records.map(({ SERIAL }) => SERIAL).sort()).toEqual([...space.keys].sort());
  expect(vendor.calls).toHaveLength(3);
  expect(vendor.calls.every(isList)).toBe(true);
});

test("a page that the server cut short is not the end, and a full last page is", async () => {
  const space = start({ count: 750, pageLimit: 250 });
  await using vendor = space.vendor;
  const run = await uploadAll(space, ["--workers", "1"]);
  expect(run.records.map(({ SERIAL }) => SERIAL)).toEqual([...space.keys]);
  expect(vendor.calls).toHaveLength(3);
});

test("without a total, an answer without content is the end", async () => {
  const space = start({ count: 1000, uncounted: true });
  await using vendor = space.vendor;
  const run = await uploadAll(space);
  expect(run.records).toHaveLength(1000);
  expect(vendor.calls).toHaveLength(3);
});

test("a total that the pages do not reach fails the section", async () => {
  const space = start({ count: 700 });
  await using vendor = space.vendor;
  vendor.fail({
    on: ({ query }) => query.get("page") === "1",
    times: 99,
    answer: () => new Response(null, { status: 204 }),
  });
  const run = await uploadAll(space);
  expect(run.code).toBe(3);
  expect(run.records).toHaveLength(500);
  expect(run.report.sections[0]?.error?.message).toContain("700");
});

test("a device that vanishes while the list is read is reported, and hides no other", async () => {
  // The first when the second page is asked for: the 501st moves to the page that was read.
  for (const [gone, page, count, arrived] of [[0, 1, 700, 700], [500, 1, 501, 500]] as const) {
    const removed = new Set<number>();
    const onPage = (asked: number) => {
      if (asked === page) removed.add(gone);
    };
    const space = start({ count, gone: removed, onPage });
    await using vendor = space.vendor;
    const run = await uploadAll(space, ["--workers", "1"]);
    expect(run.code).toBe(0);
    expect(new Set(run.records.map(({ SERIAL }) => SERIAL)).size).toBe(arrived);
    expect(run.records).toHaveLength(arrived);
    expect(run.stderr).toContain("The list of devices changed while it was read");
    expect(vendor.calls.length).toBeLessThan(6);
  }
});

test("network details are asked for when a mapping reads them, not too many at once", async () => {
  const space = start({ count: 60 }, withNetwork);
  await using vendor = space.vendor;
  const run = await uploadAll(space, ["--workers", "1"]);
  expect(run.records[7]).toEqual({ SERIAL: "SN7", MAC: "A4D1D21007", NAME: "Gerät 7 📱" });
  expect(run.records.map(({ SERIAL }) => SERIAL)).toEqual([...space.keys]);
  expect(vendor.calls).toHaveLength(61);
  expect(vendor.mostAtOnce()).toBeLessThanOrEqual(4);
});

test("details of a page are on their way while the next page is asked for", async () => {
  const asked = Promise.withResolvers<void>();
  const space = start({
    count: 10,
    pageLimit: 5,
    onPage: (page) => page === 1 ? asked.resolve() : undefined,
    // That of the last device of the first page.
    onNetwork: (id) => id === 1004 ? asked.promise : Promise.resolve(),
  }, withNetwork);
  await using vendor = space.vendor;
  const run = await uploadAll(space, ["--workers", "1"]);
  expect(run.records.map(({ SERIAL }) => SERIAL)).toEqual([...space.keys]);
  expect(vendor.mostAtOnce()).toBeLessThanOrEqual(4);
});

test("network details are asked for when a record filter could read them", async () => {
  const filter =
    "recordfilter:\n    // language: javascript\n    return Object.keys(record.network).length > 0\n";
  const space = start({ count: 3 }, filter);
  await using vendor = space.vendor;
  const run = await uploadAll(space);
  expect(run.records).toHaveLength(3);
  expect(vendor.calls).toHaveLength(4);
});

test("a device without network details arrives, one whose details fail is named", async () => {
  const space = start({ count: 5 }, withNetwork);
  await using vendor = space.vendor;
  const of = (id: number) => ({ path }: { path: string }) => path.endsWith(`/${id}/network`);
  vendor.fail({ on: of(1001), times: 99, answer: () => new Response("", { status: 404 }) });
  vendor.fail({ on: of(1003), times: 1, answer: () => new Response("", { status: 500 }) });
  vendor.fail({ on: of(1004), times: 99, answer: () => new Response("broken", { status: 400 }) });
  const run = await uploadAll(space);
  expect(run.code).toBe(3);
  expect(run.records.map(({ SERIAL }) => SERIAL).sort()).toEqual(["SN0", "SN1", "SN2", "SN3"]);
  expect(run.records.find(({ SERIAL }) => SERIAL === "SN1")?.MAC).toBeNull();
  expect(run.report.sections[0]?.counts.unreadable).toBe(1);
  expect(run.stderr).toContain("device 1004");
});

test("data of a DEP group is joined by serial number", async () => {
  const extra = 'dep_uuid = dep-group-1\nmapping.PROFILE = {"source": "dep.profileName"}\n';
  const space = start({ count: 3 }, extra);
  await using vendor = space.vendor;
  const run = await uploadAll(space, ["--workers", "1"]);
  expect(run.records.map(({ PROFILE }) => PROFILE)).toEqual([null, "Field", null]);
  expect(vendor.calls).toHaveLength(2);
});

test("OAuth gets a token from its own host, again when it ends, and no secret goes astray", async () => {
  const tokens = new Set<string>();
  await using server = startTokens(tokens);
  const credentials =
    `client_id = ${account.clientId}\nclient_secret = ${account.clientSecret}\ntoken_url = ${server.url}/connect/token\n`;
  const space = start({ count: 1200, tokens }, "", credentials);
  await using vendor = space.vendor;
  vendor.fail({
    on: ({ query }) => query.get("page") === "1",
    times: 1,
    answer: () => {
      tokens.delete("Access-Token-Canary-0+/=");
      tokens.add("placeholder");
      return Response.json({ errorCode: 1005, message: "Token expired" }, { status: 401 });
    },
  });
  const run = await uploadAll(space, ["--verbose"]);
  expect(run.code).toBe(0);
  expect(run.records).toHaveLength(1200);
  expect(server.calls).toHaveLength(2);
  expect(vendor.calls).toHaveLength(4);
  for (const secret of [account.clientSecret, "Access-Token-Canary"]) {
    expect(run.stdout + run.stderr).not.toContain(secret);
  }
});

test("a refused OAuth client is reported with the options to look at", async () => {
  await using server = startTokens(new Set());
  const credentials =
    `client_id = ${account.clientId}\nclient_secret = wrong\ntoken_url = ${server.url}/connect/token\n`;
  const space = start({ count: 1 }, "", credentials);
  await using _vendor = space.vendor;
  const run = await uploadAll(space);
  expect(run.code).toBe(3);
  expect(run.report.sections[0]?.error?.message).toContain("invalid_client");
  expect(run.report.sections[0]?.error?.hint).toContain("client_secret");
});

test("credentials that do not fit together are reported before the run", () => {
  const rule = (values: Record<string, string | undefined>) => {
    const none = { username: "", password: "", client_id: "", client_secret: "" };
    const options = { ...none, signing_pem_file: "", ...values };
    return airwatch.rule?.(options as never);
  };
  expect(rule({})).toContain("username and password");
  expect(rule({ username: "a", password: "b" })).toBeUndefined();
  expect(rule({ username: "a", password: "b", client_id: "c" })).toContain("client_secret");
  expect(rule({ client_id: "c", client_secret: "d" })).toContain("region");
  expect(rule({ client_id: "c", client_secret: "d", region: "emea" })).toBeUndefined();
  expect(rule({ signing_pem_file: "admin.pem" })).toBeUndefined();
  expect(rule({ signing_pem_file: "admin.pem", client_id: "c" })).toContain("signing_pem_file");
});

test("each region has its token server, and token_url wins over it", async () => {
  const asked: string[] = [];
  const answer = {
    status: 200,
    headers: new Headers(),
    body: JSON.stringify({ access_token: "t", expires_in: 3600 }),
  };
  const http: Http = {
    retries: () => 0,
    send({ path, origin }) {
      asked.push(path);
      expect(path).toStartWith(`${origin}/`);
      return Promise.resolve(answer);
    },
  };
  const client = { client_id: "c", client_secret: "d", username: "", password: "", url: "" };
  const rest = {
    api_token: "",
    api_path: "/api/mdm",
    dep_uuid: "",
    signing_pem_file: "",
    search_version: "1",
  } as const;
  for (const [region, token_url] of [["na"], ["uat", "https://t.example.com/connect/token"]]) {
    const { headers } = createAuth({ ...client, ...rest, region, token_url });
    expect(await headers(http)).toEqual({ Authorization: "Bearer t" });
  }
  expect(asked).toEqual([
    "https://na.uemauth.workspaceone.com/connect/token",
    "https://t.example.com/connect/token",
  ]);
});

const accepted = ({ headers }: VendorCall) => headers.get("accept");

slow(
  "search_version = auto takes the newest search that gives the devices that mappings know",
  async () => {
    const plain = "application/json";
    const servers = [
      { options: {}, version: plain },
      { options: { versions: [3] }, version: `${plain};version=3` },
      { options: { versions: [3, 4] }, version: `${plain};version=4` },
      { options: { versions: [3, 4], otherShape: [4] }, version: `${plain};version=3` },
      { options: { versions: [4], otherShape: [4] }, version: plain },
    ];
    for (const { options, version } of servers) {
      const space = start({ count: 1200, ...options }, "search_version = auto\n");
      await using vendor = space.vendor;
      const run = await uploadAll(space, ["--workers", "1"]);
      expect(run.records.map(({ SERIAL }) => SERIAL)).toEqual([...space.keys]);
      const pages = vendor.calls.filter(({ query }) => query.get("pagesize") === "500");
      expect(pages.map(accepted)).toEqual([version, version, version]);
      // What is looked for is looked for once, with one device.
      expect(vendor.calls.length - pages.length).toBeLessThanOrEqual(2);
    }
  },
);

test("a version of the search that the section names is read, or fails", async () => {
  const space = start({ count: 3, versions: [3] }, "search_version = 3\n");
  await using vendor = space.vendor;
  expect((await uploadAll(space)).records).toHaveLength(3);
  expect(vendor.calls.map(accepted)).toEqual(["application/json;version=3"]);
  const other = start({ count: 3, versions: [3] }, "search_version = 4\n");
  await using _other = other.vendor;
  expect((await uploadAll(other)).code).toBe(3);
});

test("no version is looked for with credentials that are refused", async () => {
  const space = start({ count: 3, versions: [3, 4] }, "search_version = auto\n");
  await using vendor = space.vendor;
  const run = await check(space, space.wrongOptions);
  expect(run.code).toBe(3);
  expect(run.stdout).toMatch(/Check /);
  expect(vendor.calls).toHaveLength(1);
});

test("requests are signed with the certificate of an administrator, over their path", async () => {
  using administrator = makeAdministrator();
  const login = `signing_pem_file = ${administrator.pem}\n`;
  const space = start({ count: 3, administrator }, withNetwork, login);
  await using vendor = space.vendor;
  const run = await uploadAll(space, ["--workers", "1", "--verbose"]);
  expect(run.code).toBe(0);
  expect(run.records).toHaveLength(3);
  expect(vendor.calls).toHaveLength(4);
  expect(run.stdout + run.stderr).not.toContain(administrator.keyText);
  const signature = vendor.calls[0]?.headers.get("authorization") ?? "";
  expect(administrator.hasSigned(signature, "/api/mdm/devices/search")).toBe(true);
  expect(administrator.hasSigned(signature, "/api/mdm/devices/1000/network")).toBe(false);
});

slow("another certificate is refused, and one of another kind is named", async () => {
  using administrator = makeAdministrator();
  using another = makeAdministrator();
  using curve = makeAdministrator("ec");
  for (const [pem, words] of [[another.pem, "401"], [curve.pem, "not an RSA key"]] as const) {
    const space = start({ count: 1, administrator }, "", `signing_pem_file = ${pem}\n`);
    await using _vendor = space.vendor;
    const run = await check(space);
    expect(run.code).not.toBe(0);
    expect(run.stdout + run.stderr).toContain(words);
  }
});

slow("the limit of the vendor holds up the run and loses nothing", async () => {
  const space = start({
    count: 30,
    throttle: { requests: 12, windowMs: 1500, answer: throttled },
  }, withNetwork);
  await using vendor = space.vendor;
  const run = await uploadAll(space);
  expect(run.records).toHaveLength(30);
  expect(run.code).toBe(0);
  expect(vendor.throttled()).toBeGreaterThan(0);
});
