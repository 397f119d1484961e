/**
 * Delivers a saved plan: exactly what it holds, and only when nothing has changed since.
 *
 * @module
 */

import { AgentError } from "../../base/errors.ts";
import type { StateStore } from "../../state/store.ts";
import type { Gate } from "./change_filter.ts";
import { guardError } from "./guard.ts";
import { mappingFingerprint, type SavedSection } from "./plan_file.ts";
import type { PreparedSection } from "../prepare.ts";
import { closeDelivery, type SectionRun } from "../section_run.ts";

/** What a saved plan is checked against. */
export interface PlanCheck {
  /** Absent when nothing is remembered. */
  readonly store: StateStore | undefined;
  /** Address of the Oomnitza instance. */
  readonly instance: string;
}

function stale(section: string, why: string): AgentError {
  return new AgentError(`The plan of [${section}] is stale: ${why}. Nothing was sent.`, {
    hint: `Make a new one with agent plan ${section} --save FILE.`,
  });
}

/**
 * Makes sure that a section of a saved plan still says what an upload would do.
 *
 * @throws {AgentError} when it does not.
 */
export function checkSaved(
  saved: SavedSection,
  prepared: PreparedSection,
  { store, instance }: PlanCheck,
): void {
  const { section, upload } = prepared;
  if (saved.report.error !== null) {
    throw stale(section.name, `its source could not be read (${saved.report.error.message})`);
  }
  if (saved.mapping !== mappingFingerprint(prepared, instance)) {
    throw stale(section.name, "its mapping, or how it is sent, has changed since");
  }
  const base = store?.accepted.baseline(section.name, JSON.stringify(upload)).stamp ?? "none";
  if (saved.base !== base) throw stale(section.name, "something was uploaded since");
}

/** What stands in for the gate: the comparing was done when the plan was made. */
function openPlannedGate(section: SectionRun, saved: SavedSection): Gate {
  const { prepared, run, delivery, stored } = section;
  const { counts } = saved.report;
  return {
    add: (record) => delivery.add(record),
    release: () => Promise.resolve(),
    conclude() {
      if (!saved.isComplete || run.store === undefined || stored === undefined) return;
      const { section: { name }, upload } = prepared;
      const baseline = run.store.accepted.baseline(name, JSON.stringify(upload));
      const gone = new Set<number>();
      for (const key of saved.goneKeys()) gone.add(baseline.find(key)?.id ?? 0);
      baseline.conclude({ run: stored.id, isSeen: (id) => !gone.has(id), returned: [] });
    },
    changes: () => ({
      new: counts.new,
      changed: counts.changed,
      unchanged: counts.unchanged,
      blanked: counts.blanked,
      gone: counts.gone,
      gone_records: [],
    }),
  };
}

/** Delivers a section of a saved plan; throws what ended it early. */
export async function deliverSaved(section: SectionRun, saved: SavedSection): Promise<void> {
  const { prepared, run, delivery, account } = section;
  section.gate = openPlannedGate(section, saved);
  const { guard } = saved.report;
  if (guard !== null) {
    if (run.accept !== true) throw guardError(prepared.section.name, guard);
    prepared.log.warning(`Accepted: ${guard}`);
  }
  try {
    for (const record of saved.payloads()) {
      account.counts.fetched++;
      const full = delivery.add(record);
      if (full !== undefined) await full;
      if (delivery.isStopped || run.signal.aborted) break;
    }
  } finally {
    await closeDelivery(section);
  }
  run.signal.throwIfAborted();
}
