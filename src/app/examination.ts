/**
 * The whole examination of `agent doctor`, in order: machine, configuration, network, Oomnitza, sources.
 *
 * @module
 */

import { retryPolicies } from "../sdk/http/retry.ts";
import { dirname } from "node:path";
import { ConfigError, type Finding, messageOf } from "../base/errors.ts";
import type { Kind } from "../base/record.ts";
import { checkPermissions } from "../config/permissions.ts";
import type { Config } from "../config/config.ts";
import type { SectionConfig } from "../config/section.ts";
import { accessUntold, checkAccess } from "../doctor/access.ts";
import { about, type Check } from "../doctor/check.ts";
import { checkDeadlines } from "../doctor/deadlines.ts";
import { isCompiled } from "../runtime/program.ts";
import {
  checkDisk,
  checkFacts,
  checkFolder,
  checkProgram,
  checkState,
  checkWriters,
  readStateFacts,
} from "../doctor/machine.ts";
import { checkClock, checkConnection } from "../doctor/network.ts";
import { checkFields, checkRights, checkValues, readFields } from "../doctor/oomnitza.ts";
import { findEndpoints } from "../doctor/endpoint.ts";
import { checkStateServer } from "../doctor/state_server.ts";
import { checkSource } from "./check.ts";
import { loadConfig, readOwnIni, withConfig } from "./configuration.ts";
import type { AppContext } from "./context.ts";
import type { PreparedSection } from "../sync/prepare.ts";
import { isNewerProved } from "../sync/read/api_proof.ts";
import { inspectAccess } from "../sync/read/probe.ts";
import { findFieldValues } from "./field_values.ts";
import { localServiceState, serviceAccount } from "./service_state.ts";
import { openReadSession, type ReadSession } from "./session.ts";
import { findState, type StateLocation } from "./state_location.ts";
import { connectServer, findCursors, openExistingStore } from "./store.ts";

/** Records whose values are compared with Oomnitza's fields. */
const sampledRecords = 50;

/** Checks everything; offline, without any request. Never throws for what is wrong. */
export async function examine(app: AppContext, offline: boolean): Promise<Check[]> {
  const machine = [
    checkProgram(),
    ...checkPlaces(app),
    ...checkFolders(app),
    ...await checkLocatedState(app, offline),
    ...await checkAllWriters(app),
    await checkService(),
  ];
  return [...machine, ...await checkConfigured(app, offline)];
}

/** Which configuration is used, and where it was looked for. */
function checkPlaces({ ini, iniPlaces }: AppContext): Check[] {
  if (iniPlaces === undefined) return [];
  const { ok } = about("program", "configuration file");
  return [ok(`${ini} is used; looked for, in this order: ${iniPlaces.join(", ")}`)];
}

/** The state, wherever it is. */
async function checkLocatedState(app: AppContext, offline: boolean): Promise<Check[]> {
  let location: StateLocation;
  try {
    location = await findState(app);
  } catch (error) {
    return [about("state", app.ini).thrown(error)];
  }
  if (location.kind !== "postgres") return await checkState(app.stateFile);
  const { server, settings } = location;
  const checks = about("state server", server.name);
  if (offline) return [checks.skipped("is not asked without the network")];
  try {
    // One connection, and closed before the state is opened: a role or a pooler may allow few.
    const pg = await connectServer(location, 1);
    const { schema, pool: connections, tenant } = settings;
    const found = await checkStateServer(pg, { server, schema, connections })
      .finally(() => pg.close());
    if (found.some(({ state }) => state === "failed")) return found;
    await using opened = await openExistingStore(app);
    if (opened.store === undefined) return found;
    return [
      ...found,
      checkFacts(await readStateFacts(opened.store), checks, ` of tenant ${tenant}`),
    ];
  } catch (error) {
    return [checks.thrown(error)];
  }
}

function checkFolders({ logFolder, stateFile }: AppContext): Check[] {
  const folders = [
    ...(logFolder === undefined ? [] : [["folder of log files", logFolder] as const]),
    ...(stateFile === undefined ? [] : [["folder of the state file", dirname(stateFile)] as const]),
  ];
  const distinct = new Map(folders.map(([what, folder]) => [folder, what]));
  return [...distinct].flatMap(([folder, what]) => [checkFolder(what, folder), checkDisk(folder)]);
}

/** Whoever can change one of these decides what the agent does, or what it has done. */
async function checkAllWriters({ ini, stateFile, logFolder }: AppContext): Promise<Check[]> {
  const service = await serviceAccount();
  const files = [
    ...(isCompiled ? [["program", process.execPath] as const] : []),
    ["configuration", ini] as const,
    ...(stateFile === undefined ? [] : [["folder of the state file", dirname(stateFile)] as const]),
    ...(logFolder === undefined ? [] : [["folder of log files", logFolder] as const]),
  ];
  const distinct = new Map(files.map(([what, path]) => [path, what]));
  return await Promise.all([...distinct].map(([path, what]) => checkWriters(what, path, service)));
}

async function checkService(): Promise<Check> {
  const state = await localServiceState();
  const { ok, warning, skipped } = about("service", state?.name ?? process.platform);
  if (state === undefined) return skipped("this system has no supported service manager");
  if (state.running) return ok("runs");
  if (!state.installed) return skipped("the agent is not installed as a service");
  return warning("is installed and does not run", "Start it: agent service start");
}

/** Findings of the configuration as checks; without any, one that says so. */
function fromFindings(file: string, findings: readonly Finding[], sections: number): Check[] {
  const checks = findings.map(({ severity, line, section, option, message, hint }): Check => {
    const subject = line === undefined ? file : `${file}:${line}`;
    const where = [section === undefined ? [] : `[${section}]`, option ?? []].flat().join(" ");
    const found = where === "" ? message : `${where}: ${message}`;
    const state = severity === "error" ? "failed" : "warning";
    return { area: "configuration", subject, state, found, todo: hint };
  });
  const names = sections === 1 ? "1 section" : `${sections} sections`;
  return checks.length > 0 ? checks : [about("configuration", file).ok(`${names} enabled`)];
}

async function checkAllDeadlines(
  app: AppContext,
  sections: readonly SectionConfig[],
): Promise<Check[]> {
  const checks = sections.map(async (section) => {
    try {
      const isProved = await isNewerProved({ section }, findCursors(app));
      return checkDeadlines(section, Date.now(), isProved);
    } catch (error) {
      return [about("deadline", section.name).thrown(error)];
    }
  });
  return (await Promise.all(checks)).flat();
}

async function checkConfigured(app: AppContext, offline: boolean): Promise<Check[]> {
  const { ini } = app;
  try {
    if (!offline) return await withConfig(app, "all", (config) => examineConfig(app, config));
    const config = loadConfig(app);
    const findings = [...await checkPermissions(readOwnIni(app)), ...config.findings];
    const rest = about("network", "all").skipped("--offline: no request was sent");
    const deadlines = await checkAllDeadlines(app, config.sections);
    return [...fromFindings(ini, findings, config.sections.length), ...deadlines, rest];
  } catch (error) {
    app.signal.throwIfAborted();
    const { thrown } = about("configuration", ini);
    const findings = error instanceof ConfigError ? error.findings : [];
    return findings.length > 0 ? fromFindings(ini, findings, 0) : [thrown(error)];
  }
}

async function examineConfig(app: AppContext, config: Config): Promise<Check[]> {
  const checks = fromFindings(config.file, config.findings, config.sections.length);
  const sections = config.sections.filter(({ pending }) => !pending);
  checks.push(...await checkAllDeadlines(app, sections));
  checks.push(...await checkNetwork(app, config, sections));
  if (config.oomnitza === undefined || config.fatal) {
    const { skipped } = about("credentials", "oomnitza");
    return [...checks, skipped("not checked: the configuration has errors")];
  }
  return [...checks, ...await checkOomnitza(app, config, sections)];
}

async function checkNetwork(
  { log }: AppContext,
  config: Config,
  sections: readonly SectionConfig[],
): Promise<Check[]> {
  const checks: Check[] = [];
  try {
    const endpoints = findEndpoints(config, sections, log);
    // Sections that reach the same host by the same route are checked once.
    const distinct = new Map(
      endpoints.toReversed().map((endpoint) => [
        `${endpoint.url.origin} ${JSON.stringify(endpoint.tls)}`,
        endpoint,
      ]),
    );
    const routes = [...distinct.values()].toReversed();
    checks.push(...(await Promise.all(routes.map((route) => checkConnection(route)))).flat());
    const own = endpoints.find(({ section }) => section === "oomnitza");
    if (own !== undefined) checks.push(await checkClock(own));
  } catch (error) {
    checks.push(about("tls", "certificates").thrown(error));
  }
  return checks;
}

async function checkOomnitza(
  app: AppContext,
  config: Config,
  sections: readonly SectionConfig[],
): Promise<Check[]> {
  const { ok, thrown } = about("credentials", "oomnitza");
  let session: ReadSession;
  try {
    // Whether somebody listens was looked at before: what does not answer now is a finding.
    const { interactive } = retryPolicies;
    session = await openReadSession(app, config, sections, interactive, interactive);
  } catch (error) {
    app.signal.throwIfAborted();
    return [thrown(error)];
  }
  const checks = [
    ok(`${session.oomnitza.url} accepts the credentials`),
    await checkRights(session.oomnitza),
  ];
  const known = new Map<Kind, ReadonlySet<string> | string>();
  for (const section of sections) {
    const fields = known.get(section.kind) ?? await readFields(session.oomnitza, section.kind);
    known.set(section.kind, fields);
    checks.push(...await checkSection(app, session, section, fields));
  }
  return checks;
}

/** Looks at the first records where Oomnitza tells what its fields take. */
async function examineValues(
  app: AppContext,
  session: ReadSession,
  prepared: PreparedSection,
): Promise<Check[]> {
  try {
    const values = await findFieldValues(app, session, prepared, sampledRecords);
    return values === undefined || values.records === 0 ? [] : checkValues(prepared, values);
  } catch (error) {
    app.signal.throwIfAborted();
    const { skipped } = about("values", prepared.section.name);
    return [skipped(`values cannot be compared with Oomnitza's fields: ${messageOf(error)}`)];
  }
}

/** What the credentials of the section allow; nothing where there is no way to ask. */
async function examineAccess(app: AppContext, prepared: PreparedSection): Promise<Check[]> {
  const { name } = prepared.section;
  try {
    const access = await inspectAccess(prepared, app);
    return access === undefined ? [] : checkAccess(name, access, Date.now());
  } catch (error) {
    app.signal.throwIfAborted();
    return [accessUntold(name, error)];
  }
}

async function checkSection(
  app: AppContext,
  session: ReadSession,
  section: SectionConfig,
  fields: ReadonlySet<string> | string,
): Promise<Check[]> {
  const { ok, failed, warning, thrown } = about("source", section.name);
  try {
    const checks: Check[] = [];
    for (const prepared of await session.prepare([section])) {
      const result = await checkSource(app, prepared);
      app.signal.throwIfAborted();
      checks.push(
        result.ok ? ok(result.message) : failed(result.message, result.hint ?? undefined),
        ...result.warnings.map((text) => warning(text)),
        checkFields(prepared, fields),
      );
      if (!result.ok) continue;
      checks.push(...await examineAccess(app, prepared));
      checks.push(...await examineValues(app, session, prepared));
    }
    return checks;
  } catch (error) {
    app.signal.throwIfAborted();
    if (error instanceof ConfigError && error.findings.length > 0) {
      return fromFindings(section.file, error.findings, 0);
    }
    return [thrown(error)];
  }
}
