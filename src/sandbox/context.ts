/**
 * Sets a QuickJS context up for user code: globals first, then the lock (`fillContext`, when the agent
 * is built); then the run and its programs (`beginRun`, in the sandbox process).
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
  /** Called now and then between records, for code that the interpreter does not interrupt. */
  sign(): void;
  /** Whether the time of the record or the memory is used up. */
  isSpent(): boolean;
  /** Calls a built-in converter; both texts are JSON. */
  builtin(request: string): string;
}

type HostFunction = (argument: QuickJSHandle) => QuickJSHandle;

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

/** The functions of the process around it that a context calls, in the order in which they are made. */
const hostFunctions = ["sign", "isSpent", "builtin"] as const;

/**
 * Fills an empty context with all that does not depend on a run, locks it, and gives the handle of its
 * driver (see `guest/driver.ts`). `position` is what the program's memory is to hold where the number of
 * the record under way will stand: 16 bytes or more. `pythonRuntime` defines the global `$py`, which
 * every Python program needs; empty where there is none.
 */
export function fillContext(
  context: QuickJSContext,
  position: Uint8Array,
  pythonRuntime: string,
): QuickJSHandle {
  return Scope.withScope((scope) => {
    const value = (data: unknown) => scope.manage(evaluateData(context, data));
    const call = (text: string, name: string, ...given: QuickJSHandle[]) => {
      const made = scope.manage(evaluate(context, text, `agent:${name}`));
      return context.unwrapResult(context.callFunction(made, context.undefined, ...given));
    };
    const realm = scope.manage(call(realmText, "realm", value(reachableGlobals)));
    const setClock = scope.manage(context.getProp(realm, "setClock"));
    const records = scope.manage(call(recordsText, "records"));
    const isRecord = scope.manage(context.getProp(records, "isRecord"));
    const limits = value(guestLimits);
    const results = scope.manage(call(resultsText, "results", isRecord, limits));
    const tools = scope.manage(hostObject(context, position));
    const given = [setClock, records, results, tools, limits, value(logLevels)];
    const driver = call(driverText, "driver", ...given);
    const python = pythonRuntime === ""
      ? undefined
      : scope.manage(evaluate(context, pythonText(pythonRuntime), "agent:python"));
    if (python !== undefined) callMethod(context, driver, "joinPython", python);
    const extra = scope.manage(context.newArray());
    [records, results, driver, python ?? context.null].forEach((handle, index) =>
      context.setProp(extra, index, handle)
    );
    callMethod(context, realm, "lock", extra);
    return driver;
  });
}

function hostObject(context: QuickJSContext, { buffer }: Uint8Array): QuickJSHandle {
  const object = context.newObject();
  for (const name of hostFunctions) {
    // The process that takes the context over puts its own in their place.
    context.newFunction(name, () => context.undefined).consume((handle) =>
      context.setProp(object, name, handle)
    );
  }
  context.newArrayBuffer(buffer as ArrayBuffer).consume((handle) =>
    context.setProp(object, "position", handle)
  );
  return object;
}

/** Joins the functions of this process to a context that another process has filled. */
export function joinHost(context: QuickJSContext, host: ContextHost): void {
  const bodies: Record<typeof hostFunctions[number], HostFunction> = {
    sign() {
      host.sign();
      return context.undefined;
    },
    isSpent: () => host.isSpent() ? context.true : context.false,
    builtin: (request) => context.newString(host.builtin(context.getString(request))),
  };
  // The context knows them by numbers, which are given in turn.
  for (const name of hostFunctions) context.runtime.hostRefs.put(bodies[name]);
}

/** Tells a filled context what a run is about. Throws a {@linkcode LoadError} for a program that the engine does not take. */
export function beginRun(context: QuickJSContext, driver: QuickJSHandle, setup: GuestSetup): void {
  const { calls, filter, now } = setup;
  const languages = setup.programs.map(({ language }) => language);
  evaluateData(context, { calls, filter, now, languages }).consume((plan) =>
    callMethod(context, driver, "begin", plan)
  );
  setup.programs.forEach((program, index) => load(context, driver, program, index));
}

function callMethod(
  context: QuickJSContext,
  object: QuickJSHandle,
  name: string,
  argument: QuickJSHandle,
): void {
  context.getProp(object, name).consume((method) =>
    context.unwrapResult(context.callFunction(method, context.undefined, argument)).dispose()
  );
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

function evaluateData(context: QuickJSContext, data: unknown): QuickJSHandle {
  return evaluate(context, `(${JSON.stringify(data)})`, "data");
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
