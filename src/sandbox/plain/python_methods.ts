/**
 * The methods of texts that a plain Python body may call.
 *
 * @module
 */

import { bare, type Method, withText } from "./methods.ts";
import { joinTexts, list, type Plain, refuse, text, unsure } from "./values.ts";

/** What they do, each with the checks that it needs. */
export const pythonMethods: Readonly<Record<string, Method>> = {
  upper: bare((value) => value.toUpperCase()),
  lower: bare((value) => value.toLowerCase()),
  strip: bare((value) => value.trim()),
  lstrip: bare((value) => value.trimStart()),
  rstrip: bare((value) => value.trimEnd()),
  startswith: withText((value, other) => value.startsWith(other)),
  endswith: withText((value, other) => value.endsWith(other)),
  find: withText((value, other) => value.indexOf(other)),
  split: (object, [separator, most, ...more]) => {
    if (separator === undefined || more.length > 0) return refuse();
    return (frame) => splitText(text(object(frame)), text(separator(frame)), most?.(frame) ?? -1);
  },
  replace: (object, [old, instead, ...more]) => {
    if (old === undefined || instead === undefined || more.length > 0) return refuse();
    return (frame) => {
      const [from, to] = [text(old(frame)), text(instead(frame))];
      return from === "" ? unsure() : joinTexts(text(object(frame)).split(from), to);
    };
  },
  join: (object, [items, ...more]) => {
    if (items === undefined || more.length > 0) return refuse();
    return (frame) => joinTexts(list(items(frame)), text(object(frame)));
  },
};

function splitText(value: string, separator: string, most: Plain): readonly string[] {
  if (separator === "" || typeof most !== "number" || !Number.isSafeInteger(most)) return unsure();
  const parts = value.split(separator);
  if (most < 0 || parts.length <= most + 1) return parts;
  return [...parts.slice(0, most), joinTexts(parts.slice(most), separator)];
}
