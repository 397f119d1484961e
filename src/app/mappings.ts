/**
 * The mappings of sections: merged from the source's own, Oomnitza's and those of the file.
 *
 * @module
 */

import { retryPolicies } from "../sdk/http/retry.ts";
import { AgentError, type Finding } from "../base/errors.ts";
import type { Config } from "../config/config.ts";
import type { SectionConfig } from "../config/section.ts";
import type { ToldField } from "../oomnitza/fields.ts";
import { checkMappings, loadMappings } from "../sync/prepare.ts";
import { type FieldMapping, mergeMappings, type ServerMappings } from "../transform/mapping.ts";
import { selectSections } from "./configuration.ts";
import type { AppContext } from "./context.ts";
import { openReadSession } from "./session.ts";

/** The mappings of a section, and what is wrong with them. */
export interface SectionMappings {
  readonly section: SectionConfig;
  readonly fields: readonly FieldMapping[];
  readonly findings: readonly Finding[];
}

/**
 * The mappings of all enabled sections. No source is read, and nothing is sent.
 *
 * @throws {AgentError} as Oomnitza or the configuration does.
 */
export async function readAllMappings(app: AppContext, config: Config): Promise<SectionMappings[]> {
  const { chosen } = selectSections(app, config, "all");
  const { oomnitza, settings } = await openReadSession(app, config, chosen);
  const all: SectionMappings[] = [];
  for (const section of chosen) {
    const loaded = await loadMappings(section, oomnitza);
    const { fields, findings } = checkMappings(section, loaded, settings.api_version);
    all.push({ section, fields, findings });
  }
  return all;
}

/** What Oomnitza tells of a section, as far as it does. */
export interface ToldMappings {
  /** The fields of its kind of record; absent when they are not told. */
  readonly fields: readonly ToldField[] | undefined;
  /** The mappings that it keeps; absent when they are not used, or not told. */
  readonly mappings: ServerMappings | undefined;
  /** Why the fields are not known, for people; absent when they are. */
  readonly reason: string | undefined;
}

/**
 * Asks Oomnitza for its fields and for the mappings that it keeps. One that cannot be asked does not
 * stand in the way of what is known without it: then the result says why.
 */
export async function askOomnitza(
  app: AppContext,
  config: Config,
  { kind, mappingName, settings }: SectionConfig,
): Promise<ToldMappings> {
  const nothing = { fields: undefined, mappings: undefined };
  if (config.oomnitza === undefined) {
    return { ...nothing, reason: "The settings of [oomnitza] have errors" };
  }
  const { interactive } = retryPolicies;
  try {
    const session = await openReadSession(app, config, [], interactive, interactive);
    const mappings = settings.use_server_map
      ? await session.oomnitza.mappings(mappingName)
      : undefined;
    const rules = await session.fieldRules(kind);
    if (rules !== undefined) return { fields: rules.all, mappings, reason: undefined };
    return { fields: undefined, mappings, reason: "This instance does not tell its fields" };
  } catch (error) {
    if (!(error instanceof AgentError) || app.signal.aborted) throw error;
    return { ...nothing, reason: error.message };
  }
}

/** The mappings of a section as far as they are known without a request: those of Oomnitza as given. */
export function mergeSectionMappings(
  section: SectionConfig,
  server: ServerMappings | undefined,
): FieldMapping[] {
  return mergeMappings({
    builtin: section.builtin,
    server: section.settings.use_server_map ? server : undefined,
    ini: section.mappings,
    converters: section.source.converters ?? {},
  });
}
