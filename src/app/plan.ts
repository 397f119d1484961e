/**
 * Plans an upload: what it would change, with nothing sent.
 *
 * @module
 */

import { resolve } from "node:path";
import type { NotEnabled } from "../config/choose.ts";
import type { Config } from "../config/config.ts";
import { version } from "../runtime/version.ts";
import type { State } from "../state/state.ts";
import { type PlannedSection, planSection, type PlanSettings } from "../sync/changes/plan.ts";
import { mappingFingerprint, savePlan } from "../sync/changes/plan_file.ts";
import type { PreparedSection } from "../sync/prepare.ts";
import { selectSections } from "./configuration.ts";
import { type AppContext, defaultWorkers } from "./context.ts";
import { besideState, openReadSession, type ReadSession } from "./session.ts";
import { findCursors, openExistingStore } from "./store.ts";

/** How sections are to be planned; what is absent is as `agent plan` has it without flags. */
export interface PlanRequest extends
  Partial<
    Pick<
      PlanSettings,
      "workers" | "recordCount" | "full" | "isSaved" | "live" | "history" | "onStart"
    >
  > {
  readonly sections: readonly string[];
  /** Is called when a section has been planned. */
  readonly onPlanned?: ((section: string) => void) | undefined;
}

/** The plans of some sections, for as long as they are looked at. */
export interface SectionPlans {
  /** Named sections that do not exist or are not enabled, so that there is no plan of them. */
  readonly notEnabled: readonly NotEnabled[];
  /** In the order named. */
  readonly sections: readonly PlannedSection[];
  /**
   * Writes them into a file, for `agent upload --plan`, when the request says so; a relative path is one in the
   * working directory.
   */
  save(path: string): void;
}

function planSettings(
  app: AppContext,
  { oomnitza, http, settings: guard }: ReadSession,
  store: State | undefined,
  { workers = defaultWorkers, recordCount = 0, full = false, ...rest }: PlanRequest,
): PlanSettings {
  const { signal, redactor } = app;
  const beside = besideState(app);
  return {
    ...{ oomnitza, http, guard, signal, redactor, cursors: store ?? findCursors(app), store },
    ...{ workers, recordCount, full, beside, onStart: rest.onStart, isSaved: rest.isSaved },
    ...{ live: rest.live ?? false, history: rest.history ?? false },
  };
}

/**
 * Reads and maps sections, compares them with what Oomnitza accepted last, and lets somebody look at
 * the plans.
 *
 * @throws {AgentError} as Oomnitza or the configuration does; what goes wrong with a source is in its plan.
 */
export async function withPlans<T>(
  app: AppContext,
  config: Config,
  request: PlanRequest,
  look: (plans: SectionPlans) => Promise<T>,
): Promise<T> {
  const { chosen, notEnabled } = selectSections(app, config, request.sections);
  const session = await openReadSession(app, config, chosen);
  await using opened = await openExistingStore(app, config);
  const settings = planSettings(app, session, opened.store, request);
  const planned: { readonly prepared: PreparedSection; readonly plan: PlannedSection }[] = [];
  try {
    for (const prepared of await session.prepare()) {
      if (app.signal.aborted) break;
      try {
        planned.push({ prepared, plan: await planSection(prepared, settings) });
      } finally {
        request.onPlanned?.(prepared.section.name);
      }
    }
    return await look({
      notEnabled,
      sections: planned.map(({ plan }) => plan),
      save(path) {
        const all = planned.map(({ prepared, plan }) => {
          return { planned: plan, mapping: mappingFingerprint(prepared, session.oomnitza.url) };
        });
        savePlan(resolve(app.directory, path), version, all);
      },
    });
  } finally {
    for (const { plan } of planned) plan.close();
  }
}
