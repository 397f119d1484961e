/** A QuickJS context with the Python runtime, as the sandbox will have it. @module */

import { getQuickJS, type QuickJSContext } from "quickjs-emscripten";
import { translatePython } from "../../src/python/mod.ts";
import { pythonRuntime } from "./python_runtime.ts";
import { pythonSettings } from "../../src/sandbox/python_settings.ts";

/** What a call of a body gave. */
export interface Outcome {
  readonly repr?: string;
  readonly json?: unknown;
  readonly error?: string;
  readonly message?: string;
  readonly line?: number | null;
  readonly log: readonly (readonly [string, string])[];
}

/** How a body is called. */
export interface Given {
  readonly record?: unknown;
  readonly value?: unknown;
  readonly params?: unknown;
}

/** Makes a context with the runtime in it and a host that answers `converter` and logs. */
export async function openEngine(): Promise<QuickJSContext> {
  const runtime = (await getQuickJS()).newRuntime();
  runtime.setMaxStackSize(256 * 1024);
  const context = runtime.newContext();
  evaluate(context, pythonRuntime, "runtime");
  evaluate(
    context,
    `const lines = [];
    $py.host.now = 1709294400;
    $py.host.log = (level, text) => { lines.push([level, text]); };
    $py.agent.converter = (record, name, params) => name + "(" + Object.keys(params).sort().join(",") + ")";
    const run = (file, f, given) => {
      lines.length = 0;
      let out;
      const outer = $py.beginCall();
      try {
        const value = f(given.record ?? {}, "field", given.value ?? null, given.params ?? {});
        try { out = { json: $py.result(value) }; } catch (error) { out = { json: { refused: $py.describe(error, file) } }; }
        $py.enter(3);
        out.repr = $py.repr(value);
      } catch (error) {
        const reported = $py.describe(error, file);
        if (reported === null) throw error;
        out = { error: reported.type, message: reported.message, line: reported.line };
      } finally {
        $py.endCall(outer);
      }
      return JSON.stringify({ ...out, log: lines });
    };
    globalThis.run = run;`,
    "host",
  );
  return context;
}

/** Evaluates code for its JSON text; throws what it throws. */
export function evaluate(context: QuickJSContext, code: string, file: string): unknown {
  const result = context.evalCode(code, file);
  if (result.error !== undefined) {
    const error = context.dump(result.error);
    result.error.dispose();
    throw new Error(`${file}: ${JSON.stringify(error)}`);
  }
  const value = context.dump(result.value);
  result.value.dispose();
  return value;
}

/** Translates a body and calls it with each input; `version`: as if its first line told it. */
export function runBody(
  context: QuickJSContext,
  body: string,
  kind: "converter" | "filter",
  inputs: readonly Given[],
  version?: number,
): Outcome[] {
  const marked = version === undefined ? body : `# language: python${version}\n${body}`;
  const translated = translatePython(marked, pythonSettings[kind]);
  if (!translated.ok) throw new Error(JSON.stringify(translated.problems));
  evaluate(context, `globalThis.body = ${translated.code}`, "body.py");
  return inputs.map((given) => {
    const input = JSON.stringify(JSON.stringify(given));
    const text = evaluate(context, `run("body.py", body, JSON.parse(${input}))`, "call");
    return JSON.parse(String(text)) as Outcome;
  });
}
