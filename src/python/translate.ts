/**
 * Translates an admin's Python function body into JavaScript for the sandbox.
 *
 * @module
 */

import type { Stmt } from "./ast.ts";
import { emitBlock, locals } from "./emit_statement.ts";
import { Emitter, mangle } from "./emitter.ts";
import { parseBody, type Parsed } from "./parse_statement.ts";
import { type Problem, PythonProblem } from "./problem.ts";
import { type Lookups, type ReadPaths, readPaths } from "./reads.ts";
import { deletedNames, functionScope, type Scope } from "./scope.ts";
import { decideVersion } from "./version.ts";
import { blocks } from "./walk.ts";

/** What is known about a body besides its text. */
export interface TranslateOptions {
  /** The names of its parameters, in order. */
  readonly parameters: readonly string[];
  /** The parameter of which missing attributes are None, and whose readings are followed. */
  readonly record?: string;
  /** Names that the host defines, beside the built-in ones. */
  readonly names?: ReadonlySet<string>;
  /** A key that the record lacks gives None, where Python raises KeyError. */
  readonly openKeys?: boolean;
  /** The version of a body that nothing in it tells; 3 when absent. */
  readonly version?: 2 | 3 | undefined;
  /** What functions of the host read of the record that they are given first. */
  readonly lookups?: Lookups;
  /** The number of the body's first line in reports; 1 when absent. */
  readonly firstLine?: number;
}

/**
 * A translated body. `code` is an expression that needs the global `$py` (the runtime) and gives
 * a function of the parameters; its line numbers are those of the Python text.
 * `warnings` name what may be meant otherwise.
 */
export interface Translation {
  readonly ok: true;
  readonly code: string;
  readonly version: 2 | 3;
  /** Why this version, for people. */
  readonly reason: string;
  /** The line that tells it, where there is one. */
  readonly reasonLine: number | undefined;
  /** Whether nothing tells the version, so that the other one might give other results. */
  readonly isOpen: boolean;
  readonly reads: ReadPaths | "everything";
  readonly statements: readonly Stmt[];
  readonly warnings: readonly Problem[];
}

/** Why a body cannot run; lines count from `firstLine`, columns from 1. */
export interface Refusal {
  readonly ok: false;
  /** Whether the text is Python: what keeps it from running is then no error of syntax. */
  readonly isPython: boolean;
  readonly problems: readonly Problem[];
}

/** Translates `body`. Never throws for what the body contains: problems come back as values. */
export function translatePython(body: string, options: TranslateOptions): Translation | Refusal {
  const shift = (options.firstLine ?? 1) - 1;
  const moved = (problem: Problem): Problem => ({ ...problem, line: problem.line + shift });
  try {
    const result = translate(body.replace(/^\uFEFF/, ""), options, shift);
    if (result.ok) return { ...result, warnings: result.warnings.map(moved) };
    return { ...result, problems: result.problems.map(moved) };
  } catch (error) {
    if (error instanceof PythonProblem) {
      const problems = [moved({ ...error.place, message: error.message })];
      return { ok: false, isPython: error.isUnsupported, problems };
    }
    if (!(error instanceof RangeError)) throw error;
    return {
      ok: false,
      isPython: true,
      problems: [moved({ line: 1, column: 1, message: "this is nested too deeply" })],
    };
  }
}

function translate(body: string, options: TranslateOptions, shift: number): Translation | Refusal {
  const parsed = parseBody(body);
  const inputs = options.parameters;
  const names = functionScope(inputs, parsed.body, 3, undefined).names;
  const decision = decideVersion(body, parsed.cursor.evidence, names, options.version);
  const { version } = decision;
  const scope = functionScope(inputs, parsed.body, version, undefined);
  const { record, names: known = new Set<string>(), openKeys = false } = options;
  const settings = { record, names: known, openKeys };
  const e = new Emitter(decision, settings, scope, deletedNames(parsed.body));
  for (const name of scope.globals) e.globals.add(name);
  collectGlobals(parsed.body, e.globals);
  collectModules(parsed.body, e.modules);
  emitBody(e, parsed, scope, inputs);
  const problems = [...parsed.cursor.problems, ...decision.problems, ...e.problems].sort((a, b) =>
    a.line - b.line
  );
  if (problems.length > 0) return { ok: false, isPython: true, problems };
  const code = "\n".repeat(shift) + e.finish("(function($){");
  const warnings = decision.isOpen ? e.notices : [];
  const reads = record === undefined
    ? "everything"
    : readPaths(parsed.body, record, options.lookups ?? {});
  const { reason, line, isOpen } = decision;
  const reasonLine = line === undefined ? undefined : line + shift;
  const statements = parsed.body;
  return { ok: true, code, version, reason, reasonLine, isOpen, reads, statements, warnings };
}

function emitBody(e: Emitter, parsed: Parsed, scope: Scope, inputs: readonly string[]): void {
  const globals = [...e.globals].map((name) => `g_${mangle(name)}`);
  e.write(
    `return function(${
      inputs.map((name) => `v_${name}`).join(",")
    }){$.enter(${e.version},${e.lenient},${e.settings.openKeys});`,
  );
  if (globals.length > 0) e.write(`let ${globals.join(",")};`);
  e.write(e.frame.slot + locals(scope, inputs));
  e.bind(inputs);
  emitBlock(e, parsed.body);
  e.write(e.frame.assigned === undefined ? "}})($py)" : "return null;}})($py)");
}

/** Finds the names that `global` statements declare anywhere. */
function collectGlobals(body: readonly Stmt[], names: Set<string>): void {
  for (const node of body) {
    if (node.kind === "scope" && node.scope === "global") {
      node.names.forEach((name) => names.add(name));
    }
    for (const block of blocks(node, true)) collectGlobals(block, names);
  }
}

/** Finds names that mean one module throughout the body. */
function collectModules(body: readonly Stmt[], modules: Map<string, string>): void {
  const count = new Map<string, number>();
  const scan = (block: readonly Stmt[]): void => {
    for (const node of block) {
      if (node.kind === "import" && node.from === undefined) {
        for (const { name, alias } of node.names) {
          const first = name.split(".")[0] ?? name;
          modules.set(alias === name ? first : alias, alias === name ? first : name);
        }
      }
      for (const name of functionScope([], [node], 3, undefined).names) {
        count.set(name, (count.get(name) ?? 0) + 1);
      }
      blocks(node, true).forEach(scan);
    }
  };
  scan(body);
  for (const [name, times] of count) if (times > 1) modules.delete(name);
}
