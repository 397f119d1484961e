/**
 * The unit file of systemd (systemd.unit(5), systemd.service(5), systemd.exec(5)).
 *
 * @module
 */

import { posix } from "node:path";
import { folderVariable } from "../config/reading.ts";
import { type Credential, serveWords, type ServiceSettings } from "./manager.ts";
import { type ServiceNames, serviceNames } from "./names.ts";
import { settingsIn } from "./registered.ts";

/** Where systemd keeps what the service writes. */
export function stateFolderOf({ unit }: ServiceNames): string {
  return `/var/lib/${unit}`;
}

/** The name under which systemd hands the configuration file over. */
export const iniCredential = "config.ini";

/** Variables that Bun reads in a program it compiled; see docs/decisions/0002-binary.md. */
const bunVariables = [
  "BUN_OPTIONS",
  "BUN_BE_BUN",
  "BUN_INSPECT",
  "BUN_INSPECT_PRELOAD",
  "BUN_INSPECT_CONNECT_TO",
  "BUN_CONFIG_VERBOSE_FETCH",
];

/** No MemoryDenyWriteExecute: without its compiler the engine is five times slower. */
const fences = [
  "NoNewPrivileges=yes",
  "ProtectSystem=strict",
  "ProtectHome=yes",
  "ProtectClock=yes",
  "ProtectControlGroups=yes",
  "ProtectHostname=yes",
  "ProtectKernelLogs=yes",
  "ProtectKernelModules=yes",
  "ProtectKernelTunables=yes",
  "ProtectProc=invisible",
  "PrivateDevices=yes",
  "PrivateTmp=yes",
  "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
  "RestrictNamespaces=yes",
  "RestrictRealtime=yes",
  "RestrictSUIDSGID=yes",
  "LockPersonality=yes",
  "RemoveIPC=yes",
  "SystemCallArchitectures=native",
  "SystemCallFilter=@system-service",
  "SystemCallFilter=~@privileged @resources",
  "SystemCallErrorNumber=EPERM",
  "UMask=0077",
];

/** A word of a command line; `%` and `$` stand for themselves. */
function word(text: string): string {
  const plain = text.replaceAll("%", "%%").replaceAll("$", "$$$$");
  return /^[\w@%+=:,./-]+$/.test(plain) ? plain : `"${plain.replaceAll(/["\\]/g, "\\$&")}"`;
}

/** A setting that is not split into words. */
function plain(text: string): string {
  return text.replaceAll("%", "%%");
}

function commandLine(settings: ServiceSettings): string {
  // systemd replaces this one variable by the folder of the credentials.
  const handed = "\0";
  const words = [settings.program, ...serveWords({ ...settings, ini: handed })];
  return words
    .map((each) => each === handed ? `\${CREDENTIALS_DIRECTORY}/${iniCredential}` : word(each))
    .join(" ");
}

/** Where the service may write besides its own folder. */
function writablePaths({ state }: ServiceSettings, stateFolder: string): string[] {
  const folder = posix.dirname(state);
  if (folder === stateFolder || folder.startsWith(`${stateFolder}/`)) return [];
  return [`ReadWritePaths=${word(folder)}`];
}

/** Ports below 1024 take a capability, all others none. */
function capabilities({ port }: ServiceSettings): string[] {
  if (port === 0 || port >= 1024) return ["CapabilityBoundingSet="];
  return [
    "CapabilityBoundingSet=CAP_NET_BIND_SERVICE",
    "AmbientCapabilities=CAP_NET_BIND_SERVICE",
  ];
}

/** The text of the unit. */
export function unitFile(settings: ServiceSettings, names = serviceNames()): string {
  const stateFolder = stateFolderOf(names);
  const credentials = [{ name: iniCredential, path: settings.ini }, ...settings.credentials];
  return [
    "[Unit]",
    `Description=${names.title}`,
    "Wants=network-online.target",
    "After=network-online.target",
    "# Restarted without limit, 30 seconds apart: what is missing now may be there later.",
    "StartLimitIntervalSec=0",
    "",
    "[Service]",
    "Type=notify",
    "NotifyAccess=main",
    `ExecStart=${commandLine(settings)}`,
    `User=${settings.user}`,
    `StateDirectory=${names.unit}`,
    "StateDirectoryMode=0700",
    `WorkingDirectory=${stateFolder}`,
    "# Relative paths in it mean its own folder, and not that of the copy below.",
    `Environment=${word(`${folderVariable}=${posix.dirname(settings.ini)}`)}`,
    "# Read by root and passed to the service: its account has no access to the files.",
    ...credentials.map(({ name, path }) => `LoadCredential=${name}:${plain(path)}`),
    `UnsetEnvironment=${bunVariables.join(" ")}`,
    "Restart=on-failure",
    "RestartSec=30",
    "RestartPreventExitStatus=2",
    "WatchdogSec=60",
    "TimeoutStartSec=120",
    "# More than drain_delay and drain_seconds of [serve] together; the agent asks for more when these grow.",
    `TimeoutStopSec=${settings.stopSeconds}`,
    "KillMode=mixed",
    "LimitNOFILE=65536",
    "TasksMax=512",
    ...capabilities(settings),
    ...writablePaths(settings, stateFolder),
    ...fences,
    "",
    "[Install]",
    "WantedBy=multi-user.target",
    "",
  ].join("\n");
}

/** The words of a command line, as {@linkcode word} wrote them. */
function splitWords(line: string): string[] {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(([, quoted, bare = ""]) =>
    (quoted?.replaceAll(/\\(.)/g, "$1") ?? bare).replaceAll("%%", "%").replaceAll("$$", () => "$")
  );
}

/** The settings of a unit that {@linkcode unitFile} wrote; what somebody else wrote may lack some. */
export function settingsOfUnit(unit: string): Partial<ServiceSettings> {
  const valuesOf = (key: string) =>
    [...unit.matchAll(new RegExp(`^${key}=(.*)$`, "gm"))].map(([, value = ""]) => value);
  const { ini: _handed, ...settings } = settingsIn(splitWords(valuesOf("ExecStart").at(-1) ?? ""));
  const loaded = valuesOf("LoadCredential").flatMap((value): Credential[] => {
    const [, name, path = ""] = /^([^:]+):(.+)$/.exec(value) ?? [];
    return name === undefined ? [] : [{ name, path: path.replaceAll("%%", "%") }];
  });
  const ini = loaded.find(({ name }) => name === iniCredential)?.path;
  const [user] = valuesOf("User");
  return {
    ...settings,
    credentials: loaded.filter(({ name }) => name !== iniCredential),
    ...(ini === undefined ? {} : { ini }),
    ...(user === undefined ? {} : { user }),
  };
}
