/**
 * The methods of texts that a plain Python body may call.
 *
 * @module
 */

import { bare, type Method, withText } from "./methods.ts";
import {
  bounded,
  joinTexts,
  list,
  type Plain,
  refuse,
  simpleText,
  type Step,
  text,
  unsure,
} from "./values.ts";

/** A method of a text that takes another one, or nothing. */
function stripping(bare: (value: string) => string, isLeft: boolean, isRight: boolean): Method {
  return (object, [characters, ...more]) => {
    if (more.length > 0) return refuse();
    if (characters === undefined) return (frame) => bare(simpleText(object(frame)));
    return (frame) => {
      const [value, gone] = [text(object(frame)), new Set(text(characters(frame)))];
      let [from, to] = [0, value.length];
      while (isLeft && from < to && gone.has(value.charAt(from))) from++;
      while (isRight && from < to && gone.has(value.charAt(to - 1))) to--;
      return value.slice(from, to);
    };
  };
}

/** A method that splits, without a separator at white space. */
function splitting(run: (value: string, separator: string, most: number) => Plain): Method {
  return (object, [separator, most, ...more]) => {
    if (more.length > 0) return refuse();
    if (separator === undefined) {
      return (frame) => simpleText(object(frame)).split(/[\t\n\r ]+/).filter((one) => one !== "");
    }
    const limit: Step = most ?? (() => -1);
    return (frame) => {
      const [value, between, count] = [text(object(frame)), text(separator(frame)), limit(frame)];
      if (between === "" || typeof count !== "number" || !Number.isSafeInteger(count)) {
        return unsure();
      }
      return run(value, between, count);
    };
  };
}

/** What they do, each with the checks that it needs. */
export const pythonMethods: Readonly<Record<string, Method>> = {
  upper: bare((value) => value.toUpperCase()),
  lower: bare((value) => value.toLowerCase()),
  title: bare((value) => value.replace(/[A-Za-z]+/g, capitalized)),
  capitalize: bare(capitalized),
  isdigit: bare((value) => /^\d+$/.test(value)),
  isalpha: bare((value) => /^[A-Za-z]+$/.test(value)),
  isalnum: bare((value) => /^[A-Za-z\d]+$/.test(value)),
  strip: stripping((value) => value.trim(), true, true),
  lstrip: stripping((value) => value.trimStart(), true, false),
  rstrip: stripping((value) => value.trimEnd(), false, true),
  startswith: withText((value, other) => value.startsWith(other)),
  endswith: withText((value, other) => value.endsWith(other)),
  find: withText((value, other) => value.indexOf(other)),
  rfind: withText((value, other) => value.lastIndexOf(other)),
  index: withText((value, other) => value.includes(other) ? value.indexOf(other) : unsure()),
  count: withText((value, other) => other === "" ? unsure() : value.split(other).length - 1),
  partition: withText((value, separator) => {
    if (separator === "") return unsure();
    const at = value.indexOf(separator);
    return at === -1 ? [value, "", ""] : cutAt(value, at, separator);
  }),
  rpartition: withText((value, separator) => {
    if (separator === "") return unsure();
    const at = value.lastIndexOf(separator);
    return at === -1 ? ["", "", value] : cutAt(value, at, separator);
  }),
  split: splitting((value, separator, most) => {
    const parts = value.split(separator);
    if (most < 0 || parts.length <= most + 1) return parts;
    return [...parts.slice(0, most), joinTexts(parts.slice(most), separator)];
  }),
  rsplit: splitting((value, separator, most) => {
    const parts = value.split(separator);
    if (most < 0 || parts.length <= most + 1) return parts;
    const cut = parts.length - most;
    return [joinTexts(parts.slice(0, cut), separator), ...parts.slice(cut)];
  }),
  replace: (object, [old, instead, ...more]) => {
    if (old === undefined || instead === undefined || more.length > 0) return refuse();
    return (frame) => {
      const [whole, from, to] = [text(object(frame)), text(old(frame)), text(instead(frame))];
      return from === "" ? unsure() : joinTexts(whole.split(from), to);
    };
  },
  zfill: (object, [width, ...more]) => {
    if (width === undefined || more.length > 0) return refuse();
    return (frame) => {
      const [value, size] = [text(object(frame)), width(frame)];
      if (typeof size !== "number" || !Number.isSafeInteger(size) || size > 1000) return unsure();
      return /^[+-]/.test(value) ? unsure() : bounded(value.padStart(size, "0"));
    };
  },
  join: (object, [items, ...more]) => {
    if (items === undefined || more.length > 0) return refuse();
    return (frame) => {
      const separator = text(object(frame));
      return joinTexts(list(items(frame)), separator);
    };
  },
};

function capitalized(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1).toLowerCase();
}

function cutAt(value: string, at: number, separator: string): readonly string[] {
  return [value.slice(0, at), separator, value.slice(at + separator.length)];
}
