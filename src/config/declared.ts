/**
 * Which options a section may have, and what stands in for a value that is not known yet.
 *
 * @module
 */

import { ownEntry } from "../base/record.ts";
import { oomnitzaOptions } from "../oomnitza/options.ts";
import { alertOptions } from "../settings/alert_options.ts";
import { iniText, type Option, type Options, readOption } from "../sdk/option.ts";
import { tlsOptions } from "../sdk/tls/options.ts";
import { deliveryOptions, limitOptions, secretOptions } from "../settings/section_options.ts";
import { serveOptions } from "../settings/serve_options.ts";
import { stateOptions } from "../settings/state_options.ts";
import type { Source } from "../sdk/source.ts";
import { cyberarkOptions, vaultOptions } from "../secrets/mod.ts";

/** The options that every section understands beside those of its source. */
export const sectionOptions = { ...deliveryOptions, ...tlsOptions, ...secretOptions } as const;

/** The sections that say where servers of secrets are. */
export const serverSections: Readonly<Record<string, Options>> = {
  vault: vaultOptions,
  cyberark: cyberarkOptions,
};

/** All options that a section of a source understands. */
export function optionsOfSource(source: Source): Options {
  const limits = source.http === undefined ? {} : limitOptions;
  return { ...sectionOptions, ...limits, ...source.options };
}

/** The source that a section is about, by its name up to the first dot. */
export function sourceNamed(section: string, sources: readonly Source[]): Source | undefined {
  const module = section.split(".", 1)[0] ?? "";
  return sources.find(({ name }) => name === module);
}

/** Sections that are no sources, and have no `enable`. */
export const ownSections: Readonly<Record<string, Options>> = {
  oomnitza: oomnitzaOptions as Options,
  serve: serveOptions as Options,
  alerts: alertOptions as Options,
  state: stateOptions as Options,
};

/** What a section declares; nothing when nobody knows it. */
export function declaredIn(section: string, sources: readonly Source[]): Options | undefined {
  const own = ownEntry(ownSections, section);
  if (own !== undefined) return own;
  if (Object.hasOwn(serverSections, section)) return serverSections[section];
  const source = sourceNamed(section, sources);
  return source === undefined ? undefined : optionsOfSource(source);
}

/** A value of an option's type for a section that only is looked at, never run. */
export function standInValue(option: Option<unknown>): unknown {
  if (option.optional) return option.default;
  const sample = option.example ?? option.choices?.[0] ?? iniText(option.default);
  const result = readOption(option, sample === "" ? "1" : sample);
  return result.ok ? result.value : "";
}

/** What a value must be, for findings that must not show it. */
export function describeKind(option: Option<unknown>): string {
  switch (option.kind) {
    case "integer":
      return "a whole number in the range that the option allows";
    case "flag":
      return "a boolean (1, yes, true, on or 0, no, false, off)";
    case "url":
      return "an address such as https://example.com";
    case "json":
      return "JSON of the form that the option needs";
    case "choice":
      return `one of: ${option.choices?.join(", ") ?? ""}`;
    default:
      return "a value that the option allows";
  }
}
