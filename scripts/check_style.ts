/**
 * The gate for the style rules of CONTRIBUTING.md.
 *
 * `bun scripts/check_style.ts [--root DIR]`
 *
 * @module
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { checkStyle } from "./checks/style.ts";
import { readSources, reportViolations } from "./checks/source_file.ts";

function main(): number {
  const { values } = parseArgs({ options: { root: { type: "string", default: "." } } });
  const root = resolve(values.root);
  const files = readSources(root, ["src", "converters", "scripts", "test", "bench"]);
  const violations = files.flatMap(checkStyle);
  return reportViolations("style", files.length, violations);
}

process.exitCode = main();
