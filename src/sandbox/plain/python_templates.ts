/**
 * `%` and `format` in plain Python bodies.
 *
 * @module
 */

import { written } from "./python_values.ts";
import { bounded, digits, isOrdinary, type Plain, refuse, type Step } from "./values.ts";

/** A place of a template: the step that gives its value, and how that is written. */
interface Place {
  readonly value: Step;
  readonly write: (value: Plain) => string;
}

/** `"%s of %d" % (a, b)` */
export function percent(template: string, values: readonly Step[]): Step {
  const { texts, marks } = cut(template, /%(?:s|d|0\d{1,2}d)/g);
  if (texts.some((between) => between.includes("%")) || marks.length !== values.length) refuse();
  return filled(
    texts,
    marks.map((mark, at) => ({ value: values[at] ?? refuse(), write: writerOf(mark) })),
  );
}

function writerOf(mark: string): (value: Plain) => string {
  if (mark === "%s") return written;
  const width = Number(mark.slice(1, -1));
  return (value) => {
    const shown = digits(value);
    return shown.startsWith("-") && width > 0
      ? `-${shown.slice(1).padStart(width - 1, "0")}`
      : shown.padStart(width, "0");
  };
}

/** `"{} of {}".format(a, b)`, also with the numbers of the values. */
export function braces(template: string, values: readonly Step[]): Step {
  const { texts, marks } = cut(template, /\{\d{0,3}\}/g);
  const isCounted = marks.every((mark) => mark === "{}");
  if (texts.some((between) => /[{}]/.test(between))) refuse();
  if (!isCounted && marks.includes("{}")) refuse();
  return filled(
    texts,
    marks.map((mark, at) => {
      const value = values[isCounted ? at : Number(mark.slice(1, -1))] ?? refuse();
      return { value, write: written };
    }),
    values,
  );
}

/** The texts of a template between its places, and these. */
function cut(template: string, places: RegExp): { texts: string[]; marks: readonly string[] } {
  return { texts: template.split(places), marks: template.match(places) ?? [] };
}

/** Puts a text together; `all` are values to work out even where no place shows them. */
function filled(
  texts: readonly string[],
  places: readonly Place[],
  all: readonly Step[] = [],
): Step {
  if (!texts.every(isOrdinary)) refuse();
  const hidden = all.filter((step) => !places.some(({ value }) => value === step));
  return (frame) => {
    for (const step of hidden) step(frame);
    let whole = texts[0] ?? "";
    for (let at = 0; at < places.length; at++) {
      const { value, write } = places[at] as Place;
      whole += write(value(frame)) + (texts[at + 1] ?? "");
    }
    return bounded(whole);
  };
}
