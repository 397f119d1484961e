/**
 * The sample ini file: every source with its options, all of them disabled.
 *
 * @module
 */

import { oomnitzaOptions } from "../oomnitza/options.ts";
import { alertOptions } from "../settings/alert_options.ts";
import { iniText, type Options } from "../sdk/option.ts";
import { serveOptions } from "../settings/serve_options.ts";
import type { Source } from "../sdk/source.ts";
import { plainOptions, sampleText } from "./value.ts";

/**
 * The file that `generate-ini` writes: `[oomnitza]`, `[serve]`, `[alerts]`, then the sources by name, each
 * with `enable = False` and its own options. Lines end with a newline, sections with a blank line.
 */
export function describeIni(sources: readonly Source[]): string {
  const byName = sources.toSorted((a, b) => a.name < b.name ? -1 : 1);
  return [
    iniSection("oomnitza", sampleEntries(oomnitzaOptions)),
    iniSection("serve", blankEntries(serveOptions)),
    iniSection("alerts", blankEntries(alertOptions)),
    ...byName.map(({ name, options }) =>
      iniSection(name, [["enable", "False"], ...sampleEntries(options)])
    ),
  ].map((section) => `${section}\n`).join("");
}

/** Without an `enable`, samples would be in force: let nobody in, let everybody in, call an unknown host. */
function blankEntries(options: Options): [string, string][] {
  return plainOptions(options).map(([key, option]) => [key, iniText(option.default)]);
}

function sampleEntries(options: Options): [string, string][] {
  return plainOptions(options).map(([key, option]) => [key, sampleText(option)]);
}

/** A section as text: its header and a line for each entry, each with a newline. */
export function iniSection(name: string, entries: readonly (readonly [string, string])[]): string {
  const lines = [`[${name}]`, ...entries.map(([key, value]) => iniOption(key, value))];
  return lines.map((line) => `${line}\n`).join("");
}

/** Only an indented line continues a value, so that what is not indented yet gets an indentation. */
function iniOption(key: string, value: string): string {
  const [first = "", ...rest] = value.split("\n");
  if (rest.length === 0) return `${key} = ${first}`.trimEnd();
  return [`${key}:${first}`, ...rest.map((line) => /^\s/.test(line) ? line : `  ${line}`)]
    .join("\n");
}
