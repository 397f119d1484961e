/**
 * The whole examination of `agent doctor`, in order: machine, configuration, network, Oomnitza, sources.
 *
 * @module
 */

import { retryPolicies } from "../sdk/http/retry.ts";
import { dirname } from "node:path";
import { ConfigError, type Finding } from "../base/errors.ts";
import type { Kind } from "../base/record.ts";
import { checkPermissions } from "../config/permissions.ts";
import type { Plan } from "../config/plan.ts";
import type { SectionPlan } from "../config/section.ts";
import { about, type Check } from "../doctor/check.ts";
import { checkDisk, checkFolder, checkProgram, checkState } from "../doctor/machine.ts";
import { checkClock, checkConnection } from "../doctor/network.ts";
import { checkFields, checkRights, readFields } from "../doctor/oomnitza.ts";
import { findEndpoints } from "../doctor/endpoint.ts";
import { checkSource } from "../cli/check.ts";
import type { CommandContext } from "../cli/command.ts";
import { iniPath, loadPlan, readIni, withPlan } from "./configuration.ts";
import { runsLogFolder } from "../cli/log.ts";
import { openSession, type Session } from "../cli/session.ts";
import { stateFile } from "../cli/state.ts";

/** Checks everything; offline, nobody is asked. Never throws for what is wrong. */
export async function examine(context: CommandContext, offline: boolean): Promise<Check[]> {
  const ini = iniPath(context);
  const machine = [
    checkProgram(),
    ...checkFolders(context, ini),
    ...await checkState(stateFile(context, ini)),
    await checkService(),
  ];
  return [...machine, ...await checkConfigured(context, ini, offline)];
}

function checkFolders(context: CommandContext, ini: string): Check[] {
  const logs = runsLogFolder(context);
  const state = stateFile(context, ini);
  const folders = [
    ...(logs === undefined ? [] : [["folder of log files", logs] as const]),
    ...(state === undefined ? [] : [["folder of the state file", dirname(state)] as const]),
  ];
  const distinct = new Map(folders.map(([what, folder]) => [folder, what]));
  return [...distinct].flatMap(([folder, what]) => [checkFolder(what, folder), checkDisk(folder)]);
}

const systems = { linux: "systemd", darwin: "launchd", win32: "windows" } as const;
/** What systemd, Windows and launchd say of a service that they know. */
const isInstalled = /Loaded: loaded|STATE\s*:|state = /;

async function checkService(): Promise<Check> {
  const { launchd, listen, systemd, windows } = await import("../os_service/mod.ts");
  const system = systems[process.platform as keyof typeof systems];
  const manager = [systemd, launchd, windows].find((each) => each.system === system);
  const { ok, warning, skipped } = about("service", manager?.service ?? process.platform);
  if (manager === undefined) return skipped("there are no services here");
  const said = await listen(manager.status);
  if (manager.isRunning(said)) return ok("runs");
  if (!isInstalled.test(said.text)) return skipped("the agent is no service on this machine");
  return warning("is installed and does not run", "Start it: agent service start");
}

/** Findings of the configuration as checks; without any, one that says so. */
function fromFindings(file: string, findings: readonly Finding[], sections: number): Check[] {
  const checks = findings.map(({ severity, line, section, option, message, hint }): Check => {
    const place = line === undefined ? file : `${file}:${line}`;
    const where = [section === undefined ? [] : `[${section}]`, option ?? []].flat().join(" ");
    const found = where === "" ? message : `${where}: ${message}`;
    const state = severity === "error" ? "failed" : "warning";
    return { area: "configuration", subject: place, state, found, todo: hint };
  });
  const names = sections === 1 ? "1 section" : `${sections} sections`;
  return checks.length > 0 ? checks : [about("configuration", file).ok(`${names} enabled`)];
}

async function checkConfigured(
  context: CommandContext,
  ini: string,
  offline: boolean,
): Promise<Check[]> {
  try {
    if (!offline) return await withPlan(context, "all", (plan) => checkPlan(context, plan));
    const plan = loadPlan(context);
    const findings = [...await checkPermissions(readIni(ini)), ...plan.findings];
    const rest = about("network", "all").skipped("--offline: nobody was asked");
    return [...fromFindings(ini, findings, plan.sections.length), rest];
  } catch (error) {
    context.signal.throwIfAborted();
    const { thrown } = about("configuration", ini);
    const findings = error instanceof ConfigError ? error.findings : [];
    return findings.length > 0 ? fromFindings(ini, findings, 0) : [thrown(error)];
  }
}

async function checkPlan(context: CommandContext, plan: Plan): Promise<Check[]> {
  const checks = fromFindings(plan.file, plan.findings, plan.sections.length);
  const sections = plan.sections.filter(({ pending }) => !pending);
  checks.push(...await checkNetwork(plan, sections));
  if (plan.oomnitza === undefined || plan.fatal) {
    const { skipped } = about("credentials", "oomnitza");
    return [...checks, skipped("cannot be tried before the configuration is right")];
  }
  return [...checks, ...await checkOomnitza(context, plan, sections)];
}

async function checkNetwork(plan: Plan, sections: readonly SectionPlan[]): Promise<Check[]> {
  const checks: Check[] = [];
  try {
    const places = findEndpoints(plan, sections);
    // Sections that lead to the same host the same way are looked at once.
    const distinct = new Map(
      places.toReversed().map((
        place,
      ) => [`${place.url.origin} ${JSON.stringify(place.tls)}`, place]),
    );
    const ways = [...distinct.values()].toReversed();
    checks.push(...(await Promise.all(ways.map((way) => checkConnection(way)))).flat());
    const own = places.find(({ section }) => section === "oomnitza");
    if (own !== undefined) checks.push(await checkClock(own));
  } catch (error) {
    checks.push(about("tls", "certificates").thrown(error));
  }
  return checks;
}

async function checkOomnitza(
  context: CommandContext,
  plan: Plan,
  sections: readonly SectionPlan[],
): Promise<Check[]> {
  const { ok, thrown } = about("credentials", "oomnitza");
  let session: Session;
  try {
    session = await openSession(context, plan, sections, retryPolicies.interactive);
  } catch (error) {
    context.signal.throwIfAborted();
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
    checks.push(...await checkSection(context, session, section, fields));
  }
  return checks;
}

async function checkSection(
  context: CommandContext,
  session: Session,
  section: SectionPlan,
  fields: ReadonlySet<string> | string,
): Promise<Check[]> {
  const { ok, failed, thrown } = about("source", section.name);
  try {
    const checks: Check[] = [];
    for (const prepared of await session.prepare([section])) {
      const result = await checkSource(context, prepared);
      context.signal.throwIfAborted();
      checks.push(
        result.ok ? ok(result.message) : failed(result.message, result.hint ?? undefined),
        checkFields(prepared, fields),
      );
    }
    return checks;
  } catch (error) {
    context.signal.throwIfAborted();
    if (error instanceof ConfigError && error.findings.length > 0) {
      return fromFindings(section.file, error.findings, 0);
    }
    return [thrown(error)];
  }
}
