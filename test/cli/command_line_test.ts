/**
 * The command line: flags in any order, help, errors, reports, saved data.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { record } from "../support/recorder.ts";
import { oomnitzaSection, tagsOnly as section, workspace } from "../support/workspace.ts";

test("version and --version answer alone, and beside an action", async () => {
  using space = workspace();
  for (
    const words of [["version"], ["--version"], ["upload", "--version"], ["version", "--verbose"]]
  ) {
    const run = await space.agent(words);
    expect(run.code).toBe(0);
    expect(run.stdout).toMatch(/^agent \d+\.\d+\.\d+/);
  }
  const json = await space.agent(["version", "--output", "json"]);
  expect(JSON.parse(json.stdout).version).toMatch(/^\d+\.\d+\.\d+$/);
});

test("flags are understood before, between and after words, with = or a space, abbreviated", async () => {
  await using instance = record();
  using space = workspace();
  space.write("assets.csv", "tag\nA1\nA2\nA3\n");
  space.write("my.ini", oomnitzaSection(instance) + section);
  const lines = [
    ["--ini", "my.ini", "upload", "csv_assets", "--record-count", "2"],
    ["upload", "--ini=my.ini", "--record-count=2", "csv_assets"],
    ["--record", "2", "upload", "csv_assets", "--ini", "my.ini"],
    ["upload", "csv_assets", "--workers=3", "--ini", "my.ini", "--record-c=2", "--quiet"],
  ];
  for (const words of lines) {
    const run = await space.agent([...words, "--singleton", "0"]);
    expect(run.stdout).toContain("csv_assets: ok: 2 read, 2 sent");
    expect(run.code).toBe(0);
  }
});

test("usage errors end with 2 and say what is wrong", async () => {
  using space = workspace();
  const cases: [string[], RegExp][] = [
    [["uplod", "x"], /Unknown command "uplod"\n {2}Did you mean upload\?/],
    [
      ["upload", "--record-cuont", "2"],
      /Unknown flag --record-cuont\n {2}Did you mean --record-count\?/,
    ],
    [["upload", "x", "--record-count", "two"], /--record-count is not a whole number/],
    [["upload", "x", "--record-count"], /--record-count needs a value/],
    [["upload", "x", "--ver"], /--ver may mean --verbose or --version/],
    [["upload", "x", "--output", "xml"], /--output is "xml", not one of: text, json/],
    [["upload", "x", "--testmode=perhaps"], /--testmode/],
    [["sources", "okto"], /There is no source "okto"/],
    [["version", "now"], /version does not take "now"/],
    [["--quiet"], /No command was named/],
    [["check", "--port", "1"], /--port is not a flag of check/],
    [["upload", "x", "-z"], /Unknown flag -z/],
  ];
  for (const [words, message] of cases) {
    const run = await space.agent(words);
    expect({ words, code: run.code, matches: message.test(run.stderr) }).toEqual({
      words,
      code: 2,
      matches: true,
    });
    expect(run.stderr).not.toContain("    at ");
  }
});

test("help is shown for the program and for each command", async () => {
  using space = workspace();
  const program = await space.agent(["--help"]);
  expect(program.code).toBe(0);
  for (
    const name of [
      "upload",
      "check",
      "generate-ini",
      "sources",
      "stand-in",
      "completion",
      "version",
    ]
  ) {
    expect(program.stdout).toContain(name);
    const command = await space.agent([name, "--help"]);
    expect(command.code).toBe(0);
    expect(command.stdout).toContain(`agent ${name}`);
  }
  const upload = await space.agent(["upload", "-h"]);
  for (
    const flag of [
      "ini",
      "record-count",
      "singleton",
      "workers",
      "show-mappings",
      "testmode",
      "save-data",
    ]
  ) {
    expect(upload.stdout).toContain(`--${flag}`);
  }
  const nothing = await space.agent([]);
  expect(nothing.code).toBe(2);
});

test("generate-ini --keep writes a file when there is none, and leaves one that is there", async () => {
  using space = workspace();
  expect((await space.agent(["generate-ini", "--keep"])).code).toBe(0);
  expect(space.read("config.ini")).toContain("[csv_assets]");
  space.write("config.ini", "[oomnitza]\nurl = https://example.com\n");
  const again = await space.agent(["generate-ini", "--keep"]);
  expect(again.code).toBe(0);
  expect(again.stderr).toContain("stays as it is");
  expect(space.read("config.ini")).toBe("[oomnitza]\nurl = https://example.com\n");
  expect(space.has("config.ini.bak")).toBe(false);
});

test("generate-ini, sources and check work from an empty folder", async () => {
  await using instance = record();
  using space = workspace();
  expect((await space.agent(["generate-ini", "--ini", "sub.ini"])).code).toBe(0);
  expect(space.has("sub.ini")).toBe(true);
  const list = await space.agent(["sources"]);
  expect(list.stdout).toMatch(/csv_assets[\s\S]*csv_users/);
  const one = await space.agent(["sources", "csv_users"]);
  for (const option of ["filename", "directory", "default_role", "default_position"]) {
    expect(one.stdout).toContain(option);
  }
  space.write("config.ini", oomnitzaSection(instance) + section);
  const missing = await space.agent(["check", "csv_assets"]);
  expect(missing.code).toBe(3);
  expect(missing.stdout).toMatch(/ok +\[oomnitza\][\s\S]*FAILED \[csv_assets\].*assets\.csv/);
  space.write("assets.csv", "tag\nA1\n");
  const good = await space.agent(["check"]);
  expect(good.code).toBe(0);
  expect(good.stdout).toMatch(/ok +\[csv_assets\]/);
  expect(instance.uploads()).toEqual([]);
});

test("--output json gives one report on standard output, also when nothing could start", async () => {
  await using instance = record();
  using space = workspace();
  space.write("assets.csv", "tag\nA1\n,\n");
  space.write("config.ini", oomnitzaSection(instance) + section);
  const run = await space.agent(["upload", "csv_assets", "nosuch", "--output", "json"]);
  expect(JSON.parse(run.stdout)).toMatchObject({
    report: 1,
    testmode: false,
    not_enabled: ["nosuch"],
    exit: 3,
    error: null,
    sections: [{
      section: "csv_assets",
      source: "csv_assets",
      mapping_name: "CSV_assets",
      kind: "assets",
      outcome: "ok",
      counts: {
        fetched: 2,
        filtered: 0,
        incomplete: 1,
        unchanged: 0,
        sent: 1,
        shown: 0,
        failed: 0,
        unreadable: 0,
      },
      claimed: null,
      api: "v3",
      failures: [],
      failures_omitted: 0,
      error: null,
    }],
  });
  const none = await space.agent(["upload", "x", "--ini", "missing.ini", "--output=json"]);
  expect(none.code).toBe(1);
  expect(JSON.parse(none.stdout)).toMatchObject({
    report: 1,
    exit: 1,
    sections: [],
    error: { bug: false },
  });
});

test("--save-data writes source records and payloads into saved_data", async () => {
  await using instance = record();
  using space = workspace();
  space.write("assets.csv", "tag,more\nA1,x\nA2,y\n");
  space.write("config.ini", oomnitzaSection(instance, "api_version = v2") + section);
  expect((await space.agent(["upload", "csv_assets", "--save-data"])).code).toBe(0);
  expect(JSON.parse(space.read("saved_data/0.json"))).toEqual({ tag: "A1", more: "x" });
  expect(JSON.parse(space.read("saved_data/1.json"))).toEqual({ tag: "A2", more: "y" });
  const payloads = ["000", "001"].map((number) =>
    JSON.parse(space.read(`saved_data/oom.payload${number}.json`))
  );
  expect(payloads.map(({ computers }) => computers.BARCODE).sort()).toEqual(["A1", "A2"]);
  expect(payloads[0].agent_id).toBe("CSV_assets");
});

test("log lines go to standard error, results to standard output; --quiet and --verbose choose", async () => {
  await using instance = record();
  using space = workspace();
  space.write("assets.csv", "tag\nA1\n");
  space.write("config.ini", oomnitzaSection(instance) + section);
  const plain = await space.agent(["upload", "csv_assets"]);
  expect(plain.stdout.trim().split("\n")).toEqual([
    expect.stringMatching(/^csv_assets: ok: 1 read, 1 sent in /),
    expect.stringMatching(/^ {2}Oomnitza does not tell what became of the records: /),
  ]);
  expect(plain.stderr).toContain("INFO");
  expect(plain.stderr).not.toContain("\x1b");
  const quiet = await space.agent(["upload", "csv_assets", "--quiet"]);
  expect(quiet.stderr).toBe("");
});
