/**
 * MobileIron Cloud against its server.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { mobileiron } from "../../../src/sources/mobileiron/mod.ts";
import { choosePartitions, readPartitions } from "../../../src/sources/mobileiron/partitions.ts";
import { conformance, uploadAll, type VendorUnderTest } from "../../support/conformance.ts";
import { slow } from "../../support/slow.ts";
import type { VendorCall } from "../../support/vendor.ts";
import {
  account,
  type CloudOptions,
  type CloudPartition,
  device,
  devices,
  startCloud,
  throttled,
} from "./cloud_server.ts";

const noCredentials = {
  username: "",
  password: "",
  api_token: "",
  client_id: "",
  client_secret: "",
  token_url: undefined,
};

const mapped = 'sync_field = SERIAL\nmapping.SERIAL = {"source": "serialNumber"}\n';

function start(
  options: CloudOptions,
  extra = "",
  partitions = '["Drivers", "Büro & Lager"]',
): VendorUnderTest {
  const vendor = startCloud(options);
  const common =
    `url = ${vendor.url}/\nusername = ${account.username}\npartitions = ${partitions}\n`;
  const rest = `${common}${mapped}${extra}`;
  return {
    vendor,
    section: "mobileiron",
    options: `password = ${account.password}\n${rest}`,
    wrongOptions: `password = wrong-password\n${rest}`,
    keys: options.partitions.flatMap((one) => one.devices).map((one) => `${one.serialNumber}`),
    keyField: "SERIAL",
    secrets: [account.password],
  };
}

/** Three partitions, of which two are read; their devices were all seen lately. */
function twoOf(count: number): CloudPartition[] {
  const half = Math.floor(count / 2);
  return [
    { id: 11, name: "Drivers", devices: devices(half) },
    { id: 12, name: "Drive", devices: [] },
    { id: 13, name: "Büro & Lager", devices: devices(count - half, half) },
  ];
}

function isList({ path }: VendorCall): boolean {
  return path === "/api/v1/device";
}

conformance({
  source: mobileiron,
  many: 1300,
  start: (count) => start({ partitions: twoOf(count) }),
  isList,
  throttled: () => throttled(1000),
});

test("1,200 devices of one partition arrive exactly, with four requests", async () => {
  const partitions = [{ id: 11, name: "Drivers", devices: devices(1200) }];
  const space = start({ partitions }, "", "All");
  await using vendor = space.vendor;
  const run = await uploadAll(space, ["--workers", "1"]);
  expect(run.records.map(({ SERIAL }) => SERIAL)).toEqual([...space.keys]);
  expect(vendor.calls).toHaveLength(4);
  expect(vendor.calls.filter(isList)).toHaveLength(3);
});

test("a page that the server cut short is not the end, also of the list of partitions", async () => {
  const partitions = Array.from({ length: 5 }, (_, index) => ({
    id: index,
    name: `P${index}`,
    devices: devices(7, index * 7),
  }));
  const space = start({ partitions, pageLimit: 3 }, "", "All");
  await using vendor = space.vendor;
  const run = await uploadAll(space, ["--workers", "1"]);
  expect(run.records.map(({ SERIAL }) => SERIAL)).toEqual([...space.keys]);
  expect(vendor.calls).toHaveLength(2 + 5 * 3);
});

test("a name is not taken for another that contains it, and an unknown one is reported", async () => {
  const partitions = [
    { id: 1, name: "Drivers", devices: devices(2) },
    { id: 2, name: "Drive", devices: devices(2, 10) },
    { id: 3, name: "r", devices: devices(2, 20) },
  ];
  const space = start({ partitions }, "", '["drivers", "Pilots"]');
  await using _vendor = space.vendor;
  const run = await uploadAll(space, ["--workers", "1"]);
  expect(run.records.map(({ SERIAL }) => SERIAL)).toEqual(["SN0", "SN1"]);
  expect(run.code).toBe(0);
  expect(run.stderr).toContain('There is no partition "Pilots". There are: Drivers, Drive, r');
  const none = await uploadAll(space, [], space.options.replace('["drivers", "Pilots"]', "Pilots"));
  expect(none.code).toBe(3);
  expect(none.report.sections[0]?.error?.hint).toContain("Drivers, Drive, r");
});

test("partitions are read as a JSON list, as names with commas, and as All", () => {
  expect(readPartitions('["A, B", "C"]')).toEqual(["A, B", "C"]);
  expect(readPartitions(" A B , C,")).toEqual(["A B", "C"]);
  expect(readPartitions("All")).toBe("all");
  expect(readPartitions("all")).toEqual(["all"]);
  expect(readPartitions('["A"')).toBeUndefined();
  expect(readPartitions("[1]")).toBeUndefined();
  const partitions = [{ id: 1, name: "a" }, { id: 2, name: "A" }];
  expect(choosePartitions(partitions, ["A", "a", "A"]).found).toEqual([...partitions].reverse());
  const login = { ...noCredentials, username: "a", password: "b" };
  const rule = (text: string, api_version = "1") =>
    mobileiron.rule?.({ ...login, partitions: text, api_version } as never);
  expect(rule('["A"')).toContain("partitions");
  expect(rule("")).toContain("partitions");
  expect(rule("", "2")).toBeUndefined();
  expect(rule("All")).toBeUndefined();
});

test("devices that were not seen for 36 hours or never are left out, and their pages not asked for", async () => {
  const fresh = Array.from({ length: 400 }, (_, index) => device(index, 35));
  const stale = Array.from({ length: 1700 }, (_, index) => device(400 + index, 37 + index));
  const partitions = [
    { id: 1, name: "Drivers", devices: [...fresh, ...stale] },
    { id: 2, name: "Office", devices: [device(9000), device(9001, 1)] },
  ];
  const space = start({ partitions }, "", "All");
  await using vendor = space.vendor;
  const run = await uploadAll(space, ["--workers", "1"]);
  expect(run.code).toBe(0);
  expect(run.records.map(({ SERIAL }) => SERIAL)).toEqual([
    ...space.keys.slice(0, 400),
    "SN9001",
  ]);
  expect(vendor.calls.filter(isList)).toHaveLength(3);
  expect(run.stderr).toContain("Skipped 1700 of 2100 devices of partition Drivers");
});

test("a page of devices that were never seen does not hide those behind it", async () => {
  const never = Array.from({ length: 500 }, (_, index) => device(index));
  const partitions = [{ id: 1, name: "Drivers", devices: [...never, device(900, 1)] }];
  const space = start({ partitions }, "", "Drivers");
  await using _vendor = space.vendor;
  const run = await uploadAll(space);
  expect(run.records.map(({ SERIAL }) => SERIAL)).toEqual(["SN900"]);
});

test("the 36 hours can be changed, and switched off", async () => {
  const partitions = [{
    id: 1,
    name: "Drivers",
    devices: [device(0, 1), device(1, 3), device(2, 50), device(3)],
  }];
  const cases = [
    ["last_checkin_date_threshold = 7200\n", ["SN0"]],
    ["last_checkin_date_threshold = 190000\n", ["SN0", "SN1", "SN2"]],
    ["include_checkin_devices_only = False\n", ["SN0", "SN1", "SN2", "SN3"]],
  ] as const;
  for (const [extra, serials] of cases) {
    const space = start({ partitions }, extra, "Drivers");
    await using _vendor = space.vendor;
    const run = await uploadAll(space, ["--workers", "1"]);
    expect(run.code).toBe(0);
    expect(run.records.map(({ SERIAL }) => SERIAL)).toEqual([...serials]);
  }
});

const windows = {
  id: 1,
  name: "Drivers",
  devices: [
    device(0, 1),
    { ...device(1, 1), windowsDeviceType: "DESKTOP" },
    { ...device(2, 1), windowsDeviceType: "DESKTOP", serialNumber: null },
    { ...device(3, 1), windowsDeviceType: "DESKTOP" },
  ],
};

test("the hardware of Windows devices is read when it is mapped; one that fails is named", async () => {
  const extra =
    'mapping.DISK = {"source": "primaryHDDSize"}\nmapping.CPU = {"source": "primaryProcessorName"}\nmapping.CORES = {"source": "primaryProcessorCores"}\nmapping.RAM = {"source": "primaryMemoryCapacity"}\n';
  const space = start({ partitions: [windows] }, extra, "Drivers");
  await using vendor = space.vendor;
  vendor.fail({
    on: ({ path }) => path.includes("/7003/"),
    times: 99,
    answer: () => new Response("", { status: 400 }),
  });
  const run = await uploadAll(space, ["--workers", "1"]);
  const pc = { DISK: "512 GB", CPU: "Example CPU", CORES: 8, RAM: "16 GB" };
  expect(run.records).toEqual([
    { SERIAL: "SN0", DISK: null, CPU: null, CORES: null, RAM: null },
    { SERIAL: "PC7001", ...pc },
    { SERIAL: "PC7002", ...pc },
  ]);
  expect(run.code).toBe(3);
  expect(run.stderr).toContain("device 7003");
});

test("without such a mapping, only a missing serial number is asked for", async () => {
  const space = start({ partitions: [windows] }, "", "Drivers");
  await using vendor = space.vendor;
  const run = await uploadAll(space, ["--workers", "1"]);
  expect(run.records.map(({ SERIAL }) => SERIAL)).toEqual(["SN0", "SN1", "PC7002", "SN3"]);
  expect(vendor.calls).toHaveLength(3);
});

test("a partition that cannot be read fails the section", async () => {
  const space = start({ partitions: twoOf(10) });
  await using vendor = space.vendor;
  vendor.fail({
    on: ({ query }) => query.get("dmPartitionId") === "13",
    times: 99,
    answer: () => new Response("{}", { status: 400 }),
  });
  const run = await uploadAll(space);
  expect(run.code).toBe(3);
  expect(run.records).toHaveLength(5);
  expect(run.report.sections[0]?.error?.message).toContain("Büro & Lager");
});

test("credentials that do not fit together are reported before the run", () => {
  const rule = (values: Record<string, string>, user_pem_file = "") => {
    const options = { ...noCredentials, partitions: "All", api_version: "1", user_pem_file };
    return mobileiron.rule?.({ ...options, ...values } as never);
  };
  expect(rule({})).toContain("username and password");
  expect(rule({ username: "a" })).toContain("username and password");
  expect(rule({ username: "a" }, "own.pem")).toContain("username and password");
  expect(rule({}, "own.pem")).toBeUndefined();
  expect(rule({ api_token: "t" })).toBeUndefined();
  expect(rule({ client_id: "c", client_secret: "s" })).toContain("token_url");
  const token_url = "https://example.com/connect/token";
  expect(rule({ client_id: "c", client_secret: "s", token_url })).toBeUndefined();
});

slow("the limit of the vendor holds up the run and loses nothing", async () => {
  const space = start({
    partitions: twoOf(60),
    pageLimit: 5,
    throttle: { requests: 6, windowMs: 1500, answer: throttled },
  });
  await using vendor = space.vendor;
  const run = await uploadAll(space);
  expect(run.records).toHaveLength(60);
  expect(run.code).toBe(0);
  expect(vendor.throttled()).toBeGreaterThan(0);
});
