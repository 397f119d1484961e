/**
 * How the methods of plain bodies are called, in every language.
 *
 * @module
 */

import { type Plain, refuse, simpleText, type Step, text } from "./values.ts";

/** Makes the call of a method from its object and its arguments. */
export type Method = (object: Step, given: readonly Step[]) => Step;

/** A method of a text that takes nothing else. */
export function bare(run: (value: string) => Plain): Method {
  return (object, given) => {
    if (given.length > 0) refuse();
    return (frame) => run(simpleText(object(frame)));
  };
}

/** A method of a text that takes another one. */
export function withText(run: (value: string, other: string) => Plain): Method {
  return (object, [other, ...more]) => {
    if (other === undefined || more.length > 0) return refuse();
    return (frame) => run(text(object(frame)), text(other(frame)));
  };
}
