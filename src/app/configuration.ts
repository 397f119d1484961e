/**
 * Reads and checks the configuration file, and chooses the sections to work on.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { ConfigError, type Finding, formatFinding } from "../base/errors.ts";
import { decodeIni, type IniDocument, parseIni } from "../config/ini.ts";
import { checkPermissions } from "../config/permissions.ts";
import { type Choice, chooseSections, type NotEnabled } from "../config/choose.ts";
import { checkConfig, type Config } from "../config/config.ts";
import { readIniBytes } from "../config/ini_bytes.ts";
import type { ConfigMemory } from "../config/memory.ts";
import { absolutePath, type ConfigContext } from "../config/reading.ts";
import { type CheckedSection, checkServe } from "../config/service_sections.ts";
import type { ServeOptions } from "../settings/serve_options.ts";
import { serverSections } from "../config/declared.ts";
import { leavePending, resolveDocument, type WantedSections } from "../config/resolve.ts";
import { secretsIn } from "../config/secret_texts.ts";
import { checkSharedSpool, checkState, type StateSettings } from "../config/state_section.ts";
import { findForeignWriters } from "../runtime/file_access.ts";
import { isCompiled, programDirectory } from "../runtime/program.ts";
import { evaluatePac } from "../sandbox/pac.ts";
import { createProxyFinder } from "../sdk/http/proxy.ts";
import { openSecrets } from "../secrets/mod.ts";
import type { AppContext } from "./context.ts";

function parse(bytes: Uint8Array, path: string): IniDocument {
  const decoded = decodeIni(bytes, path);
  const document = parseIni(decoded.text, path);
  return { ...document, findings: [...decoded.findings, ...document.findings] };
}

/**
 * Reads and parses a configuration file.
 *
 * @param memory The parsed file of before.
 * @throws {ConfigError} when it cannot be read; what is wrong with its text is in the findings.
 */
export function readIni(path: string, memory?: ConfigMemory): IniDocument {
  const bytes = readIniBytes(path);
  return memory?.document(bytes, () => parse(bytes, path)) ?? parse(bytes, path);
}

/** Checks, and masks every secret that the file holds from now on. */
function check(app: AppContext, document: IniDocument, memory?: ConfigMemory): Config {
  const config = checkConfig(document, app, memory);
  const proxies = [config.oomnitza, ...config.sections.map(({ settings }) => settings)]
    .flatMap((settings) => createProxyFinder(settings?.proxy ?? "", app.env).secrets);
  for (const secret of [...config.secrets.flatMap(secretsIn), ...proxies]) {
    app.redactor.add(secret);
  }
  return config;
}

/** Checks a whole configuration. No secret is fetched, so that none of its sections can run. */
export function checkDocument(app: AppContext, document: IniDocument): Config {
  return check(app, leavePending(document, app));
}

/**
 * Reads the configuration file of a command.
 *
 * @throws {ConfigError} when it cannot be read, with the places where it was looked for.
 */
export function readOwnIni(
  { ini, iniPlaces }: Pick<AppContext, "ini" | "iniPlaces">,
  memory?: ConfigMemory,
): IniDocument {
  if (iniPlaces === undefined || existsSync(ini)) return readIni(ini, memory);
  throw new ConfigError(`There is no configuration file: looked for ${iniPlaces.join(", ")}`, [], {
    hint: "Name the file with --ini, or write a sample with generate-ini.",
  });
}

/** Reads and checks the configuration file, for what runs no section: no secret is fetched. */
export function loadConfig(app: AppContext): Config {
  return checkDocument(app, readOwnIni(app));
}

/**
 * Reads and checks the configuration file with the secrets of `[oomnitza]` and of the wanted sections,
 * and does some work with it. What the secret stores have begun ends with the work.
 *
 * @param memory For who does so again and again.
 */
export function withConfig<T>(
  app: AppContext,
  wanted: WantedSections,
  work: (config: Config) => Promise<T>,
  memory?: ConfigMemory,
): Promise<T> {
  return withDocument(app, readOwnIni(app, memory), wanted, work, memory);
}

/**
 * Refuses a configuration that was found in the working directory, and that somebody else wrote or could
 * change: it may hold commands, which run as this account.
 *
 * @throws {ConfigError}
 */
async function refuseForeign(
  { ini, iniPlaces, directory }: Pick<AppContext, "ini" | "iniPlaces" | "directory">,
): Promise<void> {
  const isFoundHere = iniPlaces !== undefined && dirname(ini) === directory;
  if (!isFoundHere || programDirectory(directory) === directory && isCompiled) return;
  const [writer] = (await findForeignWriters(ini)).filter(({ isBroad, isOwner }) =>
    isBroad || isOwner
  );
  if (writer === undefined) return;
  const where = writer.path === ini ? "" : ` by ${writer.path}`;
  throw new ConfigError(`${ini} can be changed by ${writer.who}${where}`, [], {
    hint: "It was found in the working directory, and may run commands as your account. If it is " +
      "the one that you mean, name it with --ini.",
  });
}

/** The same for a configuration that is read already. */
export function withDocument<T>(
  app: AppContext,
  document: IniDocument,
  wanted: WantedSections,
  work: (config: Config) => Promise<T>,
  memory?: ConfigMemory,
): Promise<T> {
  return withResolved(app, document, wanted, async (resolved) => {
    const findings = [...resolved.findings, ...await checkPermissions(resolved)];
    return await work(check(app, { ...resolved, findings }, memory));
  }, memory);
}

/** What says where the state is; without a configuration file, nothing does. */
type StateConfigContext = Pick<
  AppContext,
  "directory" | "env" | "ini" | "iniPlaces" | "log" | "redactor" | "signal" | "sources" | "tenant"
>;

/**
 * Reads `[state]` with its secrets; nothing of the other sections is looked at.
 *
 * @throws {ConfigError} when it has errors.
 */
export async function loadStateSettings(app: StateConfigContext): Promise<StateSettings> {
  return (await loadSection(app, readIniIfThere(app.ini), "state", checkState)).settings;
}

/** What the listener of many tenants is told by its file. */
export interface ListenerSettings {
  readonly serve: ServeOptions;
  /** `spool` in its `[state]`. */
  readonly spool: string;
}

/**
 * Reads `[serve]` and the spool in `[state]` from a file that has nothing else but the servers of secrets, or is
 * not there. What else was found in it is logged.
 *
 * @param secrets Whether they are fetched; else what refers to one is as if it were blank.
 * @throws {ConfigError} when it has errors.
 */
export async function loadListenerSettings(
  app: StateConfigContext,
  secrets: "fetched" | "pending" = "fetched",
): Promise<ListenerSettings> {
  const document = readIniIfThere(app.ini);
  const own = ["serve", "state", ...Object.keys(serverSections)];
  const other = document.sections.find(({ name }) => !own.includes(name));
  if (other !== undefined) {
    throw new ConfigError(
      `${app.ini} has a section [${other.name}]: it is for the listener only`,
      [],
      {
        hint: "Leave [serve] in it, and put sections into files of tenants.",
      },
    );
  }
  const errors = document.findings.filter(({ severity }) => severity === "error");
  if (errors.length > 0) throw new ConfigError(`Cannot use ${app.ini}`, errors);
  const { settings: serve, findings } = await loadSection(
    app,
    document,
    "serve",
    checkServe,
    secrets,
  );
  const state = await loadSection(app, document, "state", checkSharedSpool, secrets);
  for (const finding of [...document.findings, ...findings, ...state.findings]) {
    app.log[finding.severity](formatFinding(finding));
  }
  return { serve, spool: state.settings };
}

function readIniIfThere(file: string): IniDocument {
  if (existsSync(file)) return readIni(file);
  return { file, sections: [], byName: new Map(), defaults: new Map(), findings: [] };
}

/** Checks one section of the service; nothing of the other sections is looked at. */
async function loadSection<T>(
  app: StateConfigContext,
  document: IniDocument,
  name: "state" | "serve",
  checkSection: (document: IniDocument, context: ConfigContext) => CheckedSection<T>,
  how: "fetched" | "pending" = "fetched",
): Promise<{ readonly settings: T; readonly findings: readonly Finding[] }> {
  const names = new Set([name, ...Object.keys(serverSections)]);
  const sections = document.sections.filter((section) => names.has(section.name));
  const byName = new Map(sections.map((section) => [section.name, section]));
  const own = { ...document, sections, byName, findings: [] };
  function read(resolved: IniDocument) {
    const checked = checkSection(resolved, app);
    const { settings, secrets } = checked;
    const findings = [...resolved.findings, ...checked.findings];
    for (const secret of secrets.flatMap(secretsIn)) app.redactor.add(secret);
    // A secret that could not be fetched is in the findings only.
    const isBroken = findings.some(({ severity }) => severity === "error");
    if (settings !== undefined && !isBroken) return { settings, findings };
    throw new ConfigError(`Cannot use [${name}] of ${document.file}`, findings);
  }
  if (!byName.has(name)) return read(own);
  if (how === "pending") return read(leavePending(own, app));
  return await withResolved(app, own, [name], (resolved) => Promise.resolve(read(resolved)));
}

/** Does some work with a document whose references were resolved for the wanted sections. */
async function withResolved<T>(
  app: StateConfigContext,
  document: IniDocument,
  wanted: WantedSections,
  work: (resolved: IniDocument) => Promise<T>,
  memory?: ConfigMemory,
): Promise<T> {
  await refuseForeign(app);
  const { env, directory, log, redactor, signal } = app;
  const path = (text: string) => absolutePath(document.file, app, text);
  const secrets = openSecrets({ env, directory, path, signal, log, redactor, evaluatePac });
  try {
    const resolving = { context: app, wanted, secrets, redactor };
    return await work(await resolveDocument(document, resolving, memory));
  } finally {
    await secrets.close();
  }
}

/** A section that cannot run, as a sentence or two. */
export function describeNotEnabled({ message, hint }: NotEnabled): string {
  return hint === undefined ? message : `${message}. ${hint}`;
}

/**
 * Chooses the sections that were named, and logs what else was found in the file.
 *
 * @throws {ConfigError} as {@linkcode chooseSections} does.
 */
export function selectSections(
  app: AppContext,
  config: Config,
  names: readonly string[] | "all",
): Choice {
  const choice = chooseSections(config, names);
  const { log } = app;
  for (const finding of choice.aside) log[finding.severity](formatFinding(finding));
  if (choice.others !== undefined) log.warning(choice.others);
  for (const each of choice.notEnabled) log.error(describeNotEnabled(each));
  return choice;
}
