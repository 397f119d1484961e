/**
 * Keeps secrets out of everything that is written: logs, errors, reports, traces.
 *
 * @module
 */

import { type Spelling, spellingsOf } from "./redact_spellings.ts";

const MASK = "***";

/** Knows the secrets of this process and masks them in text. */
export interface Redactor {
  /**
   * Remembers a secret, in every spelling that it takes on the wire, also inside the base64 of a
   * Basic header. Secrets of fewer than four characters are ignored.
   */
  add(secret: string): void;
  /** The text with every known secret masked, also one that is cut off at the end. */
  redact(text: string): string;
}

/** Secrets shorter than this would mask ordinary words and digits all over a log. */
const SHORTEST = 4;

/** So many characters of a secret that is cut off are masked as well. */
const SHORTEST_CUT = 6;

/** From and to in UTF-16 units, the end excluded. */
type Span = [from: number, to: number];

/**
 * Spellings by a hash of their first four characters. The text is walked once, however many secrets
 * there are; only where four characters look like a beginning are spellings compared.
 */
class SpellingIndex {
  readonly #isStart = new Uint8Array(0x10000);
  readonly #byHash = new Map<number, Spelling[]>();

  add(spelling: Spelling): void {
    let hash = 0;
    for (let at = 0; at < SHORTEST; at++) hash = nextHash(hash, spelling.text.charCodeAt(at));
    const bucket = this.#byHash.get(hash);
    this.#isStart[hash] = 1;
    if (bucket === undefined) this.#byHash.set(hash, [spelling]);
    else if (!bucket.some(({ text }) => text === spelling.text)) bucket.push(spelling);
  }

  /** What is to be masked, in order and merged where it overlaps or touches. */
  spans(text: string): Span[] {
    const spans: Span[] = [];
    let hash = 0;
    for (let at = 0; at < text.length; at++) {
      hash = nextHash(hash, text.charCodeAt(at));
      if (this.#isStart[hash] === 0 || at < SHORTEST - 1) continue;
      for (const spelling of this.#byHash.get(hash) ?? []) {
        const masked = spans.at(-1)?.[1] ?? 0;
        const span = spanOf(text, at - SHORTEST + 1, spelling, masked);
        if (span !== undefined) join(spans, span);
      }
    }
    return spans;
  }
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
function spanOf(
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
  const isCut = same >= SHORTEST_CUT && isEnd(text, to);
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

/** Creates an empty {@linkcode Redactor}. */
export function createRedactor(): Redactor {
  const known = new Set<string>();
  const index = new SpellingIndex();
  return {
    add(secret) {
      if (known.has(secret)) return;
      known.add(secret);
      for (const spelling of spellingsOf(secret, SHORTEST)) index.add(spelling);
    },
    redact(text) {
      if (known.size === 0) return text;
      const spans = index.spans(text);
      if (spans.length === 0) return text;
      let result = "";
      let end = 0;
      for (const [from, to] of spans) {
        result += text.slice(end, from) + MASK;
        end = to;
      }
      return result + text.slice(end);
    },
  };
}
