/**
 * Rows that are about memory: many computers with programs, few records of 5 MB, many records.
 *
 * @module
 */
import { createWriteStream, existsSync } from "node:fs";
import { join } from "node:path";
import { asUser } from "../test/sources/casper/section.ts";
import { account } from "../test/sources/ldap/active_directory.ts";
import { token as oktaToken } from "../test/sources/okta/server.ts";
import { defaultAccount } from "../test/support/tds/server.ts";
import { folder } from "./data.ts";
import { forgetState, type Run, runSection, writeIni } from "./program.ts";
import type { Figures, Row } from "./row.ts";
import { type CountingServer, spawnServer, startCountingServer, token } from "./server.ts";

function oomnitza({ url }: CountingServer): string {
  return `[oomnitza]\nurl = ${url}\napi_token = ${token}\n`;
}

function figures({ cpuUs, peakMb }: Run, records: number): Figures {
  return { "MB": peakMb, "µs of CPU a record": cpuUs / records };
}

function sccmRow(computers: number, isFirst: boolean): Row {
  const programs = 40;
  return {
    name: `memory: sccm, ${computers} computers with ${programs} programs, ${
      isFirst ? "first upload" : "again"
    }`,
    rounds: 2,
    async measure(program) {
      const server = await startCountingServer("NAME");
      const site = await spawnServer("sccm_server.ts", [String(computers), String(programs)]);
      const ini = writeIni(
        "sccm",
        `${oomnitza(server)}[sccm]\nenable = True\nserver = ${site.url}\nencrypt = False
username = ${defaultAccount.name}\npassword = ${defaultAccount.password}\nsync_field = NAME
mapping.NAME = hardware.computer_name\nmapping.SERIAL = hardware.serial_number
mapping.SOFTWARE = software\n`,
      );
      try {
        forgetState();
        const first = await runSection(program, { section: "sccm", ini });
        if (isFirst) return figures(first, computers);
        return figures(await runSection(program, { section: "sccm", ini }), computers);
      } finally {
        server.stop();
        site.child.kill();
      }
    },
  };
}

/** A source that gives its records by the page, or one by one, and what its section needs. */
interface Vendor {
  readonly section: string;
  readonly count: number;
  readonly options: (url: string) => string;
}

const people = "default_role = 25\ndefault_position = Employee\nsync_field = USER\n";

const vendors: Readonly<Record<string, Vendor>> = {
  ldap: {
    section: "ldap",
    count: 400_000,
    options: (url) =>
      `url = ${url}\nusername = ${account.username}\npassword = ${account.password}\n` +
      `base_dn = DC=example,DC=org\n${people}`,
  },
  okta: {
    section: "okta",
    count: 400_000,
    options: (url) =>
      `url = ${url}\napi_token = ${oktaToken}\nrequests_per_minute = 1000000\n${people}`,
  },
  jamf: {
    section: "casper",
    count: 40_000,
    options: (url) =>
      `url = ${url}/jss\n${asUser}sync_field = SERIAL\nmapping.SERIAL = general.serial_number\n` +
      "mapping.NAME = general.name\n",
  },
};

/** The memory of a source with a tenth of its records, and with all of them: flat when they are the same. */
function vendorRow(kind: string, { section, count, options }: Vendor): Row {
  async function peakOf(program: string, records: number, isAgain: boolean): Promise<number> {
    const server = await startCountingServer(section === "casper" ? "SERIAL" : "USER");
    const vendor = await spawnServer("vendor_server.ts", [kind, String(records)]);
    const text = `${oomnitza(server)}[${section}]\nenable = True\n${options(vendor.url)}`;
    const ini = writeIni(kind, text);
    try {
      forgetState();
      const first = await runSection(program, { section, ini });
      return isAgain ? (await runSection(program, { section, ini })).peakMb : first.peakMb;
    } finally {
      server.stop();
      vendor.child.kill();
    }
  }
  return {
    name: `memory: ${section}, ${count} records`,
    rounds: 1,
    async measure(program) {
      return {
        "MB with a tenth of them": await peakOf(program, count / 10, false),
        "MB": await peakOf(program, count, false),
        "MB again": await peakOf(program, count, true),
      };
    },
  };
}

const largeRecords = 120;

async function largeCsv(): Promise<string> {
  const path = join(folder, "large.csv");
  if (existsSync(path)) return path;
  const stream = createWriteStream(path);
  stream.write("tag,text\n");
  for (let row = 0; row < largeRecords; row++) {
    const text = String(row).padStart(8, "x").repeat(655_360);
    if (!stream.write(`T${row},${text}\n`)) {
      await new Promise((done) => stream.once("drain", done));
    }
  }
  await new Promise<void>((done) => stream.end(done));
  return path;
}

const largeRow: Row = {
  name: `memory: ${largeRecords} records of 5 MB`,
  rounds: 2,
  async measure(program) {
    const server = await startCountingServer("TAG");
    const ini = writeIni(
      "large",
      `${oomnitza(server)}[csv_assets]\nenable = True\nfilename = ${await largeCsv()}
sync_field = TAG\nmapping.TAG = tag\nmapping.TEXT = text\n`,
    );
    try {
      forgetState();
      const { peakMb } = await runSection(program, { section: "csv_assets", ini });
      const { largest } = await server.count();
      return { "MB": peakMb, "MB in the largest request": largest / 1e6 };
    } finally {
      server.stop();
    }
  },
};

/** The rows; they take minutes. */
export const memoryRows: readonly Row[] = [
  sccmRow(10_000, true),
  sccmRow(10_000, false),
  sccmRow(50_000, true),
  sccmRow(50_000, false),
  largeRow,
  ...Object.entries(vendors).map(([kind, vendor]) => vendorRow(kind, vendor)),
];
