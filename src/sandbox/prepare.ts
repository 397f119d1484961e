/**
 * Makes user code from the ini ready for the sandbox, or says what is wrong with it.
 *
 * @module
 */

import type { Finding, FindingCode } from "../base/errors.ts";
import { type Body, readBody } from "./body.ts";
import { type BodyProblem, firstBodyLine, translateJavaScript } from "./javascript.ts";
import { hasJavaScriptSigns, looksLikeJavaScript } from "./language.ts";
import type { Language } from "./protocol.ts";
import { translatePython, type Translation } from "../python/mod.ts";
import { plainPython } from "./plain/python.ts";
import type { PlainBody } from "./plain/values.ts";
import { pythonSettings } from "./python_settings.ts";
import { type Reads, unionReads } from "./reads.ts";

/** A piece of code as it stands in the ini. */
export interface UserCodeSource {
  readonly kind: "converter" | "filter";
  /** The converter's name; for a filter the name of its section. */
  readonly name: string;
  /** Section in which the code stands. */
  readonly section: string;
  /** Option whose value it is. */
  readonly option: string;
  /** The value, indentation and all. */
  readonly body: string;
  readonly file: string;
  /** Line of the ini on which the body's first line stands. */
  readonly line: number;
  /** The version of Python when nothing in the body tells it. */
  readonly python?: 2 | 3 | undefined;
  /** Line of the ini for each line of the body, where blank lines and comments were dropped. */
  readonly lines?: readonly number[] | undefined;
}

/** A piece of code that can be run. */
export interface PreparedProgram {
  readonly source: UserCodeSource;
  readonly language: Language;
  /** For people, for example `Python 2`. */
  readonly languageName: string;
  /** Why it was taken for this language and version, for people. */
  readonly reason: string;
  /** Whether it is Python of which nothing tells the version, so that the other might differ. */
  readonly isOpen: boolean;
  /** A JavaScript function expression. */
  readonly code: string;
  /** The same without an engine, where the body is simple enough to give the same there. */
  readonly plain: PlainBody | undefined;
  /** What it reads of the record by itself. */
  readonly reads: Reads;
  /** Lower-case names of the converters that it calls. */
  readonly calls: readonly string[];
  /** What may be meant otherwise than it is taken, for the log of every run. */
  readonly warnings: readonly Finding[];
  /** The same where it is less likely, for those who check. */
  readonly ambiguities: readonly Finding[];
  /** Line of the ini for a line of `code`; undefined when it is not known. */
  iniLine(codeLine: number): number | undefined;
}

/** Prepares all code of a configuration. Findings are errors, one for each thing wrong. */
export function prepareUserCode(
  sources: readonly UserCodeSource[],
): { programs: readonly PreparedProgram[]; findings: readonly Finding[] } {
  const programs: PreparedProgram[] = [];
  const findings: Finding[] = [];
  for (const source of sources) {
    const made = prepareOne(source, readBody(source.body));
    if (Array.isArray(made)) findings.push(...made);
    else programs.push(made as PreparedProgram);
  }
  return { programs, findings };
}

/**
 * What the calls of some converters and a filter read of the record, with the converters that these
 * call in turn. A built-in converter called from user code may read everything.
 */
export function readsOf(
  programs: readonly PreparedProgram[],
  called: readonly string[],
  filter?: PreparedProgram,
): Reads {
  const byName = new Map(
    programs.filter(({ source }) => source.kind === "converter")
      .map((program) => [program.source.name.toLowerCase(), program]),
  );
  const all: Reads[] = filter === undefined ? [] : [filter.reads];
  const pending = [...called.map((name) => name.toLowerCase()), ...filter?.calls ?? []];
  const seen = new Set<string>();
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (seen.has(name)) continue;
    seen.add(name);
    const program = byName.get(name);
    all.push(program?.reads ?? "everything");
    pending.push(...program?.calls ?? []);
  }
  return unionReads(all);
}

/** A problem of user code as a finding. */
export function problemFinding(
  source: UserCodeSource,
  line: number | undefined,
  column: number | undefined,
  message: string,
  code: FindingCode = "invalid_code",
): Finding {
  const what = source.kind === "filter" ? "the record filter" : `the converter ${source.name}`;
  const where = column === undefined ? "" : ` (column ${column})`;
  return {
    code,
    severity: "error",
    file: source.file,
    line,
    section: source.section,
    option: source.option,
    message: `${what}: ${message}${where}`,
  };
}

type Made = PreparedProgram | readonly Finding[];

const forcedReason = "the first line says so";

/** Findings about a body whose language nothing tells carry this, for neither language takes it. */
const languageHint =
  "Put `# language: python` or `// language: javascript` on the first line to say which language " +
  "it is";

function prepareOne(source: UserCodeSource, body: Body): Made {
  if (body.text.trim() === "") {
    return [problemFinding(source, source.line, undefined, "it has no code")];
  }
  if (body.forced === "javascript") return asJavaScript(source, body, forcedReason);
  const translated = translatePython(body.text, {
    ...pythonSettings[source.kind],
    version: source.python,
  });
  if (translated.ok) return pythonProgram(source, body, translated);
  const python = findingsOf(source, body, translated.problems, "python");
  if (translated.isPython || body.forced === "python") return python;
  const script = asJavaScript(source, body, "it is no Python");
  if (!Array.isArray(script)) return script;
  const findings: readonly Finding[] = looksLikeJavaScript(body.text) ? script : python;
  return findings.map((finding) => ({ ...finding, hint: languageHint }));
}

function asJavaScript(source: UserCodeSource, body: Body, reason: string): Made {
  const made = translateJavaScript(body.text);
  if (!made.ok) return findingsOf(source, body, made.problems, "javascript");
  return {
    source,
    language: "javascript",
    languageName: "JavaScript",
    reason,
    isOpen: false,
    code: made.code,
    plain: made.plain,
    reads: made.reads,
    calls: made.calls,
    warnings: [],
    ambiguities: [],
    iniLine: (line) => iniLine(source, line - firstBodyLine + 1),
  };
}

const severity = "warning";
const ambiguity = "it is taken as Python, for it is valid Python; begin it with " +
  "`// language: javascript` if JavaScript is meant, or with `# language: python` to say so";

function reasonText(source: UserCodeSource, { reason, reasonLine }: Translation): string {
  const line = reasonLine === undefined ? undefined : iniLine(source, reasonLine);
  return line === undefined ? reason : `${reason} in line ${line}`;
}

function pythonProgram(source: UserCodeSource, body: Body, made: Translation): PreparedProgram {
  const isAmbiguous = body.forced === undefined && hasJavaScriptSigns(body.text);
  return {
    source,
    language: "python",
    languageName: `Python ${made.version}`,
    reason: reasonText(source, made),
    isOpen: made.isOpen,
    code: made.code,
    plain: plainPython(made.statements, pythonSettings[source.kind].parameters),
    reads: made.reads,
    calls: [],
    warnings: made.warnings.map((problem) =>
      findingOf(source, body, problem, "warning", "ambiguous_code")
    ),
    ambiguities: isAmbiguous
      ? [{
        ...problemFinding(source, source.line, undefined, ambiguity, "ambiguous_code"),
        severity,
      }]
      : [],
    iniLine: (line) => iniLine(source, line),
  };
}

const invalid = {
  javascript: { code: "invalid_javascript", name: "JavaScript" },
  python: { code: "invalid_python", name: "Python" },
} as const satisfies Record<Language, { code: FindingCode; name: string }>;

function findingsOf(
  source: UserCodeSource,
  body: Body,
  problems: readonly BodyProblem[],
  language: Language,
): readonly Finding[] {
  const { code, name } = invalid[language];
  return problems.map((problem) => {
    const message = `as ${name}: ${problem.message}`;
    return findingOf(source, body, { ...problem, message }, "error", code);
  });
}

function findingOf(
  source: UserCodeSource,
  body: Body,
  { line, column, message }: BodyProblem,
  severity: Finding["severity"],
  code: FindingCode,
): Finding {
  const inFile = column + (body.removed[line - 1] ?? 0);
  return { ...problemFinding(source, iniLine(source, line), inFile, message, code), severity };
}

/** Line of the ini for a line of the body, counted from 1. */
function iniLine({ lines, line, body }: UserCodeSource, bodyLine: number): number | undefined {
  if (bodyLine < 1) return undefined;
  if (lines !== undefined) return lines[bodyLine - 1] ?? lines.at(-1);
  return Math.min(line + bodyLine - 1, line + body.split("\n").length - 1);
}
