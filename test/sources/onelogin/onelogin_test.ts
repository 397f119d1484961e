/**
 * OneLogin against its server, over each of its APIs.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { describeIni } from "../../../src/describe/ini.ts";
import { onelogin } from "../../../src/sources/onelogin/mod.ts";
import { conformance, uploadAll } from "../../support/conformance.ts";
import { type Api, apis, isList, start } from "./section.ts";
import { throttled } from "./server.ts";
import { slow } from "../../support/slow.ts";

const names = Object.keys(apis) as Api[];

for (const api of names) {
  describe(api, () => {
    conformance({
      source: onelogin,
      many: api === "the XML API" ? 250 : 120,
      start: (count) => start(api, { users: count }),
      isList,
      throttled: () => throttled(0),
    });

    test("1,200 people arrive exactly, with the fewest requests", async () => {
      const space = start(api, { users: 1200 });
      await using vendor = space.vendor;
      const run = await uploadAll(space);
      expect(run.code).toBe(0);
      expect(run.records.map(({ USER }) => USER).sort()).toEqual([...space.keys].sort());
      const { lists, tokens } = apis[api];
      expect(vendor.calls.filter(isList)).toHaveLength(lists);
      expect(vendor.calls).toHaveLength(lists + tokens);
      expect(vendor.unexpected).toEqual([]);
    });

    test("a record has all mapped fields", async () => {
      const space = start(api, { users: 1 });
      await using _vendor = space.vendor;
      const run = await uploadAll(space);
      expect(run.records).toEqual([{
        USER: "person0",
        FIRST_NAME: "First0",
        LAST_NAME: "Lästname & Söhne",
        EMAIL: "person0@example.com",
        PHONE: null,
        PERMISSIONS_ID: "25",
        POSITION: "Employee",
      }]);
    });

    test("a custom attribute is found with its prefix and without, a field of OneLogin's stays", async () => {
      const prefix = api === "the XML API" ? "custom_attribute_" : "custom_attributes.";
      const extra = 'mapping.SHORT = {"source": "office"}\n' +
        `mapping.LONG = {"source": "${prefix}office"}\nmapping.OWN = {"source": "email"}\n`;
      const space = start(api, { users: 60 }, extra);
      await using _vendor = space.vendor;
      const run = await uploadAll(space, ["--workers", "1"]);
      expect(run.records[0]).toMatchObject({
        SHORT: "Berlin",
        LONG: "Berlin",
        OWN: "person0@example.com",
      });
      expect(run.records[59]).toMatchObject({ SHORT: "Berlin" });
    });

    test("a page that the server cut short is not the end", async () => {
      const space = start(api, { users: 95, pageLimit: 30 });
      await using _vendor = space.vendor;
      expect((await uploadAll(space)).records).toHaveLength(95);
    });

    test("people without a username are counted, and how to send them is reported", async () => {
      const space = start(api, { users: 60, nameless: 10 });
      await using _vendor = space.vendor;
      const run = await uploadAll(space);
      expect(run.records).toHaveLength(54);
      expect(run.report.sections[0]?.counts).toMatchObject({ fetched: 60, incomplete: 6 });
      expect(run.stderr).toContain("6 people have no username");
      const mapped = start(
        api,
        { users: 60, nameless: 10 },
        'mapping.USER = {"source": "email"}\n',
      );
      await using _second = mapped.vendor;
      const second = await uploadAll(mapped);
      expect(second.records).toHaveLength(60);
      expect(second.stderr).not.toContain("no username");
    });

    slow("the limit of the vendor holds up the run and loses nothing", async () => {
      const throttle = { requests: 3, windowMs: 2000, answer: throttled };
      const space = start(api, { users: 280, throttle });
      await using vendor = space.vendor;
      const run = await uploadAll(space);
      expect(run.records).toHaveLength(280);
      expect(run.code).toBe(0);
      expect(vendor.throttled()).toBeGreaterThan(0);
      expect(vendor.busiest(3_600_000)).toBeLessThanOrEqual(5000);
      expect(vendor.mostAtOnce()).toBe(1);
    });
  });
}

test("a new section reads by API 2, one that names no address by API 1 as before", () => {
  expect(describeIni([onelogin])).toContain("\nurl = https://api.us.onelogin.com/api/2/users\n");
  expect(onelogin.options.url?.default).toBe("https://api.us.onelogin.com/api/1/users");
});
