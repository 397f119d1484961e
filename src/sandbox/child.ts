/**
 * The sandbox process: takes a setup and then batches from its parent, and answers each.
 *
 * @module
 */

import type { QuickJSWASMModule } from "quickjs-emscripten-core";
import { messageOf } from "../base/errors.ts";
import { isObject, type SourceRecord } from "../base/record.ts";
import { ignoreSignals, readFromParent, writeToParent } from "../runtime/child.ts";
import { confineProcess } from "../runtime/confinement.ts";
import type { Converter, ConverterParams } from "../sdk/converter.ts";
import { LoadError } from "./context.ts";
import { createVm, type Vm } from "./vm.ts";
import { decodeLargeInts } from "./large_ints.ts";
import type { PacTask } from "./pac_protocol.ts";
import { encodeFrame, frameKind, FrameReader, type GuestSetup } from "./protocol.ts";

type FindConverter = (name: string) => Converter | undefined;

/** How often the parent is told that the work goes on, in milliseconds. */
const aliveEveryMs = 25;

/**
 * Runs as the sandbox process until the parent closes the connection or the instance is used up.
 */
export async function runSandboxChild(): Promise<void> {
  ignoreSignals();
  // User code sees dates in UTC, wherever the agent runs.
  process.env["TZ"] = "UTC";
  const frames = new FrameReader();
  const guest = new Guest();
  for (const bytes of readFromParent()) {
    for (const { kind, text } of frames.push(bytes)) {
      if (kind === frameKind.pacTask) await guest.answerPac(text);
      else if (kind === frameKind.setup ? !await guest.setUp(text) : !guest.batch(text)) return;
    }
  }
}

class Guest {
  #find: FindConverter = () => undefined;
  #vm: Vm | undefined;
  #lines: readonly string[] = [];
  #parsed: { readonly at: number; readonly record: SourceRecord } | undefined;
  #lastSign = 0;
  #pacEngine: QuickJSWASMModule | undefined;

  async setUp(text: string): Promise<boolean> {
    const setup = JSON.parse(text) as GuestSetup;
    if (setup.programs.some(({ code }) => code.includes("converter"))) {
      // They take longer to load than the engine, and few programs call them.
      this.#find = (await import("../../converters/mod.ts")).findConverter;
    }
    try {
      this.#vm = await createVm(setup, {
        image: await imageFor(setup),
        beforePrograms: confineProcess,
        builtin: (request, at) => this.#builtin(request, at),
        alive: (at) => this.#alive(at),
      });
    } catch (error) {
      if (!(error instanceof LoadError)) throw error;
      send(frameKind.refused, JSON.stringify(error.problem));
      return false;
    }
    send(frameKind.ready, "");
    return true;
  }

  /** Evaluates a PAC file, in a context that sees nothing of the one before. */
  async answerPac(text: string): Promise<void> {
    const task = JSON.parse(text) as PacTask;
    // Its rules are about the hours of this machine.
    process.env["TZ"] = task.timeZone;
    const { evaluateTask, loadPacEngine } = await import("./pac_vm.ts");
    if (this.#pacEngine === undefined) {
      this.#pacEngine = await loadPacEngine();
      confineProcess();
    }
    send(frameKind.pacReply, JSON.stringify(evaluateTask(this.#pacEngine, task)));
  }

  batch(text: string): boolean {
    if (this.#vm === undefined) throw new Error("A batch came before the setup");
    this.#lines = text.split("\n");
    this.#parsed = undefined;
    this.#lastSign = performance.now();
    const { reply, failure, usable } = this.#vm.run(text);
    // The reply is JSON text already; it goes through without being read.
    send(
      frameKind.answer,
      `{"reply":${reply},"failure":${JSON.stringify(failure)},"last":${!usable}}`,
    );
    return usable;
  }

  #alive(at: number): void {
    const now = performance.now();
    if (now - this.#lastSign < aliveEveryMs) return;
    this.#lastSign = now;
    send(frameKind.alive, String(at));
  }

  /** Answers `converter(record, name, …)` for a built-in converter. */
  #builtin(text: string, at: number): string {
    const request = JSON.parse(text) as BuiltinRequest;
    const problems: string[] = [];
    try {
      const converter = this.#callable(request.name);
      const record = request.record === undefined ? this.#record(at) : request.record;
      const value = converter.convert({
        field: request.field ?? "",
        record: isObject(record) ? record : {},
        value: null,
        params: request.params,
        report: (problem) => problems.push(problem),
      }, undefined);
      return JSON.stringify({ value: value ?? null, problems });
    } catch (error) {
      return JSON.stringify({ error: messageOf(error), problems });
    }
  }

  #callable(name: string): Converter {
    const converter = this.#find(name);
    if (converter === undefined) throw new Error(`there is no converter '${name}'`);
    if (converter.waits === true || converter.prepare !== undefined) {
      throw new Error(`the converter '${name}' asks another system: user code cannot call it`);
    }
    return converter;
  }

  /** The record with this number in the batch. */
  #record(at: number): SourceRecord {
    if (this.#parsed?.at !== at) {
      const [record, , hasLarge] = JSON.parse(this.#lines[at] ?? "[{}]") as [
        SourceRecord,
        unknown,
        unknown,
      ];
      const decoded = hasLarge === true ? decodeLargeInts(record) : record;
      this.#parsed = { at, record: isObject(decoded) ? decoded : {} };
    }
    return this.#parsed.record;
  }
}

interface BuiltinRequest {
  readonly name: string;
  readonly field: string | null;
  readonly params: ConverterParams;
  readonly record?: unknown;
}

async function imageFor({ programs }: GuestSetup): Promise<Uint8Array> {
  const { readImage } = await import("./images.ts");
  const isPython = programs.some(({ language }) => language === "python");
  return readImage(isPython ? "python" : "javascript");
}

function send(kind: number, text: string): void {
  writeToParent(encodeFrame(kind, text));
}
