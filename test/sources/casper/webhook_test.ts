/**
 * What a webhook of Jamf Pro is about: the device is fetched anew, by its id.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { createLog } from "../../../src/base/log.ts";
import { createRedactor } from "../../../src/base/redact.ts";
import {
  createHttp,
  createVendorHttp,
  readOption,
  type SourceContext,
  type Values,
} from "../../../src/sdk/mod.ts";
import { casper } from "../../../src/sources/casper/mod.ts";
import { classicDevice } from "./devices.ts";
import { credentials, type JamfOptions, startJamf } from "./server.ts";

function contextOf(url: string, texts: Readonly<Record<string, string>>, lines: string[]) {
  const given: Record<string, string> = {
    url: `${url}/jss`,
    sync_field: "SERIAL",
    ...credentials,
    ...texts,
  };
  const values = Object.entries(casper.options).map(([key, option]) => {
    const result = readOption(option, given[key]);
    if (!result.ok) throw new Error(`${key} ${result.problem}`);
    return [key, result.value];
  });
  const options = Object.fromEntries(values) as Values<typeof casper.options>;
  const log = createLog("casper", createRedactor(), [
    ({ level, message }) => lines.push(`${level}: ${message}`),
  ]);
  const { signal } = new AbortController();
  const access = casper.http?.(options);
  if (access === undefined) throw new Error("casper speaks HTTP");
  const http = createHttp({
    base: access.base,
    tls: { verify: true },
    timeoutMs: 5000,
    log,
    signal,
  });
  const vendor = { http, auth: access.auth, title: "Jamf Pro", section: "casper", credentials: [] };
  return {
    options,
    log,
    signal,
    wanted: { everything: true, paths: [] },
    http: createVendorHttp(vendor),
  } as unknown as SourceContext<Values<typeof casper.options>>;
}

/** The records that an event leads to, and what was logged. */
async function fetched(
  body: unknown,
  texts: Readonly<Record<string, string>> = {},
  options: Partial<JamfOptions> = {},
) {
  await using vendor = startJamf({ count: 20, ...options });
  const lines: string[] = [];
  const records = casper.webhook?.(contextOf(vendor.url, texts, lines), { body });
  if (records === undefined) throw new Error("casper has webhooks");
  return { records: await Array.fromAsync(records), lines };
}

const event = (webhookEvent: string, jssID: unknown) => ({
  webhook: { id: 1, webhookEvent },
  event: { jssID },
});

test("computer and mobile device events fetch the device of their id", async () => {
  const computer = await fetched(event("ComputerInventoryCompleted", 13));
  expect(computer.records).toEqual([classicDevice("computers", 13)]);
  const device = await fetched(event("MobileDeviceEnrolled", 7), { sync_type: "mobiledevices" });
  expect(device.records).toEqual([classicDevice("mobiledevices", 7)]);
});

test("events without an id, of the other kind or about something else fetch nothing", async () => {
  for (
    const body of [
      event("ComputerCheckIn", 0),
      event("ComputerCheckIn", null),
      {},
      null,
      [],
      "text",
    ]
  ) {
    expect((await fetched(body)).records).toEqual([]);
  }
  expect((await fetched(event("MobileDeviceEnrolled", 7))).records).toEqual([]);
  const other = await fetched(event("JSSStartup", 7));
  expect(other).toEqual({
    records: [],
    lines: ['warning: The event "JSSStartup" is not about a device'],
  });
});

test("with a group, only its members are fetched", async () => {
  const groups = { Lab: [2, 4] };
  const inside = await fetched(event("ComputerAdded", 4), { group_name: "Lab" }, { groups });
  expect(inside.records).toHaveLength(1);
  const outside = await fetched(event("ComputerAdded", 5), { group_name: "Lab" }, { groups });
  expect(outside.records).toEqual([]);
  expect(outside.lines.at(-1)).toContain("computers 5 is not in the group Lab");
});
