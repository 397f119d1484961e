/**
 * Options: everything a person can set, declared once with `opt.*`.
 *
 * A declaration gives the ini validation, the generated ini, the help and the docs page. The value's
 * type flows from it into every function that takes the options.
 *
 * @module
 */

import { parseExactJson, stringifyExactJson } from "../base/json.ts";
import { z } from "zod";

/** How a form or a help text presents an option. */
export type OptionKind =
  | "text"
  | "url"
  | "secret"
  | "integer"
  | "flag"
  | "path"
  | "json"
  | "choice";

/** One option as declared. `T` is the type of its parsed value. */
export interface Option<T> {
  readonly kind: OptionKind;
  /** First sentence for flag help, the whole for the docs page. */
  readonly help: string;
  /** Turns the text of the ini file or the command line into the value. */
  readonly schema: z.ZodType<T, string>;
  /** The value when the option is absent or blank; without one the option is required. */
  readonly default?: T | undefined;
  /** What `generate-ini` and the docs show when there is no default worth showing. */
  readonly example?: string | undefined;
  /** What a new section says, where the default is that of older ones. */
  readonly recommended?: string | undefined;
  /** Left out of the generated ini and folded in forms. */
  readonly advanced: boolean;
  /** Whether the option may be left out. */
  readonly optional: boolean;
  /** Whether it stands for another one that the sample has: `generate-ini` leaves it commented out. */
  readonly alternative?: boolean | undefined;
  /** The allowed values of a `choice`. */
  readonly choices?: readonly string[] | undefined;
  /** What makes a value doubtful that is taken all the same, to be put after the option's name. */
  doubt?(text: string): string | undefined;
  /** What stands for the value in usage texts, for example `PATH`. */
  readonly placeholder: string;
}

/** A set of declared options by key. */
export type Options = Readonly<Record<string, Option<unknown>>>;

/** The values of a set of options. */
export type Values<O extends Options> = {
  readonly [K in keyof O]: O[K] extends Option<infer T> ? T : never;
};

/** Optional details of an option. */
export interface OptionDetails<T> {
  /** Value when absent or blank; `undefined` is not a default, use {@linkcode opt} `…optional`. */
  readonly default?: T;
  readonly example?: string;
  readonly recommended?: string;
  readonly advanced?: boolean;
  readonly placeholder?: string;
  doubt?(text: string): string | undefined;
}

const trueWords = new Set(["1", "yes", "true", "on", "y", "t"]);
const falseWords = new Set(["0", "no", "false", "off", "n", "f"]);

/**
 * Reads a boolean as every ini option of the agent does.
 *
 * @returns `undefined` when the text is neither a yes nor a no.
 */
export function parseFlag(text: string): boolean | undefined {
  const word = text.trim().toLowerCase();
  if (trueWords.has(word)) return true;
  if (falseWords.has(word)) return false;
  return undefined;
}

const text = z.string();

const url = (schemes: readonly string[]) =>
  z.string().transform((value, context) => {
    const parsed = URL.parse(value.trim());
    const scheme = parsed?.protocol.slice(0, -1) ?? "";
    if (parsed === null || parsed.host === "" || !schemes.includes(scheme)) {
      const begins = parsed === null || parsed.host === ""
        ? ""
        : `: it begins with ${scheme}:// instead of ${
          schemes.map((each) => `${each}://`).join(" or ")
        }`;
      const message = `is not an address such as ${schemes.at(-1)}://example.com${begins}`;
      context.addIssue({ code: "custom", message });
      return z.NEVER;
    }
    // A trailing slash would give `//` in every path that is appended.
    return value.trim().replace(/\/+$/, "");
  });

const flag = z.string().transform((value, context) => {
  const parsed = parseFlag(value);
  if (parsed !== undefined) return parsed;
  context.addIssue({
    code: "custom",
    message: `is not a boolean (1, yes, true, on or 0, no, false, off): "${value}"`,
  });
  return z.NEVER;
});

function integer(minimum: number, maximum: number): z.ZodType<number, string> {
  return z.string().transform((value, context) => {
    const number = /^[+-]?\d+$/.test(value.trim()) ? Number(value.trim()) : Number.NaN;
    if (Number.isSafeInteger(number) && number >= minimum && number <= maximum) return number;
    const range = maximum === Number.MAX_SAFE_INTEGER
      ? `a whole number, ${minimum} or more`
      : `a whole number from ${minimum} to ${maximum}`;
    context.addIssue({ code: "custom", message: `is not ${range}: "${value}"` });
    return z.NEVER;
  });
}

/** A percentage, or that there is none. */
export type Share = number | "off";

const share = z.string().transform((value, context): Share => {
  const word = value.trim();
  const [, digits] = /^(\d+(?:\.\d+)?)\s*%$/.exec(word) ?? [];
  const percent = Number(digits);
  if (digits !== undefined && percent <= 100) return percent;
  if (digits === undefined && word !== "0" && parseFlag(word) === false) return "off";
  context.addIssue({
    code: "custom",
    message: `is neither a share from 0% to 100% nor off: "${value}"`,
  });
  return z.NEVER;
});

const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };

const duration = z.string().transform((value, context): string => {
  const [, number, unit] = /^(\d{1,6})\s*([smh])$/i.exec(value.trim()) ?? [];
  if (number !== undefined && unit !== undefined) return `${Number(number)}${unit.toLowerCase()}`;
  context.addIssue({
    code: "custom",
    message: `is not a duration such as 30s, 10m or 1h: "${value}"`,
  });
  return z.NEVER;
});

/** Milliseconds of the value of a duration. */
export function durationMs(value: string): number {
  return Number.parseInt(value, 10) * (units[value.at(-1) ?? ""] ?? 0);
}

function json<T>(shape: z.ZodType<T>): z.ZodType<T, string> {
  return z.string().transform((value, context): T => {
    let parsed: unknown;
    try {
      parsed = parseExactJson(value);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      context.addIssue({ code: "custom", message: `is not valid JSON (${reason})` });
      return z.NEVER;
    }
    const result = shape.safeParse(parsed);
    if (result.success) return result.data;
    for (const issue of result.error.issues) {
      context.addIssue({ code: "custom", message: issue.message });
    }
    return z.NEVER;
  });
}

function declare<T>(
  kind: OptionKind,
  help: string,
  schema: z.ZodType<T, string>,
  details: OptionDetails<T> & { choices?: readonly string[] },
  placeholder: string,
): Option<T> {
  return {
    kind,
    help,
    schema,
    default: details.default,
    example: details.example,
    recommended: details.recommended,
    advanced: details.advanced ?? false,
    optional: details.default !== undefined,
    choices: details.choices,
    ...(details.doubt === undefined ? {} : { doubt: details.doubt }),
    placeholder: details.placeholder ?? placeholder,
  };
}

/** Declares options; see {@linkcode Option} for what each detail means. */
export const opt = {
  /** Any text, taken as it stands. */
  text(help: string, details: OptionDetails<string> = {}): Option<string> {
    return declare("text", help, text, details, "TEXT");
  },
  /** An absolute address, of the web unless other schemes are given; trailing slashes are stripped. */
  url(
    help: string,
    details: OptionDetails<string> & { readonly schemes?: readonly string[] } = {},
  ): Option<string> {
    return declare("url", help, url(details.schemes ?? ["http", "https"]), details, "URL");
  },
  /** Text that must never be shown: masked in logs, reports and forms. */
  secret(help: string, details: OptionDetails<string> = {}): Option<string> {
    return declare("secret", help, text, details, "SECRET");
  },
  /** A whole number between `minimum` (0) and `maximum`, both included. */
  integer(
    help: string,
    details: OptionDetails<number> & { minimum?: number; maximum?: number } = {},
  ): Option<number> {
    const schema = integer(details.minimum ?? 0, details.maximum ?? Number.MAX_SAFE_INTEGER);
    return declare("integer", help, schema, details, "N");
  },
  /** Yes or no: `1 yes true on` and `0 no false off`, any case; anything else is an error. */
  flag(help: string, details: OptionDetails<boolean> = {}): Option<boolean> {
    return declare("flag", help, flag, details, "yes|no");
  },
  /** A path of a file or directory, as the person wrote it. */
  path(help: string, details: OptionDetails<string> = {}): Option<string> {
    return declare("path", help, text, details, "PATH");
  },
  /** A share such as `20%`, or `off`. */
  share(help: string, details: OptionDetails<Share> = {}): Option<Share> {
    return declare("text", help, share, details, "N%|off");
  },
  /** A duration such as `10m` (s, m, h); {@linkcode durationMs} gives its milliseconds. */
  duration(help: string, details: OptionDetails<string> = {}): Option<string> {
    return declare("text", help, duration, details, "N(s|m|h)");
  },
  /** JSON text of the given shape. */
  json<T>(help: string, shape: z.ZodType<T>, details: OptionDetails<T> = {}): Option<T> {
    return declare("json", help, json(shape), details, "JSON");
  },
  /** One of the given words, exactly as written or in any case. */
  choice<const C extends readonly [string, ...string[]]>(
    help: string,
    choices: C,
    details: OptionDetails<C[number]> & { anyCase?: boolean } = {},
  ): Option<C[number]> {
    function same(choice: string, value: string): boolean {
      return details.anyCase === true
        ? choice.toLowerCase() === value.toLowerCase()
        : choice === value;
    }
    const schema = z.string().transform((value, context): C[number] => {
      const found = choices.find((choice) => same(choice, value.trim()));
      if (found !== undefined) return found;
      context.addIssue({
        code: "custom",
        message: `is "${value}", not one of: ${choices.join(", ")}`,
      });
      return z.NEVER;
    });
    return declare("choice", help, schema, { ...details, choices }, choices.join("|"));
  },
} as const;

/** An option that may be absent: its value is then `undefined`. */
export function optional<T>(option: Option<T>): Option<T | undefined> {
  return { ...option, schema: option.schema as z.ZodType<T | undefined, string>, optional: true };
}

/** The outcome of reading one option's text. */
export type OptionResult<T> = { readonly ok: true; readonly value: T } | {
  readonly ok: false;
  /** `missing` when a required option has no value. */
  readonly code: "missing" | "invalid";
  /** What is wrong, to be put after the option's name: `is not valid JSON (…)`. */
  readonly problem: string;
};

/** Reads the text of one option. Blank text counts as absent. */
export function readOption<T>(option: Option<T>, raw: string | undefined): OptionResult<T> {
  if (raw === undefined || raw.trim() === "") {
    if (option.optional) return { ok: true, value: option.default as T };
    return { ok: false, code: "missing", problem: "is required and has no value" };
  }
  const result = option.schema.safeParse(raw);
  if (result.success) return { ok: true, value: result.data };
  const problem = result.error.issues.map((issue) => issue.message).join("; ");
  return { ok: false, code: "invalid", problem };
}

/** A value as the ini spells it: `True`, `False`, numbers and texts plainly, anything else as JSON; nothing gives `""`. */
export function iniText(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "boolean") return value ? "True" : "False";
  return typeof value === "object" ? stringifyExactJson(value) : String(value);
}
