/**
 * Chooses the sections to work on, by the names that a person gave.
 *
 * @module
 */

import { ConfigError, type Finding } from "../base/errors.ts";
import { didYouMean } from "../base/suggest.ts";
import { countFindings, sortFindings, summariseOthers } from "./findings.ts";
import { type Config, isVital } from "./config.ts";
import type { SectionConfig } from "./section.ts";

/** A section that was named and cannot run. */
export interface NotEnabled {
  readonly section: string;
  /** What is the case, with the file. */
  readonly message: string;
  readonly hint: string | undefined;
}

/** The sections that a person named, and the names that are not enabled. */
export interface Choice {
  readonly chosen: readonly SectionConfig[];
  readonly notEnabled: readonly NotEnabled[];
  /** Findings that do not stop the chosen sections, errors first. */
  readonly aside: readonly Finding[];
  /** What was found in other sections, in one sentence. */
  readonly others: string | undefined;
}

/** Why a section of this name cannot run. */
function describeNotEnabled(config: Config, section: string): NotEnabled {
  if (config.disabled.includes(section)) {
    const message = `[${section}] is not enabled in ${config.file}`;
    return { section, message, hint: "Set enable = True in it." };
  }
  const known = [...config.sections.map(({ name }) => name), ...config.broken, ...config.disabled];
  const message = `There is no section [${section}] in ${config.file}`;
  return { section, message, hint: didYouMean(section, known) };
}

/** Findings that concern the named sections, and those that do not. */
function splitFindings({ findings }: Config, names: readonly string[] | "all") {
  if (names === "all") return { own: findings, others: [] };
  const isOwn = ({ section }: Finding) =>
    section === undefined || isVital(section) || names.includes(section);
  return {
    own: findings.filter((finding) => isOwn(finding)),
    others: findings.filter((finding) => !isOwn(finding)),
  };
}

/**
 * Picks the named sections, in the order named; without names, all of them.
 *
 * @throws {ConfigError} with the findings when the file as a whole, or a named section (for all, also
 * `[serve]` and `[alerts]`), has errors, and when none of the named sections is enabled.
 */
export function chooseSections(config: Config, names: readonly string[] | "all"): Choice {
  const wanted = names === "all"
    ? [...config.sections.map(({ name }) => name), ...config.broken]
    : names;
  const isServeBroken = names === "all" &&
    (config.serve === undefined || config.alerts === undefined);
  const isBroken = isServeBroken || wanted.some((name) => config.broken.has(name));
  const { own, others } = splitFindings(config, names);
  const aside = sortFindings(own);
  if (config.fatal || config.oomnitza === undefined || isBroken) {
    throw new ConfigError(`Cannot use ${config.file}: it has ${countFindings(own)}`, aside, {
      hint: summariseOthers(others),
    });
  }
  const byName = new Map(config.sections.map((section) => [section.name, section]));
  const chosen = wanted.flatMap((name) => byName.get(name) ?? []);
  const notEnabled = wanted.filter((name) => !byName.has(name))
    .map((name) => describeNotEnabled(config, name));
  const isNothingEnabled = config.sections.length === 0 &&
    notEnabled.every(({ section }) => config.disabled.includes(section));
  if (isNothingEnabled) {
    throw new ConfigError(`Nothing is enabled in ${config.file}`, aside, {
      hint: "Set enable = True in the sections to run.",
    });
  }
  const [first, ...more] = notEnabled;
  if (first !== undefined && chosen.length === 0) {
    const sentences = more.map(({ message, hint }) =>
      hint === undefined ? message : `${message}. ${hint}`
    );
    throw new ConfigError([first.message, ...sentences].join(". "), aside, { hint: first.hint });
  }
  return { chosen, notEnabled, aside, others: summariseOthers(others) };
}
