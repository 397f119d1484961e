/**
 * The schema of Python's `logging.config.dictConfig`, version 1, as far as it has an effect here.
 * `null` means absent, as in Python; the messages are for people.
 *
 * @module
 */

import { z } from "zod";
import { isObject } from "../base/record.ts";
import { hasPlaceholder } from "./format.ts";

interface Issue {
  readonly input?: unknown;
}

function excerpt(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

function mustBe(wanted: string) {
  return { error: ({ input }: Issue) => `must be ${wanted}, not ${excerpt(input)}` };
}

function orAbsent<T>(schema: z.ZodType<T>) {
  return schema.nullish().transform((value) => value ?? undefined);
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

const string = z.string(mustBe("a string"));
const text = orAbsent(string);
const required = z.string({
  error: ({ input }: Issue) =>
    input === undefined || input === null
      ? "is missing"
      : `must be a string, not ${excerpt(input)}`,
});
const object = z.custom<Record<string, unknown>>(isObject, mustBe("an object"));
const flag = orAbsent(
  z.union([z.boolean(), z.literal([0, 1])], mustBe("true or false")).transform(Boolean),
);
const natural = mustBe("a whole number of 0 or more");
const count = orAbsent(z.int(natural).min(0, natural));

/** One of some words; `problem` goes on after the word that is none of them. */
function anyOfWords(words: readonly string[], problem: string) {
  return orAbsent(string.refine((word) => words.includes(word), {
    error: ({ input }: Issue) => problem.replace("…", () => JSON.stringify(input)),
  }));
}

/** The levels of Python's `logging`, with its aliases. */
const levels: ReadonlyMap<string, number> = new Map([
  ["CRITICAL", 50],
  ["FATAL", 50],
  ["ERROR", 40],
  ["WARNING", 30],
  ["WARN", 30],
  ["INFO", 20],
  ["DEBUG", 10],
  ["NOTSET", 0],
]);

function parseLevel(value: unknown): unknown {
  return typeof value === "string" ? levels.get(value.trim().toUpperCase()) ?? value : value;
}

/** A level by name, in any case, or by number, as its number; NOTSET is 0. */
const level = z.preprocess(
  parseLevel,
  orAbsent(z.number({
    error: ({ input }: Issue) =>
      `${excerpt(input)} is not a level. Use DEBUG, INFO, WARNING, ERROR, CRITICAL or a number`,
  })),
);

export const fileObject = object;

/** A table of named objects, such as the handlers, or one of these. */
export const table = orAbsent(object).transform((entries) => entries ?? {});

/** What the file says beside its tables and the root. */
export const fileSchema = z.object({
  version: z.literal(1, {
    error: ({ input }: Issue) =>
      `${input === undefined ? "is missing" : "is not 1"}. The file must say "version": 1`,
  }),
  format: anyOfWords(
    ["json"],
    '… is not supported. Only "json" can be set for all handlers; others are set in formatters',
  ),
  disable_existing_loggers: flag,
});

export const formatterSchema = z.object({
  style: anyOfWords(
    ["%"],
    "… is not supported. Write the fields of format as %(name)s and leave style out",
  ),
  format: orAbsent(string.refine((pattern) => pattern === "json" || hasPlaceholder(pattern), {
    error: ({ input }: Issue) => `${JSON.stringify(input)} has no field, such as %(message)s`,
  })),
  datefmt: text,
  validate: z.unknown().optional(),
});

export const handlerClass = required;

const filename = required
  .refine((name) => name.trim() !== "", { error: "is missing" })
  // deno-lint-ignore no-control-regex
  .refine((name) => !/[\x00-\x1f]/.test(name), {
    error: ({ input }: Issue) =>
      `${JSON.stringify(input)} contains a control character. Write a backslash as \\\\`,
  });

/** The kinds of handlers, whose formatter must be one of those that the file defines. */
export function handlerSchemas(formatters: readonly string[]) {
  const base = z.object({
    class: z.unknown().optional(),
    "()": z.unknown().optional(),
    level,
    formatter: anyOfWords(formatters, "there is no formatter …"),
  });
  const file = base.extend({
    mode: anyOfWords(["a", "w"], "… is not a mode. Use a or w"),
    encoding: text,
    errors: z.unknown().optional(),
    delay: flag,
    filename,
  });
  return {
    base,
    file,
    rotating: file.extend({ maxBytes: count, backupCount: count }),
    stream: base.extend({
      stream: anyOfWords(
        ["ext://sys.stdout", "ext://sys.stderr"],
        "… is not a stream. Use ext://sys.stdout or ext://sys.stderr",
      ),
    }),
  } as const;
}

/** A logger, whose handlers must be among those that the file defines. */
export function loggerSchema(handlers: readonly string[]) {
  const texts = z.custom<readonly string[]>(isTextList, mustBe("a list of strings"));
  return z.object({
    level,
    propagate: flag,
    handlers: orAbsent(texts.superRefine((ids, context) => {
      for (const id of ids.filter((each) => !handlers.includes(each))) {
        context.addIssue({ code: "custom", message: `there is no handler ${JSON.stringify(id)}` });
      }
    })),
  });
}
