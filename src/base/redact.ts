/**
 * Keeps secrets out of everything that is written: logs, errors, reports, traces.
 *
 * @module
 */

import { listSpellings, type Spelling } from "./redact_spellings.ts";

const mask = "***";

/** Knows the secrets of this process and masks them in text. */
export interface Redactor {
  /**
   * Remembers a secret, in every spelling that it takes on the wire, also inside the base64 of a
   * Basic header. Secrets of fewer than four characters are ignored.
   *
   * @param origin for what is handed out over and over, such as the tokens of one session: the newest
   * of each origin are remembered, older ones are forgotten, so that a program that runs for months
   * does not grow. A secret that was also added without an origin is never forgotten.
   */
  add(secret: string, origin?: string): void;
  /** The text with every known secret masked, also one that is cut off at the end. */
  redact(text: string): string;
}

/** Secrets shorter than this would mask ordinary words and digits all over a log. */
const shortestSecret = 4;

/** So many secrets of one origin are remembered. */
const keptPerOrigin = 16;

/** So many characters of a secret that is cut off are masked as well. */
export const shortestCut = 6;

/** From and to in UTF-16 units, the end excluded. */
type Span = [from: number, to: number];

/** A spelling and how many secrets have it. */
interface IndexedSpelling extends Spelling {
  holders: number;
}

/**
 * Spellings by a hash of their first four characters. The text is walked once, however many secrets
 * there are; only where four characters look like a beginning are spellings compared.
 */
class SpellingIndex {
  readonly #isStart = new Uint8Array(0x10000);
  readonly #byHash = new Map<number, IndexedSpelling[]>();

  add(spelling: Spelling): void {
    const hash = hashStart(spelling);
    const bucket = this.#byHash.get(hash) ?? [];
    const known = bucket.find(({ text }) => text === spelling.text);
    if (known === undefined) bucket.push({ ...spelling, holders: 1 });
    else known.holders++;
    this.#byHash.set(hash, bucket);
    this.#isStart[hash] = 1;
  }

  remove(spelling: Spelling): void {
    const hash = hashStart(spelling);
    const bucket = this.#byHash.get(hash) ?? [];
    const known = bucket.find(({ text }) => text === spelling.text);
    if (known === undefined || --known.holders > 0) return;
    const rest = bucket.filter((held) => held !== known);
    if (rest.length > 0) this.#byHash.set(hash, rest);
    else {
      this.#byHash.delete(hash);
      this.#isStart[hash] = 0;
    }
  }

  /** What is to be masked, in order and merged where it overlaps or touches. */
  spans(text: string): Span[] {
    const spans: Span[] = [];
    if (this.#byHash.size === 0) return spans;
    let hash = 0;
    for (let at = 0; at < text.length; at++) {
      hash = nextHash(hash, text.charCodeAt(at));
      if (this.#isStart[hash] === 0 || at < shortestSecret - 1) continue;
      for (const spelling of this.#byHash.get(hash) ?? []) {
        const masked = spans.at(-1)?.[1] ?? 0;
        const span = findSpan(text, at - shortestSecret + 1, spelling, masked);
        if (span !== undefined) join(spans, span);
      }
    }
    return spans;
  }
}

function hashStart({ text }: Spelling): number {
  let hash = 0;
  for (let at = 0; at < shortestSecret; at++) hash = nextHash(hash, text.charCodeAt(at));
  return hash;
}

/** Depends on the last four characters only: older ones are shifted out. */
function nextHash(hash: number, unit: number): number {
  return ((hash << 4) ^ unit) & 0xffff;
}

function join(spans: Span[], [from, to]: Span): void {
  let start = from;
  let end = to;
  for (let last = spans.at(-1); last !== undefined && last[1] >= start; last = spans.at(-1)) {
    start = Math.min(start, last[0]);
    end = Math.max(end, last[1]);
    spans.pop();
  }
  spans.push([start, end]);
}

/** What to mask when a spelling stands there, unless all before `masked` is to be masked already. */
function findSpan(
  text: string,
  from: number,
  { text: spelling, isBase64 }: Spelling,
  masked: number,
): Span | undefined {
  const most = Math.min(spelling.length, text.length - from);
  let same = 0;
  while (same < most && text.charCodeAt(from + same) === spelling.charCodeAt(same)) same++;
  const to = from + same;
  const isWhole = same === spelling.length;
  const isCut = same >= shortestCut && isEnd(text, to);
  if (to <= masked || (!isWhole && !isCut)) return undefined;
  return isBase64 ? widen(text, from, to) : [from, to];
}

/** Whether a text was cut here: it ends, or dots say so. */
function isEnd(text: string, at: number): boolean {
  return at === text.length || text[at] === "…" || text.startsWith("...", at);
}

/** The whole base64 text, also URL-encoded, around a part of it. */
function widen(text: string, from: number, to: number): Span {
  let start = from;
  let end = to;
  while (start > 0 && /[\w+/%-]/.test(text.charAt(start - 1))) start--;
  while (end < text.length && /[\w+/%=-]/.test(text.charAt(end))) end++;
  return [start, end];
}

/** Which secrets are known, and for how many reasons. */
class Secrets {
  readonly index = new SpellingIndex();
  readonly #reasons = new Map<string, number>();

  hold(secret: string): void {
    const reasons = this.#reasons.get(secret) ?? 0;
    this.#reasons.set(secret, reasons + 1);
    if (reasons > 0) return;
    for (const spelling of listSpellings(secret, shortestSecret)) this.index.add(spelling);
  }

  release(secret: string): void {
    const reasons = this.#reasons.get(secret) ?? 0;
    if (reasons > 1) this.#reasons.set(secret, reasons - 1);
    else if (this.#reasons.delete(secret)) {
      for (const spelling of listSpellings(secret, shortestSecret)) this.index.remove(spelling);
    }
  }
}

/** Creates an empty {@linkcode Redactor}. */
export function createRedactor(): Redactor {
  const secrets = new Secrets();
  const forever = new Set<string>();
  /** The newest of each origin, in the order of their last use. */
  const newest = new Map<string, Set<string>>();

  function addFrom(origin: string, secret: string): void {
    const kept = newest.get(origin) ?? new Set();
    newest.set(origin, kept);
    const isKnown = kept.delete(secret);
    kept.add(secret);
    if (isKnown) return;
    secrets.hold(secret);
    const [oldest] = kept;
    if (kept.size <= keptPerOrigin || oldest === undefined) return;
    kept.delete(oldest);
    secrets.release(oldest);
  }
  return {
    add(secret, origin) {
      if (origin !== undefined) return addFrom(origin, secret);
      if (forever.has(secret)) return;
      forever.add(secret);
      secrets.hold(secret);
    },
    redact(text) {
      const spans = secrets.index.spans(text);
      if (spans.length === 0) return text;
      let result = "";
      let end = 0;
      for (const [from, to] of spans) {
        result += text.slice(end, from) + mask;
        end = to;
      }
      return result + text.slice(end);
    },
  };
}
