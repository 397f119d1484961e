/**
 * The mark of a state that is being moved, or was: it keeps everybody from working with it.
 *
 * @module
 */

import { AgentError } from "../../base/errors.ts";

/** Where a state is. */
export interface StatePlace {
  readonly kind: "file" | "postgres";
  /** For people, never with a password: a path and its machine, or a server with schema and tenant. */
  readonly name: string;
}

/** Where the reading of a table goes on: the key of the last row that was read, as texts. */
export type MovePosition = readonly string[];

/** How much of a state has arrived. */
export interface MoveProgress {
  /** How many tables are there completely. */
  readonly tables: number;
  /** The last row of the next one that is there; absent when none is. */
  readonly after?: MovePosition | undefined;
}

/** A move, as the states at both ends remember it. */
export interface MoveMark {
  /** `leaving` and `left` of what is moved away, `arriving` of what comes. */
  readonly kind: "leaving" | "left" | "arriving";
  /** The same at both ends. */
  readonly id: string;
  /** The other end. */
  readonly place: StatePlace;
  /** How far it is, of what arrives. */
  readonly progress?: MoveProgress | undefined;
}

/** The mark in its column. */
export function parseMark(stored: unknown): MoveMark {
  return JSON.parse(String(stored)) as MoveMark;
}

/** A state that is not where it was looked for. */
export class StateMovedError extends AgentError {
  override name = "StateMovedError";
}

/** Where a state is, for people: `the state file …`, `PostgreSQL at …`. */
export function describePlace({ kind, name }: StatePlace): string {
  return kind === "file" ? `the state file ${name}` : `PostgreSQL at ${name}`;
}

const goOn =
  'Run the same "agent state move" again, it goes on where it was; or "agent state move --cancel" to keep the state where it is.';

/**
 * Refuses a state that is not here, or not here completely.
 *
 * @param here Where somebody looks for it, for people.
 * @throws {StateMovedError} that says where the state is, and what to write in the configuration.
 */
export function refuseMoved(mark: MoveMark | undefined, here: string): void {
  if (mark === undefined) return;
  const there = describePlace(mark.place);
  switch (mark.kind) {
    case "left":
      throw new StateMovedError(`The state is not in ${here} any more: it was moved to ${there}`, {
        hint: mark.place.kind === "postgres"
          ? "Name that server as url in [state] of the configuration, with its schema and tenant."
          : "Take url out of [state] of the configuration, and name the file with --state where it is not the usual one.",
      });
    case "leaving":
      throw new StateMovedError(
        `The state in ${here} is being moved to ${there}, and that is not complete`,
        { hint: goOn },
      );
    case "arriving":
      throw new StateMovedError(
        `The state in ${here} is not complete: it is being moved there from ${there}`,
        { hint: goOn },
      );
  }
}
