/**
 * The agents that share a state, and whether they have the same sections.
 *
 * @module
 */

import type { Replica } from "../state/state.ts";
import { differingSections } from "./section_digests.ts";
import type { StateContext } from "./state_location.ts";
import { openExistingStore } from "./store.ts";

/** The agents at work on a state. */
export interface SharedAgents {
  readonly replicas: readonly Replica[];
  /** Sections that are not the same in all agents that serve, by name. */
  readonly differing: readonly string[];
}

/** Reads which agents are at work; none where the state is a file, or not there yet. Nothing is written. */
export async function readSharedAgents(app: StateContext): Promise<SharedAgents> {
  await using state = await openExistingStore(app);
  const replicas = await state.store?.replicas() ?? [];
  return { replicas, differing: findDiffering(replicas) };
}

function findDiffering(replicas: readonly Replica[]): string[] {
  const served = replicas.flatMap(({ serving }) => serving === null ? [] : [serving]);
  const [first] = served;
  if (first === undefined) return [];
  return [...new Set(served.flatMap((each) => differingSections(first, each)))].sort();
}

/** Sections that are named of an agent. */
const named = 3;

/** The sections that an agent has to itself, for people; at most three by name. */
export function describeHeld({ sections }: Pick<Replica, "sections">): string {
  if (sections.length === 0) return "-";
  const more = sections.length > named ? ` and ${sections.length - named} more` : "";
  return `${sections.slice(0, named).join(", ")}${more}`;
}
