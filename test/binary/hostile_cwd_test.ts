/**
 * Nothing that lies in the working directory, and nothing that Bun would take from the
 * environment, reaches into the compiled agent.
 *
 * @module
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runBinary, type RunResult } from "../support/binary.ts";

const empty = mkdtempSync(join(tmpdir(), "empty-"));
let clean: RunResult;
let folder: string;
let trace: string;

beforeAll(async () => {
  clean = await runBinary(["version"], { cwd: empty });
  folder = mkdtempSync(join(tmpdir(), "hostile-"));
  trace = join(folder, "trace.txt");
  writeHostileFiles(folder, trace);
});

beforeEach(() => rmSync(trace, { force: true }));

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
  rmSync(empty, { recursive: true, force: true });
});

describe("a hostile working directory", () => {
  test("is one: plain Bun runs what lies there", async () => {
    const script = join(folder, "probe.ts");
    writeFileSync(script, "console.log(process.env.HOSTILE);");
    const run = Bun.spawn([process.execPath, script], { cwd: folder, stderr: "inherit" });
    expect(await new Response(run.stdout).text()).toBe("from .env\n");
    expect(existsSync(trace)).toBe(true);
  });

  test("changes nothing in the agent", async () => {
    expectUntouched(await runBinary(["version"], { cwd: folder }));
  });

  test("changes nothing in the parts that are loaded on first use", async () => {
    const list = await runBinary(["sources"], { cwd: folder });
    const elsewhere = await runBinary(["sources"], { cwd: empty });
    expect({ ...list, ms: 0 }).toEqual({ ...elsewhere, ms: 0 });
    expect(list.stdout).toContain("csv_assets");
    expect(existsSync(trace)).toBe(false);
  });
});

describe("Bun's own environment variables", () => {
  const preload = () => join(folder, "preload.ts");

  test("BUN_OPTIONS preloads nothing", async () => {
    const env = { BUN_OPTIONS: `--preload ${preload()}` };
    expectUntouched(await runBinary(["version"], { cwd: folder, env }));
  });

  test("BUN_BE_BUN leaves the agent an agent", async () => {
    expectUntouched(await runBinary(["version"], { cwd: folder, env: { BUN_BE_BUN: "1" } }));
  });

  test("BUN_INSPECT waits for no debugger", async () => {
    const env = { BUN_INSPECT: "ws://127.0.0.1:0/x?break=1", BUN_INSPECT_PRELOAD: preload() };
    expectUntouched(await runBinary(["version"], { cwd: folder, env, timeoutMs: 4_000 }));
  });

  test("BUN_CONFIG_VERBOSE_FETCH prints no token", async () => {
    using server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: () => Response.json({}, { status: 403 }),
    });
    const ini = join(folder, "config.ini");
    writeFileSync(join(folder, "assets.csv"), "Tag\nA-1\n");
    const oomnitza = `[oomnitza]\nurl = ${server.url.origin}\napi_token = t0p-secret\n`;
    const source = "[csv_assets]\nenable = True\nfilename = assets.csv\nsync_field = BARCODE\n";
    writeFileSync(ini, `${oomnitza}${source}mapping.BARCODE = Tag\n`);
    const env = { BUN_CONFIG_VERBOSE_FETCH: "curl" };
    const run = await runBinary(["check", "csv_assets", "--ini", ini], { cwd: folder, env });
    expect(run.stdout + run.stderr).toContain("403");
    expect(run.stdout + run.stderr).not.toContain("t0p-secret");
  });
});

function expectUntouched(run: RunResult): void {
  expect({ code: run.code, stdout: run.stdout, stderr: run.stderr })
    .toEqual({ code: 0, stdout: clean.stdout, stderr: clean.stderr });
  expect(run.stdout).toMatch(/\d+\.\d+\.\d+/);
  expect(existsSync(trace)).toBe(false);
}

function writeHostileFiles(folder: string, trace: string): void {
  const leaveTrace = `require("node:fs").appendFileSync(${JSON.stringify(trace)}, "ran\\n");\n`;
  const impostor = join(folder, "node_modules", "zod");
  mkdirSync(impostor, { recursive: true });
  const files: Record<string, string> = {
    ".env": "HOSTILE=from .env\nNODE_ENV=hostile\n",
    ".env.production": "HOSTILE=from .env.production\n",
    "bunfig.toml": 'preload = ["./preload.ts"]\n[run]\nsilent = true\n',
    "preload.ts": leaveTrace,
    "tsconfig.json": '{ "compilerOptions": { "paths": { "hono": ["./index.ts"] } } }',
    "package.json": '{ "name": "hostile", "type": "commonjs", "version": "6.6.6" }',
    "bun.lock": "{ not a lockfile",
    "index.ts": leaveTrace,
    "version.ts": leaveTrace,
    "node_modules/zod/package.json": '{ "name": "zod", "main": "index.js" }',
    "node_modules/zod/index.js": leaveTrace,
  };
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
}
