/**
 * BambooHR against its server.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { bamboohr } from "../../../src/sources/bamboohr/mod.ts";
import { conformance, uploadAll, type VendorUnderTest } from "../../support/conformance.ts";
import { type BambooOptions, company, startBamboo, throttled, token } from "./server.ts";
import { slow } from "../../support/slow.ts";

function start(options: BambooOptions, extra = ""): VendorUnderTest {
  const vendor = startBamboo(options);
  const path = options.ownHost === true ? "/api/" : "/api/gateway.php";
  const common =
    `url = ${vendor.url}${path}\nsystem_name = ${company}\ndefault_role = 25\n${extra}`;
  const total = options.active + (extra.includes("inactive") ? options.inactive ?? 0 : 0);
  return {
    vendor,
    section: "bamboohr",
    options: `api_token = ${token}\n${common}`,
    wrongOptions: `api_token = wrong-key\n${common}`,
    keys: Array.from({ length: total }, (_, index) => `person${index}@example.com`),
    keyField: "USER",
    secrets: [token],
  };
}

const employees = "endpoint = employees\n";

// The directory comes in one piece, however many people are in it.
conformance({
  source: bamboohr,
  many: 450,
  start: (count) => start({ active: count }),
  isList: ({ path }) => path.endsWith("/employees/directory"),
  throttled: () => throttled(0),
});

conformance({
  source: bamboohr,
  many: 450,
  start: (count) => start({ active: count, pageLimit: 200 }, employees),
  isList: ({ path }) => path.endsWith("/employees"),
  throttled: () => throttled(0),
});

test("1,200 people arrive exactly, with one request from either list", async () => {
  for (const extra of ["", employees]) {
    const space = start({ active: 1200, inactive: 30 }, extra);
    await using vendor = space.vendor;
    const run = await uploadAll(space);
    expect(run.code).toBe(0);
    expect(run.records.map(({ USER }) => USER).sort()).toEqual([...space.keys].sort());
    expect(vendor.calls).toHaveLength(1);
  }
});

test("a record has all mapped fields, the same from either list", async () => {
  for (const extra of ["", employees]) {
    const space = start({ active: 1 }, extra);
    await using _vendor = space.vendor;
    const run = await uploadAll(space);
    expect(run.records).toEqual([{
      USER: "person0@example.com",
      FIRST_NAME: "First0",
      LAST_NAME: "Lästname",
      EMAIL: "person0@example.com",
      PHONE: "+49 30 1234",
      POSITION: "Engineer & more",
      PERMISSIONS_ID: "25",
    }]);
  }
});

test("only mapped fields are asked for, under the list's own names", async () => {
  const mapping =
    'mapping.DEPARTMENT = {"source": "department"}\nmapping.START = {"source": "hireDate"}\n';
  const space = start({ active: 1 }, employees + mapping);
  await using vendor = space.vendor;
  const run = await uploadAll(space);
  expect(run.records[0]).toMatchObject({ DEPARTMENT: "R&D", START: "2020-01-02" });
  const fields = vendor.calls[0]?.query.get("fields")?.split(",") ?? [];
  expect(fields.sort()).toEqual([
    "departmentName",
    "firstName",
    "hireDate",
    "jobTitleName",
    "lastName",
    "mobilePhone",
    "workEmail",
  ]);
});

test("people who left come only when asked for, and the total is checked", async () => {
  const space = start({ active: 5, inactive: 3 }, `${employees}inactive = True\n`);
  await using _vendor = space.vendor;
  const run = await uploadAll(space, ["--workers", "1"]);
  expect(run.records.map(({ USER }) => USER)).toEqual([...space.keys]);
  expect(run.code).toBe(0);
});

test("a page of 2,500 is followed by the cursor, not by the link to another host", async () => {
  const space = start({ active: 2600 }, employees);
  await using vendor = space.vendor;
  const run = await uploadAll(space);
  expect(run.records).toHaveLength(2600);
  expect(vendor.calls).toHaveLength(2);
  expect(vendor.unexpected).toEqual([]);
});

test("a list that gives back fewer than its total has failed", async () => {
  const space = start({ active: 450, pageLimit: 200 }, employees);
  await using vendor = space.vendor;
  vendor.fail({
    on: ({ query }) => query.has("page[after]"),
    times: 99,
    answer: () => Response.json({ data: [], meta: { total: 450, page: null }, _links: {} }),
  });
  const run = await uploadAll(space);
  expect(run.records).toHaveLength(200);
  expect(run.code).toBe(3);
});

test("the company's own address works, with a slash at its end", async () => {
  const space = start({ active: 3, ownHost: true });
  await using vendor = space.vendor;
  const run = await uploadAll(space);
  expect(run.records).toHaveLength(3);
  expect(vendor.calls[0]?.path).toBe("/api/v1/employees/directory");
});

test("a directory that is not shared is an error that says what to do", async () => {
  const space = start({ active: 3, sharing: "nothing" });
  await using _vendor = space.vendor;
  const run = await uploadAll(space);
  expect(run.code).toBe(3);
  const { message, hint } = run.report.sections[0]?.error ?? { message: "", hint: "" };
  expect(message).toContain("403 Directory disabled for this account");
  expect(hint).toContain("endpoint = employees");
});

test("fields that the directory does not show are named", async () => {
  const space = start({ active: 3, sharing: "org chart" });
  await using _vendor = space.vendor;
  const run = await uploadAll(space);
  expect(run.stderr).toContain("does not show workEmail, mobilePhone");
  expect(run.report.sections[0]?.counts).toMatchObject({ fetched: 3, incomplete: 3, sent: 0 });
});

test("an empty directory is reported with BambooHR's own words", async () => {
  const space = start({ active: 0 });
  await using _vendor = space.vendor;
  const run = await uploadAll(space);
  expect(run.code).toBe(0);
  expect(run.stderr).toContain("reports an empty directory (No employees found)");
});

test("a field that the key may not read comes empty", async () => {
  const space = start({ active: 2, restricted: true }, employees);
  await using _vendor = space.vendor;
  const run = await uploadAll(space);
  expect(run.records.map(({ PHONE }) => PHONE)).toEqual([null, null]);
});

slow("429 and the older 503 hold up the run and lose nothing, also with a date", async () => {
  const limit = { requests: 2, windowMs: 2000 };
  const dated = (resetMs: number) =>
    new Response(null, {
      status: 503,
      headers: { "Retry-After": new Date(Date.now() + resetMs + 1000).toUTCString() },
    });
  const older = (resetMs: number) => throttled(resetMs, 503);
  for (const answer of [throttled, older, dated]) {
    const space = start(
      { active: 1200, pageLimit: 250, throttle: { ...limit, answer } },
      employees,
    );
    await using vendor = space.vendor;
    const run = await uploadAll(space);
    expect(run.code).toBe(0);
    expect(run.records).toHaveLength(1200);
    expect(vendor.throttled()).toBeGreaterThan(0);
    expect(vendor.busiest(60_000)).toBeLessThanOrEqual(60);
    expect(vendor.mostAtOnce()).toBe(1);
  }
});

/** Mappings of so many of the company's own fields. */
function customFields(count: number): string {
  return Array.from(
    { length: count },
    (_, index) => `mapping.F${index} = {"source": "custom${index}"}\n`,
  ).join("");
}

function fieldsOf({ vendor }: VendorUnderTest): number[] {
  return vendor.calls.filter(({ path }) => path.endsWith("/employees"))
    .map(({ query }) => query.get("fields")?.split(",").length ?? 0);
}

test("more than 400 fields are asked for in two requests a page, and no value is lost", async () => {
  const space = start({ active: 45, pageLimit: 20 }, employees + customFields(500));
  await using vendor = space.vendor;
  const run = await uploadAll(space, ["--workers", "1"]);
  expect(run.code).toBe(0);
  expect(run.records).toHaveLength(45);
  for (const [index, record] of run.records.entries()) {
    expect(record).toMatchObject({
      USER: `person${index}@example.com`,
      F0: `custom0 of ${index}`,
      F499: `custom499 of ${index}`,
    });
  }
  // Five fields of the built-in mapping beside the 500.
  expect(fieldsOf(space)).toEqual([400, 105, 400, 105, 400, 105]);
  expect(vendor.unexpected).toEqual([]);
});

test("400 fields are one request", async () => {
  const space = start({ active: 5 }, employees + customFields(395));
  await using _vendor = space.vendor;
  await uploadAll(space);
  expect(fieldsOf(space)).toEqual([400]);
});

test("people who are on another page of the second half are joined all the same", async () => {
  let calls = 0;
  // The first person leaves between the first and the second request.
  const changing = () => ({ from: ++calls > 1 ? 1 : 0 });
  const space = start({ active: 45, pageLimit: 20, changing }, employees + customFields(500));
  await using _vendor = space.vendor;
  const run = await uploadAll(space, ["--workers", "1"]);
  expect(run.code).toBe(0);
  expect(run.records.map(({ USER }) => USER)).toEqual(space.keys.slice(1));
  expect(run.records.every(({ F0, F499 }) => F0 !== null && F499 !== null)).toBe(true);
});

test("inactive without the list of employees is refused", () => {
  const values = { endpoint: "directory", inactive: true };
  expect(bamboohr.rule?.(values as never)).toContain("endpoint = employees");
});
