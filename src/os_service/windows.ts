/**
 * The service under Windows: its service manager (sc.exe, net.exe) and access rights (icacls.exe).
 *
 * @module
 */

import { win32 } from "node:path";
import { rotatingLog, serveWords, type ServiceManager, type ServiceSettings } from "./manager.ts";
import { description, serviceName, title, windowsServiceArgument } from "./names.ts";
import { settingsIn } from "./registered.ts";
import { type CommandLine, type RunStep, type Step, windowsWord, windowsWords } from "./step.ts";

/** A folder of Windows: its real path there, its usual one where it is only described. */
function resolveWindowsFolder(variable: string, usual: string): string {
  const set = process.platform === "win32" ? process.env[variable] ?? "" : "";
  return set === "" ? usual : set;
}

const data = `${resolveWindowsFolder("ProgramData", "C:\\ProgramData")}\\Oomnitza Agent`;
const stateFolder = `${data}\\state`;
const logFolder = `${data}\\logs`;
const logFile = `${logFolder}\\agent.log`;
/** By its full name: a program that lies in the current folder must not be taken for it. */
const system = `${resolveWindowsFolder("SystemRoot", "C:\\Windows")}\\System32`;
/** An account that Windows makes for the service, without a password and without rights. */
const account = `NT SERVICE\\${serviceName}`;
/** Everything in a folder, also what comes later. */
const allBelow = "(OI)(CI)";

function run(name: string, ...words: string[]): RunStep {
  return { kind: "run", command: [`${system}\\${name}.exe`, ...words] };
}

const isThere: CommandLine = run("sc", "query", serviceName).command;

function registration(settings: ServiceSettings): string[] {
  const words = [settings.program, windowsServiceArgument, ...serveWords(settings)];
  return [
    ...["binPath=", words.map(windowsWord).join(" "), "start=", "auto"],
    ...["obj=", settings.user, "DisplayName=", title],
  ];
}

function register(settings: ServiceSettings): Step[] {
  const details = registration(settings);
  const restarts = Array.from({ length: 3 }, () => "restart/30000").join("/");
  return [
    { ...run("sc", "create", serviceName, ...details), unless: isThere },
    run("sc", "config", serviceName, ...details),
    run("sc", "description", serviceName, description),
    run("sc", "failure", serviceName, "reset=", "86400", "actions=", restarts),
    // Also when the program ends by itself with an exit code that is not 0.
    run("sc", "failureflag", serviceName, "1"),
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
function prepare({ logging, user }: ServiceSettings): Step[] {
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
    { kind: "write", path: logging, mode: 0o644, text: rotatingLog(logFile), keep: true },
  ];
}

/** The rights of the account to files that lie elsewhere. */
function rightsElsewhere({ ini, state, logging, user }: ServiceSettings): Step[] {
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

/** The service manager of Windows. */
export const windows: ServiceManager = {
  system: "windows",
  service: serviceName,
  defaults: {
    program: "C:\\Program Files\\Oomnitza Agent\\agent.exe",
    ini: `${data}\\config.ini`,
    state: `${stateFolder}\\agent-state.sqlite`,
    logging: `${data}\\logging.json`,
    host: "127.0.0.1",
    port: 8000,
    user: account,
    credentials: [],
  },
  registration: {
    kind: "run",
    // reg.exe says the same in every language, sc.exe does not.
    command:
      run("reg", "query", `HKLM\\SYSTEM\\CurrentControlSet\\Services\\${serviceName}`).command,
  },
  registered: settingsOfRegistry,
  problem,
  prepare,
  install: (settings) => [
    // First the files: nothing is registered when they belong to somebody else.
    ...prepare(settings),
    ...register(settings),
    ...rightsElsewhere(settings),
    { ...run("net", "start", serviceName), when: run("net", "stop", serviceName).command },
  ],
  uninstall: () => [
    { ...run("net", "stop", serviceName), mayFail: true },
    { ...run("sc", "delete", serviceName), when: isThere },
  ],
  start: () => [run("net", "start", serviceName)],
  stop: () => [run("net", "stop", serviceName)],
  status: isThere,
  isRunning: ({ code, text }) => code === 0 && /:\s*4\s+RUNNING\b/.test(text),
  logs: () => ({ kind: "file", path: logFile }),
};
