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
/** The system itself and the group of administrators, whatever they are called there. */
const [systemSid, administratorsSid] = ["*S-1-5-18", "*S-1-5-32-544"];
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

function files({ ini, logging, user }: ServiceSettings): Step[] {
  const everything = `${allBelow}F`;
  const isOutside = win32.dirname(ini).toLowerCase() !== data.toLowerCase();
  return [
    { kind: "folder", path: data, mode: 0o700 },
    { kind: "folder", path: stateFolder, mode: 0o700 },
    { kind: "folder", path: logFolder, mode: 0o700 },
    { kind: "write", path: logging, mode: 0o644, text: rotatingLog(logFile), keep: true },
    run(
      ...["icacls", data, "/inheritance:r", "/grant:r"] as const,
      ...[`${systemSid}:${everything}`, `${administratorsSid}:${everything}`],
      `${user}:${allBelow}RX`,
    ),
    run("icacls", stateFolder, "/grant:r", `${user}:${allBelow}M`),
    run("icacls", logFolder, "/grant:r", `${user}:${allBelow}M`),
    ...(isOutside ? [run("icacls", ini, "/grant:r", `${user}:R`)] : []),
  ];
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
  problem: ({ credentials }) =>
    credentials.length === 0 ? undefined : "Only systemd passes credentials to a service",
  install: (settings) => [
    // First the service: the rights below name its account.
    ...register(settings),
    ...files(settings),
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
