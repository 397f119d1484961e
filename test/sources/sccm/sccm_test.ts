/**
 * SCCM: what is read, how, and how much memory that takes.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import type { StartOptions } from "../../support/agent.ts";
import { parseIni } from "../../../src/config/ini.ts";
import { checkConfig } from "../../../src/config/config.ts";
import { describeIni } from "../../../src/describe/ini.ts";
import { sccm } from "../../../src/sources/sccm/mod.ts";
import { slow } from "../../support/slow.ts";
import { startTdsServer } from "../../support/tds/server.ts";
import { hardwareOf, idOf, programsOf, siteRows } from "./computers.ts";
import { check, mapAll, optionsFor, type SectionOptions, upload } from "./sccm_run.ts";
import { makeSite, optionalViews, type SiteOptions } from "./site_database.ts";

const hardwareKeys = Object.keys(hardwareOf(0));
/** Texts of dates are sent as Unix seconds. */
const logonSeconds = Date.parse("2026-01-04T07:12:00Z") / 1000;

/** What should arrive of a computer when everything is mapped. */
function expected(index: number, programs: number): Record<string, unknown> {
  const hardware = hardwareOf(index);
  const values = { ...hardware, last_logon: hardware.last_logon === null ? null : logonSeconds };
  return {
    APPLICATIONS: programsOf(index, programs),
    NAME: hardware.computer_name,
    ...Object.fromEntries(
      Object.entries(values).map(([key, value]) => [key.toUpperCase(), value]),
    ),
  };
}

async function serve(site: SiteOptions) {
  const { answer, deny } = makeSite(site);
  const server = await startTdsServer({ answer });
  return { server, deny };
}

async function read(
  site: SiteOptions,
  more: SectionOptions = {},
  words: readonly string[] = [],
  start: StartOptions = {},
) {
  const { server } = await serve(site);
  await using _server = server;
  const run = await upload(
    optionsFor(server.port, more),
    ["--workers", "1", ...words],
    undefined,
    start,
  );
  expect(server.errors).toEqual([]);
  return { run, queries: server.queries.map(({ sql }) => sql), logins: server.logins };
}

test("the generated section is as it always was, and validates once it is enabled", () => {
  const text = describeIni([sccm]);
  // Its lines, between the comments that explain them.
  expect(text.replaceAll(/^# .*\n/gm, "")).toContain(`[sccm]
enable = False
server = server.example.com
database = CM_DCT
username = change-me
password = change-me
authentication = SQL Server
sync_field = 24DCF85294E411E38A52066B556BA4EE
`);
  const plan = checkConfig(
    parseIni(text.replace("enable = False", "enable = True"), "config.ini"),
    {
      sources: [sccm],
      env: {},
      directory: "/",
    },
  );
  expect(plan.findings).toEqual([]);
});

test("two disks, four adapters, two enclosures and two users are one record, exactly", async () => {
  const { run, queries } = await read({ rows: siteRows(25, 7) }, mapAll(hardwareKeys));
  expect(run.section.error).toBeNull();
  expect(run.code).toBe(0);
  expect(run.records).toEqual(Array.from({ length: 25 }, (_, index) => expected(index, 7)));
  expect(queries.filter((sql) => !sql.includes("INFORMATION_SCHEMA"))).toHaveLength(2);
});

slow(
  "10,000 computers with 40 programs each arrive exactly, by two queries, in flat memory",
  async () => {
    const measure = (count: number) =>
      read({ rows: siteRows(count, 40) }, {}, [], { ownProcess: true });
    const few = await measure(1000);
    const many = await measure(10_000);
    const { records, section, peak } = many.run;
    expect(section.error).toBeNull();
    expect(section.counts).toMatchObject({
      fetched: 10_000,
      sent: 10_000,
      failed: 0,
      incomplete: 0,
    });
    expect(records).toHaveLength(10_000);
    records.forEach((record, index) => {
      const wanted = { APPLICATIONS: programsOf(index, 40), NAME: hardwareOf(index).computer_name };
      if (!Bun.deepEquals(record, wanted)) expect(record).toEqual(wanted);
    });
    const [catalogue, ...data] = many.queries;
    expect(catalogue).toContain("INFORMATION_SCHEMA");
    expect(data).toHaveLength(2);
    // Garbage lies for as long as the collector of this machine lets it, so that the peaks of two runs differ
    // by tens of megabytes. To hold what 30,000 more computers have would take more than 240.
    const fourfold = await measure(40_000);
    expect(fourfold.run.records).toHaveLength(40_000);
    const peaks = [few.run.peak, peak, fourfold.run.peak]
      .map((bytes) => Math.round(bytes / 2 ** 20));
    console.info(`sccm: peaks of 1,000, 10,000 and 40,000 computers: ${peaks.join(", ")} MB`);
    expect(fourfold.run.peak - peak).toBeLessThan(120 * 2 ** 20);
    // Of that, 60 MB are the outbox's.
    expect(fourfold.run.peak).toBeLessThan(384 * 2 ** 20);
  },
  600_000,
);

test("programs are only asked for when somebody looks at them", async () => {
  const unmapped = { "mapping.APPLICATIONS": '{"source": "hardware.model"}' };
  const without = await read({ rows: siteRows(3, 5) }, unmapped);
  expect(without.run.records).toHaveLength(3);
  expect(without.queries.join()).not.toContain("ADD_REMOVE_PROGRAMS AS");
  expect(without.queries).toHaveLength(2);
  expect(without.logins).toHaveLength(1);
  const filtered = await read({ rows: siteRows(3, 5) }, {
    ...unmapped,
    recordfilter:
      "\n    return len(record['software']) == 5 and record['software'][0]['path'] is None",
  });
  expect(filtered.run.section.counts).toMatchObject({ fetched: 3, filtered: 0, sent: 3 });
  expect(filtered.queries).toHaveLength(3);
  const one = await read({ rows: siteRows(3, 5) }, { "mapping.FIRST": "software.0.name" });
  expect(one.run.records.map(({ FIRST }) => FIRST)).toEqual(Array(3).fill("Program 00 ü"));
});

test("computers without programs, and programs without a computer", async () => {
  const rows = siteRows(4, 0);
  const { run } = await read({
    rows: {
      ...rows,
      v_GS_ADD_REMOVE_PROGRAMS: [
        [idOf(0) - 1, 1, "Of nobody", "1", "X"],
        [idOf(2), 1, "Only one", "1", "X"],
        [idOf(3) + 1, 1, "Of nobody", "1", "X"],
      ],
    },
  });
  expect(run.code).toBe(0);
  expect(run.records.map(({ APPLICATIONS }) => APPLICATIONS)).toEqual([
    [],
    [],
    [{ name: "Only one", version: "1", publisher: "X", path: null }],
    [],
  ]);
});

test("no computers: no error", async () => {
  const { run } = await read({ rows: {} });
  expect(run.code).toBe(0);
  expect(run.records).toEqual([]);
});

describe("views that a site may lack", () => {
  const keys = ["c_drive_encrypted", "antivirus_enabled", "primary_user"];
  const gone = Object.fromEntries(keys.map((key) => [key.toUpperCase(), null]));

  test.each([["missing", "without"], ["forbidden", "denied"]] as const)(
    "%s: the fields are empty, the rest arrives",
    async (_title, how) => {
      const { run } = await read({ rows: siteRows(3, 4), [how]: optionalViews }, {
        ...mapAll(hardwareKeys),
      }, ["--verbose"]);
      expect(run.section.error).toBeNull();
      expect(run.records).toEqual([0, 1, 2].map((index) => ({
        ...expected(index, 4),
        ...gone,
        APPLICATIONS: programsOf(index, 4).filter((_, number) => number % 2 === 0),
      })));
      expect(run.stderr).toContain(
        "View v_UserMachineRelationship is missing or may not be read: hardware.primary_user stays empty",
      );
    },
  );

  test.each([
    ["missing", "without", "Invalid object name 'dbo.v_GS_DISK'. [208]", "Check database"],
    [
      "forbidden",
      "denied",
      "The SELECT permission was denied on the object 'v_GS_DISK'",
      "GRANT SELECT ON OBJECT::dbo.v_GS_DISK TO [reader];",
    ],
  ])(
    "a needed one that is %s fails the section, and check finds it",
    async (_title, how, message, hint) => {
      const { server } = await serve({ rows: siteRows(3, 4), [how]: ["v_GS_DISK"] });
      await using _server = server;
      const run = await upload(optionsFor(server.port));
      expect(run.code).toBe(3);
      expect(run.records).toEqual([]);
      expect(run.section.error?.message).toContain(message);
      expect(run.section.error?.hint).toContain(hint);
      const tried = await check(optionsFor(server.port));
      expect(tried.code).toBe(3);
      expect(tried.stdout).toContain("FAILED [sccm]");
      expect(tried.stdout).toContain(hint);
    },
  );

  test("programs that may not be read fail the section", async () => {
    const denied = ["v_GS_ADD_REMOVE_PROGRAMS"];
    const { run } = await read({ rows: siteRows(3, 4), denied });
    expect(run.code).toBe(3);
    expect(run.section.error?.hint).toContain("OBJECT::dbo.v_GS_ADD_REMOVE_PROGRAMS TO");
  });
});

test("the serial number of the enclosure stands in for one that is none", async () => {
  const serials = [
    ["BIOS-1", "BOX-1", "BIOS-1"],
    ["", "BOX-2", "BOX-2"],
    [null, "BOX-3", "BOX-3"],
    ["To be filled by O.E.M.", "BOX-4", "BOX-4"],
    ["System Serial Number", "BOX-5", "BOX-5"],
    ["Default string", "None", "Default string"],
    ["0000000", "BOX-7", "BOX-7"],
    [null, null, null],
    ["NOTEBOOK-0", "x", "NOTEBOOK-0"],
  ] as const;
  const rows = siteRows(serials.length, 0);
  const { run } = await read({
    rows: {
      ...rows,
      v_GS_PC_BIOS: serials.map(([bios], index) => [idOf(index), 1, bios]),
      v_GS_SYSTEM_ENCLOSURE: serials.map(([, box], index) => [idOf(index), 1, box]),
    },
  }, { "mapping.SERIAL": "hardware.serial_number" });
  expect(run.records.map(({ SERIAL }) => SERIAL)).toEqual(serials.map(([, , wanted]) => wanted));
});

test("what manufacturers write instead of a serial number is no key, and blanks around one are cut", async () => {
  // Values of v_GS_PC_BIOS.SerialNumber0 as sites have them; people write LTRIM(RTRIM(...)) around it.
  const good = ["ABC123   ", "  5CG1234 "];
  const none = ["To Be Filled By O.E.M.", "None", "Not Specified", "Default string", "N/A"];
  const serials = [...good, ...none, "........"];
  const rows = () => ({
    ...siteRows(serials.length, 0),
    v_GS_PC_BIOS: serials.map((bios, index) => [idOf(index), 1, bios]),
    v_GS_SYSTEM_ENCLOSURE: [],
  });
  const options = { "mapping.SN": "hardware.serial_number", sync_field: "SN" };
  const { run } = await read({ rows: rows() }, options);
  expect(run.records.map(({ SN }) => SN)).toEqual(["ABC123", "5CG1234"]);
  expect(run.section.counts).toMatchObject({ fetched: 8, sent: 2, incomplete: 6 });
  for (const text of [...none, "........"]) {
    expect(run.stderr).toContain(`no value for SN: "${text}" stands for a missing serial number`);
  }
  const { run: all } = await read({ rows: rows() }, {
    ...options,
    send_placeholder_serials: "True",
  });
  expect(all.records.map(({ SN }) => SN)).toEqual(["ABC123", "5CG1234", ...none, "........"]);
});

test("active_only leaves out obsolete and inactive clients", async () => {
  const rows = {
    ...siteRows(4, 1),
    v_R_System: [
      [idOf(0), null, 0, 1],
      [idOf(1), null, 1, 1],
      [idOf(2), null, 0, 0],
      [idOf(3), null, 0, null],
    ],
  };
  expect((await read({ rows })).run.records).toHaveLength(4);
  const { run } = await read({ rows: { ...siteRows(4, 1), v_R_System: rows.v_R_System } }, {
    active_only: "yes",
  });
  expect(run.records).toEqual([
    { APPLICATIONS: programsOf(0, 1), NAME: "PC-00000" },
  ]);
});

test("a computer that is there twice is sent once", async () => {
  const own = [...siteRows(2, 1).v_GS_COMPUTER_SYSTEM ?? []];
  const { run } = await read({
    rows: { ...siteRows(2, 1), v_GS_COMPUTER_SYSTEM: [...own, ...own] },
  });
  expect(run.records.map(({ NAME }) => NAME)).toEqual(["PC-00000", "PC-00001"]);
});

slow("--record-count 1 sends one record and reads no further", async () => {
  const { answer } = makeSite({ rows: siteRows(40_000, 10) });
  let given = 0;
  await using server = await startTdsServer({
    answer: (query) => {
      const { rows = [], ...rest } = answer(query);
      async function* counted() {
        for await (const row of rows) {
          given++;
          yield row;
        }
      }
      return { ...rest, rows: counted() };
    },
  });
  const run = await upload(optionsFor(server.port), ["--record-count", "1"], undefined, {
    // So that the server writes while the agent reads.
    ownProcess: true,
  });
  // Of 440,000 rows (some 22 MB), what the buffers of two sockets hold: up to 10 MB by Linux's limits.
  expect(given).toBeLessThan(250_000);
  expect(run.code).toBe(0);
  expect(run.records).toEqual([{ APPLICATIONS: programsOf(0, 10), NAME: "PC-00000" }]);
});

test("the server is reported that nothing is written, unless read_only is off", async () => {
  const usual = await read({ rows: siteRows(1, 1) });
  expect(usual.logins.map(({ login }) => login)).toEqual(
    Array(2).fill(
      expect.objectContaining({ readOnly: true, database: "CM_DCT", appName: "Oomnitza agent" }),
    ),
  );
  const writing = await read({ rows: siteRows(1, 1) }, { read_only: "no" });
  expect(writing.logins[0]?.login.readOnly).toBe(false);
  const statements = usual.queries.map((sql) => sql.trim().split(/\s/)[0]);
  expect(statements).toEqual(["SELECT", "SELECT", "SELECT"]);
});
