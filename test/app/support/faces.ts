/**
 * Both faces of the agent on one configuration, in this process: the command line, and the pages of the GUI.
 *
 * @module
 */
import { join } from "node:path";
import type { AppContext } from "../../../src/app/context.ts";
import { createRedactor } from "../../../src/base/redact.ts";
import { runProgram } from "../../../src/cli/program.ts";
import { createBrowserSession } from "../../../src/gui/access.ts";
import { guiApp } from "../../../src/gui/app.ts";
import { createGuiContext } from "../../../src/gui/mod.ts";
import { createLog } from "../../../src/logging/log.ts";
import { sources } from "../../../src/sources/mod.ts";
import type { RunResult } from "../../support/binary.ts";
import { type Workspace, workspace } from "../../support/workspace.ts";

/** Environment variables of a test. */
type Env = Readonly<Record<string, string>>;

/** The fields of a form; as pairs where a name comes more than once. */
type FormFields = Record<string, string> | [string, string][];

/** Both faces of the agent in a folder of their own. */
export interface Faces extends Pick<Workspace, "write" | "has" | "folder"> {
  /** What the use cases get. */
  readonly app: AppContext;
  /** Runs a command line to its end. */
  cli(...words: readonly string[]): Promise<Omit<RunResult, "ms">>;
  /** Fetches a page as a browser does; gives its words without marks. */
  page(path: string): Promise<string>;
  /** Sends a form to a page; gives the words of the page that the browser then shows, or the JSON. */
  submit(path: string, form?: FormFields): Promise<string>;
  /** Waits until the upload that a page began has ended. */
  uploaded(): Promise<void>;
  [Symbol.dispose](): void;
}

function contextFor(folder: string, env: Env, lines: string[]): AppContext {
  const redactor = createRedactor();
  return {
    log: createLog("agent", redactor, [({ level, message }) => lines.push(`${level}: ${message}`)]),
    redactor,
    signal: new AbortController().signal,
    env,
    directory: folder,
    sources,
    ini: join(folder, "config.ini"),
    stateFile: join(folder, "agent-state.sqlite"),
    logFolder: undefined,
  };
}

async function runCommandLine(folder: string, env: Env, words: readonly string[]) {
  const output = { stdout: "", stderr: "" };
  const code = await runProgram(words, {
    console: {
      print: (text) => void (output.stdout += `${text}\n`),
      note: (line) => void (output.stderr += `${line}\n`),
      status() {},
      isTerminal: false,
      isOutputTerminal: false,
      wantsColour: false,
    },
    input: { isTerminal: false, readAll: () => Promise.resolve("") },
    env,
    directory: folder,
    listenForStop: () => new AbortController().signal,
    listenForReload: () => {},
    uncaught: () => new Promise(() => {}),
  });
  return { code, ...output };
}

/** The words of a page, one space between them. */
export function wordsOf(html: string): string {
  const [, main = html] = /<main[^>]*>(.*)<\/main>/s.exec(html) ?? [];
  return main.replaceAll(/<[^>]*>/g, " ").replaceAll("&#39;", "'").replaceAll("&quot;", '"')
    .replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&")
    .replaceAll(/\s+/g, " ").trim();
}

/** Opens both faces in a new folder. */
export function openFaces(env: Env = {}): Faces {
  const origin = "http://127.0.0.1:1";
  const space = workspace();
  const app = contextFor(space.folder, env, []);
  const session = createBrowserSession();
  const gui = createGuiContext(app, session, {
    keepAwake: () => ({ [Symbol.dispose]() {} }),
    stop() {},
  });
  const routes = guiApp(gui, session, () => origin);
  const redeemed = session.redeem(session.token);
  if (redeemed === undefined || redeemed === "used") throw new Error("The link is not good.");
  const cookie = redeemed.cookie.split(";", 1)[0] ?? "";
  async function ask(path: string, init: RequestInit = {}): Promise<string> {
    const headers = { host: new URL(origin).host, cookie, origin };
    const url = path.startsWith("/") ? path : session.base + path;
    const answer = await routes.request(origin + url, { ...init, headers });
    const next = answer.headers.get("location");
    return next === null ? wordsOf(await answer.text()) : await ask(next);
  }
  return {
    folder: space.folder,
    write: space.write,
    has: space.has,
    app,
    cli: (...words) => runCommandLine(space.folder, env, words),
    page: (path) => ask(path),
    submit: (path, form = {}) => ask(path, { method: "POST", body: new URLSearchParams(form) }),
    async uploaded() {
      while (gui.uploads.isBusy) await Bun.sleep(5);
    },
    [Symbol.dispose]: () => space[Symbol.dispose](),
  };
}
