/**
 * Sets a QuickJS context up for user code: globals first, then the lock, then the programs.
 *
 * @module
 */

import { type QuickJSContext, type QuickJSHandle, Scope } from "quickjs-emscripten-core";
import { driverText } from "./guest/driver.ts";
import { reachableGlobals, realmText } from "./guest/realm.ts";
import { recordsText } from "./guest/records.ts";
import { resultsText } from "./guest/results.ts";
import type { GuestProgram, GuestSetup, LoadProblem } from "./protocol.ts";

/** What the context asks of the process around it. */
export interface ContextHost {
  /** Defines the global `$py`, which every Python program needs; empty where there is none. */
  readonly pythonRuntime: string;
  /** What the program's memory is to hold where the number of the record under way will stand: 16 bytes or more. */
  readonly position: Uint8Array;
  /** Called now and then between records, for code that the interpreter does not interrupt. */
  sign(): void;
  /** Whether the time of the record or the memory is used up. */
  isSpent(): boolean;
  /** Calls a built-in converter; both texts are JSON. */
  builtin(request: string): string;
}

/** A program was refused by the engine. */
export class LoadError extends Error {
  override name = "LoadError";
  /** What is wrong. */
  readonly problem: LoadProblem;

  constructor(problem: LoadProblem) {
    super(problem.message);
    this.problem = problem;
  }
}

/** Sizes that keep what user code returns and says within bounds. */
const guestLimits = {
  /** Characters and parts of one result. */
  resultSize: 1 << 20,
  resultDepth: 64,
  messageSize: 300,
  /** A batch is answered early when its results reach this size. */
  replySize: 2 << 20,
  recordsPerSign: 8,
  logLines: 20,
  errorKinds: 50,
  converterDepth: 32,
};

const logLevels: readonly (readonly [string, string])[] = [
  ["debug", "debug"],
  ["info", "info"],
  ["log", "info"],
  ["warning", "warning"],
  ["warn", "warning"],
  ["error", "error"],
  ["critical", "error"],
  ["exception", "error"],
];

/**
 * Fills an empty context and gives the handle of its driver (see `guest/driver.ts`). Throws a
 * {@linkcode LoadError} for a program that the engine does not take.
 */
export function fillContext(
  context: QuickJSContext,
  setup: GuestSetup,
  host: ContextHost,
): QuickJSHandle {
  return Scope.withScope((scope) => {
    const value = (data: unknown) => {
      return scope.manage(evaluate(context, `(${JSON.stringify(data)})`, "data"));
    };
    const call = (text: string, name: string, ...given: QuickJSHandle[]) => {
      const made = scope.manage(evaluate(context, text, `agent:${name}`));
      return context.unwrapResult(context.callFunction(made, context.undefined, ...given));
    };
    const { calls, filter, now } = setup;
    const lock = scope.manage(call(realmText, "realm", value(reachableGlobals), value(now)));
    const records = scope.manage(call(recordsText, "records"));
    const isRecord = scope.manage(context.getProp(records, "isRecord"));
    const results = scope.manage(call(resultsText, "results", isRecord, value(guestLimits)));
    const languages = setup.programs.map(({ language }) => language);
    const plan = value({ calls, filter, now, languages, limits: guestLimits, levels: logLevels });
    const tools = scope.manage(hostObject(context, host));
    const driver = call(driverText, "driver", records, results, tools, plan);
    const python = host.pythonRuntime === "" ? undefined : scope.manage(
      evaluate(context, pythonText(host.pythonRuntime), "agent:python"),
    );
    if (python !== undefined) {
      const join = scope.manage(context.getProp(driver, "joinPython"));
      context.unwrapResult(context.callFunction(join, context.undefined, python)).dispose();
    }
    const extra = scope.manage(context.newArray());
    [records, results, driver, python ?? context.null].forEach((handle, index) =>
      context.setProp(extra, index, handle)
    );
    context.unwrapResult(context.callFunction(lock, context.undefined, extra)).dispose();
    setup.programs.forEach((program, index) => load(context, driver, program, index));
    return driver;
  });
}

function hostObject(context: QuickJSContext, host: ContextHost): QuickJSHandle {
  const object = context.newObject();
  function define(name: string, body: (argument: QuickJSHandle) => QuickJSHandle): void {
    context.newFunction(name, body).consume((handle) => context.setProp(object, name, handle));
  }
  define("sign", () => {
    host.sign();
    return context.undefined;
  });
  const { buffer } = host.position;
  context.newArrayBuffer(buffer as ArrayBuffer).consume((handle) =>
    context.setProp(object, "position", handle)
  );
  define("isSpent", () => host.isSpent() ? context.true : context.false);
  define("builtin", (request) => context.newString(host.builtin(context.getString(request))));
  return object;
}

function load(
  context: QuickJSContext,
  driver: QuickJSHandle,
  program: GuestProgram,
  index: number,
): void {
  Scope.withScope((scope) => {
    const text = program.language === "python" ? pythonMaker(program) : javaScriptMaker(program);
    const name = scope.manage(context.newString(program.name));
    const isConverter = program.kind === "converter" ? context.true : context.false;
    const made = context.evalCode(text, `user:${index}`, { strict: true });
    if (made.error !== undefined) throw loadError(context, index, made.error);
    const maker = scope.manage(made.value);
    const add = scope.manage(context.getProp(driver, "add"));
    const added = context.callFunction(add, context.undefined, maker, name, isConverter);
    if (added.error !== undefined) throw loadError(context, index, added.error);
    added.value.dispose();
  });
}

/** Each maker is `(tools) => (record, field, value, params) => result`, with the code on its own lines. */
function javaScriptMaker(program: GuestProgram): string {
  const names = "nothing: $nothing, get: $get, plain: $plain, converter, cae, get_field_value, LOG";
  return `(({ ${names} }) => ${program.code})`;
}

function pythonMaker(program: GuestProgram): string {
  return `(({ $py }) => ${program.code})`;
}

/** The runtime defines a global; here it is kept out of the sandbox's own. */
function pythonText(runtime: string): string {
  return `((globalThis) => {\n${runtime}\nreturn globalThis.$py;\n})({})`;
}

function evaluate(context: QuickJSContext, text: string, name: string): QuickJSHandle {
  return context.unwrapResult(context.evalCode(text, name, { strict: true }));
}

function loadError(context: QuickJSContext, program: number, error: QuickJSHandle): LoadError {
  const thrown: unknown = error.consume((handle) => context.dump(handle));
  const stack = typeof thrown === "object" && thrown !== null && "stack" in thrown
    ? String(thrown.stack)
    : "";
  const line = Number(/user:\d+:(\d+)/.exec(stack)?.[1] ?? 0);
  return new LoadError({ program, message: describeThrown(thrown), line });
}

/** One line about what came out of the context as an exception. */
export function describeThrown(thrown: unknown): string {
  if (typeof thrown !== "object" || thrown === null) return String(thrown);
  const { name, message } = thrown as { name?: unknown; message?: unknown };
  return `${String(name)}: ${String(message)}`;
}
