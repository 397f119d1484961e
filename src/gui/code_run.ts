/**
 * Runs code from an editor on sampled records, in the sandbox and with the limits of a run.
 *
 * @module
 */
import { createLog } from "../logging/log.ts";
import type { Raw } from "../base/record.ts";
import type { Plan } from "../config/plan.ts";
import type { SectionPlan } from "../config/section.ts";
import { codeOf, planCode } from "../sync/user_code.ts";
import { parseConverterCall } from "../transform/converter_call.ts";
import { lookUp } from "../transform/path.ts";
import type { PreparedProgram, Sandbox, SandboxOutcome } from "../sandbox/mod.ts";
import { editorName } from "./code_check.ts";
import type { Desk } from "./context.ts";

/** What is run on what. */
export interface Trial {
  readonly program: PreparedProgram;
  /** The name under which the ini has the converter; its code there is not used. */
  readonly was: string;
  /** Path of the value that a converter gets; blank for none. */
  readonly source: string;
  /** Parameters of the call, as in a mapping: `by=2|all`. */
  readonly params: string;
  readonly records: readonly Raw[];
}

/** What became of one record. */
export interface Tried {
  readonly record: Raw;
  /** The value at the source path. */
  readonly input: unknown;
  /** A converter's result. */
  readonly output: unknown;
  readonly verdict: "converted" | "kept" | "filtered" | "failed";
  /** Why it failed. */
  readonly reason: string | undefined;
  /** Line of the editor where it failed, when it is there. */
  readonly line: number | undefined;
  readonly ms: number;
}

type Known = ReadonlyMap<string, number>;

function complaintsOf({ stats }: Sandbox): Known {
  return new Map(stats.complaints.map(({ example, count }) => [example, count]));
}

/** What the code complained of since. */
function newComplaint(before: Known, sandbox: Sandbox): string | undefined {
  const found = sandbox.stats.complaints.find(({ example, count }) =>
    count > (before.get(example) ?? 0)
  );
  return found?.example;
}

function lineIn(reason: string): { reason: string; line: number | undefined } {
  const place = new RegExp(`\\s*\\(${editorName}:(\\d+)\\)`).exec(reason);
  if (place === null) return { reason, line: undefined };
  return { reason: reason.replace(place[0], ""), line: Number(place[1]) };
}

function verdictOf(
  kind: "converter" | "filter",
  outcome: SandboxOutcome | undefined,
  complaint: string | undefined,
): Pick<Tried, "output" | "verdict" | "reason" | "line"> {
  const failure = outcome === undefined
    ? "the code gave no answer"
    : "failed" in outcome
    ? outcome.failed
    : complaint;
  const output = outcome !== undefined && "results" in outcome ? outcome.results[0] ?? null : null;
  if (failure !== undefined) return { output: null, verdict: "failed", ...lineIn(failure) };
  const isKept = outcome !== undefined && "keep" in outcome && outcome.keep;
  const verdict = kind === "converter" ? "converted" : isKept ? "kept" : "filtered";
  return { output, verdict, reason: undefined, line: undefined };
}

async function open(
  desk: Desk,
  plan: Plan,
  section: SectionPlan | undefined,
  { program, was, source, params }: Trial,
): Promise<Sandbox> {
  const { kind, name } = program.source;
  // Converters that the code calls come from the ini; those with errors are not there for it.
  const others = plan.converters.filter((each) => each.name !== was && each.name !== name);
  const code = await planCode(others, []);
  const { createSandbox, defaultLimits } = await import("../sandbox/mod.ts");
  const call = parseConverterCall(`${name}${params === "" ? "" : `:${params}`}`);
  return await createSandbox({
    programs: kind === "converter" ? [...code.converters, program] : code.converters,
    calls: kind === "converter"
      ? [{ converter: name, field: source, params: params === "" ? {} : call.params }]
      : [],
    filter: kind === "filter" ? program : undefined,
    limits: { ...defaultLimits, ...section === undefined ? {} : codeOf(section, code).limits },
    // Whoever types must not fill the log.
    log: createLog("gui", desk.redactor, []),
  });
}

/**
 * Runs a program on each record by itself, so that each has its own time and errors.
 *
 * @throws {ConfigError} when the engine does not take the code
 */
export async function tryCode(
  desk: Desk,
  plan: Plan,
  section: SectionPlan | undefined,
  trial: Trial,
): Promise<Tried[]> {
  const { kind } = trial.program.source;
  const sandbox = await open(desk, plan, section, trial);
  const tried: Tried[] = [];
  try {
    for (const record of trial.records) {
      const input = trial.source === "" ? null : lookUp(record, trial.source) ?? null;
      const before = complaintsOf(sandbox);
      const begun = performance.now();
      const [outcome] = await sandbox.run([{
        record,
        values: kind === "converter" ? [input] : [],
      }]);
      const ms = performance.now() - begun;
      const complaint = newComplaint(before, sandbox);
      tried.push({ record, input, ms, ...verdictOf(kind, outcome, complaint) });
    }
  } finally {
    await sandbox.close();
  }
  return tried;
}
