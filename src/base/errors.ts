/**
 * The errors that people see: one class for each thing a person must do about it.
 *
 * @module
 */

import { describeSystemError } from "./system_errors.ts";

/** What kind of finding it is, for programs; the message is for people and may be worded anew. */
export type FindingCode =
  /** A section, an option or a mapping that is required is not there, or is blank. */
  | "missing"
  /** A value is not one that the option allows. */
  | "invalid"
  /** Values that exclude each other, or of which one needs the other. */
  | "conflict"
  /** Nobody knows the option: it is ignored. */
  | "unknown_option"
  /** A mapping names a converter that does not exist. */
  | "unknown_converter"
  /** A mapping calls a converter with a parameter that it does not have. */
  | "unknown_parameter"
  /** The section is enabled, and no source has its name. */
  | "unknown_section"
  /** It looks like a reference to a secret, and there is no such store. */
  | "unknown_store"
  /** A reference to a secret that could not be fetched. */
  | "unresolved"
  /** Something is in the file that has no effect. */
  | "ineffective"
  /** The file is not written as its format wants it. */
  | "syntax"
  /** Characters or bytes that are not text in the encoding of the file. */
  | "encoding"
  /** Others than its owner can read the file. */
  | "permissions"
  /** User code that cannot run, whatever its language. */
  | "invalid_code"
  /** User code that was taken for Python and is not valid Python. */
  | "invalid_python"
  /** User code that was taken for JavaScript and is not valid JavaScript. */
  | "invalid_javascript"
  /** User code that may be meant otherwise than it is taken. */
  | "ambiguous_code";

/** Something wrong with a configuration file, precise enough to correct it. */
export interface Finding {
  readonly code: FindingCode;
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

/**
 * The text of whatever was thrown, for a sentence. Of the operating system and the network it is ours, by
 * the code of the error: what the runtime says is about calls that nobody has made.
 */
export function messageOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  if (thrown instanceof AgentError) return thrown.message;
  return describeSystemError(errorCode(thrown)) ?? thrown.message;
}

/** The `code` of an error of the runtime, for example `ENOENT`; empty when it has none. */
export function errorCode(thrown: unknown): string {
  return String((thrown as { code?: unknown } | null | undefined)?.code ?? "");
}

/**
 * A finding as one line: `config.ini:12 [okta] api_token: is missing. Set it …`.
 */
export function formatFinding(finding: Finding): string {
  const position = finding.line === undefined ? finding.file : `${finding.file}:${finding.line}`;
  const section = finding.section === undefined ? "" : ` [${finding.section}]`;
  const option = finding.option === undefined ? "" : ` ${finding.option}`;
  const hint = finding.hint === undefined ? "" : `. ${finding.hint}`;
  return `${position}${section}${option}: ${finding.message}${hint}`;
}
