/**
 * Translates the syntax of Python's regular expressions to JavaScript's.
 *
 * @module
 */

import {
  bad,
  type BracketReader,
  charClasses,
  type Classes,
  controls,
  type FlagName,
  flagValues,
  isNullable,
  literal,
  readBracket,
} from "./re_brackets.ts";
import { state } from "./types.ts";

function flagValue(letter: string): number {
  return flagValues[letter.toUpperCase() as FlagName];
}

/**
 * Reads a pattern. `wide`: \w and its like mean all of Unicode. `source` and `flags` are
 * JavaScript's; `names` lead from group names to numbers; `unsure` are groups whose value
 * JavaScript forgets where Python keeps it.
 */
export class PatternReader implements BracketReader {
  declare readonly chars: readonly string[];
  at = 0;
  declare flags: number;
  groups = 0;
  names = new Map<string, number>();
  optional = new Set<number>();
  unsure = new Set<number>();
  declare classes: Classes;
  readonly #wide: boolean;
  readonly #shift: number;
  readonly #open = new Set<number>();

  constructor(pattern: string, flags: number, wide: boolean, shift = 0) {
    this.chars = Array.from(pattern);
    this.flags = flags;
    this.#wide = wide;
    this.#shift = shift;
    this.classes = wide && !(flags & flagValues.A) ? charClasses.wide : charClasses.ascii;
  }

  read(): string {
    this.leadingFlags();
    const source = this.alternatives(false, false);
    if (this.at < this.chars.length) bad("unbalanced parenthesis", this.at);
    return source;
  }

  leadingFlags(): void {
    const match = /^\(\?([aiLmsux]+)\)/.exec(this.chars.slice(0, 12).join(""));
    if (match === null) return;
    this.at = match[0].length;
    for (const flag of match[1] ?? "") this.flags |= flagValue(flag);
    this.classes = this.#wide && !(this.flags & flagValues.A)
      ? charClasses.wide
      : charClasses.ascii;
  }

  peek(text: string): boolean {
    return this.chars.slice(this.at, this.at + text.length).join("") === text;
  }

  /** a|b|c; `optional`, `repeated`: what surrounds it may be skipped or run several times. */
  alternatives(optional: boolean, repeated: boolean): string {
    const start = this.at;
    const first = this.groups;
    let out = this.sequence(optional, repeated);
    let several = false;
    while (this.peek("|")) {
      this.at++;
      several = true;
      out += `|${this.sequence(true, repeated)}`;
    }
    if (several) {
      for (let group = first + 1; group <= this.groups; group++) this.markOptional(group, repeated);
    }
    return this.at === start ? "" : out;
  }

  markOptional(group: number, repeated: boolean): void {
    this.optional.add(group);
    if (repeated) this.unsure.add(group);
  }

  sequence(optional: boolean, repeated: boolean): string {
    let out = "";
    while (this.at < this.chars.length && !this.peek("|") && !this.peek(")")) {
      if (this.flags & flagValues.X && this.skipBlank()) continue;
      out += this.item(optional, repeated);
    }
    return out;
  }

  skipBlank(): boolean {
    const char = this.chars[this.at] ?? "";
    if (/[ \t\n\r\f\v]/.test(char)) this.at++;
    else if (char === "#") {
      while (this.at < this.chars.length && this.chars[this.at] !== "\n") this.at++;
    } else return false;
    return true;
  }

  item(optional: boolean, repeated: boolean): string {
    const start = this.at;
    const first = this.groups;
    // How often the item runs is known only after it; read it once to find out.
    const snapshot = {
      names: new Map(this.names),
      optional: new Set(this.optional),
      unsure: new Set(this.unsure),
    };
    let atom = this.atom(optional, repeated);
    let quantifier = this.quantifier();
    if (quantifier === "") return atom;
    if (atom === "" || start === this.at) bad("nothing to repeat", start);
    if (this.groups > first) {
      const skips = /^[*?]|^\{0/.test(quantifier);
      const again = !/^\?|^\{[01]\}|^\{0,1\}/.test(quantifier);
      Object.assign(this, snapshot);
      this.groups = first;
      this.at = start;
      atom = this.atom(optional || skips, repeated || again);
      quantifier = this.quantifier();
      if (skips) {
        for (let group = first + 1; group <= this.groups; group++) {
          this.markOptional(group, repeated);
        }
      }
      if (isNullable(atom)) return this.emptyRound(first, atom, quantifier);
    }
    return atom + quantifier;
  }

  /** JavaScript forgets what groups took in a round that took nothing; Python keeps it. */
  emptyRound(first: number, atom: string, quantifier: string): string {
    if (quantifier === "?") return `(?:${atom}|)`;
    if (quantifier === "??") return `(?:|${atom})`;
    for (let group = first + 1; group <= this.groups; group++) this.unsure.add(group);
    return atom + quantifier;
  }

  quantifier(): string {
    while (this.flags & flagValues.X && this.at < this.chars.length && this.skipBlank());
    const rest = this.chars.slice(this.at, this.at + 24).join("");
    const match = /^(?:[*+?]|\{(\d*)(,?)(\d*)\})/.exec(rest);
    if (match === null) return "";
    const [whole, low = "", comma = "", high = ""] = match;
    if (whole[0] === "{" && low === "" && high === "") return "";
    this.at += whole.length;
    let out = whole[0] === "{" ? `{${low === "" ? "0" : low}${comma}${high}}` : whole;
    const next = this.chars[this.at];
    if (next === "?") {
      this.at++;
      out += "?";
    } else if (next === "+") bad("possessive quantifiers are not supported", this.at);
    else if (
      next === "*" || /^\{\d+(,\d*)?\}/.test(this.chars.slice(this.at, this.at + 24).join(""))
    ) {
      bad("multiple repeat", this.at);
    }
    if (whole[0] === "{" && comma === "," && high !== "" && Number(low) > Number(high)) {
      bad("min repeat greater than max repeat", this.at);
    }
    return out;
  }

  atom(optional: boolean, repeated: boolean): string {
    const char = this.chars[this.at++] ?? "";
    if (char === "(") return this.group(optional, repeated);
    if (char === "[") return readBracket(this);
    if (char === "\\") return this.escape();
    if (char === ".") return this.flags & flagValues.S ? "[^]" : "[^\\n]";
    if (char === "^") return this.flags & flagValues.M ? "(?<![^\\n])" : "(?<![^])";
    if (char === "$") return this.flags & flagValues.M ? "(?![^\\n])" : "(?=\\n?(?![^]))";
    if (char === "*" || char === "+" || char === "?") bad("nothing to repeat", this.at - 1);
    return literal(char);
  }

  group(optional: boolean, repeated: boolean): string {
    const start = this.at - 1;
    if (!this.peek("?")) return this.capture(undefined, optional, repeated);
    const rest = this.chars.slice(this.at, this.at + 80).join("");
    const named = /^\?P<([^>]*)>/.exec(rest);
    if (named !== null) {
      const name = named[1] ?? "";
      this.at += Array.from(named[0]).length;
      if (!/^[\p{L}_][\p{L}\p{N}_]*$/u.test(name)) {
        bad(`bad character in group name '${name}'`, start);
      }
      return this.capture(name, optional, repeated);
    }
    const back = /^\?P=([^)]*)\)/.exec(rest);
    if (back !== null) {
      this.at += Array.from(back[0]).length;
      const number = this.names.get(back[1] ?? "");
      return number === undefined
        ? bad(`unknown group name '${back[1]}'`, start)
        : this.reference(number, start);
    }
    if (rest.startsWith("?#")) {
      while (this.at < this.chars.length && !this.peek(")")) this.at++;
      this.at++;
      return "(?:)";
    }
    const plain = /^\?(?::|=|!|<=|<!)/.exec(rest);
    if (plain === null) return this.scopedFlags(rest, start, optional, repeated);
    this.at += plain[0].length;
    const inside = this.alternatives(optional || plain[0] === "?!" || plain[0] === "?<!", repeated);
    this.close(start);
    return `(${plain[0]}${inside})`;
  }

  scopedFlags(rest: string, start: number, optional: boolean, repeated: boolean): string {
    const match = /^\?([aLimsux]*)(?:-([imsx]+))?:/.exec(rest);
    if (match === null) {
      if (/^\?[aiLmsux]+\)/.test(rest)) {
        bad("global flags not at the start of the expression", start);
      }
      bad(
        rest.startsWith("?(")
          ? "conditional groups are not supported"
          : "this group is not supported",
        start,
      );
    }
    const before = this.flags;
    for (const flag of match[1] ?? "") this.flags |= flagValue(flag);
    for (const flag of match[2] ?? "") this.flags &= ~flagValue(flag);
    if ((this.flags ^ before) & flagValues.I) {
      bad("a change of case sensitivity inside a pattern is not supported", start);
    }
    this.at += match[0].length;
    const inside = this.alternatives(optional, repeated);
    this.close(start);
    this.flags = before;
    return `(?:${inside})`;
  }

  capture(name: string | undefined, optional: boolean, repeated: boolean): string {
    const number = ++this.groups;
    const start = this.at;
    if (name !== undefined) {
      if (this.names.has(name)) bad(`redefinition of group name '${name}'`, start);
      this.names.set(name, number);
    }
    this.#open.add(number);
    const inside = this.alternatives(optional, repeated);
    this.close(start - 1);
    this.#open.delete(number);
    return `(${inside})`;
  }

  close(start: number): void {
    if (!this.peek(")")) bad("missing ), unterminated subpattern", start);
    this.at++;
  }

  reference(number: number, at: number): string {
    if (number > this.groups) bad(`invalid group reference ${number}`, at);
    if (this.#open.has(number)) bad("cannot refer to an open group", at);
    if (this.optional.has(number)) {
      bad("a reference to a group that may be left out is not supported", at);
    }
    return `(?:\\${number + this.#shift})`;
  }

  escape(): string {
    const at = this.at - 1;
    const char = this.chars[this.at++];
    if (char === undefined) bad("bad escape (end of pattern)", at);
    const { d, w, s } = this.classes;
    const simple: Record<string, string> = {
      d: `[${d}]`,
      D: `[^${d}]`,
      w: `[${w}]`,
      W: `[^${w}]`,
      s: `[${s}]`,
      S: `[^${s}]`,
    };
    const known = simple[char];
    if (known !== undefined) return known;
    if (char === "A") return "(?<![^])";
    if (char === "Z" || char === "z") return "(?![^])";
    if (char === "b" || char === "B") return this.boundary(char === "b");
    if (/[1-9]/.test(char)) {
      let digits = char;
      if (/\d/.test(this.chars[this.at] ?? "")) digits += this.chars[this.at++];
      return this.reference(Number(digits), at);
    }
    return this.charEscape(char, at);
  }

  boundary(at: boolean): string {
    const word = `[${this.classes.w}]`;
    const edge = `(?:(?<=${word})(?!${word})|(?<!${word})(?=${word}))`;
    if (this.classes === charClasses.ascii) return at ? "\\b" : "\\B";
    return at ? edge : `(?:(?<=${word})(?=${word})|(?<!${word})(?!${word}))`;
  }

  /** An escape that means one character, in or out of brackets. */
  charEscape(char: string, at: number): string {
    const control = controls[char];
    if (control !== undefined) return control;
    const size = char === "x" ? 2 : char === "u" ? 4 : char === "U" ? 8 : undefined;
    if (size !== undefined && (char === "x" || state.version === 3)) {
      const hex = this.chars.slice(this.at, this.at + size).join("");
      if (!new RegExp(`^[\\da-fA-F]{${size}}$`).test(hex)) {
        bad(`incomplete escape \\${char}${hex}`, at);
      }
      this.at += size;
      return literal(String.fromCodePoint(parseInt(hex, 16)));
    }
    if (char === "0") {
      let octal = "";
      while (octal.length < 2 && /[0-7]/.test(this.chars[this.at] ?? "")) {
        octal += this.chars[this.at++];
      }
      return literal(String.fromCharCode(parseInt(octal || "0", 8)));
    }
    if (/[a-zA-Z]/.test(char) && state.version === 3) bad(`bad escape \\${char}`, at);
    return literal(char);
  }
}
