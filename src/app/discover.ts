/**
 * Discovers what a source gives: its first records, and the paths in them.
 *
 * @module
 */

import { AgentError } from "../base/errors.ts";
import type { Config } from "../config/config.ts";
import { type SampledRecords, sampleRecords, toReadable } from "../sync/read/probe.ts";
import type { AppContext } from "./context.ts";
import { type Sample, samplePaths } from "./source_paths.ts";

/**
 * Reads the first records of a section, whole; Oomnitza is not needed for it. What cannot be read comes
 * with its reason.
 *
 * @throws {AgentError} as the source does, or when the section has errors.
 */
export async function readSample(
  app: AppContext,
  config: Config,
  section: string,
  count: number,
): Promise<SampledRecords> {
  const found = config.sections.find(({ name }) => name === section);
  if (found === undefined) {
    throw new AgentError(`The settings of [${section}] have errors`, {
      hint: "Fix these errors first.",
    });
  }
  return await sampleRecords(toReadable(found, app.log), count, app);
}

/** Reads the first records of a section, and gives the paths in them: of the records nothing is kept. */
export async function discoverPaths(
  app: AppContext,
  config: Config,
  section: string,
  count: number,
): Promise<Sample> {
  const { records, skipped } = await readSample(app, config, section, count);
  const fields = config.sections.find(({ name }) => name === section)?.source.fields ?? {};
  return samplePaths(records, fields, skipped);
}
