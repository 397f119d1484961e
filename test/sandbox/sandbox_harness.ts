/**
 * What the sandbox tests share: code from text, a log that is kept, and a sandbox that is closed.
 *
 * @module
 */

import type { Log } from "../../src/logging/log.ts";
import {
  createSandbox,
  defaultLimits,
  type PreparedProgram,
  prepareUserCode,
  type Sandbox,
  type SandboxLimits,
  type SandboxOutcome,
  type UserCodeSource,
} from "../../src/sandbox/mod.ts";

/** A log that keeps its lines as `level message`. */
export function keepLog(): { log: Log; lines: string[] } {
  const lines: string[] = [];
  const log: Log = {
    debug: (message) => void lines.push(`debug ${message}`),
    info: (message) => void lines.push(`info ${message}`),
    warning: (message) => void lines.push(`warning ${message}`),
    error: (message) => void lines.push(`error ${message}`),
    write: ({ level, message }) => void lines.push(`${level} ${message}`),
    named: () => log,
  };
  return { log, lines };
}

/** A converter as the ini would give it, on line 10. */
export function converterSource(name: string, body: string): UserCodeSource {
  const place = { file: "config.ini", line: 10 };
  return { kind: "converter", name, section: "converters", option: name, body, ...place };
}

/** A filter of a section, on line 5. */
export function filterSource(body: string): UserCodeSource {
  const place = { file: "config.ini", line: 5 };
  return { kind: "filter", name: "okta", section: "okta", option: "recordfilter", body, ...place };
}

/** Programs from sources that must be right. */
export function prepared(...sources: readonly UserCodeSource[]): readonly PreparedProgram[] {
  const { programs, findings } = prepareUserCode(sources);
  if (findings.length > 0) throw new Error(findings.map(({ message }) => message).join("\n"));
  return programs;
}

/** What a test sandbox is made of. */
export interface Setting {
  /** Converters by name; each is called once for a record, in this order. */
  readonly converters?: Readonly<Record<string, string>>;
  readonly filter?: string;
  readonly params?: Readonly<Record<string, string | true>>;
  readonly field?: string;
  readonly limits?: Partial<SandboxLimits>;
  readonly log?: Log;
  readonly now?: Date;
}

/** Starts a sandbox, gives it to the test, and closes it whatever happens. */
export async function withSandbox<T>(
  setting: Setting,
  use: (sandbox: Sandbox) => Promise<T>,
): Promise<T> {
  const { converters = {}, params = {}, field = "name" } = setting;
  const names = Object.keys(converters);
  const programs = prepared(
    ...names.map((name) => converterSource(name, converters[name] ?? "")),
  );
  const [filter] = setting.filter === undefined ? [] : prepared(filterSource(setting.filter));
  const sandbox = await createSandbox({
    programs,
    calls: names.map((converter) => ({ converter, field, params })),
    filter,
    limits: { ...defaultLimits, ...setting.limits },
    log: setting.log ?? keepLog().log,
    now: setting.now,
  });
  try {
    return await use(sandbox);
  } finally {
    await sandbox.close();
  }
}

/** Runs records through a sandbox of their own; `value` is what each call is given. */
export function runRecords(
  setting: Setting,
  records: readonly unknown[],
  value: unknown = null,
): Promise<readonly SandboxOutcome[]> {
  const values = Object.keys(setting.converters ?? {}).map(() => value);
  return withSandbox(
    setting,
    (sandbox) => sandbox.run(records.map((record) => ({ record, values }))),
  );
}

/** The result of one JavaScript converter for one record. */
export async function runJavaScript(
  body: string,
  record: unknown = {},
  setting: Setting = {},
): Promise<unknown> {
  const converters = { subject: `// language: javascript\n${body}` };
  const [outcome] = await runRecords({ ...setting, converters }, [record]);
  if (outcome === undefined || !("results" in outcome)) throw new Error(JSON.stringify(outcome));
  return outcome.results[0];
}
