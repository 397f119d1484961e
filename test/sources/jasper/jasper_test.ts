/**
 * Jasper against its server.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { jasper } from "../../../src/sources/jasper/mod.ts";
import { conformance, uploadAll } from "../../support/conformance.ts";
import { record } from "../../support/recorder.ts";
import { slow } from "../../support/slow.ts";
import type { VendorCall } from "../../support/vendor.ts";
import { oomnitzaSection, workspace } from "../../support/workspace.ts";
import { series, start } from "./section.ts";
import { account, fault, iccid, servicePath, startJasper, throttled, wsdlPath } from "./server.ts";

function isList({ body }: VendorCall): boolean {
  return body.includes("GetModifiedTerminalsRequest");
}

function isDetails({ body }: VendorCall): boolean {
  return body.includes("GetTerminalDetailsRequest");
}

conformance({
  source: jasper,
  isKeyId: true,
  many: 120,
  start: (count) => start({ count, pages: true }),
  isList,
  throttled,
  isLongThrottle: true,
});

describe("changed SIMs", () => {
  const batches = { 0: [], 1: [1], 11: [11], 51: [50, 1] };
  for (const [count, sizes] of Object.entries(batches)) {
    for (const pages of [false, true]) {
      test(`${count} arrive exactly from ${pages ? "a newer" : "an older"} server`, async () => {
        const space = start({ count: Number(count), pages });
        await using vendor = space.vendor;
        const run = await uploadAll(space, ["--workers", "1"]);
        expect(run.code).toBe(0);
        expect(run.records.map(({ SIM }) => SIM)).toEqual([...space.keys]);
        expect(vendor.batches).toEqual(sizes);
        // The WSDL, the pages of the list and the details.
        const lists = pages && count === "51" ? 2 : 1;
        expect(vendor.calls).toHaveLength(1 + lists + sizes.length);
        expect(vendor.unused()).toEqual([]);
      });
    }
  }

  slow(
    "1,200 arrive exactly, with one list, 24 requests for details, one call at a time",
    async () => {
      const space = start({ count: 1200 });
      await using vendor = space.vendor;
      const run = await uploadAll(space, ["--workers", "4"]);
      expect(run.code).toBe(0);
      expect(run.records.map(({ SIM }) => SIM).sort()).toEqual([...space.keys].sort());
      expect(vendor.calls.filter(isList)).toHaveLength(1);
      expect(vendor.batches).toEqual(Array(24).fill(50));
      expect(vendor.mostAtOnce()).toBe(1);
    },
  );

  test("a record has its fields with their types", async () => {
    const space = start({ count: 1 });
    await using _vendor = space.vendor;
    const run = await uploadAll(space);
    expect(run.records).toEqual([{
      SIM: "8901000000000000000",
      PHONE: "001555010",
      USE: 12.5,
      CUSTOMER: "Küche & Söhne <1>",
      REST: 0.25,
      IP: null,
      OVER: false,
    }]);
  });

  test("texts keep their blanks, numbers and the id of the SIM have none", async () => {
    const extra =
      'mapping.NOTE = {"source": "custom1"}\nmapping.SESSIONS = {"source": "ctdSessionCount"}\n';
    const space = start({ count: 1 }, extra);
    await using _vendor = space.vendor;
    const run = await uploadAll(space);
    expect(run.records[0]).toMatchObject({
      SIM: "8901000000000000000",
      NOTE: "  Jane\n Doe ",
      SESSIONS: 17,
    });
  });

  test("a server that gives fewer details than asked for is asked again", async () => {
    const space = start({ count: 60, mostDetails: 20 });
    await using vendor = space.vendor;
    const run = await uploadAll(space, ["--workers", "1"]);
    expect(run.records.map(({ SIM }) => SIM)).toEqual([...space.keys]);
    expect(vendor.batches).toEqual([50, 30, 10, 10]);
  });

  test("a SIM that is listed, and that the service does not know, is named", async () => {
    const space = start({ count: 60, unknown: [7] });
    await using _vendor = space.vendor;
    using runs = series(space);
    const run = await runs.upload();
    expect(run.code).toBe(3);
    expect(run.section.counts).toMatchObject({ fetched: 59, sent: 59, unreadable: 1 });
    expect(run.stderr).toContain(`SIM ${iccid(7)}`);
    expect(runs.remembered()).toBeUndefined();
  });

  test("a list that moves while it is read loses nobody", async () => {
    // The first SIM changes after the first page was given: the 51st moves to that page.
    const space = start({
      count: 130,
      pages: true,
      onPage: (page, server) => {
        if (page === 2 && server.since.length === 1) server.touch(0, "2026-02-01T00:00:00.000Z");
      },
    });
    await using vendor = space.vendor;
    const run = await uploadAll(space);
    expect(run.code).toBe(0);
    expect(run.records.map(({ SIM }) => SIM).sort()).toEqual([...space.keys].sort());
    expect(vendor.calls.filter(isList)).toHaveLength(6);
  });

  slow("the vendor's limit holds up the run and loses nothing", async () => {
    const space = start({
      count: 300,
      throttle: { requests: 3, windowMs: 1000, answer: throttled },
    });
    await using vendor = space.vendor;
    const run = await uploadAll(space);
    expect(run.code).toBe(0);
    expect(run.records).toHaveLength(300);
    expect(vendor.throttled()).toBeGreaterThan(0);
  });
});

describe("faults", () => {
  test("a wrong password and a wrong license key are reported as such, at the first try", async () => {
    const wrong: [string, string, string][] = [
      ["password = ", "password = x", "400200: Security validation error."],
      ["api_token = ", "api_token = x", "400100: Invalid license key."],
    ];
    for (const [from, to, expected] of wrong) {
      const space = start({ count: 3 });
      await using vendor = space.vendor;
      const run = await uploadAll(space, [], space.options.replace(from, to));
      expect(run.code).toBe(3);
      expect(run.report.sections[0]?.error?.message).toContain(`Client fault ${expected}`);
      expect(run.report.sections[0]?.error?.hint).toBe("Check username, password, api_token.");
      expect(vendor.calls.filter(isList)).toHaveLength(1);
    }
  });

  test("a fault is reported with its code and text and not repeated; one of the server is", async () => {
    const space = start({ count: 3 });
    await using vendor = space.vendor;
    vendor.fail({ on: isList, times: 1, answer: () => fault("500", "Try later.", "Server") });
    vendor.fail({ on: isList, times: 1, answer: () => fault("200200", "Not permitted.") });
    const run = await uploadAll(space);
    expect(run.report.sections[0]?.error?.message).toContain("Client fault 200200: Not permitted.");
    expect(run.code).toBe(3);
    expect(vendor.calls.filter(isList)).toHaveLength(2);
  });

  test("one batch that fails costs its own SIMs only", async () => {
    const space = start({ count: 120 });
    await using vendor = space.vendor;
    const on = (call: VendorCall) => isDetails(call) && call.body.includes(iccid(60));
    vendor.fail({ on, times: 1, answer: () => fault("100000", "Internal error.") });
    using runs = series(space);
    const run = await runs.upload();
    expect(run.section.counts).toMatchObject({ fetched: 70, sent: 70, unreadable: 50 });
    expect(run.code).toBe(3);
    expect(runs.remembered()).toBeUndefined();
  });

  test("entities and document types are refused in answers, faults and the WSDL", async () => {
    const bomb = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">' +
      '<!ENTITY f SYSTEM "file:///etc/passwd">]><Fault>&b;&f;</Fault>';
    const places: [(call: VendorCall) => boolean, number][] = [
      [isList, 200],
      [isList, 500],
      [({ path }) => path === wsdlPath, 200],
    ];
    for (const [on, status] of places) {
      const space = start({ count: 3 });
      await using vendor = space.vendor;
      vendor.fail({
        on,
        times: 10,
        answer: () => new Response(bomb, { status, headers: { "Content-Type": "text/xml" } }),
      });
      const run = await uploadAll(space, ["--verbose"]);
      expect(run.code).toBe(3);
      expect(run.report.sections[0]?.error?.message).toContain("document type, which is refused");
      expect(run.stdout + run.stderr).not.toContain("root:");
      expect(vendor.calls.filter(on)).toHaveLength(1);
    }
  });

  test("what echoes the message shows no secret, escaped for XML or not", async () => {
    const space = start({ count: 1 });
    await using vendor = space.vendor;
    const answer = ({ body }: VendorCall) =>
      fault("1", body.replace(/<[^>]*>/g, " ").replaceAll("&", "&amp;"));
    vendor.fail({ on: isList, times: 10, answer });
    const run = await uploadAll(space, ["--verbose"]);
    const shown = run.stdout + run.stderr;
    expect(shown).toContain(account.username);
    expect(shown).toContain("oom-1");
    for (const secret of ["jasper-Canary&P4ss", "jasper-Canary&amp;P4ss", account.licenseKey]) {
      expect(shown).not.toContain(secret);
    }
  });
});

describe("wsdl_path", () => {
  test("a file and its address will do, and the service is where they say", async () => {
    const server = startJasper({ count: 3 });
    await using _server = server;
    const space = start({ count: 0, location: `${server.url}${servicePath}` });
    await using vendor = space.vendor;
    using runs = series(space);
    const path = runs.space.write("Terminal.wsdl", await (await fetch(vendor.wsdl)).text());
    for (const named of ["Terminal.wsdl", path, `file://${path}`]) {
      const run = await uploadAll(
        space,
        [],
        space.options.replace(vendor.wsdl, named.startsWith("T") ? path : named),
      );
      expect(run.code).toBe(0);
      expect(run.records).toHaveLength(3);
    }
    expect(vendor.calls).toHaveLength(1);
  });

  test("one that cannot be had, and what is none, are reported", async () => {
    const space = start({ count: 3 });
    await using vendor = space.vendor;
    using runs = series(space);
    const page = runs.space.write("page.wsdl", "<html><p>hello</p></html>");
    const other = runs.space.write("other.wsdl", '<definitions name="other"/>');
    const file =
      '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]><definitions>&f;</definitions>';
    const hostile = runs.space.write("hostile.wsdl", file);
    const cases: [string, string][] = [
      [`${vendor.url}/none.wsdl`, "Cannot load the WSDL from Jasper [jasper]: 404"],
      ["/none/Terminal.wsdl", "Cannot read /none/Terminal.wsdl: it does not exist"],
      [page, "is not a WSDL"],
      [hostile, "document type, which is refused"],
      [other, "has no SOAP service with GetModifiedTerminals and GetTerminalDetails"],
    ];
    for (const [named, expected] of cases) {
      const run = await uploadAll(space, [], space.options.replace(vendor.wsdl, named));
      expect(run.code).toBe(3);
      expect(run.report.sections[0]?.error?.message).toContain(expected);
    }
  });

  test("one that came unprotected cannot send the password to another host", async () => {
    const trap = startJasper({ count: 3 });
    await using _trap = trap;
    const space = start({
      count: 3,
      location: `http://localhost:${new URL(trap.url).port}${servicePath}`,
    });
    await using _vendor = space.vendor;
    const run = await uploadAll(space);
    expect(run.code).toBe(3);
    expect(run.report.sections[0]?.error?.message).toContain("a service on another host");
    expect(trap.calls).toEqual([]);
  });

  test("without it nothing is fetched, and Jasper's own service is called over https", async () => {
    const asked: string[] = [];
    const proxy = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        data(socket, data) {
          asked.push(data.toString().split("\r\n", 1)[0] ?? "");
          socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
        },
      },
    });
    const space = start({ count: 0 });
    await using vendor = space.vendor;
    await using instance = record();
    using folder = workspace();
    const options = space.options.replace(/^wsdl_path.*$/m, "");
    folder.write(
      "config.ini",
      `${oomnitzaSection(instance)}[jasper]\nenable = True\n${options}\n`,
    );
    const address = `http://127.0.0.1:${proxy.port}`;
    const env = { HTTPS_PROXY: address, HTTP_PROXY: address, NO_PROXY: "127.0.0.1" };
    const run = await folder.agent(["check", "jasper"], { env });
    proxy.stop(true);
    expect(run.code).toBe(3);
    expect(run.stdout).toContain("POST https://api.jasperwireless.com/ws/service/terminal");
    expect(new Set(asked)).toEqual(new Set(["CONNECT api.jasperwireless.com:443 HTTP/1.1"]));
    expect(vendor.calls).toEqual([]);
  });
});
