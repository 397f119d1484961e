/**
 * The methods of texts, and of lists of texts, that a plain JavaScript body may call.
 *
 * @module
 */

import { bare, type Method, withText } from "./methods.ts";
import { bounded, joinTexts, list, refuse, single, type Step, text, unsure } from "./values.ts";

/** A whole number, or nothing where none is given. */
function index(step: Step | undefined): (frame: Parameters<Step>[0]) => number | undefined {
  if (step === undefined) return () => undefined;
  return (frame) => {
    const at = step(frame);
    return typeof at === "number" && Number.isSafeInteger(at) ? at : unsure();
  };
}

/** Of a text with two others, of which the second has no signs of patterns. */
function replacing(run: (value: string, old: string, instead: string) => string): Method {
  return (object, [old, instead, ...more]) => {
    if (old === undefined || instead === undefined || more.length > 0) return refuse();
    return (frame) => {
      const put = text(instead(frame));
      if (put.includes("$")) unsure();
      return bounded(run(text(object(frame)), text(old(frame)), put));
    };
  };
}

function padding(run: (value: string, length: number, fill: string) => string): Method {
  return (object, [length, fill = () => " ", ...more]) => {
    if (length === undefined || more.length > 0) return refuse();
    const size = index(length);
    return (frame) => {
      const most = size(frame) ?? 0;
      if (most > 1000) unsure();
      return run(text(object(frame)), most, text(fill(frame)));
    };
  };
}

/** What they do, each with the checks that it needs. */
export const javaScriptMethods: Readonly<Record<string, Method>> = {
  toUpperCase: bare((value) => value.toUpperCase()),
  toLowerCase: bare((value) => value.toLowerCase()),
  trim: bare((value) => value.trim()),
  trimStart: bare((value) => value.trimStart()),
  trimEnd: bare((value) => value.trimEnd()),
  startsWith: withText((value, other) => value.startsWith(other)),
  endsWith: withText((value, other) => value.endsWith(other)),
  includes: (object, [wanted, ...more]) => {
    if (wanted === undefined || more.length > 0) return refuse();
    return (frame) => {
      const [whole, part] = [object(frame), single(wanted(frame))];
      if (typeof whole === "string") return whole.includes(text(part));
      return list(whole).some((item) => item === part);
    };
  },
  concat: withText((value, other) => bounded(value + other)),
  charAt: (object, [position, ...more]) => {
    if (position === undefined || more.length > 0) return refuse();
    const at = index(position);
    return (frame) => text(object(frame)).charAt(at(frame) ?? 0);
  },
  substring: (object, [start, end, ...more]) => {
    if (start === undefined || more.length > 0) return refuse();
    const [from, to] = [index(start), index(end)];
    return (frame) => text(object(frame)).substring(from(frame) ?? 0, to(frame));
  },
  indexOf: withText((value, other) => value.indexOf(other)),
  lastIndexOf: withText((value, other) => value.lastIndexOf(other)),
  split: withText((value, separator) => separator === "" ? unsure() : value.split(separator)),
  replace: replacing((value, old, instead) => value.replace(old, instead)),
  replaceAll: replacing((value, old, instead) => {
    return old === "" ? unsure() : joinTexts(value.split(old), instead);
  }),
  padStart: padding((value, length, fill) => value.padStart(length, fill)),
  padEnd: padding((value, length, fill) => value.padEnd(length, fill)),
  slice: (object, [start, end, ...more]) => {
    if (more.length > 0) refuse();
    const [from, to] = [index(start), index(end)];
    return (frame) => {
      const value = object(frame);
      const whole = typeof value === "string" ? value : list(value);
      return whole.slice(from(frame), to(frame));
    };
  },
  at: (object, [position, ...more]) => {
    if (position === undefined || more.length > 0) return refuse();
    const at = index(position);
    return (frame) => {
      const value = object(frame);
      return (typeof value === "string" ? value : list(value)).at(at(frame) ?? 0);
    };
  },
  join: (object, [separator, ...more]) => {
    if (separator === undefined || more.length > 0) return refuse();
    return (frame) => {
      // A text has no such method.
      return joinTexts(list(object(frame)), text(separator(frame)));
    };
  },
};
