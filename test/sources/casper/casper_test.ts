/**
 * Jamf Pro's Classic API against its server: both kinds, parts, groups, tokens, failing details.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { casper } from "../../../src/sources/casper/mod.ts";
import { conformance, uploadAll } from "../../support/conformance.ts";
import { asClient, asUser, everything, noSoftware, start, throttled } from "./section.ts";
import { slow } from "../../support/slow.ts";
import { barrier } from "../../support/vendor.ts";

conformance({
  source: casper,
  many: 23,
  start: (count) => start({ count }),
  isList: ({ path }) => path === "/jss/JSSResource/computers",
  throttled: () => throttled(),
});

slow(
  "of 1,000 computers, five are gone and three always fail: 992 sent, eight named, exit 3",
  async () => {
    const missing = [3, 104, 205, 306, 407];
    const broken = [10, 500, 1000];
    const space = start({ count: 1000, missing, broken });
    await using vendor = space.vendor;
    const run = await uploadAll(space);
    const [section] = run.report.sections as unknown as {
      failures: { record: string }[];
      counts: Record<string, number>;
    }[];
    expect(run.code).toBe(3);
    expect(section?.counts).toMatchObject({ fetched: 992, sent: 992, unreadable: 8, failed: 0 });
    expect(section?.failures.map(({ record }) => record).sort()).toEqual(
      [...missing, ...broken].map((id) => `computer ${id} (device-${id})`).sort(),
    );
    expect(vendor.mostAtOnce()).toBeLessThanOrEqual(5);
  },
  120_000,
);

test(
  "1,200 computers arrive exactly, with a request for each, the token and the list",
  async () => {
    const space = start({ count: 1200 });
    await using vendor = space.vendor;
    const run = await uploadAll(space, ["--workers", "1"]);
    expect(run.records.map(({ SERIAL }) => SERIAL)).toEqual([...space.keys]);
    expect(vendor.calls).toHaveLength(1 + 1 + 1200);
    expect(vendor.mostAtOnce()).toBeLessThanOrEqual(5);
  },
  120_000,
);

slow(
  "only wanted parts are asked for; all when user code or something unknown is read",
  async () => {
    const paths = async (extra: string) => {
      const space = start({ count: 1 }, extra);
      await using vendor = space.vendor;
      expect((await uploadAll(space)).code).toBe(0);
      return vendor.calls.map(({ path }) => path).filter((path) => path.includes("/id/"));
    };
    const detail = "/jss/JSSResource/computers/id/1";
    expect(await paths(noSoftware)).toEqual([`${detail}/subset/General`]);
    expect(await paths(everything)).toEqual([
      `${detail}/subset/ExtensionAttributes&General&Hardware&Location&Purchasing&Software`,
    ]);
    expect(await paths(`${noSoftware}mapping.X = nosuch.part\n`)).toEqual([detail]);
    expect(await paths(`${noSoftware}recordfilter:\n    return len(record) > 0\n`)).toEqual([
      detail,
    ]);
    expect(await paths(`${noSoftware}recordfilter:\n    return record.location.username != "x"\n`))
      .toEqual([
        `${detail}/subset/General&Location`,
      ]);
  },
);

test("mobile devices go under Casper.MDM, without software", async () => {
  const extra = "sync_type = mobiledevices\nmapping.IMEI = network.imei\n";
  const space = start({ count: 12 }, extra, asUser, "casper.MDM");
  await using vendor = space.vendor;
  const run = await uploadAll(space);
  expect(run.records).toHaveLength(12);
  expect(run.records.find(({ SERIAL }) => SERIAL === "SN3")).toEqual({
    SERIAL: "SN3",
    IMEI: "353",
  });
  expect(run.report.sections[0]).toMatchObject({ mapping_name: "Casper.MDM" });
  expect(vendor.calls.at(-1)?.path).toContain("/mobiledevices/id/");
});

slow(
  "groups are found by name, whatever is in it; one that does not exist is reported",
  async () => {
    const groups = { "Lab": [2, 4], "R&D / Süd": [1, 3], "50% +": [5], "a\\b": [6], "..": [7] };
    for (const api of ["auto", "classic"]) {
      for (const [name, members] of Object.entries(groups)) {
        const space = start({ count: 9, groups }, `api = ${api}\ngroup_name = ${name}\n`);
        await using vendor = space.vendor;
        const run = await uploadAll(space, ["--workers", "1"]);
        expect(run.records.map(({ SERIAL }) => SERIAL)).toEqual(members.map((id) => `SN${id}`));
        expect(vendor.unexpected).toEqual([]);
        const lists = vendor.calls.filter(({ path }) => path === "/jss/JSSResource/computers");
        expect(lists).toHaveLength(api === "auto" ? 1 : 0);
      }
    }
    const space = start({ count: 9, groups }, "group_name = lab\n");
    await using _vendor = space.vendor;
    const run = await uploadAll(space);
    expect(run.code).toBe(3);
    expect(run.report.sections[0]?.error?.message).toContain('no group "lab"');
  },
);

test("a group of mobile devices is one of theirs", async () => {
  const extra = "sync_type = mobiledevices\ngroup_name = Süd & Nord\n";
  const groups = { "Süd & Nord": [2, 4] };
  const space = start({ count: 9, groups }, extra, asUser, "casper.MDM");
  await using vendor = space.vendor;
  const run = await uploadAll(space, ["--workers", "1"]);
  expect(run.records.map(({ SERIAL }) => SERIAL)).toEqual(["SN2", "SN4"]);
  expect(vendor.calls.some(({ path }) => path.includes("mobiledevicegroups"))).toBe(true);
});

test("servers without tokens, and those that take them elsewhere only, are asked with Basic", async () => {
  for (const era of ["basic", "early"] as const) {
    const space = start({ count: 30, era });
    await using vendor = space.vendor;
    const run = await uploadAll(space);
    expect(run.records).toHaveLength(30);
    expect(run.code).toBe(0);
    const tokens = vendor.calls.filter(({ path }) => path.endsWith("/auth/token"));
    expect(tokens).toHaveLength(1);
    // An early server refuses the token once.
    expect(vendor.calls).toHaveLength(1 + 1 + 30 + (era === "early" ? 1 : 0));
    const wrong = await uploadAll(space, [], space.wrongOptions);
    expect(wrong.code).toBe(3);
    expect(wrong.report.sections[0]?.error?.hint).toContain("password");
  }
});

test("403, 405 and a page instead of a token mean an older server, as 404 does", async () => {
  const answers = [
    () => new Response("Forbidden", { status: 403 }),
    () => new Response("Method Not Allowed", { status: 405 }),
    () => new Response("<html>Log in</html>", { headers: { "Content-Type": "text/html" } }),
    () => new Response("\n<!DOCTYPE html><title>Jamf Pro</title>"),
  ];
  for (const tokenAnswer of answers) {
    const space = start({ count: 3, era: "basic", tokenAnswer });
    await using _vendor = space.vendor;
    const run = await uploadAll(space);
    expect(run.records).toHaveLength(3);
    expect(run.code).toBe(0);
    const wrong = await uploadAll(space, [], space.wrongOptions);
    expect(wrong.code).toBe(3);
    expect(wrong.report.sections[0]?.error?.hint).toContain("password");
  }
});

test(
  "tokens that are soon used up are asked for again, for users and API clients alike",
  async () => {
    for (const login of [asUser, asClient]) {
      const space = start({ count: 100, tokenUses: 20 }, "", login);
      await using vendor = space.vendor;
      const run = await uploadAll(space);
      expect(run.records).toHaveLength(100);
      expect(run.code).toBe(0);
      const tokens = vendor.calls.filter(({ path }) => path.endsWith("/token"));
      expect(tokens.length).toBeGreaterThanOrEqual(6);
      expect(tokens.length).toBeLessThan(20);
    }
  },
  60_000,
);

test("tokens that live a moment are asked for again, however fast the machine is", async () => {
  // Long enough for a busy machine to use a token that it just got.
  const space = start({ count: 30, tokenLife: 400 });
  await using vendor = space.vendor;
  // The first device is there after the first token has ended.
  vendor.fail({
    on: ({ path }) => path.includes("/id/1"),
    times: 1,
    answer: () => (Bun.sleepSync(500), new Response("busy", { status: 503 })),
  });
  const run = await uploadAll(space);
  expect(run.records).toHaveLength(30);
  expect(run.code).toBe(0);
  const tokens = vendor.calls.filter(({ path }) => path.endsWith("/token"));
  expect(tokens.length).toBeGreaterThan(1);
}, 60_000);

test("a server whose clock is behind is asked for one token, not for one each time", async () => {
  const space = start({ count: 30, clockBehind: 7_200_000 });
  await using vendor = space.vendor;
  expect((await uploadAll(space)).records).toHaveLength(30);
  expect(vendor.calls.filter(({ path }) => path.endsWith("/token"))).toHaveLength(1);
});

slow("a busy server holds up the run and loses nothing", async () => {
  const space = start({
    count: 100,
    throttle: { requests: 40, windowMs: 1000, answer: throttled },
  });
  await using vendor = space.vendor;
  const run = await uploadAll(space);
  expect(run.records).toHaveLength(100);
  expect(run.code).toBe(0);
  expect(vendor.throttled()).toBeGreaterThan(0);
  expect(vendor.mostAtOnce()).toBeLessThanOrEqual(5);
}, 60_000);

test("an address without Jamf Pro is reported as such", async () => {
  const space = start({ count: 1 });
  await using vendor = space.vendor;
  const elsewhere = space.options.replace(`${vendor.url}/jss/`, `${vendor.url}/other/`);
  const run = await uploadAll(space, [], elsewhere);
  expect(run.code).toBe(3);
  expect(run.report.sections[0]?.error?.hint).toContain("Check url");
});

test("credentials that do not fit together are reported before the run", () => {
  const rule = (values: Record<string, string>) => {
    const none = { username: "", password: "", client_id: "", client_secret: "" };
    const rest = {
      url: "https://jamf.example.com",
      environment_id: "",
      tenant_id: "",
      api: "auto",
    };
    return casper.rule?.({ ...none, ...rest, ...values } as never);
  };
  const client = { client_id: "a", client_secret: "b" };
  const gateway = "https://eu.api.jamfcloud.com";
  expect(rule({ ...client, url: gateway })).toContain("environment_id or tenant_id");
  expect(rule({ ...client, url: gateway, tenant_id: "t" })).toBeUndefined();
  expect(rule({ ...client, environment_id: "e", tenant_id: "t" })).toContain("not both");
  expect(rule({ ...client, environment_id: "e", api: "classic" })).toContain("Classic API");
  expect(rule({ username: "u", password: "p", environment_id: "e" })).toContain("client_id");
  expect(rule({})).toContain("username and password");
  expect(rule({ username: "a" })).toContain("username and password");
  expect(rule({ username: "a", password: "b" })).toBeUndefined();
  expect(rule({ username: "a", password: "b", client_id: "c" })).toContain("client_secret");
  expect(rule({ client_id: "c", client_secret: "d" })).toBeUndefined();
});

test("all the fields of the two lists are documented", () => {
  const lists = /^(general|hardware|location|network|purchasing|security)\./;
  const entries = Object.entries(casper.fields ?? {}).filter(([path]) => lists.test(path));
  const of = (kind: string) => entries.filter(([, meaning]) => meaning.includes(kind)).length;
  expect({ computers: of("computers"), devices: of("mobile devices") }).toEqual({
    computers: 80,
    devices: 89,
  });
  for (const path of ["hardware.total_ram_mb", "general.modelDisplay", "network.imei"]) {
    expect(casper.fields).toHaveProperty([path]);
  }
});

test("with concurrency = 10 as many devices are asked for at once, with a warning; without, five", async () => {
  const isDetail = ({ path }: { path: string }) => /\/id\/\d+/.test(path);
  const ten = barrier(10);
  const raised = start({
    count: 60,
    hold: (call) => isDetail(call) ? ten() : Promise.resolve(),
  }, "concurrency = 10\napi = classic\n");
  await using vendor = raised.vendor;
  const run = await uploadAll(raised);
  expect(run.records).toHaveLength(60);
  expect(vendor.mostAtOnce()).toBe(10);
  const warning = "concurrency = 10 is more than is advised for Jamf Pro, which is 5";
  expect(run.stderr).toContain(warning);
  const five = barrier(5);
  const usual = start({
    count: 60,
    hold: (call) => isDetail(call) ? five() : Promise.resolve(),
  }, "api = classic\n");
  await using other = usual.vendor;
  expect((await uploadAll(usual)).stderr).not.toContain("advised");
  expect(other.mostAtOnce()).toBe(5);
});
