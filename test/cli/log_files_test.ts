/**
 * The log files that an upload writes by itself: where, what stands in them, and how they rotate.
 *
 * @module
 */
import { beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, existsSync, readdirSync, rmSync } from "node:fs";
import { closeSync, fstatSync, openSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { binaryPath } from "../support/binary.ts";
import { useFolder } from "../support/folder.ts";
import { record } from "../support/recorder.ts";
import { oomnitzaSection, tagsOnly, type Workspace, workspace } from "../support/workspace.ts";
import { slow } from "../support/slow.ts";

const binary = await binaryPath();
/** A program directory of its own: the usual one belongs to all tests. */
const home = useFolder("home");
const program = join(home, "agent");

beforeAll(() => copyFileSync(binary, program));

/** Runs the program of this file, without the variable that keeps tests tidy. */
async function run(space: Workspace, words: readonly string[], env: Record<string, string> = {}) {
  const child = Bun.spawn([program, ...words], {
    cwd: space.folder,
    env: { PATH: process.env.PATH ?? "", HOME: space.folder, TMPDIR: space.folder, ...env },
    stdout: "pipe",
    stderr: "pipe",
  });
  const stderr = await new Response(child.stderr).text();
  const stdout = await new Response(child.stdout).text();
  return { code: await child.exited, stdout, stderr };
}

const upload = ["upload", "csv_assets", "--singleton", "0"];

function logsIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => /\.log/.test(name)).sort();
}

function removeLogs(): void {
  rmSync(join(home, "logging.json"), { force: true });
}

describe("beside the state file", () => {
  test("an upload writes info.log and errors.log in the format of the Python connector, and adds to them", async () => {
    removeLogs();
    await using instance = record();
    using space = workspace();
    space.write("assets.csv", "tag\nA1\n,\n");
    space.write("config.ini", oomnitzaSection(instance) + tagsOnly);
    const first = await run(space, upload);
    expect(first.code).toBe(0);
    expect(first.stderr).toContain("INFO [csv_assets] Uploading");
    expect(logsIn(space.folder)).toEqual(["errors.log", "info.log"]);
    expect(readdirSync(home)).toEqual(["agent"]);
    const line = /^(\S+): \d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - (DEBUG|INFO|WARNING|ERROR) - \S/;
    const lines = space.read("info.log").trimEnd().split("\n");
    for (const each of lines) expect(each).toMatch(line);
    expect(lines.map((each) => line.exec(each)?.[1])).toContain("csv_assets");
    expect(lines.some((each) => each.includes("WARNING - Not sent"))).toBe(true);
    expect(space.read("errors.log")).toBe("");
    const second = await run(space, [...upload.slice(0, 1), "nosuch", "--quiet"]);
    expect(second.code).toBe(1);
    expect(space.read("info.log").startsWith(lines.join("\n"))).toBe(true);
    expect(space.read("errors.log")).toMatch(/^agent: .* - ERROR - There is no section \[nosuch\]/);
    expect(statSync(join(space.folder, "info.log")).mode & 0o007).toBe(0);
  });

  test("why an upload could not start stands in both", async () => {
    removeLogs();
    using space = workspace();
    space.write("broken.ini", "[oomnitza]\nurl = nowhere\n");
    const broken = await run(space, ["upload", "x", "--ini", "broken.ini"]);
    expect(broken.code).toBe(1);
    expect(broken.stderr.match(/it has 1 error/g)).toHaveLength(1);
    for (const name of ["info.log", "errors.log"]) {
      expect(space.read(name)).toContain("ERROR - Cannot use");
      expect(space.read(name)).toMatch(/\n {2}error: \S*broken\.ini:2 \[oomnitza\] url/);
    }
  });

  slow("commands that run nothing write none", async () => {
    removeLogs();
    await using instance = record();
    using space = workspace();
    space.write("assets.csv", "tag\nA1\n");
    space.write("config.ini", oomnitzaSection(instance) + tagsOnly);
    space.write("record.json", '{"a": "x"}');
    const commands = [
      ["version"],
      ["--version"],
      ["--help"],
      ["upload", "--help"],
      ["completion", "bash"],
      ["sources"],
      ["sources", "okta"],
      ["converters"],
      ["check", "csv_assets"],
      ["try", "capitalize", "--record", "record.json", "--source", "a"],
      ["generate-ini", "--ini", "new.ini"],
      ["nosuchcommand"],
    ];
    for (const words of commands) {
      await run(space, words);
      expect([words, logsIn(space.folder)]).toEqual([words, []]);
    }
    expect(logsIn(space.folder)).toEqual([]);
  });

  test("a logging.json there is read by uploads, and a broken one stops them", async () => {
    removeLogs();
    await using instance = record();
    using space = workspace();
    space.write("assets.csv", "tag\nA1\n");
    space.write("config.ini", oomnitzaSection(instance) + tagsOnly);
    copyFileSync(join(import.meta.dir, "../fixtures/logging.json"), join(home, "logging.json"));
    const asConnector = await run(space, upload);
    expect(asConnector.code).toBe(0);
    expect(asConnector.stdout).toContain("INFO - Uploading CSV assets");
    expect(asConnector.stderr).toBe("");
    expect(logsIn(space.folder)).toEqual(["errors.log", "info.log"]);
    expect(space.read("info.log")).toMatch(/^csv_assets: .* - INFO - Uploading/m);
    writeFileSync(join(home, "logging.json"), "{");
    const broken = await run(space, upload);
    expect(broken.code).toBe(1);
    expect(broken.stderr).toContain(join(home, "logging.json"));
    expect((await run(space, ["check", "csv_assets"])).code).toBe(0);
    removeLogs();
  });
});

describe("elsewhere", () => {
  slow("--log-dir and LOGS_DIRECTORY name another folder, and none wants no files", async () => {
    removeLogs();
    await using instance = record();
    using space = workspace();
    space.write("assets.csv", "tag\nA1\n");
    space.write("config.ini", oomnitzaSection(instance) + tagsOnly);
    await run(space, [...upload, "--log-dir", "made/here"]);
    expect(logsIn(join(space.folder, "made/here"))).toEqual(["errors.log", "info.log"]);
    const env = { LOGS_DIRECTORY: join(space.folder, "systemd") };
    await run(space, upload, env);
    expect(logsIn(join(space.folder, "systemd"))).toEqual(["errors.log", "info.log"]);
    const silent = await run(space, [...upload, "--log-dir", "none"], env);
    expect(silent.stderr).not.toContain("log files");
    expect(existsSync(join(space.folder, "none"))).toBe(false);
    expect(logsIn(space.folder)).toEqual([]);
  });

  test("what goes to the journal is not written into files too", async () => {
    removeLogs();
    await using instance = record();
    using space = workspace();
    space.write("assets.csv", "tag\nA1\n");
    space.write("config.ini", oomnitzaSection(instance) + tagsOnly);
    const journal = openSync(join(space.folder, "journal"), "w");
    const { dev, ino } = fstatSync(journal);
    for (const [stream, expected] of [[`${dev}:${ino}`, 0], [`${dev}:1`, 2]] as const) {
      const env = { PATH: process.env.PATH ?? "", JOURNAL_STREAM: stream };
      const child = Bun.spawn([program, ...upload], {
        cwd: space.folder,
        env,
        stdout: "ignore",
        stderr: journal,
      });
      expect(await child.exited).toBe(0);
      expect(logsIn(space.folder)).toHaveLength(expected);
    }
    closeSync(journal);
  });

  test("a folder that cannot be written is reported once, and the upload goes on", async () => {
    await using instance = record();
    using space = workspace();
    space.write("assets.csv", "tag\nA1\n");
    space.write("config.ini", oomnitzaSection(instance) + tagsOnly);
    const blocked = await run(space, [...upload, "--log-dir", "assets.csv/logs"]);
    expect(blocked.code).toBe(0);
    expect(blocked.stderr.match(/log file/g)).toHaveLength(1);
    expect(blocked.stderr).toMatch(/WARNING This run has no log files: .*assets\.csv/);
    expect(instance.uploads()).not.toEqual([]);
  });
});

test("files of ten megabytes become old ones, of which twenty are kept", async () => {
  removeLogs();
  await using instance = record();
  using space = workspace();
  space.write("assets.csv", "tag\nA1\n");
  space.write("config.ini", oomnitzaSection(instance) + tagsOnly);
  const full = Buffer.alloc(10_485_760 - 10, "x");
  writeFileSync(join(space.folder, "info.log"), full);
  for (let n = 1; n <= 20; n++) writeFileSync(join(space.folder, `info.log.${n}`), `old ${n}`);
  expect((await run(space, upload)).code).toBe(0);
  expect(space.read("info.log")).toStartWith("agent: ");
  expect(statSync(join(space.folder, "info.log.1")).size).toBe(full.length);
  expect(space.read("info.log.2")).toBe("old 1");
  expect(space.read("info.log.20")).toBe("old 19");
  expect(existsSync(join(space.folder, "info.log.21"))).toBe(false);
});
