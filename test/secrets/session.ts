/**
 * Secrets in process: the stores for one run, with a log and a redactor that tests can look into.
 *
 * @module
 */
import { resolve } from "node:path";
import { createRedactor, type Redactor } from "../../src/base/redact.ts";
import type { Log } from "../../src/logging/log.ts";
import { openSecrets, type SecretContext, type Secrets } from "../../src/secrets/mod.ts";

/** The secrets of one run, and what it wrote. */
export interface Session {
  readonly secrets: Secrets;
  readonly redactor: Redactor;
  /** Log lines, as `level: message`. */
  readonly lines: readonly string[];
}

/** Opens the stores; `env` is all of the environment, `directory` where relative paths lead. */
export function openSession(
  { env = {}, directory = "/", signal = new AbortController().signal }: {
    readonly env?: Readonly<Record<string, string>>;
    readonly directory?: string;
    readonly signal?: AbortSignal;
  } = {},
): Session {
  const lines: string[] = [];
  const log: Log = {
    debug: (message) => void lines.push(`debug: ${message}`),
    info: (message) => void lines.push(`info: ${message}`),
    warning: (message) => void lines.push(`warning: ${message}`),
    error: (message) => void lines.push(`error: ${message}`),
    write: ({ level, message }) => void lines.push(`${level}: ${message}`),
    named: () => log,
  };
  const redactor = createRedactor();
  const path = (text: string) => resolve(directory, text);
  const context: SecretContext = { env, directory, path, signal, log, redactor };
  return { secrets: openSecrets(context), redactor, lines };
}
