/**
 * Whether sections are the same in several agents that share a state.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { optionsOfSource } from "../config/declared.ts";
import type { SectionConfig } from "../config/section.ts";
import type { SectionDigests } from "../state/state.ts";

/** What a section reads and sends, without secrets and without where it is written down. */
function describeSection({ source, texts, mappings, filter }: SectionConfig): string {
  const options = optionsOfSource(source);
  const known = Object.entries(texts).filter(([key]) =>
    options[key] !== undefined && options[key].kind !== "secret"
  );
  return JSON.stringify([
    source.name,
    known.sort(([a], [b]) => a < b ? -1 : 1),
    mappings.map(({ field, spec }) => [field, spec]),
    filter?.body,
  ]);
}

/** Digests of sections, by their names: the same when all but their secrets is the same. */
export function digestSections(sections: readonly SectionConfig[]): SectionDigests {
  return Object.fromEntries(sections.map((section) => {
    const digest = createHash("sha256").update(describeSection(section)).digest("hex");
    return [section.name, digest.slice(0, 8)];
  }));
}

/** The sections that two agents do not have in common, or not in the same way. */
export function differingSections(one: SectionDigests, other: SectionDigests): string[] {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].filter((name) => one[name] !== other[name]);
}
