/**
 * `agent discover` on the servers of vendors: exactly the paths that their records have.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { startStandIn } from "../support/stand_in/mod.ts";
import { accounts, password, startSlapd, suffix } from "../support/slapd.ts";
import { slow } from "../support/slow.ts";
import { startTdsServer } from "../support/tds/server.ts";
import { type Workspace, workspace } from "../support/workspace.ts";
import { start as startJamf } from "../sources/casper/section.ts";
import { directoryLdif } from "../sources/ldap/people.ts";
import { startOkta, token as oktaToken } from "../sources/okta/server.ts";
import { hardwareOf, siteRows } from "../sources/sccm/computers.ts";
import { optionsFor, section as sccmSection } from "../sources/sccm/sccm_run.ts";
import { makeSite } from "../sources/sccm/site_database.ts";

/** What `agent discover --output json` says, as far as it is looked at here. */
interface Discovered {
  readonly records: number;
  readonly paths: readonly {
    readonly path: string;
    readonly types: readonly string[];
    readonly format: string | null;
    readonly filled: number;
    readonly share: number;
    readonly distinct: number | null;
    readonly more_distinct: boolean;
    readonly examples: readonly string[];
    readonly mapped_to: readonly string[];
  }[];
  readonly empty_paths: readonly { readonly path: string }[];
  readonly unreadable: number;
  readonly unreadable_records: readonly { readonly identity: string; readonly reason: string }[];
  readonly unmapped_fields: readonly { readonly field: string }[] | null;
  readonly unmapped_fields_unknown: string | null;
  readonly suggestions: readonly {
    readonly field: string;
    readonly path: string;
    readonly reasons: readonly string[];
  }[];
}

/** An instance that answers nobody. */
const nobody = "[oomnitza]\nurl = http://127.0.0.1:1\napi_token = token-of-nobody\n\n";

/** Discovers what a section gives, of an ini without `[oomnitza]`. */
async function discover(
  ini: string,
  section: string,
  words: readonly string[] = [],
  space: Workspace = workspace(),
): Promise<Discovered> {
  using _space = space;
  space.write("config.ini", ini);
  const run = await space.agent(["discover", section, "--output", "json", ...words]);
  return JSON.parse(run.stdout) as Discovered;
}

function namesIn({ paths }: Discovered): string[] {
  return paths.map(({ path }) => path);
}

/** Paths below one another, in the order in which they are listed. */
function below(prefix: string, names: string): string[] {
  return names.split(" ").map((name) => `${prefix}.${name}`);
}

const csvSection = "[csv_assets]\nenable = True\nfilename = assets.csv\nsync_field = BARCODE\n";

const csv = "tag,serial number,bought,price,owner\n" +
  "A-1,C02XK0AA,2024-05-01,1200,ann@example.com\n" +
  "A-2,C02XK0AB,2024-06-01,90.5,bob@example.com\n" +
  "A-3,C02XK0AC,,,\n";

function withCsv(text = csv): Workspace {
  const space = workspace();
  space.write("assets.csv", text);
  return space;
}

test("CSV: every column with its type, share, different values and the shapes of values", async () => {
  const ini = `${csvSection}mapping.BARCODE = tag\nmapping.SITE = site\n`;
  const found = await discover(nobody + ini, "csv_assets", [], withCsv());
  expect(namesIn(found)).toEqual(["bought", "owner", "price", "serial number", "tag"]);
  const [bought, owner, price, serial, tag] = found.paths;
  expect(bought).toMatchObject({ types: ["text"], format: "date", filled: 2, distinct: 2 });
  expect(owner).toMatchObject({ format: "email", share: 2 / 3, mapped_to: [] });
  expect(price).toMatchObject({ format: "number", examples: ["1999", "99.5"] });
  expect(serial).toMatchObject({ format: null, filled: 3, distinct: 3, examples: ["C09Xx0Ax"] });
  expect(tag).toMatchObject({ mapped_to: ["BARCODE"], more_distinct: false });
  expect(found.empty_paths).toEqual([expect.objectContaining({ path: "site", fields: ["SITE"] })]);
  expect(found.unmapped_fields).toBeNull();
  expect(found.unmapped_fields_unknown).toContain("127.0.0.1:1");
});

test("fields of Oomnitza that are not mapped, and suggestions with their reasons", async () => {
  const instance = await startStandIn({
    mappings: { CSV_assets: { tag: "BARCODE" } },
    fields: {
      assets: {
        BARCODE: { type: "text", unique: true },
        SERIAL_NUMBER: { type: "text" },
        PURCHASE_DATE: { type: "date" },
        OWNER: { type: "number" },
        STATE: { type: "dropdown", values: ["In use", "Retired", "Lost"] },
        COLOUR: { type: "text" },
      },
    },
  });
  try {
    const ini = `[oomnitza]\nurl = ${instance.url}\napi_token = ${instance.token}\n\n${csvSection}`;
    const text = "tag,Serial Number,purchase date,owner,condition\n" +
      "A-1,S1,2024-05-01,ann,In use\nA-2,S2,2024-06-01,bob,Retired\n";
    const found = await discover(ini, "csv_assets", [], withCsv(text));
    expect(found.paths.find(({ path }) => path === "tag")?.mapped_to).toEqual(["BARCODE"]);
    expect(found.unmapped_fields?.map(({ field }) => field)).toEqual([
      "SERIAL_NUMBER",
      "PURCHASE_DATE",
      "OWNER",
      "STATE",
      "COLOUR",
    ]);
    // The owner is a name, and the field takes numbers: that is none.
    expect(found.suggestions).toEqual([
      { field: "SERIAL_NUMBER", path: "Serial Number", reasons: ["the names are the same"] },
      {
        field: "PURCHASE_DATE",
        path: "purchase date",
        reasons: ["the names are the same", "its values are dates"],
      },
      { field: "STATE", path: "condition", reasons: ["2 of 2 sampled values are in its list"] },
    ]);
    expect(instance.state.requests.every(({ method }) => method === "GET")).toBe(true);
  } finally {
    await instance.stop();
  }
});

test("text and CSV say the same, and no value of a record", async () => {
  using space = withCsv();
  space.write("config.ini", `${nobody}${csvSection}mapping.BARCODE = tag\n`);
  const text = await space.agent(["discover", "csv_assets"]);
  expect(text.code).toBe(0);
  expect(text.stdout).toContain("[csv_assets] 3 records read, 5 paths\n");
  expect(text.stdout).toMatch(/ {2}tag +text +100 % +3 +A-1 {2}A-2 {2}A-3 +BARCODE\n/);
  expect(text.stdout).toContain("Which fields of Oomnitza are not mapped is not known: ");
  const table = await space.agent(["discover", "csv_assets", "--csv"]);
  expect(table.stdout.split("\n").slice(0, 3)).toEqual([
    "path,type,filled,records,distinct,example_1,example_2,example_3,mapped_to,suggested_for,meaning",
    "bought,text (date),2,3,2,2999-09-09,,,,,",
    "owner,text (email),2,3,2,axx@exxxxxx.cxx,bxx@exxxxxx.cxx,,,,",
  ]);
  for (const { stdout } of [text, table]) {
    for (const value of ["C02XK0A", "ann@", "bob@"]) expect(stdout).not.toContain(value);
  }
});

test("different values are counted up to 1,000, and --records ends the reading", async () => {
  const rows = Array.from({ length: 2500 }, (_, index) => `T${index},${index % 1000},same`);
  const text = `tag,number,constant\n${rows.join("\n")}\n`;
  const ini = `${nobody}${csvSection}mapping.BARCODE = tag\n`;
  const all = await discover(ini, "csv_assets", ["--records", "0"], withCsv(text));
  const summary = all.paths.map(({ path, distinct, more_distinct }) =>
    `${path} ${distinct} ${more_distinct}`
  );
  expect(all.records).toBe(2500);
  expect(summary).toEqual(["constant 1 false", "number 1000 false", "tag null true"]);
  const some = await discover(ini, "csv_assets", ["--records", "7"], withCsv(text));
  expect(some.records).toBe(7);
  expect(some.paths.map(({ distinct }) => distinct)).toEqual([1, 7, 7]);
  const usual = await discover(ini, "csv_assets", [], withCsv(text));
  expect(usual.records).toBe(1000);
});

test("Okta: the paths of its users", async () => {
  await using vendor = startOkta({ active: 30 });
  const ini = `${nobody}[okta]\nenable = True\nurl = ${vendor.url}\napi_token = ${oktaToken}\n` +
    "default_role = 25\ndefault_position = Employee\n";
  const found = await discover(ini, "okta");
  expect(found.records).toBe(30);
  expect(namesIn(found)).toEqual([
    "created",
    ...below("credentials.provider", "name type"),
    "id",
    "lastLogin",
    "lastUpdated",
    ...below("profile", "email firstName lastName login mobilePhone"),
    "status",
  ]);
  const email = found.paths.find(({ path }) => path === "profile.email");
  expect(email).toMatchObject({ mapped_to: ["EMAIL"], format: "email", distinct: 30, share: 1 });
  expect(found.empty_paths.map(({ path }) => path)).toEqual(["profile.mobilePhone"]);
});

slow("Jamf: the paths of its computers, and one that cannot be read with its reason", async () => {
  const jamf = startJamf({ count: 5, broken: [3] });
  await using _vendor = jamf.vendor;
  using space = workspace();
  space.write("config.ini", `${nobody}[casper]\nenable = True\n${jamf.options}`);
  const run = await space.agent(["discover", "casper", "--output", "json"]);
  const found = JSON.parse(run.stdout) as Discovered;
  expect(run.code).toBe(3);
  expect(found.records).toBe(4);
  expect(found.unreadable).toBe(1);
  expect(found.unreadable_records).toEqual([
    { identity: expect.stringContaining("3"), reason: expect.stringContaining("500") },
  ]);
  expect(namesIn(found)).toEqual([
    "extension_attributes",
    ...below("extension_attributes.0", "id name type value"),
    ...below("general", "id name report_date serial_number"),
    ...below("groups_accounts", "computer_group_memberships local_accounts"),
    ...below("hardware", "make model os_version total_ram"),
    ...below("location", "building department username"),
    ...below("purchasing", "po_date warranty_expires"),
    "software.applications",
    ...below("software.applications.0", "name path version"),
  ]);
});

slow("LDAP: the attributes of everybody below an entry", async () => {
  await using slapd = await startSlapd({ ldif: directoryLdif(60) });
  const ini = `${nobody}[ldap]\nenable = True\nurl = ${slapd.plain}\n` +
    `username = ${accounts.reader}\npassword = ${password}\nbase_dn = ou=people,${suffix}\n` +
    "default_role = 25\ndefault_position = Employee\n";
  const found = await discover(ini, "ldap");
  // The unit that they are in is below the entry, too.
  expect(found.records).toBe(61);
  expect(namesIn(found)).toEqual(
    ("cn description dn entryUUID givenName jpegPhoto mail memberOf memberOf.0 mobile objectClass " +
      "ou sn uid").split(" "),
  );
  const photo = found.paths.find(({ path }) => path === "jpegPhoto");
  expect(photo?.filled).toBe(1);
});

test("SCCM: hardware and programs of its computers", async () => {
  const { answer } = makeSite({ rows: siteRows(12, 3) });
  const server = await startTdsServer({ answer });
  await using _server = server;
  const found = await discover(nobody + sccmSection(optionsFor(server.port)), "sccm");
  expect(found.records).toBe(12);
  expect(namesIn(found)).toEqual([
    ...below("hardware", Object.keys(hardwareOf(0)).sort().join(" ")),
    "software",
    ...below("software.0", "name path publisher version"),
  ]);
  expect(found.paths.find(({ path }) => path === "software.0.path")?.filled).toBe(0);
});

test("a section without a valid [oomnitza] is discovered, and one that is not there is not", async () => {
  const ini = `[oomnitza]\nurl =\n\n${csvSection}mapping.BARCODE = tag\n`;
  const found = await discover(ini, "csv_assets", [], withCsv());
  expect(namesIn(found)).toHaveLength(5);
  expect(found.unmapped_fields_unknown).toBe("The settings of [oomnitza] have errors");
  using space = withCsv();
  space.write("config.ini", nobody + csvSection.replace("True", "False"));
  const disabled = await space.agent(["discover", "csv_assets"]);
  expect(disabled.code).toBe(1);
  expect(disabled.stderr).toContain("enable = True");
});
