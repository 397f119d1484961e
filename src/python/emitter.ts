/**
 * The state of one translation: the JavaScript so far, names, constants, findings.
 *
 * @module
 */

import { unsupportedText } from "./hints.ts";
import { at, type Place, type Problem, PythonProblem } from "./problem.ts";
import { resolve, type Scope } from "./scope.ts";

/** What the code at this point is surrounded by. */
export interface Frame {
  readonly scope: Scope;
  /** Marks where the frame's temporaries are declared. */
  readonly slot: string;
  temps: number;
  /** Names surely bound here; undefined when this point cannot be reached. */
  assigned: Set<string> | undefined;
  /** Exceptions that an enclosing `try` of this function waits for. */
  waits: { key: boolean; attribute: boolean; imports: boolean; type: boolean };
  /** The variable of the exception being handled, for a bare `raise`. */
  handling: string | undefined;
  /** Whether the function is a generator. */
  readonly yields: boolean;
  /** For each enclosing loop, the flag that `break` must clear (loops with `else`). */
  readonly loops: (string | undefined)[];
}

/** A warning about a body that runs: what may be meant otherwise. */
export type Notice = Problem;

/** What a translation is told about the names around a body. */
export interface NameSettings {
  /** The parameter of which missing attributes are None, if there is one. */
  readonly record: string | undefined;
  /** Names that the host defines, beside the built-in ones. */
  readonly names: ReadonlySet<string>;
  /** A key that the record lacks gives None; else KeyError, as for any dict. */
  readonly openKeys: boolean;
}

/** Collects the JavaScript of one body, line for line. */
export class Emitter {
  readonly version: 2 | 3;
  /** Whether the body may be of either version; `version` is then 3. */
  readonly lenient: boolean;
  readonly settings: NameSettings;
  readonly problems: Problem[] = [];
  readonly notices: Notice[] = [];
  /** Names that a `global` statement somewhere declares. */
  readonly globals: Set<string> = new Set();
  /** Names bound once, by importing this module. */
  readonly modules: Map<string, string> = new Map();
  frame: Frame;
  /** Whether `/` is as in Python 3 whatever the version: `from __future__ import division`. */
  trueDivision = false;
  /** The variable of the class whose body is written. */
  className: string | undefined;
  /** The class around the function that is written, and the name of its first parameter. */
  method: { readonly type: string; readonly self: string } | undefined;
  readonly #deleted: ReadonlySet<string>;
  readonly #constants = new Map<string, string>();
  readonly #slots = new Map<string, Frame>();
  #text = "";
  #line = 1;
  #labels = 0;
  #depth = 0;

  /** `deleted`: names that somewhere lose their value. */
  constructor(
    { version, lenient }: { readonly version: 2 | 3; readonly lenient: boolean },
    settings: NameSettings,
    scope: Scope,
    deleted: ReadonlySet<string>,
  ) {
    this.version = version;
    this.lenient = lenient;
    this.settings = settings;
    this.#deleted = deleted;
    this.frame = this.newFrame(scope, new Set());
  }

  /** A frame for a function with `scope`; `assigned` are the names surely bound at its start. */
  newFrame(scope: Scope, assigned: Set<string>, yields = false): Frame {
    const slot = `/*${this.#slots.size}*/`;
    const waits = { key: false, attribute: false, imports: false, type: false };
    const frame = {
      scope,
      slot,
      temps: 0,
      assigned,
      waits,
      handling: undefined,
      yields,
      loops: [],
    };
    this.#slots.set(slot, frame);
    return frame;
  }

  /** Runs `emit` inside `frame`. */
  within<T>(frame: Frame, emit: () => T): T {
    const outer = this.frame;
    this.frame = frame;
    try {
      return emit();
    } finally {
      this.frame = outer;
    }
  }

  /** Counts nesting, so that no body makes code that is too deep to compile. */
  deeper<T>(place: Place, emit: () => T): T {
    if (++this.#depth > 300) throw new PythonProblem(place, "this is nested too deeply");
    const result = emit();
    this.#depth--;
    return result;
  }

  /** Appends text to the current line. */
  write(text: string): void {
    this.#text += text;
  }

  /** Starts the line of the body that `place` is on, so that lines agree with the Python text. */
  at(place: Place): void {
    for (; this.#line < place.line; this.#line++) this.#text += "\n";
  }

  /** A fresh temporary of the current function. */
  temp(): string {
    return `t${++this.frame.temps}`;
  }

  /** A fresh name for a block-level variable. */
  label(prefix: string): string {
    return `${prefix}${++this.#labels}`;
  }

  /** A constant made once, when the body is loaded. */
  constant(code: string): string {
    const known = this.#constants.get(code);
    if (known !== undefined) return known;
    const name = `k${this.#constants.size}`;
    this.#constants.set(code, name);
    return name;
  }

  /** Notes that `what` cannot be translated. */
  refuse(what: string, place: Place): void {
    this.problems.push({ ...at(place), message: unsupportedText(what) });
  }

  /** Notes a warning. */
  warn(message: string, place: Place): void {
    this.notices.push({ line: place.line, column: place.column, message });
  }

  /** Marks names as surely bound from here on. */
  bind(names: readonly string[]): void {
    for (const name of names) this.frame.assigned?.add(name);
  }

  /** Is `name`, found in `owner`, surely bound here? */
  isBound(name: string, owner: Scope): boolean {
    if (this.#deleted.has(name)) return false;
    if (owner.params.has(name)) return true;
    return this.frame.assigned === undefined || this.frame.assigned.has(name);
  }

  /** Where `name` lives, seen from here. */
  find(name: string): Scope | "global" | undefined {
    const found = resolve(this.frame.scope, name);
    return found === undefined && this.globals.has(name) ? "global" : found;
  }

  /** Is `name` the built-in of that name here? */
  isBuiltin(name: string): boolean {
    return this.find(name) === undefined;
  }

  /** The JavaScript variable of a Python name. */
  variable(name: string): string {
    return `${this.find(name) === "global" ? "g_" : "v_"}${mangle(name)}`;
  }

  /** The finished text: constants in front, temporaries declared. */
  finish(head: string): string {
    const constants = [...this.#constants].map(([code, name]) => `const ${name}=${code};`).join("");
    const text = head + constants + this.#text;
    return text.replace(/\/\*\d+\*\//g, (slot) => declaration(this.#slots.get(slot)?.temps ?? 0));
  }
}

function declaration(temps: number): string {
  if (temps === 0) return "";
  return `let ${Array.from({ length: temps }, (_, index) => `t${index + 1}`).join(",")};`;
}

/** Makes a name safe as the tail of a JavaScript identifier. */
export function mangle(name: string): string {
  return name.replace(/[^\w]/g, (char) => `$${char.codePointAt(0)?.toString(16)}$`).replace(
    /\$\$/g,
    "$",
  );
}

/** The JavaScript variable of a parameter. */
export function parameter(name: string): string {
  return `v_${mangle(name)}`;
}

/** A JavaScript string literal. Comment marks inside cannot be taken for ours. */
export function quote(text: string): string {
  return JSON.stringify(text).replaceAll("/*", "/\\u002a").replaceAll("\u2028", "\\u2028")
    .replaceAll("\u2029", "\\u2029");
}
