/**
 * Names that try to leave their folder, and files that are not what they seem.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { record } from "../support/recorder.ts";
import { oomnitzaSection, tagsOnly, workspace } from "../support/workspace.ts";
import { answering, peopleFrom, person, uploadHostile } from "./hostile_run.ts";

/** All files below a folder, by their paths from there. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1)).sort();
}

test("--save-data writes into its own folder only, whatever sections and records are called", async () => {
  await using instance = record();
  await using server = answering(() =>
    Response.json([{ ...person(1), id: "../../../evil", name: "/etc/cron.d/evil" }])
  );
  using space = workspace();
  const name = "okta.../../../evil";
  const section = peopleFrom(server.url).replace("[okta]", `[${name}]`);
  mkdirSync(join(space.folder, "a/b/c"), { recursive: true });
  space.write("a/b/c/config.ini", oomnitzaSection(instance) + section);
  const words = ["upload", name, "--save-data", "--log-dir", "logs", "--singleton", "0"];
  const run = await space.agent(words, { cwd: join(space.folder, "a/b/c") });
  expect(run.code).toBe(0);
  const files = filesBelow(space.folder).map((path) => path.replace(/^a\/b\/c\//, ""));
  expect(files).toContain("saved_data/0.json");
  expect(files).toContain("logs/info.log");
  const known = /^(config\.ini|agent-state\.sqlite.*|logs\/\w+\.log|saved_data\/[\w.]+\.json)$/;
  expect(files.filter((path) => !known.test(path))).toEqual([]);
});

test("a section with a path for a name is no source", async () => {
  await using instance = record();
  using space = workspace();
  for (const name of ["../../etc/passwd", "/etc/passwd", "..\\..\\x", "csv_assets/../okta", "."]) {
    space.write("config.ini", `${oomnitzaSection(instance)}[${name}]\nenable = True\n`);
    const run = await space.agent(["upload", name]);
    expect(run.code).toBe(1);
    expect(run.stderr).toContain("there is no source named");
  }
});

test("a folder, a device and a link to itself instead of a file are errors, not crashes", async () => {
  await using instance = record();
  using space = workspace();
  mkdirSync(join(space.folder, "folder.csv"));
  symlinkSync("loop.csv", join(space.folder, "loop.csv"));
  for (const filename of ["folder.csv", "loop.csv", "gone/../gone.csv", "a\0b.csv"]) {
    space.write("config.ini", oomnitzaSection(instance) + tagsOnly.replace("assets.csv", filename));
    const run = await space.agent(["upload", "csv_assets"]);
    expect([filename, run.code === 1 || run.code === 3]).toEqual([filename, true]);
    expect(run.stderr).not.toContain("bug");
  }
  for (const ini of ["folder.csv", "loop.csv", "/dev/null"]) {
    const run = await space.agent(["upload", "csv_assets", "--ini", ini]);
    expect([ini, run.code]).toEqual([ini, 1]);
    expect(run.stderr).not.toContain("bug");
  }
});

test("values that look like addresses of files are sent as they are, and open nothing", async () => {
  const values = [
    "file:///etc/passwd",
    "$(touch owned)",
    "`touch owned`",
    "${HOME}",
    "|touch owned",
  ];
  const rows = values.map((value, index) => `${index},"${value}"`).join("\n");
  const section = "[csv_assets]\nenable = True\nfilename = a.csv\nsync_field = ID\n" +
    "mapping.ID = id\nmapping.VALUE = value\n";
  const run = await uploadHostile(section, { files: { "a.csv": `id,value\n${rows}\n` } });
  expect(run.records.map(({ VALUE }) => VALUE)).toEqual(values);
  expect(existsSync("owned")).toBe(false);
});
