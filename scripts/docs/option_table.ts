/**
 * Options as a table of a docs page.
 *
 * @module
 */

import { iniText, type Option, type Options } from "../../src/sdk/option.ts";
import { code, prose, table } from "./markdown.ts";

/** What may be written as an option's value. */
function kindText({ kind, choices }: Option<unknown>): string {
  if (choices !== undefined) return choices.map(code).join(", ");
  if (kind === "integer") return "whole number";
  if (kind === "flag") return "yes or no";
  return kind === "json" ? "JSON" : kind === "url" ? "address" : kind;
}

/** What is taken when the option is absent or blank. */
function absenceCell(option: Option<unknown>): string {
  if (!option.optional) return "**required**";
  return code(iniText(option.default));
}

/** A table of options as they are written in the ini. */
export function optionTable(options: readonly (readonly [string, Option<unknown>])[]): string {
  return table(
    ["Option", "Value", "Default", "Description", "Example"],
    options.map(([key, option]) => [
      code(key),
      kindText(option),
      absenceCell(option),
      prose(option.help),
      code(option.recommended ?? option.example ?? ""),
    ]),
  );
}

/** A table of flags as they are written on the command line. */
export function flagTable(
  flags: Options,
  usage: (name: string, option: Option<unknown>) => string,
): string {
  return table(
    ["Flag", "Default", "Description"],
    Object.entries(flags).map(([name, option]) => [
      code(usage(name, option)),
      option.kind === "flag" ? "" : code(iniText(option.default)),
      prose(option.help),
    ]),
  );
}
