/**
 * The log in a compiled program: files, formats, rotation, a crash, a full disk.
 *
 * @module
 */
import { afterAll, expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compileAgent } from "../../scripts/binary/compile.ts";
import { hostTarget } from "../../scripts/binary/targets.ts";
import { newFolder, removeFolders } from "./setup.ts";

const fixture = join(import.meta.dir, "../fixtures/logging.json");
const home = newFolder();
const program = join(home, process.platform === "win32" ? "probe.exe" : "probe");
await compileAgent({
  target: hostTarget(),
  outfile: program,
  version: "0.0.0",
  commit: "test",
  entry: "test/logging/binary_entry.ts",
});

afterAll(removeFolders);

async function run(command: readonly string[], cwd: string) {
  const child = Bun.spawn([...command], { cwd, stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  await child.exited;
  return { stdout, stderr, signal: child.signalCode };
}

function read(folder: string, name: string): string {
  return readFileSync(join(folder, name), "utf8").replaceAll(/\d{4}-\S+ \S+,\d{3}/g, "TIME");
}

/** The default configuration with other limits for info.log. */
function withLimits(folder: string, maxBytes: number, backupCount: number): string {
  const config = JSON.parse(readFileSync(fixture, "utf8"));
  Object.assign(config.handlers.info_file_handler, { maxBytes, backupCount });
  config.root.handlers = ["info_file_handler", "error_file_handler"];
  const path = join(folder, "small.json");
  writeFileSync(path, JSON.stringify(config));
  return path;
}

test("the default logging.json gives its files and formats", async () => {
  const [folder, cwd] = [newFolder(), newFolder()];
  const { stdout, stderr } = await run([program, "levels", fixture, folder], cwd);
  expect(stdout).toBe("INFO - in é\n" + "ERROR - bad\\nforged\n".repeat(2));
  expect(stderr).toBe("");
  expect(read(folder, "info.log")).toBe(
    "agent: TIME - DEBUG - Basic ***\nokta: TIME - INFO - in é\n" +
      "suds: TIME - ERROR - bad\\nforged\n".repeat(2),
  );
  expect(read(folder, "errors.log")).toBe("suds: TIME - ERROR - bad\\nforged\n".repeat(2));
  expect(readdirSync(cwd)).toEqual([]);
});

test("a crash loses no line, and rotation keeps them all in order", async () => {
  const folder = newFolder();
  const config = withLimits(folder, 5_000, 20);
  const { signal } = await run([program, "crash", config, folder], folder);
  expect(signal).toBe("SIGKILL");
  const names = Array.from({ length: 20 }, (_, n) => `info.log.${20 - n}`);
  const old = names.filter((name) => readdirSync(folder).includes(name));
  const lines = [...old, "info.log"].map((name) => read(folder, name)).join("").split("\n");
  expect(old.length).toBeGreaterThan(5);
  expect(lines).toEqual([
    ...Array.from({ length: 1_000 }, (_, n) => `agent: TIME - INFO - line ${n}`),
    "",
  ]);
});

if (process.platform !== "win32") {
  test("a full disk is reported once, and a torn line ends before the next begins", async () => {
    const folder = newFolder();
    const config = withLimits(folder, 0, 0);
    const limited = ["sh", "-c", 'trap "" XFSZ; ulimit -f 1; exec "$@"', "sh", program];
    const { stderr } = await run([...limited, "full", config, folder], folder);
    const [problem, lost, ...more] = stderr.split("\n");
    expect(problem).toContain(`Cannot write the log file ${join(folder, "info.log")}`);
    expect(lost).toMatch(/^2\d lines were lost that belong in the log file /);
    expect(more).toEqual([""]);
    const lines = read(folder, "info.log").split("\n");
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(/line 0 x+$/);
    expect(lines.slice(2)).toEqual(["agent: TIME - INFO - room again", ""]);
  });
}
