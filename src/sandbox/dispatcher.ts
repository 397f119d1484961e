/**
 * Gives batches to the sandbox process, and finds the guilty record when one goes wrong.
 *
 * A batch that comes back incomplete is cut at the record that was under way. When that record was
 * stopped by its deadline, or was the first to be seen by a fresh process, it fails; the others are
 * given again. When the process itself came to an end, the records of its batch are given again one
 * by one.
 *
 * @module
 */

import { AgentError } from "../base/errors.ts";
import { Link } from "./link.ts";
import type {
  BatchAnswer,
  GuestOutcome,
  GuestSetup,
  LoadProblem,
  SandboxOutcome,
} from "./protocol.ts";
import type { CodeErrors } from "./code_errors.ts";

/** A batch that somebody waits for. */
interface Job {
  readonly outcomes: SandboxOutcome[];
  remaining: number;
  readonly resolve: (outcomes: readonly SandboxOutcome[]) => void;
  readonly reject: (error: unknown) => void;
}

/** Some records of a job: what is sent at once. */
interface Chunk {
  readonly job: Job;
  /** Place of the first record in the job. */
  readonly first: number;
  readonly lines: readonly string[];
  /** The first record was under way before, when a process came to its end. */
  readonly suspect: boolean;
}

/** Records sent at once, and about how many characters. */
const chunkRecords = 250;
const chunkSize = 512 * 1024;
/** Chunks on their way, so that the process never waits for us. */
const window = 2;
/** Processes in a row that may end before they are ready. */
const failedStarts = 3;

/** Counts for the stats. */
export interface Counts {
  records: number;
  filtered: number;
  failed: number;
  stopped: number;
  processes: number;
  busyMs: number;
  pid: number | undefined;
}

/** Owns the process and the queue. */
export class Dispatcher {
  readonly counts: Counts = {
    records: 0,
    filtered: 0,
    failed: 0,
    stopped: 0,
    processes: 0,
    busyMs: 0,
    pid: undefined,
  };
  readonly #setup: GuestSetup;
  readonly #errors: CodeErrors;
  readonly #queue: Chunk[] = [];
  readonly #underWay: Chunk[] = [];
  #link: Link | undefined;
  #ready = false;
  /** The process said that it ends after its last answer. */
  #leaving = false;
  /** The process has not answered a batch yet. */
  #isFresh = true;
  #closed = false;
  #badStarts = 0;
  #busySince: number | undefined;
  #gone: Promise<void> = Promise.resolve();

  constructor(setup: GuestSetup, errors: CodeErrors) {
    this.#setup = setup;
    this.#errors = errors;
  }

  /** Starts the first process; gives the program that it does not take, if any. */
  start(): Promise<LoadProblem | undefined> {
    return new Promise((resolve, reject) => this.#open(resolve, reject));
  }

  /** Queues lines of JSON `[record, values]`. */
  run(lines: readonly string[]): Promise<readonly SandboxOutcome[]> {
    return new Promise((resolve, reject) => {
      if (lines.length === 0) return resolve([]);
      const job: Job = { outcomes: [], remaining: lines.length, resolve, reject };
      for (const [first, end] of cuts(lines)) {
        this.#queue.push({ job, first, lines: lines.slice(first, end), suspect: false });
      }
      this.#pump();
    });
  }

  /** Ends the process; resolves when it is gone. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#failAll([...this.#underWay.splice(0), ...this.#queue.splice(0)], "the run was ended");
    this.#link?.kill();
    await this.#gone;
  }

  #open(resolve?: (problem?: LoadProblem) => void, reject?: (error: unknown) => void): void {
    this.#ready = false;
    this.#isFresh = true;
    this.#leaving = false;
    this.counts.processes++;
    const gone = Promise.withResolvers<void>();
    this.#gone = gone.promise;
    const link = new Link(this.#setup, {
      ready: () => {
        this.#ready = true;
        this.#badStarts = 0;
        resolve?.();
        this.#pump();
      },
      refused: (problem) => {
        this.#closed = true;
        resolve?.(problem);
      },
      answered: (answer) => this.#answered(answer),
      gone: (killed) => {
        this.#link = undefined;
        this.counts.pid = undefined;
        gone.resolve();
        this.#processGone(killed, resolve, reject);
      },
    });
    this.#link = link;
    this.counts.pid = link.pid;
  }

  #pump(): void {
    if (this.#closed) return this.#failAll(this.#queue.splice(0), "the run was ended");
    if (this.#isOverdue()) {
      this.#failAll(this.#queue.splice(0), "user code has used up its time for the run");
    }
    if (this.#link === undefined && this.#queue.length > 0) this.#open();
    while (this.#ready && !this.#leaving && this.#underWay.length < window) {
      const chunk = this.#queue.shift();
      if (chunk === undefined) break;
      this.#underWay.push(chunk);
      this.#busySince ??= performance.now();
      const { recordMs } = this.#setup.limits;
      this.#link?.send(chunk.lines.join("\n"), recordMs * (chunk.suspect ? 6 : 3));
    }
  }

  #isOverdue(): boolean {
    const { runMs } = this.#setup.limits;
    if (runMs === undefined) return false;
    const now = performance.now();
    return this.counts.busyMs + (now - (this.#busySince ?? now)) > runMs;
  }

  #answered({ reply, failure, last }: BatchAnswer): void {
    const chunk = this.#underWay.shift();
    if (chunk === undefined) return;
    const isFresh = this.#isFresh;
    this.#isFresh = false;
    if (last) this.#leaving = true;
    const done = reply?.outcomes ?? [];
    if (reply !== null) this.#errors.take(reply);
    done.forEach((outcome, index) => this.#settle(chunk, index, this.#outcomeOf(outcome)));
    const again: Chunk[] = [];
    if (failure === null || failure.at < done.length) again.push(...part(chunk, done.length));
    else {
      const { at, sure, detail } = failure;
      const guilty = sure || (at === 0 && (chunk.suspect || isFresh));
      if (guilty) this.#stop(chunk, at, detail);
      again.push(...part(chunk, done.length, at));
      if (guilty) again.push(...part(chunk, at + 1));
      else again.push(...part(chunk, at).map((rest) => ({ ...rest, suspect: true })));
    }
    this.#queue.unshift(...again);
    this.#rest();
    this.#pump();
  }

  #processGone(
    killed: boolean,
    resolve?: (problem?: LoadProblem) => void,
    reject?: (error: unknown) => void,
  ): void {
    const [suspect, ...others] = this.#underWay.splice(0);
    const again = [...others];
    if (suspect !== undefined) {
      if (this.#leaving) again.unshift(suspect);
      else if (!suspect.suspect || suspect.lines.length > 1) {
        again.unshift(...singly(suspect));
      } else {
        const { recordMs } = this.#setup.limits;
        const reason = killed
          ? `user code took longer than ${recordMs} ms and had to be killed`
          : "user code ended the sandbox process";
        this.#stop(suspect, 0, reason);
      }
    }
    this.#queue.unshift(...again);
    this.#rest();
    if (!this.#ready && !this.#closed && ++this.#badStarts >= failedStarts) {
      this.#rejectAll(reject);
    } else if (!this.#ready && !this.#closed) this.#open(resolve, reject);
    else this.#pump();
  }

  #stop(chunk: Chunk, index: number, reason: string): void {
    this.counts.stopped++;
    this.#settle(chunk, index, { failed: reason });
  }

  #settle({ job, first }: Chunk, index: number, outcome: SandboxOutcome): void {
    this.counts.records++;
    if ("failed" in outcome) this.counts.failed++;
    else if (!outcome.keep) this.counts.filtered++;
    job.outcomes[first + index] = outcome;
    if (--job.remaining === 0) job.resolve(job.outcomes);
  }

  #outcomeOf(outcome: GuestOutcome): SandboxOutcome {
    if (outcome === 0) return { keep: false };
    if ("text" in outcome) {
      const where = this.#errors.locate(outcome.position, outcome.text);
      return { failed: `the record filter failed: ${where}` };
    }
    if (!("failures" in outcome)) return { keep: true, results: outcome };
    const failures = outcome.failures.map(({ call, text, position }) => {
      return { call, reason: this.#errors.locate(position, text) };
    });
    return { keep: true, results: outcome.results, failures };
  }

  /** Stops the clock of the run while there is nothing to do. */
  #rest(): void {
    if (this.#underWay.length > 0 || this.#busySince === undefined) return;
    this.counts.busyMs += performance.now() - this.#busySince;
    this.#busySince = undefined;
  }

  #failAll(chunks: readonly Chunk[], reason: string): void {
    for (const chunk of chunks) {
      chunk.lines.forEach((_, index) => this.#settle(chunk, index, { failed: reason }));
    }
    this.#rest();
  }

  #rejectAll(reject?: (error: unknown) => void): void {
    this.#closed = true;
    const error = new AgentError("Cannot start the sandbox process for user code", {
      hint:
        "The agent starts its own executable once more; check that it may, and that memory is left",
    });
    reject?.(error);
    for (const { job } of this.#queue.splice(0)) job.reject(error);
  }
}

/** The records of a chunk from one place to another, as a chunk; nothing when there are none. */
function part({ job, first, lines }: Chunk, from: number, to = lines.length): readonly Chunk[] {
  if (from >= to) return [];
  return [{ job, first: first + from, lines: lines.slice(from, to), suspect: false }];
}

/** Each record of a chunk by itself, and with a longer timeout. */
function singly(chunk: Chunk): readonly Chunk[] {
  return chunk.lines.flatMap((_, index) => part(chunk, index, index + 1))
    .map((single) => ({ ...single, suspect: true }));
}

/** Where to cut a batch into chunks. */
function cuts(lines: readonly string[]): readonly (readonly [number, number])[] {
  const found: [number, number][] = [];
  let first = 0;
  let size = 0;
  lines.forEach((line, index) => {
    if (index > first && (index - first >= chunkRecords || size + line.length > chunkSize)) {
      found.push([first, index]);
      first = index;
      size = 0;
    }
    size += line.length;
  });
  found.push([first, lines.length]);
  return found;
}
