/**
 * Writes the docs pages that are derived from the declarations.
 *
 * `bun scripts/docs.ts [--check] [--root DIR]`: with `--check` nothing is written, and the exit code is 1
 * when a page is stale.
 *
 * @module
 */

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { converters } from "../converters/mod.ts";
import { commands } from "../src/cli/commands.ts";
import { globalFlags } from "../src/cli/flags.ts";
import { shortFlags } from "../src/cli/parse.ts";
import { cliReference } from "./docs/cli_page.ts";
import {
  alertTable,
  deadlineTable,
  deliveryTable,
  limitTable,
  oomnitzaTable,
  presetTable,
  serverTable,
  serveTable,
  sharedTable,
  sourceTable,
  stateTable,
} from "./docs/config_page.ts";
import { converterReference } from "./docs/converters_page.ts";
import { fillPage } from "./docs/markdown.ts";
import { sourcePage } from "./docs/source_page.ts";
import { sources } from "../src/sources/mod.ts";

/** Where this repository is. */
const home = resolve(dirname(fileURLToPath(import.meta.url)), "..");

/** Path under the root → what its generated parts say, in order. */
const filled: Readonly<Record<string, () => readonly string[]>> = {
  "docs/cli.md": () => [cliReference(commands, globalFlags, shortFlags)],
  "docs/config.md": () => [
    oomnitzaTable(),
    deliveryTable(),
    sharedTable(),
    limitTable(),
    serveTable(),
    stateTable(),
    alertTable(),
    sourceTable(sources),
  ],
  "docs/deadlines.md": () => [deadlineTable(sources)],
  "docs/limits.md": () => [presetTable(sources)],
  "docs/secrets.md": () => [serverTable("vault"), serverTable("cyberark")],
  "docs/converters.md": () => [converterReference(converters)],
};

function read(path: string): string {
  return existsSync(path) ? readFileSync(path, "utf8").replaceAll("\r\n", "\n") : "";
}

const deno = join(home, "node_modules/deno", process.platform === "win32" ? "deno.exe" : "deno");

/** Wraps and pads a page as `deno fmt` wants it, so that the format gate has nothing to change. */
function formatted(page: string): string {
  const run = Bun.spawnSync([deno, "fmt", "--ext", "md", "-"], {
    cwd: home,
    stdin: Buffer.from(page),
  });
  if (!run.success) throw new Error(`deno fmt failed: ${run.stderr}`);
  return run.stdout.toString();
}

/** Every page by its path under the root, as it should be. */
function pages(root: string): Map<string, string> {
  const result = new Map<string, string>();
  for (const [path, contents] of Object.entries(filled)) {
    result.set(path, formatted(fillPage(read(join(root, path)), contents())));
  }
  for (const source of sources) {
    const notes = read(join(home, "src/sources", source.name, "notes.md"));
    result.set(`docs/sources/${source.name}.md`, formatted(sourcePage(source, notes)));
  }
  return result;
}

/** Pages of sources that are no more. */
function orphans(root: string, wanted: ReadonlyMap<string, string>): string[] {
  const folder = join(root, "docs/sources");
  const files = existsSync(folder) ? readdirSync(folder) : [];
  return files.map((file) => `docs/sources/${file}`).filter((path) => !wanted.has(path));
}

function main(): number {
  const { values } = parseArgs({
    options: {
      check: { type: "boolean", default: false },
      root: { type: "string", default: home },
    },
  });
  const root = resolve(values.root);
  const wanted = pages(root);
  const stale = [...wanted].filter(([path, page]) => read(join(root, path)) !== page);
  const gone = orphans(root, wanted);
  const names = [...stale.map(([path]) => path), ...gone];
  if (values.check) {
    for (const name of names) console.log(`${name} is stale. Run: bun scripts/docs.ts`);
    console.log(`docs: pages ${wanted.size}, stale ${names.length}`);
    return names.length === 0 ? 0 : 1;
  }
  for (const [path, page] of stale) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), page);
  }
  for (const path of gone) rmSync(join(root, path));
  for (const name of names) console.log(`Wrote ${name}`);
  console.log(`docs: pages ${wanted.size}, written ${names.length}`);
  return 0;
}

process.exitCode = main();
