/**
 * The mappings of sections: merged from the source's own, Oomnitza's and those of the file.
 *
 * @module
 */

import { retryPolicies } from "../sdk/http/retry.ts";
import type { Finding } from "../base/errors.ts";
import type { Config } from "../config/config.ts";
import type { SectionConfig } from "../config/section.ts";
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

/** The mappings that Oomnitza keeps for a section. */
export async function readServerMappings(
  app: AppContext,
  config: Config,
  { mappingName }: SectionConfig,
): Promise<ServerMappings> {
  const { oomnitza } = await openReadSession(app, config, [], retryPolicies.interactive);
  return await oomnitza.mappings(mappingName);
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
