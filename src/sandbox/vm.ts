/**
 * One QuickJS instance with the programs of a section in it: what the sandbox process runs.
 *
 * @module
 */

import variant from "@jitl/quickjs-singlefile-mjs-release-sync";
import {
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSRuntime,
  type QuickJSWASMModule,
} from "quickjs-emscripten-core";
import { messageOf } from "../base/errors.ts";
import { describeThrown, fillContext } from "./context.ts";
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
  /** Defines the global `$py`, which every Python program needs; empty where there is none. */
  readonly pythonRuntime: string;
  /** Called once everything of the engine is loaded, before it sees the first program. */
  readonly beforePrograms: () => void;
  /** Calls a built-in converter for a record of the batch; both texts are JSON. */
  builtin(request: string, at: number): string;
  /** Called now and then while the interpreter is in control of what runs. */
  alive(at: number): void;
}

const pageBytes = 65_536;
const firstPages = 256;
/** What the process needs beside the interpreter's memory while code runs: compiled code, batches. */
const overheadMb = 16;

/** Creates the instance and loads the programs. Throws a `LoadError`. */
export async function createVm(setup: GuestSetup, host: VmHost): Promise<Vm> {
  const heapMb = setup.limits.memoryMb - overheadMb;
  const maximum = Math.max(firstPages, Math.floor(heapMb * 1_048_576 / pageBytes));
  const wasmMemory = new WebAssembly.Memory({ initial: firstPages, maximum });
  const engine = await newQuickJSWASMModuleFromVariant(newVariant(variant, { wasmMemory }));
  host.beforePrograms();
  const filled = () => wasmMemory.buffer.byteLength / (maximum * pageBytes);
  return new QuickVm(engine, filled, setup, host);
}

/** A runtime, its context and the handle of its driver. */
interface Opened {
  readonly runtime: QuickJSRuntime;
  readonly context: QuickJSContext;
  readonly driver: QuickJSHandle;
}

class QuickVm implements Vm {
  readonly #engine: QuickJSWASMModule;
  /** How much of its memory the instance has taken, from 0 to 1; never falls. */
  readonly #filled: () => number;
  readonly #setup: GuestSetup;
  readonly #host: VmHost;
  readonly #timer: RecordTimer;
  #opened: Opened;
  #at = 0;
  #filledBefore = 0;

  constructor(
    engine: QuickJSWASMModule,
    filled: () => number,
    setup: GuestSetup,
    host: VmHost,
  ) {
    this.#engine = engine;
    this.#filled = filled;
    this.#setup = setup;
    this.#host = host;
    this.#timer = new RecordTimer(setup.limits.recordMs);
    this.#opened = this.#open();
  }

  run(text: string): VmAnswer {
    this.#at = 0;
    this.#timer.start();
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
      const failure: GuestFailure = { at: this.#at, sure: false, why: "broken", detail };
      return { reply: null, failure, usable: false };
    }
  }

  #isFull(): boolean {
    return this.#filled() > 0.95;
  }

  /** After an interruption the results so far are still there; the next record gets a fresh context. */
  #recover(failure: GuestFailure): VmAnswer {
    this.#timer.start();
    const done = this.#call("flush");
    const reply = typeof done === "string" ? done : null;
    try {
      this.#opened.driver.dispose();
      this.#opened.context.dispose();
      this.#opened.runtime.dispose();
      this.#opened = this.#open();
    } catch {
      // What cannot be taken down properly is left to the end of the process.
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
    const at = this.#at;
    const { recordMs, memoryMb } = this.#setup.limits;
    if (this.#timer.expired) {
      return { at, sure: true, why: "time", detail: `user code took longer than ${recordMs} ms` };
    }
    const detail = describeThrown(thrown);
    if (thrown === null || /out of memory/.test(detail)) {
      const sure = this.#filledBefore < 0.5;
      const what = `user code took more than ${memoryMb} MB of memory`;
      return { at, sure, why: "memory", detail: what };
    }
    const what = /stack overflow|call stack/.test(detail)
      ? "the record is nested too deeply for user code"
      : `user code ended the sandbox: ${detail}`;
    return { at, sure: false, why: "broken", detail: what };
  }

  #open(): Opened {
    const { limits } = this.#setup;
    const runtime = this.#engine.newRuntime();
    runtime.setMemoryLimit(limits.memoryMb * 1_048_576);
    runtime.setMaxStackSize(limits.stackKb * 1024);
    const context = runtime.newContext();
    const driver = fillContext(context, this.#setup, {
      pythonRuntime: this.#host.pythonRuntime,
      isSpent: () => this.#timer.expired || this.#isFull(),
      builtin: (request) => this.#host.builtin(request, this.#at),
      mark: (index) => {
        this.#at = index;
        this.#filledBefore = this.#filled();
        this.#timer.start();
        this.#host.alive(index);
      },
    });
    this.#timer.start();
    runtime.setInterruptHandler(() => {
      this.#host.alive(this.#at);
      return this.#timer.check();
    });
    return { runtime, context, driver };
  }
}
