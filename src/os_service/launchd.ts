/**
 * The service under launchd: a property list (launchd.plist(5)), an account of its own, launchctl.
 *
 * @module
 */

import {
  leastStopSeconds,
  rotatingLog,
  serveWords,
  type ServiceManager,
  type ServiceSettings,
} from "./manager.ts";
import { type ServiceNames, serviceNames } from "./names.ts";
import { settingsIn } from "./registered.ts";
import type { CommandLine, RunStep, Step } from "./step.ts";

/** Where one service has its files, and what it is called. */
interface Places {
  readonly names: ServiceNames;
  readonly data: string;
  readonly stateFolder: string;
  readonly logFolder: string;
  readonly plist: string;
  /** Accounts of services begin with an underscore there. */
  readonly account: string;
}

function logFile(folder: string): string {
  return `${folder}/agent.log`;
}

function placesOf(names: ServiceNames): Places {
  const data = `/Library/Application Support/${names.folder}`;
  return {
    names,
    data,
    stateFolder: `${data}/state`,
    logFolder: `/Library/Logs/${names.folder}`,
    plist: `/Library/LaunchDaemons/${names.job}.plist`,
    account: `_${names.unit}`,
  };
}

/** `sysadminctl -roleAccount` wants a number from 200 to 400 and does not choose one itself. */
function makeAccount({ account, names: { title } }: Places): string {
  return `uid=$(dscl . -list /Users UniqueID | awk '{ used[$2] = 1 } END { for (n = 400; n >= 200; n--) if (!(n in used)) { print n; exit } }')` +
    ` && sysadminctl -addUser ${account} -fullName '${title}' -UID "$uid" -shell /usr/bin/false -home /var/empty -roleAccount` +
    ` && id -u ${account}`;
}

type Plist = string | number | boolean | readonly string[] | { readonly [key: string]: Plist };

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function plistLines(value: Plist): string[] {
  if (typeof value === "string") return [`<string>${escape(value)}</string>`];
  if (typeof value === "number") return [`<integer>${value}</integer>`];
  if (typeof value === "boolean") return [value ? "<true/>" : "<false/>"];
  const isArray = Array.isArray(value);
  const inner = isArray
    ? value.flatMap((each) => plistLines(each))
    : Object.entries(value).flatMap(([key, each]) => [`<key>${key}</key>`, ...plistLines(each)]);
  const tag = isArray ? "array" : "dict";
  return [`<${tag}>`, ...inner.map((line) => `  ${line}`), `</${tag}>`];
}

/** The text of the property list. */
function plistFile(settings: ServiceSettings, { names, stateFolder, logFolder }: Places): string {
  const job: Plist = {
    Label: names.job,
    ProgramArguments: [settings.program, ...serveWords(settings)],
    UserName: settings.user,
    WorkingDirectory: stateFolder,
    RunAtLoad: true,
    KeepAlive: { SuccessfulExit: false },
    ThrottleInterval: 30,
    ExitTimeOut: settings.stopSeconds,
    Umask: 0o077,
    SoftResourceLimits: { NumberOfFiles: 65_536 },
    // The log goes where the logging configuration says: this is for what comes before it is read.
    StandardErrorPath: `${logFolder}/stderr.log`,
  };
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
    '<plist version="1.0">',
    ...plistLines(job),
    "</plist>",
    "",
  ].join("\n");
}

function unescape(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

/** The settings of a property list that {@linkcode plistFile} wrote. */
function settingsOfPlist(plist: string): Partial<ServiceSettings> {
  const [, list = ""] = /<key>ProgramArguments<\/key>\s*<array>(.*?)<\/array>/s.exec(plist) ?? [];
  const words = [...list.matchAll(/<string>(.*?)<\/string>/gs)].map(([, text = ""]) =>
    unescape(text)
  );
  const [, user] = /<key>UserName<\/key>\s*<string>(.*?)<\/string>/s.exec(plist) ?? [];
  return { ...settingsIn(words), ...(user === undefined ? {} : { user: unescape(user) }) };
}

function run(...command: CommandLine): RunStep {
  return { kind: "run", command };
}

function accountStep(user: string, places: Places): Step {
  const known: CommandLine = ["id", "-u", user];
  if (user !== places.account) return run(...known);
  return { ...run("/bin/sh", "-c", makeAccount(places)), unless: known };
}

function prepare({ logging }: ServiceSettings, { data, stateFolder, logFolder }: Places): Step[] {
  return [
    { kind: "folder", path: data, mode: 0o755 },
    { kind: "folder", path: stateFolder, mode: 0o700 },
    { kind: "folder", path: logFolder, mode: 0o755 },
    {
      kind: "write",
      path: logging,
      mode: 0o644,
      text: rotatingLog(logFile(logFolder)),
      keep: true,
    },
  ];
}

/** The account reads its configuration and does not write it: commands may stand in there. */
function rights({ ini, user }: ServiceSettings, { stateFolder, logFolder }: Places): Step[] {
  return [
    run("chown", user, stateFolder, logFolder),
    run("chown", "root", ini),
    run("chmod", "600", ini),
    // Not by a group: the group of an account may be staff, which everybody is in.
    run("/bin/chmod", "+a", `${user} allow read`, ini),
  ];
}

/** A service of macOS. */
export function launchdNamed(names: ServiceNames): ServiceManager {
  const places = placesOf(names);
  const { data, stateFolder, logFolder, plist, account } = places;
  const target = `system/${names.job}`;
  const isLoaded: CommandLine = ["launchctl", "print", target];
  // launchctl answers before a job that it stops is gone, and then refuses to load it.
  const bootstrap: RunStep = { ...run("launchctl", "bootstrap", "system", plist), tries: 15 };
  return {
    system: "launchd",
    service: names.job,
    defaults: {
      program: "/usr/local/bin/agent",
      ini: `${data}/config.ini`,
      state: `${stateFolder}/agent-state.sqlite`,
      logging: `${data}/logging.json`,
      host: "127.0.0.1",
      port: 8000,
      user: account,
      credentials: [],
      stopSeconds: leastStopSeconds,
    },
    registration: { kind: "file", path: plist },
    registered: settingsOfPlist,
    problem: ({ credentials }) =>
      credentials.length === 0 ? undefined : "Only systemd passes credentials to a service",
    prepare: (settings) => prepare(settings, places),
    install: (settings) => [
      accountStep(settings.user, places),
      ...prepare(settings, places),
      ...rights(settings, places),
      { kind: "write", path: plist, mode: 0o644, text: plistFile(settings, places) },
      { ...bootstrap, when: ["launchctl", "bootout", target] },
    ],
    uninstall: () => [
      { ...run("launchctl", "bootout", target), when: isLoaded },
      { kind: "remove", path: plist },
    ],
    start: () => [
      run("launchctl", "enable", target),
      { ...bootstrap, unless: isLoaded },
      run("launchctl", "kickstart", target),
    ],
    stop: () => [{ ...run("launchctl", "bootout", target), when: isLoaded }],
    status: isLoaded,
    isRunning: ({ code, text }) => code === 0 && /^\s*state = running$/m.test(text),
    logs: (lines, follow) => ({
      kind: "run",
      command: ["tail", "-n", String(lines), ...(follow ? ["-F"] : []), logFile(logFolder)],
    }),
  };
}

/** The usual service of macOS. */
export const launchd: ServiceManager = launchdNamed(serviceNames());
