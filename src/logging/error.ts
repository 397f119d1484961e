/**
 * An error as text for people: what happened, what to do, and with `--verbose` where and why.
 *
 * @module
 */

import { AgentError, ConfigError, type Finding, formatFinding, messageOf } from "../base/errors.ts";
import { indentDetails } from "./log.ts";
import type { Redactor } from "../base/redact.ts";

/** Causes of causes beyond this say nothing new. */
const deepest = 10;

function stackFrames(error: Error): string[] {
  return (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line))
    .map((line) => line.trim());
}

function listCauses(error: Error): unknown[] {
  const causes = error.cause === undefined ? [] : [error.cause];
  return error instanceof AggregateError ? [...causes, ...error.errors] : causes;
}

/** The lines of an error and, below it, of its causes. */
function verboseLines(thrown: unknown, seen: Set<unknown>): string[] {
  seen.add(thrown);
  if (!(thrown instanceof Error)) return [];
  const lines = stackFrames(thrown);
  for (const cause of listCauses(thrown)) {
    if (seen.has(cause) || seen.size > deepest) continue;
    const name = cause instanceof Error ? `${cause.name}: ` : "";
    lines.push(`Caused by: ${name}${messageOf(cause)}`);
    lines.push(...verboseLines(cause, seen));
  }
  return lines;
}

/** How much is said about an error. */
export interface ErrorDetail {
  /** Also the stack and the causes with theirs. */
  readonly verbose: boolean;
  /** Findings that are named; all of them by default. */
  readonly mostFindings?: number;
}

function findingLines(findings: readonly Finding[], most: number): string[] {
  const lines = findings.slice(0, most).map((one) => `${one.severity}: ${formatFinding(one)}`);
  const more = findings.length - lines.length;
  return more > 0 ? [...lines, `… and ${more} more: agent check --file-only lists them`] : lines;
}

/**
 * The lines about whatever was thrown: the message, the findings of a {@linkcode ConfigError}, the
 * hint, and what else was asked for.
 */
export function errorLines(
  error: unknown,
  options: ErrorDetail,
): readonly [string, ...string[]] {
  const findings = error instanceof ConfigError
    ? findingLines(error.findings, options.mostFindings ?? Number.POSITIVE_INFINITY)
    : [];
  const hint = error instanceof AgentError && error.hint !== undefined ? [error.hint] : [];
  const details = options.verbose ? verboseLines(error, new Set()) : [];
  return [messageOf(error), ...findings, ...hint, ...details];
}

/**
 * Lines as a text for people. Secrets are masked and control characters shown as escapes; all but the
 * first are indented by two spaces.
 */
export function describeLines(lines: readonly string[], redactor: Redactor): string {
  return indentDetails(lines.map((line) => redactor.redact(line)));
}
