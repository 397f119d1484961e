/**
 * Failing on purpose: what a stand-in is reported to do wrong, and when.
 *
 * @module
 */
import { z } from "zod";
import { UsageError } from "../../../src/base/errors.ts";
import type { MappedRecord } from "../../../src/base/record.ts";
import { type Batch, toText } from "../../../src/stand_in/batch.ts";
import { Refusal } from "../../../src/stand_in/refusal.ts";

/** The ways to fail that can be mixed. */
export const faultKinds = [
  "500",
  "503",
  "503-retry-after",
  "429",
  "408",
  "drop-before",
  "drop-after",
  "401-once",
] as const;

/** A way to fail. */
export type FaultKind = (typeof faultKinds)[number];

/** Answers with the status 200 that accept nothing; scripts name them. */
export const falseAnswers = {
  "page": "<!doctype html><title>Sign in</title><form action=/login></form>",
  "text": "Please sign in to the network first.",
  "error": '{"error": "the connector is not licensed"}',
  "errors": '{"errors": [{"message": "no such field"}]}',
  "no-success": '{"success": false, "message": "try again"}',
} as const satisfies Readonly<Record<string, string>>;

const step = z.string().refine(
  (text) => text === "ok" || isKind(text) || isFalseAnswer(text) || /^[45]\d\d$/.test(text),
  `is none of ok, ${faultKinds.join(", ")}, ${
    Object.keys(falseAnswers).join(", ")
  } or an error status`,
);

const poisonSchema = z.strictObject({
  /** Field to look at. */
  field: z.string().min(1),
  /** Values that are refused, compared as text. */
  values: z.array(z.union([z.string(), z.number()])).optional(),
  /** Regular expression; values it finds something in are refused. */
  pattern: z.string().refine(isPattern, "is not a regular expression").optional(),
}).refine(({ values, pattern }) => values !== undefined || pattern !== undefined, {
  error: "needs values or a pattern",
});

const faultsSchema = z.strictObject({
  /** Milliseconds to wait before each answer. */
  latencyMs: z.int().min(0).max(600_000).optional(),
  /** Fails each nth request, going through the mix in order. */
  failEvery: z.int().min(1).optional(),
  /** Fails this share of the requests, 0 to 1, picking from the mix by chance. */
  failRate: z.number().min(0).max(1).optional(),
  /** Seed of the chance, 1 unless given: the same requests in the same order fail again. */
  seed: z.int().optional(),
  /**
   * The ways to fail; unless given all but `401-once`, which a client with a fixed token cannot
   * overcome. That one fails once and leaves the mix.
   */
  mix: z.array(z.enum(faultKinds)).min(1).optional(),
  /**
   * Content of `Retry-After` for 503 and 429, which have none unless this is given
   * (`503-retry-after` then says one second). A date has whole seconds, so it is rounded up.
   */
  retryAfter: z.strictObject({
    seconds: z.int().min(0),
    form: z.enum(["seconds", "date"]).optional(),
  }).optional(),
  /** Records that make the whole request a 400. */
  poison: poisonSchema.optional(),
  /** Answers to the next uploads, in order; `ok` for none of ours. It goes before all else. */
  script: z.array(step).optional(),
  /** `all` fails every request under /api/, logins too; `bulk`, the default, the bulk ones. */
  scope: z.enum(["bulk", "all"]).optional(),
  /** Answers `canceled: true` when a client asks about its portion. */
  cancel: z.boolean().optional(),
}).refine(({ failEvery, failRate }) => failEvery === undefined || failRate === undefined, {
  error: "failEvery and failRate exclude each other",
});

/** What a stand-in is to do wrong; `{}` is nothing. */
export type Faults = z.infer<typeof faultsSchema>;

/** One request's share of the faults. */
export interface Fault {
  /** How it is called in logs and counts. */
  readonly kind: string;
  /** Whether the connection is closed before or after the request is acted upon. */
  readonly drop?: "before" | "after" | undefined;
  /** Status to answer with when the connection stays. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** What is answered; JSON that says which fault it is, unless given. */
  readonly body?: string | undefined;
}

/** What a request is, as far as faults go: an upload, another bulk request, or neither. */
export type Target = "upload" | "bulk" | "other";

/**
 * Checks faults that came from outside.
 *
 * @throws {UsageError} naming every mistake
 */
export function parseFaults(value: unknown): Faults {
  const parsed = faultsSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const mistakes = parsed.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${path.join(".")}: ${message}`
  );
  throw new UsageError(`The faults are not right: ${mistakes.join("; ")}`);
}

/** Faults at work: knows how many requests there were and what is left of the script. */
export class FaultPlan {
  /** What was asked for. */
  readonly faults: Faults;
  readonly #script: string[];
  readonly #random: () => number;
  readonly #pattern: RegExp | undefined;
  readonly #values: ReadonlySet<string>;
  #mix: readonly FaultKind[];
  #requests = 0;
  #failures = 0;

  constructor(faults: Faults = {}) {
    this.faults = faults;
    this.#script = [...faults.script ?? []];
    this.#random = chance(faults.seed ?? 1);
    this.#mix = faults.mix ?? faultKinds.filter((kind) => kind !== "401-once");
    const { pattern, values } = faults.poison ?? {};
    this.#pattern = pattern === undefined ? undefined : new RegExp(pattern, "u");
    this.#values = new Set(values?.map(String));
  }

  /** Whether delays and faults are meant for such a request at all. */
  concerns(target: Target): boolean {
    return target !== "other" || this.faults.scope === "all";
  }

  /** What is to go wrong with the next request, if anything. */
  next(target: Target): Fault | undefined {
    if (!this.concerns(target)) return undefined;
    const scripted = target === "upload" ? this.#script.shift() : undefined;
    if (scripted !== undefined) return scripted === "ok" ? undefined : this.#fault(scripted);
    const kind = this.#pick();
    if (kind === undefined) return undefined;
    if (kind === "401-once") this.#mix = this.#mix.filter((other) => other !== kind);
    return this.#fault(kind);
  }

  /**
   * Refuses a batch that holds a record which no request may carry.
   *
   * @throws {Refusal} 400
   */
  refusePoison({ records }: Batch): void {
    if (!records.some((record) => this.#isPoison(record))) return;
    const field = this.faults.poison?.field;
    throw new Refusal(400, `a record has a value in ${field} that cannot be taken`);
  }

  #isPoison(record: MappedRecord): boolean {
    const { poison } = this.faults;
    if (poison === undefined || !Object.hasOwn(record, poison.field)) return false;
    const value = toText(record[poison.field]);
    return this.#values.has(value) || (this.#pattern?.test(value) ?? false);
  }

  #pick(): FaultKind | undefined {
    const { failEvery, failRate } = this.faults;
    this.#requests += 1;
    if (failEvery !== undefined && this.#requests % failEvery === 0) {
      return this.#mix[this.#failures++ % this.#mix.length];
    }
    if (failRate === undefined || this.#random() >= failRate) return undefined;
    return this.#mix[Math.floor(this.#random() * this.#mix.length)];
  }

  #fault(kind: string): Fault {
    if (kind === "drop-before" || kind === "drop-after") {
      return { kind, drop: kind === "drop-before" ? "before" : "after", status: 0, headers: {} };
    }
    if (isFalseAnswer(kind)) return { kind, status: 200, headers: {}, body: falseAnswers[kind] };
    const wait = this.faults.retryAfter ??
      (kind === "503-retry-after" ? { seconds: 1 } : undefined);
    const status = Number.parseInt(kind, 10);
    const hasWait = wait !== undefined && (status === 503 || status === 429);
    return { kind, status, headers: hasWait ? { "retry-after": retryAfter(wait) } : {} };
  }
}

function retryAfter({ seconds, form }: NonNullable<Faults["retryAfter"]>): string {
  if (form !== "date") return String(seconds);
  const wholeSeconds = Math.ceil(Date.now() / 1000) + seconds;
  return new Date(wholeSeconds * 1000).toUTCString();
}

/** A generator of numbers from 0 to below 1 (mulberry32). */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x100000000;
  };
}

function isKind(text: string): text is FaultKind {
  return (faultKinds as readonly string[]).includes(text);
}

function isFalseAnswer(text: string): text is keyof typeof falseAnswers {
  return Object.hasOwn(falseAnswers, text);
}

function isPattern(source: string): boolean {
  try {
    new RegExp(source, "u");
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}
