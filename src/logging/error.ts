/**
 * An error as text for people: what happened, what to do, and with `--verbose` where and why.
 *
 * @module
 */

import { AgentError, ConfigError, formatFinding, messageOf } from "../base/errors.ts";
import { neutralise } from "./log.ts";
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

/**
 * Describes whatever was thrown: the message, every finding of a {@linkcode ConfigError}, the hint,
 * and with `verbose` the stack and the causes with theirs. Secrets are masked and control
 * characters shown as escapes; details are indented by two spaces, so the text may be printed or
 * logged as it is.
 */
export function describeError(
  error: unknown,
  options: { readonly verbose: boolean },
  redactor: Redactor,
): string {
  const findings = error instanceof ConfigError
    ? error.findings.map((finding) => `${finding.severity}: ${formatFinding(finding)}`)
    : [];
  const hint = error instanceof AgentError && error.hint !== undefined ? [error.hint] : [];
  const details = options.verbose ? verboseLines(error, new Set()) : [];
  const parts = [messageOf(error), ...findings, ...hint, ...details];
  // Redacted before it is indented, else a secret of several lines would be missed.
  const safe = parts.map((part) => redactor.redact(part).replaceAll(/\r?\n/g, "\n  "));
  return neutralise(safe.join("\n  "));
}
