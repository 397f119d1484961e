/**
 * One QuickJS instance with the programs of a section in it: what the sandbox process runs.
 *
 * @module
 */

import { messageOf } from "../base/errors.ts";
import { beginRun, describeThrown, joinHost } from "./context.ts";
import { createEngine, type Engine, type OpenedContext, openImage } from "./image.ts";
import type { GuestFailure, GuestSetup } from "./protocol.ts";
import { RecordTimer } from "./record_timer.ts";

/** What became of a batch. */
export interface VmAnswer {
  /** JSON text of a `GuestReply`; null when it is lost. */
  readonly reply: string | null;
  readonly failure: GuestFailure | null;
  /** False when the instance must not be used again. */
  readonly usable: boolean;
}

/** An instance, ready for batches. */
export interface Vm {
  /** Runs lines of JSON `[record, values]`; never throws. */
  run(text: string): VmAnswer;
}

/** What the instance asks of the process around it. */
export interface VmHost {
  /** What the memory begins with (see `image.ts`); one with Python for Python programs. */
  readonly image: Uint8Array;
  /** Called once everything of the engine is loaded, before it sees the first program. */
  readonly beforePrograms: () => void;
  /** Calls a built-in converter for a record of the batch; both texts are JSON. */
  builtin(request: string, at: number): string;
  /** Called now and then while the interpreter is in control of what runs. */
  alive(at: number): void;
}

/** What the process needs beside the interpreter's memory while code runs: compiled code, batches. */
const overheadMb = 16;

/** Creates the instance and loads the programs. Throws a `LoadError`. */
export async function createVm(setup: GuestSetup, host: VmHost): Promise<Vm> {
  const engine = await createEngine(setup.limits.memoryMb - overheadMb);
  host.beforePrograms();
  return new QuickVm(engine, setup, host);
}

class QuickVm implements Vm {
  readonly #engine: Engine;
  readonly #setup: GuestSetup;
  readonly #host: VmHost;
  readonly #timer: RecordTimer;
  #opened: OpenedContext;
  /** The record that the clock runs for, and how full the memory was when that was noticed. */
  #noticed = { at: 0, filled: 0 };

  constructor(engine: Engine, setup: GuestSetup, host: VmHost) {
    this.#engine = engine;
    this.#setup = setup;
    this.#host = host;
    this.#timer = new RecordTimer(setup.limits.recordMs);
    this.#opened = this.#open();
  }

  run(text: string): VmAnswer {
    new DataView(this.#engine.memory.buffer).setUint32(this.#opened.position, 0, true);
    this.#notice(0);
    try {
      const reply = this.#call("run", text);
      if (typeof reply === "string") return { reply, failure: null, usable: !this.#isFull() };
      const failure = this.#failure(reply.thrown);
      return failure.why === "time"
        ? this.#recover(failure)
        : { reply: null, failure, usable: false };
    } catch (error) {
      const detail = error instanceof RangeError
        ? "user code recursed too deeply"
        : `the sandbox broke: ${messageOf(error)}`;
      const failure: GuestFailure = { at: this.#at(), sure: false, why: "broken", detail };
      return { reply: null, failure, usable: false };
    }
  }

  /** How much of its memory the instance has taken, from 0 to 1; never falls. */
  #filled(): number {
    return this.#engine.memory.buffer.byteLength / this.#engine.limit;
  }

  #isFull(): boolean {
    return this.#filled() > 0.95;
  }

  /** The record that is under way. */
  #at(): number {
    return new DataView(this.#engine.memory.buffer).getUint32(this.#opened.position, true);
  }

  /** Notices when another record has begun, and tells that the work goes on. */
  #look(): void {
    const at = this.#at();
    if (at !== this.#noticed.at) this.#notice(at);
    this.#host.alive(at);
  }

  /** Begins the time of a record. */
  #notice(at: number): void {
    this.#noticed = { at, filled: this.#filled() };
    this.#timer.start();
  }

  /** After an interruption the results so far are still there; the next record gets a fresh context. */
  #recover(failure: GuestFailure): VmAnswer {
    this.#timer.start();
    const done = this.#call("flush");
    const reply = typeof done === "string" ? done : null;
    try {
      this.#opened = this.#open();
    } catch {
      // What cannot be set up again is left to the end of the process.
      return { reply, failure, usable: false };
    }
    return { reply, failure, usable: !this.#isFull() };
  }

  /** Calls a function of the driver; gives its text, or what it threw. */
  #call(name: string, argument?: string): string | { thrown: unknown } {
    const { context, driver } = this.#opened;
    const method = context.getProp(driver, name);
    const given = argument === undefined ? context.undefined : context.newString(argument);
    const result = context.callFunction(method, context.undefined, given);
    method.dispose();
    given.dispose();
    if (result.error === undefined) return result.value.consume((text) => context.getString(text));
    return { thrown: result.error.consume((handle) => context.dump(handle)) };
  }

  #failure(thrown: unknown): GuestFailure {
    const at = this.#at();
    const { recordMs, memoryMb } = this.#setup.limits;
    if (this.#timer.expired) {
      return { at, sure: true, why: "time", detail: `user code took longer than ${recordMs} ms` };
    }
    const detail = describeThrown(thrown);
    if (thrown === null || /out of memory/.test(detail)) {
      // Of a record that was too quick to be noticed, it is not known what was there before it.
      const sure = this.#noticed.at === at && this.#noticed.filled < 0.5;
      const what = `user code took more than ${memoryMb} MB of memory`;
      return { at, sure, why: "memory", detail: what };
    }
    const what = /stack overflow|call stack/.test(detail)
      ? "the record is nested too deeply for user code"
      : `user code ended the sandbox: ${detail}`;
    return { at, sure: false, why: "broken", detail: what };
  }

  #open(): OpenedContext {
    const { limits } = this.#setup;
    const opened = openImage(this.#engine, this.#host.image);
    const { runtime, context, driver } = opened;
    runtime.setMemoryLimit(limits.memoryMb * 1_048_576);
    runtime.setMaxStackSize(limits.stackKb * 1024);
    joinHost(context, {
      sign: () => this.#look(),
      isSpent: () => this.#timer.expired || this.#isFull(),
      builtin: (request) => this.#host.builtin(request, this.#at()),
    });
    beginRun(context, driver, this.#setup);
    this.#timer.start();
    // Called after every 10,000 steps or so: a record that takes its time is noticed soon enough.
    runtime.setInterruptHandler(() => {
      this.#look();
      return this.#timer.check();
    });
    return opened;
  }
}
