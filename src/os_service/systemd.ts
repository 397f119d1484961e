/**
 * The service under systemd.
 *
 * @module
 */

import { posix } from "node:path";
import { leastStopSeconds, type ServiceManager, type ServiceSettings } from "./manager.ts";
import { type ServiceNames, serviceNames } from "./names.ts";
import type { CommandLine, Step } from "./step.ts";
import { iniCredential, settingsOfUnit, stateFolderOf, unitFile } from "./systemd_unit.ts";

/** sd_booted(3): not so where an image is made, in which the service is to start later. */
const isBooted: CommandLine = ["test", "-d", "/run/systemd/system"];

function systemctl(...words: string[]): Step & { kind: "run" } {
  return { kind: "run", command: ["systemctl", ...words] };
}

function account(user: string, names: ServiceNames): Step {
  const known: CommandLine = ["id", "-u", user];
  // An account that somebody chose must be there: its groups and its files are theirs to decide.
  if (user !== names.unit) return { kind: "run", command: known };
  const command: CommandLine = [
    ...["useradd", "--system", "--user-group", "--no-create-home"] as const,
    ...["--home-dir", stateFolderOf(names), "--shell", "/usr/sbin/nologin", user],
  ];
  return { kind: "run", command, unless: known };
}

/** Folders that the sandboxing of the unit hides from the service. */
const hidden = /^\/(home|root|run\/user|tmp|var\/tmp)(\/|$)/;

function problem(settings: ServiceSettings): string | undefined {
  const { program, state, credentials, user } = settings;
  if (user === "nobody") return "Any other process of the account nobody could access the service";
  for (const path of [program, state]) {
    if (!hidden.test(path)) continue;
    return `The service cannot see ${path}: its unit closes /home, /root and /tmp`;
  }
  const twice = credentials.find(({ name }, index) =>
    name === iniCredential || credentials.findIndex((other) => other.name === name) !== index
  );
  return twice === undefined ? undefined : `Two credentials have the name ${twice.name}`;
}

/** A service of systemd, the service manager of most Linux distributions. */
export function systemdNamed(names: ServiceNames): ServiceManager {
  const unit = `${names.unit}.service`;
  const unitPath = `/etc/systemd/system/${unit}`;
  const isThere: CommandLine = ["test", "-e", unitPath];
  return {
    system: "systemd",
    service: unit,
    defaults: {
      program: "/usr/local/bin/agent",
      ini: `/etc/${names.unit}/config.ini`,
      state: `${stateFolderOf(names)}/agent-state.sqlite`,
      logging: "",
      host: "127.0.0.1",
      port: 8000,
      user: names.unit,
      credentials: [],
      stopSeconds: leastStopSeconds,
    },
    registration: { kind: "file", path: unitPath },
    registered: settingsOfUnit,
    problem,
    prepare: ({ ini }) => [{ kind: "folder", path: posix.dirname(ini), mode: 0o755 }],
    install: (settings) => [
      account(settings.user, names),
      { kind: "write", path: unitPath, mode: 0o644, text: unitFile(settings, names) },
      { ...systemctl("daemon-reload"), when: isBooted },
      systemctl("enable", unit),
      { ...systemctl("try-restart", unit), when: isBooted },
    ],
    uninstall: () => [
      { ...systemctl("stop", unit), when: isBooted, mayFail: true },
      { ...systemctl("disable", unit), when: isThere },
      { kind: "remove", path: unitPath },
      { ...systemctl("daemon-reload"), when: isBooted },
      { ...systemctl("reset-failed", unit), when: isBooted, mayFail: true },
    ],
    start: () => [systemctl("start", unit)],
    stop: () => [systemctl("stop", unit)],
    status: ["systemctl", "status", "--no-pager", "--lines=10", unit],
    isRunning: ({ code }) => code === 0,
    logs: (lines, follow) => ({
      kind: "run",
      command: [
        ...["journalctl", `--unit=${unit}`, `--lines=${lines}`, "--no-pager"] as const,
        ...(follow ? ["--follow"] : []),
      ],
    }),
  };
}

/** The usual service of systemd. */
export const systemd: ServiceManager = systemdNamed(serviceNames());
