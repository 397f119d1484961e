/**
 * What the pages of the GUI share: the configuration file, the plan, the state and the way out.
 *
 * @module
 */
import type { Context, Hono } from "hono";
import type { Log } from "../logging/log.ts";
import type { Redactor } from "../base/redact.ts";
import type { IniDocument } from "../config/ini.ts";
import type { Plan } from "../config/plan.ts";
import type { Source } from "../sdk/source.ts";
import type { IniFile } from "./ini_file.ts";
import type { Work } from "./upload_job.ts";

/** A section that runs by itself. */
export interface UpcomingRun {
  readonly section: string;
  readonly schedule: string;
  /** When its last run began, ISO 8601; null when it never ran. */
  readonly last: string | null;
  /** When it is due, null when it never is. */
  readonly next: string | null;
}

/** The agent as a service of this system. */
export interface ServiceState {
  /** The service manager: `systemd`. */
  readonly system: string;
  /** What the service is called there. */
  readonly name: string;
  readonly running: boolean;
  /** What the service manager says. */
  readonly details: string;
}

/** What the GUI gets from the program that starts it. */
export interface DeskSettings {
  /** Absolute path of the configuration file, which need not be there yet. */
  readonly ini: string;
  /** Path of the state file; absent when nothing is remembered. */
  readonly state: string | undefined;
  /** The folder with the log files of runs; absent when there are none. */
  readonly logFolder: string | undefined;
  readonly sources: readonly Source[];
  readonly log: Log;
  readonly redactor: Redactor;
  /** Aborted when the program is to end. */
  readonly signal: AbortSignal;
  /** Checks a configuration without asking anybody for anything. */
  plan(document: IniDocument): Plan;
  /** Does some work with the plan of a configuration in which the named sections have all they need. */
  withPlan<T>(
    document: IniDocument,
    sections: readonly string[],
    work: (plan: Plan) => Promise<T>,
  ): Promise<T>;
  /** What is due when by the schedules of a configuration, the next first. */
  upcoming(plan: Plan): Promise<readonly UpcomingRun[]>;
  /** How the service does; nothing on a system without services. */
  service(): Promise<ServiceState | undefined>;
}

/** What every page works with. */
export interface Desk extends DeskSettings {
  /** The pages, in the order of the navigation. */
  readonly pages: readonly Page[];
  /** Path under which everything is, with slashes at both ends: `/k3…/`. */
  readonly base: string;
  /** Uploads that the pages begin. */
  readonly work: Work;
  /** Reads the configuration file as it is now. */
  read(): IniFile;
  /** Keeps the program from stopping for idleness until it is disposed of. */
  keepAwake(): Disposable;
  /** Ends the GUI. */
  stop(): void;
}

/** What the routes know of a request beside the request itself. */
export interface Env {
  Bindings: Record<string, never>;
}

/** The context of a request to the GUI. */
export type Call = Context<Env>;

/** A page: its place in the navigation, and its routes. */
export interface Page {
  /**
   * Its path without slashes at the ends: `logs`. For a tab of a section it is the last part:
   * `mappings` is at `section/NAME/mappings`, and the blank one at `section/NAME`.
   */
  readonly path: string;
  /** What its link says. */
  readonly label: string;
  /** `main` is in the navigation, `section` a tab of every section of a source, `none` has no link. */
  readonly place: "main" | "section" | "none";
  /** Adds its routes, whose paths begin with a slash: `/logs`, `/section/:name/mappings`. */
  routes(app: Hono<Env>, desk: Desk): void;
}

/** The path of a section's page or tab, to be used as a link. */
export function sectionPath(name: string, tab = ""): string {
  return `section/${encodeURIComponent(name)}${tab === "" ? "" : `/${tab}`}`;
}

/** Sends the browser to a page, for example after a form. */
export function goTo(c: Call, desk: Desk, path: string): Response {
  return c.redirect(desk.base + path, 303);
}
