/**
 * What is wrong with a Python body, and where.
 *
 * @module
 */

/** A place in a body; `line` starts at 1, `column` at 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** The place of a token or node, without the rest of it. */
export function at(place: Place): Place {
  return { line: place.line, column: place.column };
}

/** One finding of the translator, for a start-up error. */
export interface Problem extends Place {
  readonly message: string;
}

/** Stops the translation at the first thing that cannot be read on from. */
export class PythonProblem extends Error {
  /** Where the reading stopped. */
  readonly place: Place;
  /** Python has it, we have not: the text is Python for all that. */
  readonly isUnsupported: boolean;

  constructor(place: Place, message: string, isUnsupported = false) {
    super(message);
    this.isUnsupported = isUnsupported;
    this.name = "PythonProblem";
    this.place = { line: place.line, column: place.column };
  }
}
