/**
 * What the pages of the GUI share, and what a page is.
 *
 * @module
 */
import type { Context, Hono } from "hono";
import type { AppContext } from "../app/context.ts";
import type { SourceRecord } from "../base/record.ts";
import type { IniFile } from "./ini_file.ts";
import type { UploadJobs } from "./upload_job.ts";

/** What every page works with. */
export interface GuiContext extends AppContext {
  /** The pages, in the order of the navigation. */
  readonly pages: readonly Page[];
  /** Path under which everything is, with slashes at both ends: `/k3…/`. */
  readonly base: string;
  /** Uploads that the pages begin. */
  readonly uploads: UploadJobs;
  /** First records of sections that the setup has read, by section. */
  readonly samples: Map<string, readonly SourceRecord[]>;
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

/** Parts of the navigation: daily work, what is set up, and the machine that the agent runs on. */
export type NavigationGroup = "work" | "settings" | "machine";

/** A page: its position in the navigation, and its routes. */
export interface Page {
  /**
   * Its path without slashes at the ends: `logs`. For a tab of a section it is the last part:
   * `mappings` is at `section/NAME/mappings`, and the blank one at `section/NAME`.
   */
  readonly path: string;
  /** What its link says. */
  readonly label: string;
  /** `main` is in the navigation, `section` a tab of every section of a source, `none` has no link. */
  readonly navigation: "main" | "section" | "none";
  /** Where it is in the navigation; among what is done every day unless it says otherwise. */
  readonly group?: NavigationGroup;
  /** Adds its routes, whose paths begin with a slash: `/logs`, `/section/:name/mappings`. */
  routes(app: Hono<Env>, gui: GuiContext): void;
}

/** The path of a section's page or tab, to be used as a link. */
export function sectionPath(name: string, tab = ""): string {
  return `section/${encodeURIComponent(name)}${tab === "" ? "" : `/${tab}`}`;
}

/** Sends the browser to a page, for example after a form. */
export function goTo(c: Call, gui: GuiContext, path: string): Response {
  return c.redirect(gui.base + path, 303);
}
