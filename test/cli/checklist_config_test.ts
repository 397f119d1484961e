/**
 * The compatibility checklist, T1 to T3, T17, T18 and T20: what a configuration means.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { record } from "../support/recorder.ts";
import { oomnitzaSection, tagsOnly as assets, workspace } from "../support/workspace.ts";

test("T1: a section that is not enabled is an error: exit 1 with nothing to run, 3 beside another", async () => {
  await using instance = record();
  using space = workspace();
  space.write("assets.csv", "tag\nA1\n");
  space.write("config.ini", `${oomnitzaSection(instance)}[csv_users]\nenable=False\n`);
  const alone = await space.agent(["upload", "csv_users"]);
  expect(alone.code).toBe(1);
  expect(alone.stderr).toContain("Nothing is enabled");
  space.write("config.ini", `${oomnitzaSection(instance)}[csv_users]\nenable=False\n\n${assets}`);
  const beside = await space.agent(["upload", "csv_users"]);
  expect(beside.code).toBe(1);
  expect(beside.stderr).toMatch(/\[csv_users\] is not enabled/);
  expect(instance.uploads()).toEqual([]);
  const both = await space.agent(["upload", "csv_users", "csv_assets"]);
  expect(both.code).toBe(3);
  expect(both.stderr).toMatch(/ERROR \[csv_users\] is not enabled/);
  expect(both.stdout).toContain("csv_assets: ok: 1 read, 1 sent");
});

test("T2: a section enabled before [oomnitza] ends the start, naming the line", async () => {
  await using instance = record();
  using space = workspace();
  space.write("assets.csv", "tag\nA1\n");
  space.write("config.ini", `${assets}\n${oomnitzaSection(instance)}`);
  const run = await space.agent(["upload", "csv_assets"]);
  expect(run.code).toBe(1);
  expect(run.stderr).toContain("config.ini:1: [csv_assets] is enabled before [oomnitza]");
  expect(instance.requests).toEqual([]);
});

/** The dialect of the ini file: the line as written, the key, the value. */
const lexicalTable: readonly (readonly [line: string, key: string, value: string])[] = [
  ["url_x = https://e.com ; note", "url_x", "https://e.com"],
  ["pw = a;b", "pw", "a;b"],
  ["pw = a ;b;c", "pw", "a"],
  ["pw = a;b ;c", "pw", "a;b ;c"],
  ["pw = ;abc", "pw", ";abc"],
  ["pw = abc # x", "pw", "abc # x"],
  ['x = "abc"', "x", '"abc"'],
  ["Key: a : b = c", "key", "a : b = c"],
  ["pct = 50%%off %(foo)s", "pct", "50%%off %(foo)s"],
  ["long = first\n  second\n# dropped\n\n\tthird", "long", "first\n  second\n\tthird"],
];

test("T3: values arrive as the dialect reads them", async () => {
  for (const [line, key, value] of lexicalTable) {
    await using instance = record();
    using space = workspace();
    space.write("users.csv", "login,mail\nann,ann@example.com\n");
    // The option that takes any text is default_position: the line is spelled with its name.
    const spelled = line.replace(new RegExp(`^${key}`, "i"), "DEFAULT_Position");
    space.write(
      "config.ini",
      `${oomnitzaSection(instance)}[csv_users]
enable = True
filename = users.csv
default_role = 25
mapping.USER = login
mapping.EMAIL = mail
mapping.SEEN = {"setting": "default_position"}
${spelled}
`,
    );
    const run = await space.agent(["upload", "csv_users", "--testmode"]);
    expect(run.stderr).not.toContain("ERROR");
    expect(JSON.parse(run.stdout).records[0].SEEN).toBe(value);
  }
});

test('T3: x = "" is empty, which counts as absent', async () => {
  await using instance = record();
  using space = workspace();
  space.write("assets.csv", "tag\nA1\n");
  space.write("config.ini", `${oomnitzaSection(instance)}${assets}directory = ""\n`);
  expect((await space.agent(["upload", "csv_assets"])).code).toBe(0);
});

test("a file with a byte-order mark, CRLF, rem lines and merged sections is read", async () => {
  await using instance = record();
  using space = workspace();
  space.write("assets.csv", "tag\r\nA1\r\n");
  const text = `\uFEFF${
    oomnitzaSection(instance)
  }rem a remark\n[csv_assets]\nenable = True\n[other]\nx = 1\n${
    assets.replace("enable = True\n", "")
  }`;
  space.write("config.ini", text.replaceAll("\n", "\r\n"));
  const run = await space.agent(["upload", "csv_assets"]);
  expect(run.stdout).toContain("1 sent");
  expect(run.code).toBe(0);
});

test("every error of a named section is reported at once, with line, option and what to do", async () => {
  await using instance = record();
  using space = workspace();
  space.write(
    "config.ini",
    `${oomnitzaSection(instance)}[csv_assets]
enable = True
verify_ssl = maybe
filename = a.csv
directory = b
sync_feild = BARCODE
mapping.BARCODE = {"source": serial}
this line is bad
`,
  );
  const run = await space.agent(["upload", "csv_assets"]);
  expect(run.code).toBe(1);
  expect(run.stderr).toMatch(
    /config\.ini:7 \[csv_assets\] verify_ssl: is not a boolean \(1, yes, true, on or 0, no, false, off\)/,
  );
  expect(run.stderr).toMatch(/config\.ini:5 \[csv_assets\] sync_field: is required/);
  expect(run.stderr).toMatch(
    /config\.ini:10 \[csv_assets\] sync_feild: .*Did you mean sync_field\?/,
  );
  expect(run.stderr).toMatch(/config\.ini:11 \[csv_assets\] mapping\.barcode: looks like JSON/);
  expect(run.stderr).toMatch(/config\.ini:12/);
  expect(instance.requests).toEqual([]);
});

test("a bad section that was not asked for is reported and stops nothing", async () => {
  await using instance = record();
  using space = workspace();
  space.write("assets.csv", "tag\nA1\n");
  space.write("config.ini", `${oomnitzaSection(instance)}${assets}\n[csv_users]\nenable = True\n`);
  const run = await space.agent(["upload", "csv_assets"]);
  expect(run.code).toBe(0);
  expect(run.stderr).toContain("WARNING Other sections have 2 errors: csv_users.");
  expect(run.stdout).toContain("1 sent");
  expect((await space.agent(["upload", "csv_users"])).code).toBe(1);
});

test("suffixed sections and [DEFAULT] work; names are exact", async () => {
  await using instance = record();
  using space = workspace();
  space.write("assets.csv", "tag\nA1\nA2\n");
  space.write(
    "config.ini",
    `[DEFAULT]\nsync_field = BARCODE\nmapping.BARCODE = tag\nfilename = assets.csv\n${
      oomnitzaSection(instance)
    }[csv_assets.Second Site]\nenable = yes\n[csv_assets]\nenable = ON\n`,
  );
  const run = await space.agent(["upload", "csv_assets.Second Site"]);
  expect(run.stdout).toContain("csv_assets.Second Site: ok: 2 read, 2 sent");
  expect(run.stdout).not.toContain("csv_assets: ok");
  expect(run.code).toBe(0);
});

test("T17: generate-ini keeps the old file, and every older one; the new one parses and everything is disabled", async () => {
  using space = workspace();
  space.write("config.ini", "old content\n");
  space.write("config.ini.bak", "older content\n");
  const run = await space.agent(["generate-ini"]);
  expect(run.code).toBe(0);
  expect(run.stderr).toContain("config.ini.bak.2");
  const text = space.read("config.ini");
  expect((await space.agent(["generate-ini"])).code).toBe(0);
  expect(space.read("config.ini.bak")).toBe("older content\n");
  expect(space.read("config.ini.bak.2")).toBe("old content\n");
  expect(space.read("config.ini.bak.3")).toBe(text);
  expect(text.startsWith("# Where the records go.\n[oomnitza]\n")).toBe(true);
  const sections = text.split(/^\[/m).slice(2);
  expect(sections.length).toBeGreaterThan(1);
  // What the service needs is no source, and has nothing to enable.
  const sources = sections.filter((section) => !/^(serve|state|alerts)\]/.test(section));
  expect(sources.length).toBe(sections.length - 3);
  for (const section of sources) expect(section).toMatch(/^[^\]]+\]\n# .+\nenable = False\n/);
  const upload = await space.agent(["upload", "csv_assets"]);
  expect(upload.code).toBe(1);
  expect(upload.stderr).toContain("Nothing is enabled");
  expect(upload.stderr).not.toMatch(/ERROR|config\.ini:\d/);
});

test("T18: env_password that names a variable which is not set ends the start", async () => {
  await using instance = record({
    answer: ({ path }) =>
      path === "/api/request_token" ? { status: 200, body: '{"token":"abcd1234"}' } : undefined,
  });
  using space = workspace();
  space.write("assets.csv", "tag\nA1\n");
  const oomnitza = `[oomnitza]\nurl = ${instance.url}\nusername = ann\nenv_password = AGENT_PW\n\n`;
  space.write("config.ini", oomnitza + assets);
  const unset = await space.agent(["upload", "csv_assets"]);
  expect(unset.code).toBe(1);
  expect(unset.stderr).toMatch(
    /config\.ini:4 \[oomnitza\] env_password: .*AGENT_PW, which is not set/,
  );
  const set = await space.agent(["upload", "csv_assets"], {
    env: { AGENT_PW: "from the environment" },
  });
  expect(set.code).toBe(0);
  const login = instance.requests.find(({ path }) => path === "/api/request_token");
  expect(login?.body).toBe("login=ann&password=from+the+environment");
});

test("T20: an unknown ssl_protocol is a configuration error", async () => {
  await using instance = record();
  using space = workspace();
  space.write("assets.csv", "tag\nA1\n");
  space.write("config.ini", `${oomnitzaSection(instance)}${assets}ssl_protocol = bogus\n`);
  const run = await space.agent(["upload", "csv_assets"]);
  expect(run.code).toBe(1);
  expect(run.stderr).toMatch(/\[csv_assets\] ssl_protocol: is "bogus", not one of: ssl, /);
  space.write("config.ini", `${oomnitzaSection(instance, "ssl_protocol = bogus")}${assets}`);
  expect((await space.agent(["upload", "csv_assets"])).code).toBe(1);
});

test("a missing file, no names and wrong credentials end the start with exit 1", async () => {
  await using instance = record({ answer: () => ({ status: 401 }) });
  using space = workspace();
  const missing = await space.agent(["upload", "csv_assets"]);
  expect(missing.code).toBe(1);
  expect(missing.stderr).toContain("generate-ini");
  space.write("config.ini", oomnitzaSection(instance) + assets);
  const unnamed = await space.agent(["upload"]);
  expect(unnamed.code).toBe(1);
  expect(unnamed.stderr).toContain("No section was named\n  Enabled are: csv_assets");
  const refused = await space.agent(["upload", "csv_assets"]);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain("Check api_token");
  expect(refused.stderr).not.toContain(instance.token);
});
