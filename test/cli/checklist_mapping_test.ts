/**
 * The compatibility checklist, T4 to T6, and the rules of mappings around them.
 *
 * @module
 */
import { expect, test } from "bun:test";
import manifest from "../../package.json" with { type: "json" };
import { record, type RecorderOptions } from "../support/recorder.ts";
import { oomnitzaSection, workspace } from "../support/workspace.ts";

/** Uploads `tag,model` rows with some mapping lines and gives the records that were posted. */
async function posted(lines: string, csv: string, mappings: RecorderOptions["mappings"] = {}) {
  await using instance = record({ mappings });
  using space = workspace();
  space.write("assets.csv", csv);
  space.write(
    "config.ini",
    `${oomnitzaSection(instance)}[csv_assets]
enable = True
filename = assets.csv
sync_field = BARCODE
${lines}
`,
  );
  const run = await space.agent(["upload", "csv_assets"]);
  const shown = await space.agent(["upload", "--show-mappings"]);
  const records = instance.uploads()
    .filter(({ path }) => path === "/api/v3/bulk")
    .flatMap(({ body }) => JSON.parse(body).records as Record<string, unknown>[]);
  return { run, shown, records, instance };
}

test("T4: a bare source path means the same as the JSON object", async () => {
  const bare = await posted("mapping.BARCODE = tag", "tag\nA1\n");
  const json = await posted('mapping.BARCODE = {"source": "tag"}', "tag\nA1\n");
  expect(bare.records).toEqual([{ BARCODE: "A1" }]);
  expect(json.records).toEqual(bare.records);
});

test("T5: a converter in the ini joins the source that Oomnitza keeps, for its field only", async () => {
  const { records, shown } = await posted(
    'mapping.A = {"converter": "capitalize"}\nmapping.BARCODE = tag',
    "tag,general.name\nA1,hELLO\n",
    { CSV_assets: { "general.name": ["A", "B"] } },
  );
  expect(records).toEqual([{ A: "Hello", B: "hELLO", BARCODE: "A1" }]);
  expect(shown.stdout).toMatch(/^csv_assets Mappings$/m);
  expect(shown.stdout).toMatch(
    /^ {2}A +general\.name +capitalize +Oomnitza, converter: ini line \d+$/m,
  );
  expect(shown.stdout).toMatch(/^ {2}B +general\.name +Oomnitza$/m);
  expect(shown.stdout).toMatch(/^ {2}BARCODE +tag +required +ini line \d+$/m);
});

test("T6: a record without a required value is not posted and warned about", async () => {
  const { records, run } = await posted(
    'mapping.BARCODE = tag\nmapping.MODEL = {"source": "model", "required": "yes"}',
    "tag,model\nA1,\nA2,two\n,three\n",
  );
  expect(records).toEqual([{ BARCODE: "A2", MODEL: "two" }]);
  expect(run.code).toBe(0);
  expect(run.stdout).toContain("3 read, 1 sent, 2 incomplete");
  expect(run.stderr).toContain("WARNING [csv_assets] Not sent: A1: no value for MODEL");
  expect(run.stderr).toContain("no value for BARCODE");
});

test("hardcoded in the ini replaces a source from Oomnitza; a setting does not", async () => {
  const { records } = await posted(
    'mapping.BARCODE = tag\nmapping.APPLICATIONS = {"hardcoded": []}\nmapping.NAME = {"setting": "filename"}',
    "tag,software\nA1,much\n",
    { CSV_assets: { software: ["APPLICATIONS", "NAME"] } },
  );
  expect(records).toEqual([{ APPLICATIONS: [], NAME: "much", BARCODE: "A1" }]);
});

test("use_server_map = no asks Oomnitza for nothing", async () => {
  const { records, instance } = await posted(
    "use_server_map = no\nmapping.BARCODE = tag",
    "tag,model\nA1,one\n",
    { CSV_assets: { model: "MODEL" } },
  );
  expect(records).toEqual([{ BARCODE: "A1" }]);
  expect(instance.requests.some(({ query }) => query === "name=CSV_assets")).toBe(false);
});

test("the Python literals of old manuals are understood", async () => {
  const { records } = await posted(
    "mapping.BARCODE = {'source': \"tag\", 'required': True}\nmapping.MODEL = \"model\"",
    "tag,model\nA1,one\n",
  );
  expect(records).toEqual([{ BARCODE: "A1", MODEL: "one" }]);
});

test("built-in converters convert; one that fails gives null and one line per kind", async () => {
  const { records, run } = await posted(
    `mapping.BARCODE = tag
mapping.DATE = {"source": "when", "converter": "date_format"}
mapping.PART = {"source": "path", "converter": "split:on=/|index=1"}
mapping.BOTH = {"converter": "concat:values=tag,'-',path", "source": "tag"}`,
    "tag,when,path\nA1,2019-01-02,x/y\nA2,2019-01-02T03:04:05+02:00,x\nA3,,x\n",
  );
  expect(records).toEqual([
    { BARCODE: "A1", DATE: 1546387200, PART: "y", BOTH: "A1-x/y" },
    { BARCODE: "A2", DATE: 1546391045, PART: "x", BOTH: "A2-x" },
    { BARCODE: "A3", DATE: "", PART: "x", BOTH: "A3-x" },
  ]);
  expect(run.stderr.match(/ERROR .*Converter split of PART/g)).toHaveLength(2);
  expect(run.stderr).toContain("2 times in all");
  expect(run.code).toBe(0);
  const unknown = await posted(
    'mapping.BARCODE = {"source": "tag", "converter": "no_such_converter"}',
    "tag\nA1\n",
  );
  expect(unknown.run.stderr).toContain('names the converter "no_such_converter"');
  expect(unknown.run.code).toBe(1);
  expect(unknown.records).toEqual([]);
});

test("a sync field that is not mapped ends the start; people without EMAIL are warned of, and refused over API v2", async () => {
  const unmapped = await posted("mapping.MODEL = model", "tag,model\nA1,one\n");
  expect(unmapped.run.code).toBe(1);
  expect(unmapped.run.stderr).toMatch(/\[csv_assets\] sync_field: is BARCODE, which is not mapped/);
  await using instance = record();
  using space = workspace();
  space.write("users.csv", "login\nann\n");
  const write = (version: string) =>
    space.write(
      "config.ini",
      `${oomnitzaSection(instance, `api_version = ${version}`)}[csv_users]
enable = True
filename = users.csv
default_role = 25
default_position = Employee
mapping.USER = login
`,
    );
  write("v2");
  const run = await space.agent(["upload", "csv_users"]);
  expect(run.code).toBe(1);
  expect(run.stderr).toContain("does not map EMAIL, which API v2 needs");
  for (const version of ["v3", "auto"]) {
    write(version);
    const newer = await space.agent(["upload", "csv_users"]);
    expect(newer.stderr).toMatch(/WARNING.*does not map EMAIL/);
    expect(newer.code).toBe(0);
    expect((await space.agent(["upload", "--show-mappings"])).code).toBe(0);
  }
  const sent = instance.requests.filter(({ path }) => path === "/api/v3/bulk");
  expect(sent).toHaveLength(2);
  expect(JSON.parse(sent[0]?.body ?? "")).toMatchObject({
    sync_field: ["USER"],
    records: [{ USER: "ann", POSITION: "Employee", PERMISSIONS_ID: "25" }],
  });
});

test("people without USER go by another sync field, or by what Oomnitza chooses", async () => {
  await using instance = record();
  using space = workspace();
  space.write("users.csv", "login\nann\n");
  for (const [more, wanted] of [["sync_field = LOGIN\n", ["LOGIN"]], ["", []]] as const) {
    space.write(
      "config.ini",
      `${oomnitzaSection(instance)}[csv_users]
enable = True
filename = users.csv
default_role = 25
default_position = unused
mapping.LOGIN = login
${more}`,
    );
    expect((await space.agent(["upload", "csv_users"])).code).toBe(0);
    const last = instance.requests.findLast(({ path }) => path === "/api/v3/bulk");
    expect(JSON.parse(last?.body ?? "").sync_field).toEqual(wanted);
  }
});

test("an instance with API v2 only ends a section of people without EMAIL", async () => {
  await using instance = record({
    answer: ({ path }) => path.startsWith("/api/v3/bulk") ? { status: 404 } : undefined,
  });
  using space = workspace();
  space.write("users.csv", "login\nann\n");
  space.write(
    "config.ini",
    `${oomnitzaSection(instance)}[csv_users]
enable = True
filename = users.csv
default_role = 25
default_position = Employee
mapping.USER = login
`,
  );
  const run = await space.agent(["upload", "csv_users"]);
  expect(run.code).toBe(3);
  expect(run.stdout + run.stderr).toContain(
    "This instance has API v2 only, which needs EMAIL of people",
  );
  expect(instance.requests.filter(({ path }) => path.startsWith("/api/v2/bulk"))).toEqual([]);
});

test('{"setting": "VERSION"} gives the version of the program', async () => {
  const { run, records } = await posted(
    'mapping.BARCODE = tag\nmapping.AGENT = {"setting": "VERSION"}',
    "tag\nA1\n",
  );
  expect(run.code).toBe(0);
  expect(records).toEqual([{ BARCODE: "A1", AGENT: manifest.version }]);
});

test("a mapping without source, setting and hardcoded ends the start, naming its line", async () => {
  const { run } = await posted(
    'mapping.BARCODE = tag\nmapping.X = {"converter": "split"}',
    "tag\nA1\n",
  );
  expect(run.code).toBe(1);
  expect(run.stderr).toMatch(/config\.ini:\d+ \[csv_assets\] mapping\.x: has neither source/);
});
