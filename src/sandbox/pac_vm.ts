/**
 * Evaluates a PAC file in QuickJS: what the sandbox process does with one.
 *
 * Nothing waits in there: a script that asks for a name that is not known ends, and is evaluated again
 * from its beginning once it is.
 *
 * @module
 */

import variant from "@jitl/quickjs-singlefile-mjs-release-sync";
import {
  newQuickJSWASMModuleFromVariant,
  newVariant,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSWASMModule,
  Scope,
} from "quickjs-emscripten-core";
import { messageOf } from "../base/errors.ts";
import { describeThrown } from "./context.ts";
import { pacText } from "./guest/pac.ts";
import type { PacReply, PacTask } from "./pac_protocol.ts";
import { RecordTimer } from "./record_timer.ts";

const pageBytes = 65_536;
const firstPages = 256;
/** MiB for the engine and the script. */
const memoryMb = 32;
const stackBytes = 262_144;
/** Characters of a result, beyond which it is no list of proxies. */
const longestResult = 4096;
const mostMessages = 20;
const longestMessage = 300;

/** The engine with a memory of its own, which never grows beyond what a PAC file may take. */
export async function loadPacEngine(): Promise<QuickJSWASMModule> {
  const maximum = memoryMb * 1_048_576 / pageBytes;
  const wasmMemory = new WebAssembly.Memory({ initial: firstPages, maximum });
  return await newQuickJSWASMModuleFromVariant(newVariant(variant, { wasmMemory }));
}

/** Evaluates a PAC file for one address; never throws. */
export function evaluateTask(engine: QuickJSWASMModule, task: PacTask): PacReply {
  const timer = new RecordTimer(task.timeMs);
  const state: Evaluation = { wanted: undefined, said: [] };
  try {
    return Scope.withScope((scope) => {
      const runtime = scope.manage(engine.newRuntime());
      runtime.setMaxStackSize(stackBytes);
      const context = scope.manage(runtime.newContext());
      define(context, task, state);
      timer.start();
      runtime.setInterruptHandler(() => state.wanted !== undefined || timer.check());
      const ending = run(context, task);
      // Also when the script has caught what was thrown: what it says without the address is not its answer.
      if (state.wanted !== undefined) return { wanted: state.wanted };
      return "failed" in ending ? failure(ending.failed, timer, task) : readResult(ending, state);
    });
  } catch (error) {
    if (state.wanted !== undefined) return { wanted: state.wanted };
    return failure(messageOf(error), timer, task);
  }
}

interface Evaluation {
  wanted: string | undefined;
  readonly said: string[];
}

function define(context: QuickJSContext, task: PacTask, state: Evaluation): void {
  Scope.withScope((scope) => {
    const known = new Map(Object.entries(task.names));
    const lookup = scope.manage(context.newFunction("lookup", (handle) => {
      const name = context.getString(handle);
      const address = known.get(name);
      if (address === null) return context.null;
      if (address !== undefined) return context.newString(address);
      state.wanted ??= name;
      throw new Error("the address is not known yet");
    }));
    const say = scope.manage(context.newFunction("say", (handle) => {
      if (state.said.length < mostMessages) {
        state.said.push(context.getString(handle).slice(0, longestMessage));
      }
      return context.undefined;
    }));
    const made = scope.manage(context.unwrapResult(context.evalCode(pacText, "agent:pac")));
    const now = scope.manage(context.newNumber(task.now));
    const own = scope.manage(context.newString(task.ownAddress));
    const done = context.callFunction(made, context.undefined, lookup, say, now, own);
    context.unwrapResult(done).dispose();
  });
}

type Ending = { readonly value: unknown } | { readonly failed: string };

function run(context: QuickJSContext, { script, url, host }: PacTask): Ending {
  const thrown = (handle: QuickJSHandle): Ending => {
    return { failed: describeThrown(handle.consume((one) => context.dump(one))) };
  };
  const loaded = context.evalCode(script, "pac", { type: "global" });
  if (loaded.error !== undefined) return thrown(loaded.error);
  loaded.value.dispose();
  return Scope.withScope((scope) => {
    const find = context.unwrapResult(
      context.evalCode("typeof FindProxyForURL === 'function' ? FindProxyForURL : null", "agent"),
    );
    scope.manage(find);
    if (context.typeof(find) !== "function") return { failed: "" };
    const given = [url, host].map((text) => scope.manage(context.newString(text)));
    const result = context.callFunction(find, context.undefined, ...given);
    if (result.error !== undefined) return thrown(result.error);
    const kind = context.typeof(result.value);
    // Anything else may be an object of any size, or one that has something to run when it is read.
    const readable = kind === "string" || context.eq(result.value, context.null);
    return result.value.consume((one) => ({ value: readable ? context.dump(one) : { kind } }));
  });
}

function readResult({ value }: { readonly value: unknown }, { said }: Evaluation): PacReply {
  if (value === null) return { result: "DIRECT", said };
  if (typeof value !== "string") {
    const { kind } = value as { kind: string };
    return { failed: `returns a value of type ${kind} instead of a text` };
  }
  if (value.length > longestResult) {
    return { failed: `returns a text of ${value.length} characters` };
  }
  return { result: value, said };
}

function failure(detail: string, timer: RecordTimer, { timeMs }: PacTask): PacReply {
  if (timer.expired) return { failed: `takes longer than ${timeMs / 1000} s` };
  if (/out of memory|memory access/.test(detail)) {
    return { failed: `takes more than ${memoryMb} MB of memory` };
  }
  if (detail === "") return { failed: "defines no function FindProxyForURL" };
  return { failed: `failed: ${detail.slice(0, longestMessage)}` };
}
