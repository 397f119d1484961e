/**
 * The connection to one sandbox process, from its start to its end.
 *
 * @module
 */

import { parseExactJson } from "../base/json.ts";
import { type Child, spawnSelf } from "../runtime/child.ts";
import { sandboxArgument } from "./argument.ts";
import {
  type BatchAnswer,
  encodeFrame,
  frameKind,
  FrameReader,
  type GuestSetup,
  type LoadProblem,
} from "./protocol.ts";

/** What happens on a connection. */
export interface LinkEvents {
  /** The process is ready for batches. */
  ready(): void;
  /** The process does not take a program. */
  refused(problem: LoadProblem): void;
  /** The answer to the oldest batch that is under way. */
  answered(answer: BatchAnswer): void;
  /** The process has ended; `killed` tells whether the watchdog did it. Nothing happens after this. */
  gone(killed: boolean): void;
}

/** How long a process may take to start, in milliseconds, on a machine that is very busy. */
const startTimeoutMs = 30_000;

/** How often the watchdog looks, in milliseconds. */
const lookEveryMs = 25;

/** A running sandbox process. */
export class Link {
  readonly #child: Child;
  readonly #events: LinkEvents;
  readonly #timer: ReturnType<typeof setInterval>;
  #ready = false;
  /** How long each batch under way may go without a sign of life, in milliseconds. */
  readonly #timeouts: number[] = [];
  #lastSign = performance.now();
  #lastLook = performance.now();
  /** The last sign of life at the last look, and the processor time used by then. */
  #seen: { readonly sign: number; readonly usedMs: number | undefined } | undefined;
  #killed = false;

  /** Starts a process and sends it the setup. */
  constructor(setup: GuestSetup, events: LinkEvents) {
    this.#events = events;
    this.#child = spawnSelf({
      argument: sandboxArgument,
      sourceEntry: new URL("./source_entry.ts", import.meta.url).href,
    });
    this.#child.send(encodeFrame(frameKind.setup, JSON.stringify(setup)));
    this.#timer = setInterval(() => this.#look(), lookEveryMs);
    void this.#listen();
  }

  /** Process id. */
  get pid(): number {
    return this.#child.pid;
  }

  /**
   * Sends a batch: lines of JSON `[record, values]`. The watchdog kills the process when it works on
   * the batch and gives no sign of life for `timeoutMs`.
   */
  send(text: string, timeoutMs: number): void {
    if (this.#timeouts.length === 0) this.#lastSign = performance.now();
    this.#timeouts.push(timeoutMs);
    this.#child.send(encodeFrame(frameKind.batch, text));
  }

  /** Ends the process at once. */
  kill(): void {
    this.#child.kill();
  }

  async #listen(): Promise<void> {
    const frames = new FrameReader();
    for await (const bytes of this.#child.output) {
      this.#lastSign = performance.now();
      for (const { kind, text } of frames.push(bytes)) this.#take(kind, text);
    }
    await this.#child.ended;
    clearInterval(this.#timer);
    this.#events.gone(this.#killed);
  }

  #take(kind: number, text: string): void {
    if (kind === frameKind.ready) {
      this.#ready = true;
      this.#events.ready();
    } else if (kind === frameKind.refused) {
      this.#events.refused(JSON.parse(text) as LoadProblem);
    } else if (kind === frameKind.answer) {
      this.#timeouts.shift();
      this.#events.answered(parseExactJson(text) as BatchAnswer);
    }
  }

  #look(): void {
    const now = performance.now();
    // When we were held up ourselves, what the process has written waits to be read: look again later.
    const heldUp = now - this.#lastLook > 3 * lookEveryMs;
    this.#lastLook = now;
    const timeoutMs = this.#ready ? this.#timeouts[0] : startTimeoutMs;
    if (timeoutMs === undefined) return;
    if (this.#seen?.sign !== this.#lastSign) {
      this.#seen = { sign: this.#lastSign, usedMs: this.#child.usedMs() };
    }
    if (heldUp || now - this.#lastSign < timeoutMs) return;
    if (this.#ready && !this.#hasRun(now, timeoutMs)) return;
    this.#killed = true;
    this.#child.kill();
  }

  /** Whether the silent process was at work all the time: on a busy machine it may only be waiting. */
  #hasRun(now: number, timeoutMs: number): boolean {
    const used = this.#child.usedMs();
    const before = this.#seen?.usedMs;
    if (used === undefined || before === undefined) return true;
    return used - before >= timeoutMs * 0.8 || now - this.#lastSign >= timeoutMs * 10;
  }
}
