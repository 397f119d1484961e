/**
 * Runs code from an editor on sampled records, in the sandbox and with the limits of a run.
 *
 * @module
 */
import { type TrialRun, type TriedCode, tryCode } from "../app/try_code.ts";
import type { SourceRecord } from "../base/record.ts";
import type { Config } from "../config/config.ts";
import type { SectionConfig } from "../config/section.ts";
import { createLog } from "../logging/log.ts";
import type { PreparedProgram } from "../sandbox/mod.ts";
import { parseConverterCall } from "../transform/converter_call.ts";
import { editorName } from "./code_check.ts";
import type { GuiContext } from "./context.ts";

/** What is run on what. */
export interface EditedCode {
  readonly program: PreparedProgram;
  /** The name under which the ini has the converter; its code there is not used. */
  readonly was: string;
  /** Path of the value that a converter gets; blank for none. */
  readonly source: string;
  /** Parameters of the call, as in a mapping: `by=2|all`. */
  readonly params: string;
  readonly records: readonly SourceRecord[];
}

/** What became of one record, under one version of Python. */
export interface EditedRun {
  /** A converter's result. */
  readonly output: unknown;
  readonly outcome: "converted" | "kept" | "filtered" | "failed";
  /** Why it failed. */
  readonly reason: string | undefined;
  /** Line of the editor where it failed, when it is there. */
  readonly line: number | undefined;
  readonly ms: number;
}

/** What became of one record. */
export interface Tried extends EditedRun {
  readonly record: SourceRecord;
  /** The value at the source path. */
  readonly input: unknown;
  /** Under Python 2, where nothing in the code tells the version and both differ. */
  readonly underPython2: EditedRun | undefined;
}

function lineIn(reason: string): { reason: string; line: number | undefined } {
  const match = new RegExp(`\\s*\\(${editorName}:(\\d+)\\)`).exec(reason);
  if (match === null) return { reason, line: undefined };
  return { reason: reason.replace(match[0], ""), line: Number(match[1]) };
}

function describeRun(
  kind: "converter" | "filter",
  { outcome: result, problem, ms }: TrialRun,
): EditedRun {
  const failure = result === undefined
    ? "the code returned no result"
    : "failed" in result
    ? result.failed
    : problem;
  const output = result !== undefined && "results" in result ? result.results[0] ?? null : null;
  if (failure !== undefined) return { output: null, outcome: "failed", ms, ...lineIn(failure) };
  const isKept = result !== undefined && "keep" in result && result.keep;
  const outcome = kind === "converter" ? "converted" : isKept ? "kept" : "filtered";
  return { output, outcome, reason: undefined, line: undefined, ms };
}

function triedCode(
  config: Config,
  section: SectionConfig | undefined,
  { program, was, source, params }: EditedCode,
): TriedCode {
  const { kind, name } = program.source;
  // Converters that the code calls come from the ini, but for the one in the editor.
  const converters = config.converters.filter((each) => each.name !== was && each.name !== name);
  if (kind === "filter") return { kind, section, program, converters };
  const call = parseConverterCall(`${name}${params === "" ? "" : `:${params}`}`);
  return { kind, section, program, converters, name, params: call.params, source };
}

/**
 * Runs what is in the editor on each record.
 *
 * @throws {ConfigError} when the engine does not take the code
 */
export async function tryEdited(
  gui: GuiContext,
  config: Config,
  section: SectionConfig | undefined,
  code: EditedCode,
): Promise<Tried[]> {
  const { kind } = code.program.source;
  // Whoever types must not fill the log.
  const log = createLog("gui", gui.redactor, []);
  const tried = await tryCode(config, triedCode(config, section, code), code.records, log);
  return tried.map(({ record, input, run, underPython2 }) => {
    const other = underPython2 === undefined ? undefined : describeRun(kind, underPython2);
    return { record, input, underPython2: other, ...describeRun(kind, run) };
  });
}
