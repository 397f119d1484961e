/**
 * Checks `[state]`: which PostgreSQL keeps the state, when one does.
 *
 * @module
 */

import { AgentError } from "../base/errors.ts";
import type { Options } from "../sdk/option.ts";
import { type StateOptions, stateOptions } from "../settings/state_options.ts";
import { checkSchemaName, parsePgUrl, type PgTarget } from "../state/postgres/target.ts";
import type { IniDocument } from "./ini.ts";
import {
  absolutePath,
  beginOptionalReading,
  type ConfigContext,
  type Reading,
  readOptions,
  report,
} from "./reading.ts";
import type { CheckedSection } from "./service_sections.ts";

export interface StateSettings extends StateOptions {
  /** The server that `url` names; absent when the state is a file. */
  readonly server: PgTarget | undefined;
}

/** What `[state]` says, where its values are known. */
export interface CheckedState extends CheckedSection<StateSettings> {
  /** Whether the values of some references are not known. */
  readonly isPending: boolean;
}

/** Checks `[state]`; without it in the file, the state is a file. */
export function checkState(document: IniDocument, context: ConfigContext): CheckedState {
  const reading = beginOptionalReading(document, "state", context);
  const { values, secrets, isPending } = readOptions(reading, stateOptions as Options, {
    mappings: "ignored",
  });
  const options = { ...values as unknown as StateOptions, ...ownTenant(reading, context) };
  const server = isPending ? undefined : readServer(reading, options);
  checkSchema(reading, options);
  const { findings } = reading;
  const isBroken = findings.some(({ severity }) => severity === "error");
  const passwords = server === undefined || server.password === "" ? [] : [server.password];
  return {
    settings: isBroken || isPending
      ? undefined
      : { ...options, spool: spoolPath(document, context, options.spool), server },
    findings,
    secrets: [...secrets, ...passwords],
    isPending,
  };
}

/** Checks the `[state]` of the listener of many tenants: `spool`, and nothing else. */
export function checkSharedSpool(
  document: IniDocument,
  context: ConfigContext,
): CheckedSection<string> {
  const reading = beginOptionalReading(document, "state", context);
  for (const option of reading.options.keys()) {
    if (option === "spool") continue;
    report(reading, {
      code: "invalid",
      option,
      message: "is not for the listener",
      hint: "Put it into [state] of each tenant's file, and leave spool here",
    });
  }
  const { values, secrets } = readOptions(reading, stateOptions as Options, {
    mappings: "ignored",
  });
  const { spool } = values as unknown as StateOptions;
  const { findings } = reading;
  const isBroken = findings.some(({ severity }) => severity === "error");
  return {
    settings: isBroken ? undefined : spoolPath(document, context, spool),
    ...{ findings, secrets },
  };
}

/** A refused value as a finding. */
function reportRefused(reading: Reading, option: "url" | "schema", thrown: unknown): void {
  if (!(thrown instanceof AgentError)) throw thrown;
  const { message, hint } = thrown;
  report(reading, { code: "invalid", option, message: `is refused: ${message}`, hint });
}

function readServer(reading: Reading, { url, password }: StateOptions): PgTarget | undefined {
  if (url.trim() === "") return undefined;
  try {
    const server = parsePgUrl(url.trim());
    return server.password === "" ? { ...server, password } : server;
  } catch (thrown) {
    reportRefused(reading, "url", thrown);
    return undefined;
  }
}

function checkSchema(reading: Reading, { schema, tenant }: StateOptions): void {
  try {
    checkSchemaName(schema);
  } catch (thrown) {
    reportRefused(reading, "schema", thrown);
  }
  if (tenant.trim() !== "") return;
  report(reading, {
    code: "invalid",
    option: "tenant",
    message: "is blank",
    hint: "Leave it out, or name the instance of Oomnitza",
  });
}

/** The tenant that the file is of, where its name says that; the file itself may say the same. */
function ownTenant(
  reading: Reading,
  { tenant }: ConfigContext,
): Partial<Pick<StateOptions, "tenant">> {
  if (tenant === undefined) return {};
  const written = reading.options.get("tenant");
  const isUnknown = written?.reference === "pending" || written?.reference === "failed";
  const text = written === undefined || isUnknown ? tenant : written.value.trim();
  if (text !== tenant) {
    report(reading, {
      code: "invalid",
      option: "tenant",
      message: `is ${text || "blank"}, in the file of ${tenant}`,
      hint: "With --configs the name of the file is the tenant: leave it out, or rename the file",
    });
  }
  if (written === undefined && reading.options.has("url")) {
    report(reading, {
      severity: "warning",
      code: "missing",
      option: "tenant",
      message: "is missing",
      hint:
        `Other commands do not know the tenant by the name of the file: write tenant = ${tenant}`,
    });
  }
  return { tenant };
}

/** An absolute path, `none`, or blank for the file beside the state file. */
function spoolPath(document: IniDocument, context: ConfigContext, written: string): string {
  const path = written.trim();
  return path === "" || path === "none" ? path : absolutePath(document.file, context, path);
}
