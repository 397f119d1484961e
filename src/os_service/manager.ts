/**
 * The contract between `agent service` and the service managers of the systems.
 *
 * @module
 */

import type { CommandLine, Step } from "./step.ts";

/** What a service is made of. */
export interface ServiceSettings {
  /** The program file. */
  readonly program: string;
  /** The configuration file. */
  readonly ini: string;
  /** The state file. */
  readonly state: string;
  /** The file that says where log lines go; blank for what the system does best. */
  readonly logging: string;
  /** Address and port to listen on. */
  readonly host: string;
  readonly port: number;
  /** The account that runs it. */
  readonly user: string;
  /** Secrets that systemd hands over: names and files. */
  readonly credentials: readonly Credential[];
  /** Seconds that it may take to end, before it is killed. */
  readonly stopSeconds: number;
}

/** Seconds that a service may take to end, unless its configuration lets it take longer. */
export const leastStopSeconds = 120;

/** Seconds to end in after the work is over or was broken off: for the state and the log. */
const closingSeconds = 30;

/** Seconds that a service may take to end that takes calls and finishes its work for some seconds. */
export function stopSecondsFor(drainSeconds: number): number {
  return Math.max(leastStopSeconds, drainSeconds + closingSeconds);
}

/** A secret in a file that only root can read. */
export interface Credential {
  readonly name: string;
  readonly path: string;
}

/** How to read the log: by a program, or from a file. */
export type LogPlace =
  | { readonly kind: "run"; readonly command: CommandLine }
  | { readonly kind: "file"; readonly path: string };

/** Where the system keeps how a service was registered. */
export type Registration =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "run"; readonly command: CommandLine };

/** A service manager: everything as steps, nothing done. */
export interface ServiceManager {
  readonly system: "systemd" | "launchd" | "windows";
  /** What the service is called there. */
  readonly service: string;
  /** What is taken unless somebody says otherwise. */
  readonly defaults: ServiceSettings;
  readonly registration: Registration;
  /** The settings in what is registered, as far as they are known. */
  registered(text: string): Partial<ServiceSettings>;
  /** What keeps these settings from working, as a sentence; undefined when nothing is known to. */
  problem(settings: ServiceSettings): string | undefined;
  /** Makes the folders, or takes them, before anything is put there. */
  prepare(settings: ServiceSettings): Step[];
  /** Registers the service; again, it brings it up to date and restarts it if it runs. */
  install(settings: ServiceSettings): Step[];
  /** Stops the service and forgets it; configuration, state and account stay. */
  uninstall(): Step[];
  start(): Step[];
  stop(): Step[];
  /** Shows how the service does. */
  readonly status: CommandLine;
  /** Whether what {@linkcode ServiceManager.status} printed means that it runs. */
  isRunning(result: { readonly code: number; readonly text: string }): boolean;
  /** The last lines of the log, and with `follow` those to come. */
  logs(lines: number, follow: boolean): LogPlace;
}

/** The command line of the service, after the program. */
export function serveWords(settings: ServiceSettings): string[] {
  const { host, port, ini, state, logging } = settings;
  return [
    ...["serve", "--host", host, "--port", String(port)],
    ...["--ini", ini, "--state", state],
    ...(logging === "" ? [] : ["--logging-config", logging]),
  ];
}

/** A logging configuration that keeps ten files of ten megabytes. */
export function rotatingLog(filename: string): string {
  const logging = {
    version: 1,
    disable_existing_loggers: false,
    formatters: { file: { format: "%(asctime)s %(levelname)s %(name)s: %(message)s" } },
    handlers: {
      file: {
        class: "logging.handlers.RotatingFileHandler",
        level: "INFO",
        formatter: "file",
        filename,
        maxBytes: 10_485_760,
        backupCount: 10,
        encoding: "utf8",
      },
    },
    root: { level: "INFO", handlers: ["file"] },
  };
  return `${JSON.stringify(logging, null, 2)}\n`;
}
