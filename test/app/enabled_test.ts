/**
 * What counts as enabled is the same for every command and on every page.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { isSectionEnabled } from "../../src/config/enabled.ts";
import { parseIni } from "../../src/config/ini.ts";
import { startStandIn } from "../support/stand_in/mod.ts";
import { oomnitzaSection, tagsOnly } from "../support/workspace.ts";
import { type Faces, openFaces } from "./support/faces.ts";

const nobody = { url: "https://example.oomnitza.com", token: "abcdefgh" };

function writeConfig(faces: Faces, enable: string, instance = nobody): void {
  const section = `[csv_assets]\nenable = ${enable}\nfilename = assets.csv\n` +
    "sync_field = BARCODE\nmapping.BARCODE = tag\nschedule = 0 3 1 1 *\n";
  faces.write("config.ini", oomnitzaSection(instance) + section);
  faces.write("assets.csv", "tag\nA-1\n");
}

test.each(["True", "1", " on "])("a variable that is %p enables everywhere", async (value) => {
  const instance = await startStandIn();
  try {
    using faces = openFaces({ ENABLE_CSV: value });
    writeConfig(faces, "${env:ENABLE_CSV}", instance);
    const upload = await faces.cli("upload", "csv_assets", "--testmode", "--singleton", "0");
    expect(upload.stdout, upload.stderr).toContain("A-1");
    expect(upload.code).toBe(0);
    const check = await faces.cli("check", "csv_assets", "--file-only");
    expect(check.stdout, check.stderr).toContain("[csv_assets] is valid");
    const schedule = await faces.cli("schedule");
    expect(schedule.stdout, schedule.stderr).toContain("csv_assets");
    const overview = await faces.page("");
    expect(overview).toContain("1 of 1 sections are enabled.");
    expect(overview).toMatch(/\d{4}-01-01 03:00/);
    expect(await faces.page("schedule")).toContain("csv_assets");
    expect(await faces.page("run")).toContain("csv_assets");
  } finally {
    await instance.stop();
  }
});

test("a variable that says no disables everywhere", async () => {
  using faces = openFaces({ ENABLE_CSV: "no" });
  writeConfig(faces, "${env:ENABLE_CSV}");
  const upload = await faces.cli("upload", "csv_assets", "--testmode", "--singleton", "0");
  expect(upload.stderr).toContain("Nothing is enabled");
  expect((await faces.cli("check", "--file-only")).stderr).toContain("Nothing is enabled");
  expect((await faces.cli("schedule")).stderr).toContain("Nothing is enabled");
  expect(await faces.page("")).toContain("0 of 1 sections are enabled.");
  expect(await faces.page("run")).toContain("No section is enabled.");
});

test("a variable that is not set is an error everywhere", async () => {
  using faces = openFaces();
  writeConfig(faces, "${env:ENABLE_CSV}");
  const problem =
    "cannot be read from ${env:ENABLE_CSV}: the environment variable ENABLE_CSV is not set";
  for (
    const words of [
      ["upload", "csv_assets", "--testmode", "--singleton", "0"],
      ["check", "csv_assets", "--file-only"],
      ["schedule"],
    ]
  ) {
    const { code, stderr } = await faces.cli(...words);
    expect(code, words.join(" ")).toBe(1);
    expect(stderr).toContain(`[csv_assets] enable: ${problem}`);
  }
  const overview = await faces.page("");
  expect(overview).toContain(`[csv_assets] enable ${problem}`);
  expect(overview).toContain("1 of 1 sections are enabled.");
});

test("a secret store is not asked by who runs nothing, and that is reported", async () => {
  using faces = openFaces();
  writeConfig(faces, "${command:echo True}");
  const { stderr } = await faces.cli("check", "--file-only");
  expect(stderr).toContain("refers to a secret store");
  const overview = await faces.page("");
  expect(overview).toContain("refers to a secret store");
  expect(overview).toContain("0 of 1 sections are enabled.");
});

test("every spelling of enable is decided in one place", () => {
  const cases: [string, boolean][] = [
    ["", false],
    ["enable = True", true],
    ["enable = False", false],
    ["enable =", false],
    ["enable = maybe", true],
    ["enable = ${env:YES}", true],
    ["enable = ${env:NO}", false],
    ["enable = ${env:NONE}", true],
    ["enable = ${vault:secret/x#y}", false],
  ];
  for (const [line, expected] of cases) {
    const document = parseIni(`[csv_assets]\n${line}\n`, "config.ini");
    const env = { YES: "yes", NO: "0" };
    expect(isSectionEnabled(document, "csv_assets", env), line).toBe(expected);
  }
});

test("another section's variable that is not set does not stop an upload, and is named", async () => {
  const instance = await startStandIn();
  try {
    using faces = openFaces();
    const other = "[csv_users]\nenable = ${env:NO_SUCH}\nfilename = assets.csv\n";
    faces.write("config.ini", oomnitzaSection(instance) + tagsOnly + other);
    faces.write("assets.csv", "tag\nA-1\n");
    const upload = await faces.cli("upload", "csv_assets", "--singleton", "0");
    expect(upload.code, upload.stderr).toBe(0);
    expect(upload.stderr).toContain("WARNING Other sections have 3 errors: csv_users.");
    expect((await faces.cli("check", "--file-only")).stderr).toContain(
      "error: " + `${faces.folder}/config.ini:11 [csv_users] enable: cannot be read`,
    );
    const refused = await faces.cli("upload", "csv_users", "--singleton", "0");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("the environment variable NO_SUCH is not set");
  } finally {
    await instance.stop();
  }
});
