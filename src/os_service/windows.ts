/**
 * The service under Windows: its service manager (sc.exe, net.exe) and access rights (icacls.exe).
 *
 * @module
 */

import { win32 } from "node:path";
import { commonDataFolder, systemFolder } from "../runtime/windows_system.ts";
import {
  leastStopSeconds,
  rotatingLog,
  serveWords,
  type ServiceManager,
  type ServiceSettings,
} from "./manager.ts";
import { description, type ServiceNames, serviceNames, windowsServiceArgument } from "./names.ts";
import { settingsIn } from "./registered.ts";
import { type CommandLine, type RunStep, type Step, windowsWord, windowsWords } from "./step.ts";

const isWindows = process.platform === "win32";
/** The real folder on Windows, the usual one where it is only described. */
const commonData = isWindows ? commonDataFolder() : "C:\\ProgramData";
/** By its full name: a program that lies in the current folder must not be taken for it. */
const system = isWindows ? systemFolder() : "C:\\Windows\\System32";
/** Everything in a folder, also what comes later. */
const allBelow = "(OI)(CI)";

function run(name: string, ...words: string[]): RunStep {
  return { kind: "run", command: [`${system}\\${name}.exe`, ...words] };
}

/** Where one service has its files, and what it is called. */
interface Places {
  readonly names: ServiceNames;
  readonly data: string;
  readonly stateFolder: string;
  readonly logFolder: string;
  /** Where Windows looks up what the entries of the service in the Event Log say. */
  readonly eventSource: string;
  readonly isThere: CommandLine;
}

function placesOf(names: ServiceNames): Places {
  const data = `${commonData}\\${names.folder}`;
  return {
    names,
    data,
    stateFolder: `${data}\\state`,
    logFolder: `${data}\\logs`,
    eventSource:
      `HKLM\\SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\${names.windows}`,
    isThere: run("sc", "query", names.windows).command,
  };
}

/** Where a service writes its log, unless its logging configuration says otherwise. */
export function serviceLog(names: ServiceNames): string {
  return `${placesOf(names).logFolder}\\agent.log`;
}

function registration(settings: ServiceSettings, { name, title }: ServiceNames): string[] {
  const words = [settings.program, windowsServiceArgument(name), ...serveWords(settings)];
  return [
    ...["binPath=", words.map(windowsWord).join(" "), "start=", "delayed-auto"],
    ...["obj=", settings.user, "DisplayName=", title],
  ];
}

/** Accounts that Windows keeps for services: they may log on as one, and have no password. */
const ownOfWindows = /^(NT SERVICE|NT AUTHORITY|LocalSystem$)/i;

/** What an account of a domain or of the machine needs beside its name. */
function accountSteps({ user }: ServiceSettings, { windows }: ServiceNames): Step[] {
  if (ownOfWindows.test(user)) return [];
  return [
    { kind: "logon", account: user },
    // Of a group managed service account, Windows fetches the password itself.
    ...(user.endsWith("$") ? [run("sc", "managedaccount", windows, "true")] : []),
  ];
}

function register(settings: ServiceSettings, { names, eventSource, isThere }: Places): Step[] {
  const service = names.windows;
  const details = registration(settings, names);
  const restarts = Array.from({ length: 3 }, () => "restart/30000").join("/");
  return [
    { ...run("sc", "create", service, ...details), unless: isThere },
    run("sc", "config", service, ...details),
    ...accountSteps(settings, names),
    run("sc", "description", service, description),
    run("sc", "failure", service, "reset=", "86400", "actions=", restarts),
    // EventCreate.exe has messages that are nothing but the text of the entry.
    run(
      ...["reg", "add", eventSource, "/v", "EventMessageFile", "/t", "REG_EXPAND_SZ"] as const,
      ...["/d", "%SystemRoot%\\System32\\EventCreate.exe", "/f"],
    ),
    // Also when the program ends by itself with an exit code that is not 0.
    run("sc", "failureflag", service, "1"),
  ];
}

/** The settings in the values of the service's key. */
function settingsOfRegistry(values: string): Partial<ServiceSettings> {
  const valueOf = (name: string) =>
    new RegExp(`^\\s+${name}\\s+REG_\\w+\\s+(.*?)\\s*$`, "m").exec(values)?.[1];
  const user = valueOf("ObjectName");
  return {
    ...settingsIn(windowsWords(valueOf("ImagePath") ?? "")),
    ...(user === undefined ? {} : { user }),
  };
}

/** Whether a path is in a folder, or below one that is. */
function isBelow(path: string, folder: string): boolean {
  return `${win32.normalize(path)}\\`.toLowerCase().startsWith(`${folder}\\`.toLowerCase());
}

/** The folder of the configuration with those in it, and what the account may do there. */
function prepare({ logging, user }: ServiceSettings, places: Places): Step[] {
  const { names, data, stateFolder, logFolder } = places;
  const inside = {
    closed: false,
    grants: [{ account: user, rights: "modify" }],
    apart: [],
  } as const;
  return [
    {
      kind: "folder",
      path: data,
      mode: 0o700,
      access: {
        closed: true,
        grants: [{ account: user, rights: "read" }],
        apart: [stateFolder, logFolder],
      },
    },
    { kind: "folder", path: stateFolder, mode: 0o700, access: inside },
    { kind: "folder", path: logFolder, mode: 0o700, access: inside },
    { kind: "write", path: logging, mode: 0o644, text: rotatingLog(serviceLog(names)), keep: true },
  ];
}

/** The rights of the account to files that lie elsewhere. */
function rightsElsewhere(
  { ini, state, logging, user }: ServiceSettings,
  { data, stateFolder }: Places,
): Step[] {
  const stateElsewhere = win32.dirname(state);
  return [
    ...[ini, logging].filter((path) => !isBelow(path, data))
      .map((path) => run("icacls", path, "/grant:r", `${user}:R`)),
    ...(isBelow(state, stateFolder)
      ? []
      : [run("icacls", stateElsewhere, "/grant:r", `${user}:${allBelow}M`)]),
  ];
}

function problem({ credentials, state }: ServiceSettings): string | undefined {
  if (credentials.length > 0) return "Only systemd passes credentials to a service";
  const folder = win32.dirname(state);
  if (win32.parse(folder).root !== folder) return undefined;
  return `The service would get rights to all of ${folder}: name a state file in a folder`;
}

/** A service of Windows. */
export function windowsNamed(names: ServiceNames): ServiceManager {
  const places = placesOf(names);
  const { data, stateFolder, eventSource, isThere } = places;
  const service = names.windows;
  return {
    system: "windows",
    service,
    defaults: {
      program: "C:\\Program Files\\Oomnitza Agent\\agent.exe",
      ini: `${data}\\config.ini`,
      state: `${stateFolder}\\agent-state.sqlite`,
      logging: `${data}\\logging.json`,
      host: "127.0.0.1",
      port: 8000,
      // An account that Windows makes for the service, without a password and without rights.
      user: `NT SERVICE\\${service}`,
      credentials: [],
      stopSeconds: leastStopSeconds,
    },
    registration: {
      kind: "run",
      // reg.exe says the same in every language, sc.exe does not.
      command: run("reg", "query", `HKLM\\SYSTEM\\CurrentControlSet\\Services\\${service}`).command,
    },
    registered: settingsOfRegistry,
    problem,
    prepare: (settings) => prepare(settings, places),
    install: (settings) => [
      // First the files: nothing is registered when they belong to somebody else.
      ...prepare(settings, places),
      ...register(settings, places),
      ...rightsElsewhere(settings, places),
      { ...run("net", "start", service), when: run("net", "stop", service).command },
    ],
    uninstall: () => [
      { ...run("net", "stop", service), mayFail: true },
      { ...run("sc", "delete", service), when: isThere },
      { ...run("reg", "delete", eventSource, "/f"), mayFail: true },
    ],
    start: () => [run("net", "start", service)],
    stop: () => [run("net", "stop", service)],
    status: isThere,
    isRunning: ({ code, text }) => code === 0 && /:\s*4\s+RUNNING\b/.test(text),
    logs: () => ({ kind: "file", path: serviceLog(names) }),
  };
}

/** The usual service of Windows. */
export const windows: ServiceManager = windowsNamed(serviceNames());
