/**
 * Jamf Pro against its server: both APIs, both kinds, groups, tokens, failing details.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { casper } from "../../../src/sources/casper/mod.ts";
import { conformance, uploadAll, type VendorUnderTest } from "../../support/conformance.ts";
import type { VendorCall } from "../../support/vendor.ts";
import { credentials, type JamfOptions, startJamf, tokenPrefix } from "./server.ts";

const asUser = `username = ${credentials.username}\npassword = ${credentials.password}\n`;
const asClient =
  `client_id = ${credentials.clientId}\nclient_secret = ${credentials.clientSecret}\n`;

function start(
  options: JamfOptions,
  extra = "",
  login = asUser,
  section = "casper",
): VendorUnderTest {
  const vendor = startJamf(options);
  const common =
    `url = ${vendor.url}/jss/\nsync_field = SERIAL\nmapping.SERIAL = general.serial_number\n${extra}`;
  return {
    vendor,
    section,
    options: login + common,
    wrongOptions: login.replace(/(password|client_secret) = .*/, "$1 = not-the-right-one") + common,
    keys: Array.from({ length: options.count }, (_, index) => `SN${index + 1}`),
    keyField: "SERIAL",
    secrets: [credentials.password, credentials.clientSecret, tokenPrefix],
  };
}

const throttled = () => new Response("busy", { status: 503, headers: { "Retry-After": "1" } });
const isClassicList = ({ path }: VendorCall) => path === "/jss/JSSResource/computers";

conformance({
  source: casper,
  many: 23,
  start: (count) => start({ count }),
  isList: isClassicList,
  throttled,
});

conformance({
  source: casper,
  many: 250,
  start: (count) => start({ count, era: "pro" }, "api = pro\n", asClient),
  // The first one asks which version there is.
  isList: ({ path, query }) =>
    path.endsWith("computers-inventory") && query.get("page-size") !== "1",
  throttled,
});

test(
  "of 1,000 computers, five are gone and three always fail: 992 sent, eight named, exit 3",
  async () => {
    const missing = [3, 104, 205, 306, 407];
    const broken = [10, 500, 1000];
    const place = start({ count: 1000, missing, broken });
    await using vendor = place.vendor;
    const run = await uploadAll(place);
    const [section] = run.report.sections as unknown as {
      failures: { record: string }[];
      counts: Record<string, number>;
    }[];
    expect(run.code).toBe(3);
    expect(section?.counts).toMatchObject({ fetched: 992, sent: 992, unreadable: 8, failed: 0 });
    expect(section?.failures.map(({ record }) => record).sort()).toEqual(
      [...missing, ...broken].map((id) => `computer ${id}`).sort(),
    );
    expect(vendor.mostAtOnce()).toBeLessThanOrEqual(5);
  },
  120_000,
);

test(
  "1,200 computers arrive exactly; Classic takes one request each, the newer API one per hundred",
  async () => {
    const classic = start({ count: 1200 });
    await using old = classic.vendor;
    const run = await uploadAll(classic);
    expect(run.records.map(({ SERIAL }) => SERIAL).sort()).toEqual([...classic.keys].sort());
    expect(old.calls).toHaveLength(1 + 1 + 1200);
    const newer = start({ count: 1200, era: "pro" });
    await using vendor = newer.vendor;
    const paged = await uploadAll(newer);
    expect(paged.records.map(({ SERIAL }) => SERIAL).sort()).toEqual([...newer.keys].sort());
    // The token, the Classic list that is gone, the version, twelve pages.
    expect(vendor.calls).toHaveLength(3 + 12);
  },
  120_000,
);

const everything = `mapping.NAME = general.name
mapping.RAM = hardware.total_ram
mapping.PO = purchasing.po_date
mapping.SEEN = general.report_date
mapping.DEPARTMENT = location.department
mapping.CYCLES = {"source": "extension_attributes", "converter": "casper_extension_attribute:attr=Battery Cycles|default=none"}
`;

test("both APIs give the same records, with software, dates and extension attributes", async () => {
  const expected = {
    SERIAL: "SN1",
    NAME: "device-1",
    RAM: 16_384,
    PO: 1740700800,
    SEEN: 1767600843,
    DEPARTMENT: "R&D",
    CYCLES: "1",
    APPLICATIONS: [{ name: "Pages.app", path: "/Applications/Pages.app", version: "13.2" }],
  };
  for (
    const options of [{ era: "classic" }, { era: "pro" }, { era: "pro", inventory: "v1" }] as const
  ) {
    const place = start({ count: 1, ...options }, everything);
    await using vendor = place.vendor;
    const run = await uploadAll(place);
    expect(run.records).toEqual([expected]);
    expect(vendor.unexpected).toEqual([]);
  }
});

test("only wanted parts are asked for; all when user code or something unknown is read", async () => {
  const paths = async (extra: string) => {
    const place = start({ count: 1 }, extra);
    await using vendor = place.vendor;
    expect((await uploadAll(place)).code).toBe(0);
    return vendor.calls.map(({ path }) => path).filter((path) => path.includes("/id/"));
  };
  const detail = "/jss/JSSResource/computers/id/1";
  const off = 'mapping.APPLICATIONS = {"hardcoded": []}\n';
  expect(await paths(off)).toEqual([`${detail}/subset/General`]);
  expect(await paths(everything)).toEqual([
    `${detail}/subset/ExtensionAttributes&General&Hardware&Location&Purchasing&Software`,
  ]);
  expect(await paths(`${off}mapping.X = nosuch.part\n`)).toEqual([detail]);
  expect(await paths(`${off}recordfilter:\n    return len(record) > 0\n`)).toEqual([detail]);
  expect(await paths(`${off}recordfilter:\n    return record.location.username != "x"\n`)).toEqual([
    `${detail}/subset/General&Location`,
  ]);
});

test("mobile devices go under Casper.MDM, without software", async () => {
  const extra = "sync_type = mobiledevices\nmapping.IMEI = network.imei\n";
  const place = start({ count: 12 }, extra, asUser, "casper.MDM");
  await using vendor = place.vendor;
  const run = await uploadAll(place);
  expect(run.records).toHaveLength(12);
  expect(run.records.find(({ SERIAL }) => SERIAL === "SN3")).toEqual({
    SERIAL: "SN3",
    IMEI: "353",
  });
  expect(run.report.sections[0]).toMatchObject({ mapping_name: "Casper.MDM" });
  expect(vendor.calls.at(-1)?.path).toContain("/mobiledevices/id/");
});

test("groups are found by name, whatever is in it; one that does not exist is told", async () => {
  const groups = { "Lab": [2, 4], "R&D / Süd": [1, 3], "50% +": [5] };
  for (const [name, members] of Object.entries(groups)) {
    const place = start({ count: 9, groups }, `group_name = ${name}\n`);
    await using vendor = place.vendor;
    const run = await uploadAll(place, ["--workers", "1"]);
    expect(run.records.map(({ SERIAL }) => SERIAL)).toEqual(members.map((id) => `SN${id}`));
    expect(vendor.unexpected).toEqual([]);
  }
  const place = start({ count: 9, groups }, "group_name = lab\n");
  await using _vendor = place.vendor;
  const run = await uploadAll(place);
  expect(run.code).toBe(3);
  expect(run.report.sections[0]?.error?.message).toContain('no group "lab"');
});

test("groups work with the newer API, too", async () => {
  const place = start(
    { count: 9, era: "pro", groups: { Lab: [2, 4] } },
    "api = pro\ngroup_name = Lab\n",
  );
  await using _vendor = place.vendor;
  const run = await uploadAll(place);
  expect(run.records.map(({ SERIAL }) => SERIAL)).toEqual(["SN2", "SN4"]);
  expect(run.code).toBe(0);
});

test(
  "servers without tokens are asked with Basic; API clients get tokens that live a moment",
  async () => {
    const basic = start({ count: 7, era: "basic" });
    await using old = basic.vendor;
    expect((await uploadAll(basic)).records).toHaveLength(7);
    expect(old.calls.filter(({ path }) => path.endsWith("/auth/token"))).toHaveLength(1);
    const client = start({ count: 300, tokenLife: 100 }, "", asClient);
    await using vendor = client.vendor;
    const run = await uploadAll(client);
    expect(run.records).toHaveLength(300);
    expect(run.code).toBe(0);
    expect(vendor.calls.filter(({ path }) => path.endsWith("/oauth/token")).length).toBeGreaterThan(
      1,
    );
  },
  60_000,
);

test("a busy server holds up the run and loses nothing", async () => {
  const throttle = {
    requests: 40,
    windowMs: 1000,
    answer: (resetMs: number) =>
      new Response("busy", {
        status: 503,
        headers: { "Retry-After": `${Math.ceil(resetMs / 1000)}` },
      }),
  };
  const place = start({ count: 100, throttle });
  await using vendor = place.vendor;
  const run = await uploadAll(place);
  expect(run.records).toHaveLength(100);
  expect(run.code).toBe(0);
  expect(vendor.throttled()).toBeGreaterThan(0);
  expect(vendor.mostAtOnce()).toBeLessThanOrEqual(5);
}, 60_000);
