/**
 * The gate for the style rules of CONTRIBUTING.md.
 *
 * `bun scripts/check_style.ts [--root DIR]`
 *
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { checkStyle } from "./checks/style.ts";
import { readSources, reportViolations, type Violation } from "./checks/source_file.ts";

/** One version in two manifests: npm's and Deno's. */
function checkVersions(root: string): Violation[] {
  const [npm, deno] = ["package.json", "deno.json"].map((file) => join(root, file));
  if (npm === undefined || deno === undefined || !existsSync(npm) || !existsSync(deno)) return [];
  const [ours, theirs] = [npm, deno].map((file) => JSON.parse(readFileSync(file, "utf8")).version);
  if (ours === theirs) return [];
  const message = `version ${theirs}, but package.json says ${ours}. Make them the same.`;
  return [{ file: "deno.json", line: 1, rule: "style/version", message }];
}

function main(): number {
  const { values } = parseArgs({ options: { root: { type: "string", default: "." } } });
  const root = resolve(values.root);
  const files = readSources(root, ["mod.ts", "src", "converters", "scripts", "test", "bench"]);
  const violations = [...checkVersions(root), ...files.flatMap(checkStyle)];
  return reportViolations("style", files.length, violations);
}

process.exitCode = main();
