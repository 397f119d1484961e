/**
 * Which sections come after which, by their option `after`.
 *
 * @module
 */

import type { Finding } from "../base/errors.ts";
import { didYouMean } from "../base/suggest.ts";
import { getOption, type IniDocument } from "./ini.ts";
import type { SectionConfig } from "./section.ts";

function namesIn(text: string): string[] {
  return text.split(",").map((name) => name.trim()).filter((name) => name !== "");
}

/** The sections that one comes after. Its own name may come from `[DEFAULT]` and says nothing. */
export function sectionsBefore(
  { name, settings }: Pick<SectionConfig, "name" | "settings">,
): readonly string[] {
  return namesIn(settings.after).filter((other) => other !== name);
}

/** The way from a section back to itself, each after the next; nothing when there is none. */
function findCycle(
  name: string,
  before: ReadonlyMap<string, readonly string[]>,
): readonly string[] | undefined {
  const seen = new Set<string>();
  const ways: (readonly string[])[] = [[name]];
  for (let way = ways.shift(); way !== undefined; way = ways.shift()) {
    for (const next of before.get(way.at(-1) ?? "") ?? []) {
      if (next === name) return [...way, next];
      if (seen.has(next)) continue;
      seen.add(next);
      ways.push([...way, next]);
    }
  }
  return undefined;
}

/**
 * What is wrong with the order of sections: a name that is no section of the file, and sections that wait for
 * each other.
 */
export function findOrderErrors(
  document: IniDocument,
  sections: readonly SectionConfig[],
  isSource: (section: string) => boolean,
): Finding[] {
  const known = document.sections.map(({ name }) => name).filter(isSource);
  const before = new Map(sections.map((section) => [section.name, sectionsBefore(section)]));
  return sections.flatMap(({ name, line, file, settings }) => {
    if (settings.after.trim() === "") return [];
    const at = {
      code: "conflict" as const,
      severity: "error" as const,
      file,
      line: getOption(document, name, "after")?.line ?? line,
      section: name,
      option: "after",
    };
    const unknown = namesIn(settings.after).filter((other) => !known.includes(other));
    const findings: Finding[] = unknown.map((other) => ({
      ...at,
      message: `names [${other}], which is no section of this file`,
      hint: didYouMean(other, known) ??
        "Write names as they stand in the file, separated by commas",
    }));
    const isOwn = document.byName.get(name)?.options.has("after") === true &&
      namesIn(settings.after).includes(name);
    const cycle = isOwn ? [name, name] : findCycle(name, before);
    if (cycle === undefined) return findings;
    const message = `makes the section wait for itself: ${cycle.join(" after ")}`;
    return [...findings, { ...at, message, hint: "Remove one of them from after" }];
  });
}
