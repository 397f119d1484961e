/**
 * Compiles the agent for every platform into dist/, with checksums and the licence list.
 *
 * `bun scripts/build.ts [--target linux-x64]… [--out dist]`
 *
 * @module
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import manifest from "../package.json" with { type: "json" };
import { compileAgent, root } from "./binary/compile.ts";
import { bundledLicences, formatLicences } from "./binary/licences.ts";
import { findTarget, type Target, targets } from "./binary/targets.ts";

/** The commit checked out, abbreviated, with `-dirty` when the tree differs; `unknown` without git. */
export function currentCommit(): string {
  const commit = git("rev-parse", "--short=12", "HEAD");
  if (commit === undefined) return "unknown";
  return git("status", "--porcelain") === "" ? commit : `${commit}-dirty`;
}

function git(...args: string[]): string | undefined {
  const run = Bun.spawnSync(["git", ...args], { cwd: root, stderr: "ignore" });
  return run.success ? run.stdout.toString().trim() : undefined;
}

async function buildOne(target: Target, folder: string, commit: string, metafile: string) {
  const started = performance.now();
  const outfile = join(folder, target.file);
  await compileAgent({ target, outfile, version: manifest.version, commit, metafile });
  const megabytes = (statSync(outfile).size / 1e6).toFixed(1);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${target.file.padEnd(24)} ${megabytes.padStart(6)} MB  ${seconds} s`);
}

function checksums(folder: string, files: readonly string[]): string {
  return files.map((file) => {
    const sum = createHash("sha256").update(readFileSync(join(folder, file))).digest("hex");
    return `${sum}  ${file}\n`;
  }).join("");
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      target: { type: "string", multiple: true },
      out: { type: "string", default: "dist" },
    },
  });
  const wanted = values.target?.map(findTarget) ?? targets;
  const folder = resolve(root, values.out);
  const metafile = join(folder, ".metafile.json");
  const commit = currentCommit();
  mkdirSync(folder, { recursive: true });
  for (const target of wanted) await buildOne(target, folder, commit, metafile);
  const licences = bundledLicences(root, JSON.parse(readFileSync(metafile, "utf8")));
  rmSync(metafile);
  writeFileSync(join(folder, "LICENSES.txt"), formatLicences(licences));
  const files = [...wanted.map((target) => target.file), "LICENSES.txt"];
  writeFileSync(join(folder, "SHA256SUMS"), checksums(folder, files));
  console.log(`${manifest.version} (${commit}) in ${folder}, ${licences.length} licences`);
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
