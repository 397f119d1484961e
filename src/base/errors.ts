/**
 * The errors that people see: one class for each thing a person must do about it.
 *
 * @module
 */

/** One fault or oddity in a configuration file, precise enough to go and mend it. */
export interface Finding {
  /** `error` keeps the section from running; `warning` does not. */
  readonly severity: "error" | "warning";
  /** Path of the file as the person named it. */
  readonly file: string;
  /** 1-based line in the file, absent when no line is to blame (something is missing). */
  readonly line?: number | undefined;
  /** Section name as written, without brackets. */
  readonly section?: string | undefined;
  /** Option key, lower-cased as the ini dialect does. */
  readonly option?: string | undefined;
  /** What is wrong, without a full stop. */
  readonly message: string;
  /** What to do about it, one sentence. */
  readonly hint?: string | undefined;
}

/** What an {@linkcode AgentError} can carry beside its message. */
export interface AgentErrorOptions {
  /** What the person can do about it, one sentence. */
  readonly hint?: string | undefined;
  /** The error underneath, shown with `--verbose`. */
  readonly cause?: unknown;
  /** Whether trying again later may work. */
  readonly retriable?: boolean | undefined;
}

/** An expected failure whose message is written for people. Anything else thrown is a bug. */
export class AgentError extends Error {
  override name = "AgentError";
  /** What the person can do about it. */
  readonly hint: string | undefined;
  /** Whether trying again later may work. */
  readonly retriable: boolean;

  constructor(message: string, options: AgentErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.hint = options.hint;
    this.retriable = options.retriable ?? false;
  }
}

/** The command line is wrong: exit 2. */
export class UsageError extends AgentError {
  override name = "UsageError";
}

/** The configuration is wrong; carries every finding at once: exit 1. */
export class ConfigError extends AgentError {
  override name = "ConfigError";
  /** All that was found, in file order. */
  readonly findings: readonly Finding[];

  constructor(message: string, findings: readonly Finding[] = [], options: AgentErrorOptions = {}) {
    super(message, options);
    this.findings = findings;
  }
}

/** Credentials were refused, by a source or by Oomnitza. */
export class AuthError extends AgentError {
  override name = "AuthError";
}

/** A source could not be read. */
export class SourceError extends AgentError {
  override name = "SourceError";
}

/** Oomnitza could not be reached or refused what was sent. */
export class SinkError extends AgentError {
  override name = "SinkError";
}

/** The text of whatever was thrown, for a sentence. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/**
 * A finding as one line: `config.ini:12 [okta] api_token: is missing. Set it …`.
 */
export function formatFinding(finding: Finding): string {
  const place = finding.line === undefined ? finding.file : `${finding.file}:${finding.line}`;
  const section = finding.section === undefined ? "" : ` [${finding.section}]`;
  const option = finding.option === undefined ? "" : ` ${finding.option}`;
  const hint = finding.hint === undefined ? "" : `. ${finding.hint}`;
  return `${place}${section}${option}: ${finding.message}${hint}`;
}
