/**
 * What the conformance suite needs of an engine that keeps the state.
 *
 * @module
 */
import type { MappedRecord } from "../../../src/base/record.ts";
import type { State } from "../../../src/state/state.ts";

/** A new state, and what brings it there that has a way of its own in each engine. It masks `secret`. */
export interface OpenedState {
  readonly state: State;
  /** Has Oomnitza refuse records of a section, in their order, for one reason. */
  refuse(section: string, records: readonly MappedRecord[], reason: string): Promise<void>;
  /** Has events about keys of a section come and be given up, in their order, for one reason. */
  giveUp(section: string, keys: readonly string[], reason: string): Promise<void>;
  /** Has an event come that waits to be processed. */
  receive(section: string, key: string): Promise<void>;
  /** Takes what is due; gives its keys. */
  take(section: string): Promise<(string | null)[]>;
  /** A state over the same data, as another process has it. */
  again(): State;
  close(): Promise<void>;
}

/** Opens a new state for one test. */
export type OpenState = () => Promise<OpenedState>;

/** Works with a new state, which is gone afterwards. */
export async function withNewState(
  openState: OpenState,
  work: (opened: OpenedState) => Promise<void>,
): Promise<void> {
  const opened = await openState();
  try {
    await work(opened);
  } finally {
    await opened.close();
  }
}
