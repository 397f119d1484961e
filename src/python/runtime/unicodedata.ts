/**
 * The unicodedata module.
 *
 * @module
 */

import { raise } from "./errors.ts";
import { typeName } from "./kinds.ts";
import { len } from "./sequences.ts";
import { needText } from "./text.ts";
import { members, type Value } from "./types.ts";

/** Combining classes: gap since the last run, length and class of each run, in base 36. */
const classRuns =
  "lc,l,6e 0,,6g 0,4,64 0,,6g 0,,60 0,5,64 0,2,5m 0,4,64 0,2,5m 0,b,64 0,5,1 0,4,64 0,8,6e 0,,6o 0,,6e 0,3,64 0,3,6e 0,2,64 1,3,6e 0,4,64 0,,6e 0,,6g 0,2,64 0,,6e 0,,6h 0,2,6i 0,,6h 0,2,6i 0,,6h 0,d,6e 7n,5,6e 7d,,64 0,4,6e 0,,64 0,3,6e 0,,66 0,,64 0,6,6e 0,6,64 0,2,6e 0,,64 0,2,6e 0,,66 0,,6c 0,,6e 0,,a 0,,b 0,,c 0,,d 0,,e 0,,f 0,,g 0,,h 0,,i 0,2,j 0,,k 0,,l 0,,m 1,,n 1,,o 0,,p 1,,6e 0,,64 1,,i 20,8,6e 0,,u 0,,v 0,,w 1c,,r 0,,s 0,,t 0,,u 0,,v 0,,w 0,,x 0,,y 0,2,6e 0,2,64 0,5,6e 0,,64 0,2,6e 0,,64 g,,z 2t,7,6e 2,4,6e 0,,64 0,,6e 2,2,6e 1,,64 0,2,6e 0,,64 z,,10 u,,6e 0,,64 0,2,6e 0,,64 0,2,6e 0,3,64 0,,6e 0,2,64 0,,6e 0,,64 0,3,6e 0,,64 0,,6e 0,,64 0,,6e 0,,64 0,,6e 0,,64 0,2,6e 4g,7,6e 0,,64 0,,6e 9,,64 o,4,6e 1,9,6e 1,3,6e 1,5,6e 17,3,64 1o,,6e 0,3,64 0,4,6e 16,5,6e 0,5,64 0,e,6e 1,,64 0,2,6e 0,,64 0,2,6e 0,,64 0,3,6e 0,3,64 0,,r 0,,s 0,,t 0,3,6e 0,,64 0,2,6e 0,2,64 0,5,6e 1o,,7 g,,9 3,,6e 0,,64 0,2,6e 2v,,7 g,,9 1c,,6e 1p,,7 g,,9 32,,7 g,,9 32,,7 g,,9 3j,,9 32,,7 g,,9 7,,2c 0,,2j 2t,,7 g,,9 31,2,9 g,,9 3g,,9 31,2,2v 0,,9 d,4,2z 30,2,3a 0,,9 d,4,3e 24,2,64 r,,64 1,,64 1,,60 1j,,3l 0,,3m 1,,3o 5,4,3m 2,,3m 1,2,6e 0,,9 1,2,6e 1q,,64 34,,7 1,2,9 2a,,64 jz,3,6e qc,2,9 u,,9 4d,,9 a,,6e 5n,,6c 3z,,66 0,,6e 0,,64 63,,6e 0,,64 1z,,9 k,8,6e 2,,64 1c,5,6e 0,6,64 0,2,6e 0,,64 1,2,64 0,2,6e 0,2,64 0,5,6e 0,,64 0,4,6e 2t,,7 f,,9 12,,6e 0,,64 0,7,6e 1i,2,9 1m,,7 b,2,9 1v,,7 48,3,6e 1,,1 0,5,64 0,2,6e 0,4,64 0,,6e 1,7,1 4,,64 6,,6e 3,2,6e 5i,2,6e 0,,64 0,7,6e 0,,64 0,2,6e 0,,6i 0,,5y 0,,64 0,,5m 0,11,6e 0,,6g 0,2,6c 0,,64 0,,62 0,,6e 0,,6h 0,,64 0,,6e 0,,64 k0,2,6e 0,2,1 0,4,6e 0,3,1 0,2,6e 4,,6e 3,2,1 0,,6e 0,,64 0,,6e 0,2,1 0,4,64 0,,6e 2da,3,6e 3x,,9 2o,w,6e fe,,62 0,,6c 0,,6g 0,,66 0,2,68 2x,2,8 n9w,,6e 4,a,6e w,2,6e 28,2,6e 7o,,9 11,,9 47,,9 r,i,6e 1l,3,64 11,,9 2n,,7 c,,9 6n,,6e 1,2,6e 0,,64 2,2,6e 5,2,6e 1,,6e 1g,,9 6u,,9 fn4,,q ld,7,6e 0,7,64 0,2,6e r1,,64 6a,,64 45,5,6e 1aq,,64 1,,6e 14,,6e 0,,1 0,,64 4,,9 4l,,6e 0,,64 fx,4,6e ar,2,6e 49,2,64 0,3,6e 0,,64 0,,6e 0,4,64 1d,,6e 0,,64 0,,6e 0,,64 5c,,9 15,,9 e,,9 1l,,9 0,,7 1x,3,6e 1c,2,9 1q,,7 24,,9 9,,7 2y,,9 0,,7 4y,,7 0,,9 28,2,7 g,,9 o,7,6e 3,5,6e 5p,,9 3,,7 n,,6e 2r,,9 0,,7 6z,,9 0,,7 3i,,9 3a,,9 0,,7 37,,9 7h,,9 0,,7 76,2,9 4,,7 4c,,9 2b,,9 i,,9 29,,9 bp,,9 76,,7 1,2,9 29,,9 fa0,5,1 1n,7,6e xl,2,6 f58,,1 43q,2,60 0,3,1 3,,6a 0,5,60 8,8,64 2,5,6e 0,2,64 u,4,6e 44,3,6e 2pn,7,6e 1,h,6e 2,7,6e 1,2,6e 1,5,6e 79,7,6e af,,6e 1p,4,6e 15s,7,64 31,6,6e 0,,7";

let combiningClasses: Map<number, number> | undefined;

function classes(): Map<number, number> {
  if (combiningClasses !== undefined) return combiningClasses;
  const found = new Map<number, number>();
  let code = 0;
  for (const run of classRuns.split(" ")) {
    const [gap = "0", length, combining = "0"] = run.split(",");
    code += parseInt(gap, 36);
    const end = code + (length ? parseInt(length, 36) : 1);
    for (; code < end; code++) found.set(code, parseInt(combining, 36));
  }
  combiningClasses = found;
  return found;
}

function character(value: Value): string {
  if (typeof value !== "string" || len(value) !== 1) {
    raise("TypeError", `argument must be a unicode character, not ${typeName(value)}`);
  }
  return value;
}

function codeOf(value: Value): number {
  return character(value).codePointAt(0) ?? 0;
}

const categories = (
  "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Cs Co"
).split(" ").map((name) => ({ name, pattern: new RegExp(`\\p{${name}}`, "u") }));

function normalize(form: Value, text: Value): string {
  if (form === "NFC" || form === "NFD" || form === "NFKC" || form === "NFKD") {
    return needText(text).normalize(form);
  }
  return raise("ValueError", "invalid normalization form");
}

/** The value of a decimal digit of any script. */
function decimalValue(char: Value, fallback: Value): Value {
  const code = codeOf(char);
  if (!/\p{Nd}/u.test(String.fromCodePoint(code))) {
    return fallback === undefined ? raise("ValueError", "not a decimal") : fallback;
  }
  let zero = code;
  while (code - zero < 9 && /\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero--;
  return code - zero;
}

/** The members of unicodedata. */
export const unicodedataModule: Record<string, Value> = members({
  normalize: [2, 2, normalize],
  is_normalized: [2, 2, (form, text) => normalize(form, text) === text],
  combining: [1, 1, (char) => classes().get(codeOf(char)) ?? 0],
  category: [1, 1, (char) => {
    const one = character(char);
    return categories.find(({ pattern }) => pattern.test(one))?.name ?? "Cn";
  }],
  decimal: [1, 2, decimalValue],
  digit: [1, 2, decimalValue],
});
