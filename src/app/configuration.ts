/**
 * Finds, reads and plans the configuration file for a command.
 *
 * @module
 */

import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { closest, distance } from "fastest-levenshtein";
import { formatFinding } from "../base/errors.ts";
import { decodeIni, type IniDocument, parseIni } from "../config/ini.ts";
import { checkPermissions } from "../config/permissions.ts";
import { type Choice, chooseSections, type Plan, planConfig, unreadable } from "../config/plan.ts";
import { absolutePath, type Surroundings } from "../config/reading.ts";
import { leavePending, resolveDocument, type Wanted } from "../config/resolve.ts";
import { programDirectory } from "../runtime/program.ts";
import { planProxy } from "../sdk/http/proxy.ts";
import { openSecrets } from "../secrets/mod.ts";
import { sources } from "../sources/mod.ts";
import { secretsIn } from "../config/secret_texts.ts";
import type { CommandContext } from "../cli/command.ts";

/** The configuration file to use: the named one, else config.ini beside the program, else here. */
export function iniPath({ directory, global }: CommandContext): string {
  if (global.ini !== "") return resolve(directory, global.ini);
  const beside = join(programDirectory(directory), "config.ini");
  return existsSync(beside) ? beside : join(directory, "config.ini");
}

/** The state file to use: the named one, else agent-state.sqlite beside the configuration file. */
export function statePath({ directory, global }: CommandContext, ini: string): string {
  return global.state === ""
    ? join(dirname(resolve(directory, ini)), "agent-state.sqlite")
    : resolve(directory, global.state);
}

/** Reads and parses the configuration file. */
export function readIni(path: string): IniDocument {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw unreadable(path, error);
  }
  const decoded = decodeIni(bytes, path);
  const document = parseIni(decoded.text, path);
  return { ...document, findings: [...decoded.findings, ...document.findings] };
}

function surroundings({ env, directory }: CommandContext): Surroundings {
  return { sources, env, directory };
}

/** Plans, and masks every secret that the file holds from now on. */
function plan(context: CommandContext, document: IniDocument): Plan {
  const around = surroundings(context);
  const result = planConfig(document, around);
  const proxies = [result.oomnitza, ...result.sections.map(({ settings }) => settings)]
    .flatMap((settings) => planProxy(settings?.proxy ?? "", around.env).secrets);
  for (const secret of [...result.secrets.flatMap(secretsIn), ...proxies]) {
    context.redactor.add(secret);
  }
  return result;
}

/** Checks a whole configuration without fetching a secret. */
export function planPending(context: CommandContext, document: IniDocument): Plan {
  return plan(context, leavePending(document, sources));
}

/** Reads and checks the whole configuration, for commands that run no section: no secret is fetched. */
export function loadPlan(context: CommandContext): Plan {
  return planPending(context, readIni(iniPath(context)));
}

/**
 * Reads and checks the whole configuration with the secrets of `[oomnitza]` and of the wanted sections,
 * and does some work with it. What the stores have begun ends with the work.
 */
export function withPlan<T>(
  context: CommandContext,
  wanted: Wanted,
  work: (plan: Plan) => Promise<T>,
): Promise<T> {
  return withPlanOf(context, readIni(iniPath(context)), wanted, work);
}

/** The same for a configuration that is read already. */
export async function withPlanOf<T>(
  context: CommandContext,
  document: IniDocument,
  wanted: Wanted,
  work: (plan: Plan) => Promise<T>,
): Promise<T> {
  const { log, redactor, signal } = context;
  const around = surroundings(context);
  const { env, directory } = around;
  const path = (text: string) => absolutePath(document.file, directory, text);
  const secrets = openSecrets({ env, path, signal, log, redactor });
  try {
    const resolved = await resolveDocument(document, { around, wanted, secrets, redactor });
    const findings = [...resolved.findings, ...await checkPermissions(resolved)];
    return await work(plan(context, { ...resolved, findings }));
  } finally {
    await secrets.close();
  }
}

function reportMissing(context: CommandContext, plan: Plan, name: string): void {
  if (plan.disabled.includes(name)) {
    context.log.error(`[${name}] is not enabled in ${plan.file}. Set enable = True in it.`);
    return;
  }
  const names = [...plan.sections.map((section) => section.name), ...plan.disabled];
  const near = names.length === 0 ? name : closest(name, names);
  const hint = near !== name && distance(name, near) <= 3 ? ` Did you mean ${near}?` : "";
  context.log.error(`There is no section [${name}] in ${plan.file}, so it is not enabled.${hint}`);
}

/**
 * Chooses the sections that were named and reports what else was found in the file.
 *
 * @throws {ConfigError} as {@linkcode chooseSections} does.
 */
export function choose(
  context: CommandContext,
  plan: Plan,
  names: readonly string[] | "all",
): Choice {
  const choice = chooseSections(plan, names);
  for (const finding of choice.aside) context.log.warning(formatFinding(finding));
  for (const name of choice.notEnabled) reportMissing(context, plan, name);
  return choice;
}
