/**
 * What a webhook of Jamf Pro is about: the device is fetched anew, by its id.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { createLog } from "../../../src/logging/log.ts";
import { Skipped } from "../../../src/base/record.ts";
import { createRedactor } from "../../../src/base/redact.ts";
import { checkConfig } from "../../../src/config/config.ts";
import { parseIni } from "../../../src/config/ini.ts";
import { compileUserCode } from "../../../src/sync/user_code.ts";
import { prepareSections } from "../../../src/sync/prepare.ts";
import { sourceContext } from "../../../src/sync/read/source_context.ts";
import { casper } from "../../../src/sources/casper/mod.ts";
import { classicDevice } from "./devices.ts";
import { start } from "./section.ts";
import type { JamfOptions } from "./server.ts";

/** The records that an event leads to, what was asked for, and what was logged. */
async function fetched(body: unknown, extra = "", options: Partial<JamfOptions> = {}) {
  const space = start({ count: 20, ...options }, extra);
  await using vendor = space.vendor;
  const lines: string[] = [];
  const log = createLog("test", createRedactor(), [
    ({ level, message }) => lines.push(`${level}: ${message}`),
  ]);
  const text =
    `[oomnitza]\nurl = http://127.0.0.1\napi_token = x\n[casper]\nenable = True\n${space.options}`;
  const plan = checkConfig(parseIni(text, "config.ini"), {
    sources: [casper],
    env: {},
    directory: "/",
  });
  expect(plan.findings).toEqual([]);
  const [prepared] = await prepareSections(plan.sections, {
    oomnitza: { mappings: () => Promise.resolve({}) },
    findConverter: () => undefined,
    converterNames: [],
    code: await compileUserCode(plan.converters, plan.sections),
    version: "0",
    log,
  });
  if (prepared === undefined || casper.webhook === undefined) throw new Error("nothing to call");
  const { signal } = new AbortController();
  const context = sourceContext(prepared, { signal, redactor: createRedactor(), workers: 2 });
  const records = await Array.fromAsync(casper.webhook(context, { body }));
  return { records, lines, paths: vendor.calls.map(({ path }) => path.replace("/jss", "")) };
}

const event = (webhookEvent: string, jssID: unknown) => ({
  webhook: { id: 1, webhookEvent },
  event: { jssID },
});

const mobile = "sync_type = mobiledevices\n";
const classic = "/JSSResource/computers/id/13/subset/General&Software";

test("an event fetches the wanted parts of the device of its id, with one request", async () => {
  const computer = await fetched(event("ComputerInventoryCompleted", 13));
  const { general, software } = classicDevice("computers", 13);
  expect(computer.records).toEqual([{ general, software }]);
  expect(computer.paths).toEqual(["/api/v1/auth/token", classic]);
  const device = await fetched(event("MobileDeviceEnrolled", 7), mobile);
  expect(device.records).toEqual([{ general: classicDevice("mobiledevices", 7).general }]);
});

test("some events have the computer one level deeper", async () => {
  const body = {
    webhook: { webhookEvent: "ComputerCheckIn" },
    event: { trigger: "CLIENT_CHECKIN", computer: { jssID: 13, udid: "U" } },
  };
  expect((await fetched(body)).paths.at(-1)).toBe(classic);
});

test("events without an id, of the other kind or about something else fetch nothing", async () => {
  for (const jssID of [0, null, undefined, "x", -1, 1.5]) {
    expect(await fetched(event("ComputerCheckIn", jssID))).toMatchObject({
      records: [],
      paths: [],
    });
  }
  const other = await fetched(event("MobileDeviceEnrolled", 7));
  expect(other).toMatchObject({ records: [], paths: [] });
  expect(other.lines).toEqual([
    "info: Ignored: MobileDeviceEnrolled of mobile device 7, since sync_type = computers",
  ]);
  expect((await fetched(event("ComputerAdded", 7), mobile)).paths).toEqual([]);
  const unknown = await fetched(event("JSSStartup", 7));
  expect(unknown.paths).toEqual([]);
  expect(unknown.lines).toEqual(['warning: Ignored: the event "JSSStartup" is not about a device']);
});

test("a call that is none of Jamf Pro's is an error", async () => {
  for (const body of [{}, null, [], "text", { webhook: 1 }]) {
    await expect(fetched(body)).rejects.toThrow("not a webhook of Jamf Pro");
  }
});

test("a device that is gone is skipped by name", async () => {
  const gone = await fetched(event("ComputerCheckIn", 99), "api = classic\n");
  expect(gone.records).toHaveLength(1);
  expect(gone.records[0]).toBeInstanceOf(Skipped);
  expect(gone.records[0]).toMatchObject({ identity: "computer 99" });
  const everywhere = await fetched(event("ComputerCheckIn", 99));
  expect(everywhere.records[0]).toBeInstanceOf(Skipped);
});

test("the newer API is asked where the Classic one is gone", async () => {
  for (const extra of ["", "api = pro\n"]) {
    const { records, paths } = await fetched(event("ComputerAdded", 4), extra, { era: "pro" });
    expect(records).toMatchObject([{ general: { id: 4, serial_number: "SN4" } }]);
    expect(paths.at(-1)).toBe("/api/v4/computers-inventory/4");
    expect(paths).toHaveLength(extra === "" ? 3 : 2);
  }
});

test("with a group, only its members are fetched, without another request", async () => {
  const options = { groups: { "R&D / Süd": [2, 4] } };
  const group = "group_name = R&D / Süd\n";
  for (const era of ["classic", "pro"] as const) {
    const inside = await fetched(event("ComputerAdded", 4), group, { ...options, era });
    expect(inside.records).toMatchObject([{ general: { id: 4 } }]);
    const outside = await fetched(event("ComputerAdded", 5), group, { ...options, era });
    expect(outside.records).toEqual([]);
    expect(outside.lines.at(-1)).toContain("computer 5 is not in the group R&D / Süd");
    expect(outside.paths.some((path) => path.includes("groups"))).toBe(false);
  }
  const device = await fetched(event("MobileDeviceCheckIn", 4), mobile + group, options);
  expect(device.records).toHaveLength(1);
  const otherDevice = await fetched(event("MobileDeviceCheckIn", 5), mobile + group, options);
  expect(otherDevice.records).toEqual([]);
});
