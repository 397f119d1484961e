/**
 * The sample ini file: every source with its options, all of them disabled.
 *
 * @module
 */

import { oomnitzaOptions } from "../oomnitza/options.ts";
import { alertOptions } from "../settings/alert_options.ts";
import { iniText, type Option, type Options } from "../sdk/option.ts";
import { serveOptions } from "../settings/serve_options.ts";
import { stateOptions } from "../settings/state_options.ts";
import type { Source } from "../sdk/source.ts";
import { plainOptions, sampleText } from "./value.ts";

/** A line of a section: key, value, and what a comment above it says. */
export interface IniEntry {
  readonly key: string;
  readonly value: string;
  readonly comment?: string | undefined;
  /** Whether the line itself is a comment. */
  readonly isOff?: boolean | undefined;
}

/**
 * The file that `generate-ini` writes: `[oomnitza]`, `[serve]`, `[state]`, `[alerts]`, then the sources by name, each
 * with `enable = False` and its own options, and a comment for each section and each option. Every
 * section is valid as it stands once it is enabled. Lines end with a newline, sections with a blank line.
 */
export function describeIni(sources: readonly Source[]): string {
  const byName = sources.toSorted((a, b) => a.name < b.name ? -1 : 1);
  return [
    ["Where the records go.", iniSection("oomnitza", buildEntries(oomnitzaOptions, sampleText))],
    [
      "Who may call agent serve; blank values count as not set.",
      iniSection("serve", buildEntries(serveOptions, blank)),
    ],
    [
      "Where the state is kept; with a blank url, in a file on this machine.",
      iniSection("state", buildEntries(stateOptions, blank)),
    ],
    [
      "Where failures are reported; with blank values, nowhere.",
      iniSection("alerts", buildEntries(alertOptions, blank)),
    ],
    ...byName.map(({ name, summary, options }) => [
      summary,
      iniSection(name, [enable, ...buildEntries(options, sampleText)]),
    ]),
  ].map(([comment, section]) => `# ${comment}\n${section}\n`).join("");
}

const enable: IniEntry = {
  key: "enable",
  value: "False",
  comment: "Whether this section is used.",
};

/** Without an `enable`, samples would be in force: let nobody in, let everybody in, call an unknown host. */
function blank(option: Option<unknown>): string {
  return iniText(option.default);
}

function buildEntries(options: Options, valueOf: (option: Option<unknown>) => string): IniEntry[] {
  return plainOptions(options).map(([key, option]) => ({
    key,
    value: valueOf(option),
    comment: option.help,
    isOff: option.alternative,
  }));
}

/** A section as text: its header and a line for each entry, each with a newline. */
export function iniSection(name: string, entries: readonly IniEntry[]): string {
  const lines = entries.flatMap(({ key, value, comment, isOff }) => [
    ...(comment === undefined ? [] : [`# ${comment}`]),
    isOff === true ? `# ${iniOption(key, value)}` : iniOption(key, value),
  ]);
  return [`[${name}]`, ...lines].map((line) => `${line}\n`).join("");
}

/** Only an indented line continues a value, so that what is not indented yet gets an indentation. */
function iniOption(key: string, value: string): string {
  const [first = "", ...rest] = value.split("\n");
  if (rest.length === 0) return `${key} = ${first}`.trimEnd();
  return [`${key}:${first}`, ...rest.map((line) => /^\s/.test(line) ? line : `  ${line}`)]
    .join("\n");
}
