/**
 * Finds out what was changed in Oomnitza since it accepted the records of sections.
 *
 * @module
 */

import type { NotEnabled } from "../config/choose.ts";
import type { Config } from "../config/config.ts";
import { type DriftedSection, findDrift } from "../sync/changes/drift.ts";
import { selectSections } from "./configuration.ts";
import type { AppContext } from "./context.ts";
import { besideState, openReadSession } from "./session.ts";
import { openExistingStore } from "./store.ts";

/** Which sections are compared. */
export interface DriftRequest {
  readonly sections: readonly string[] | "all";
  /** Asks who made the changes. */
  readonly history: boolean;
}

/** What was changed, for as long as it is looked at. */
export interface SectionDrift {
  /** Named sections that do not exist or are not enabled, so that nothing of them was compared. */
  readonly notEnabled: readonly NotEnabled[];
  readonly sections: readonly DriftedSection[];
}

/**
 * Compares what the state file remembers with what Oomnitza holds, and lets somebody look at it.
 *
 * @throws {AgentError} as Oomnitza or the configuration does; what goes wrong with a section is in its report.
 */
export async function withDrift<T>(
  app: AppContext,
  config: Config,
  request: DriftRequest,
  look: (drift: SectionDrift) => Promise<T>,
): Promise<T> {
  const { chosen, notEnabled } = selectSections(app, config, request.sections);
  const { oomnitza, prepare } = await openReadSession(app, config, chosen);
  await using opened = await openExistingStore(app, config);
  const { signal } = app;
  const { history } = request;
  const settings = { oomnitza, signal, history, store: opened.store, beside: besideState(app) };
  const sections: DriftedSection[] = [];
  try {
    for (const prepared of await prepare()) {
      if (signal.aborted) break;
      sections.push(await findDrift(prepared, settings));
    }
    return await look({ notEnabled, sections });
  } finally {
    for (const one of sections) one.close();
  }
}
