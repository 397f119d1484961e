/**
 * The log: what was begun here says it at once, and the files of all runs.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { IniDocument } from "../../config/ini.ts";
import { programLogger } from "../../logging/console.ts";
import { levels, type LogLevel } from "../../logging/log.ts";
import { tailLog } from "../../logging/tail.ts";
import type { GuiContext, Page } from "../context.ts";
import { show } from "../layout.tsx";
import { type LoggedEntry, parseLogLines, searchLog } from "../log_lines.ts";

/** Lines at the end of a file that are searched. */
const searchedLines = 10_000;

/** As many as somebody reads. */
const shownEntries = 300;

/** Names of the files that runs write. */
const files = ["info.log", "errors.log"] as const;

/** Shows what was begun from these pages, and the ends of the log files. */
export const logsPage: Page = {
  path: "logs",
  label: "Logs",
  navigation: "main",
  routes(app, gui) {
    app.get("/logs", async (c) => {
      const { document } = gui.read();
      const view = readView(c.req.query());
      const entries = await readEnd(gui, view.file);
      const found = entries === undefined ? undefined : searchLog(entries, {
        ...view,
        isOwn: (name) => isOwnName(name, document),
      });
      const isLive = gui.uploads.isBusy;
      const children = (
        <>
          <Session gui={gui} />
          <File gui={gui} view={view} found={found} />
        </>
      );
      const scripts = isLive ? ["live.js"] : [];
      return show(c, gui, { title: "Logs", path: "logs", document, scripts, children });
    });
    app.get("/logs/live", (c) => {
      if (!gui.uploads.isBusy) c.header("x-ended", "yes");
      return c.html(<>{logText(gui)}</>);
    });
  },
};

/** What of the files is shown. */
interface View {
  readonly file: typeof files[number];
  readonly level: LogLevel;
  readonly words: string;
}

function readView({ file, level, words = "" }: Readonly<Record<string, string>>): View {
  return {
    file: files.find((each) => each === file) ?? files[0],
    level: levels.find((each) => each === level) ?? "info",
    words: words.trim(),
  };
}

/** Another configuration may log into the same folder: its sections are not shown here. */
function isOwnName(name: string, { byName }: IniDocument): boolean {
  return name === "" || name === programLogger || byName.has(name);
}

/** The last entries of a file, without secrets; undefined when there is none. */
async function readEnd(gui: GuiContext, name: string): Promise<LoggedEntry[] | undefined> {
  const { logFolder, redactor, signal } = gui;
  if (logFolder === undefined || !existsSync(join(logFolder, name))) return undefined;
  const lines: string[] = [];
  const how = { lines: searchedLines, follow: false, signal };
  for await (const line of tailLog(join(logFolder, name), how)) lines.push(line);
  return parseLogLines(redactor.redact(lines.join("\n")).split("\n"));
}

function logText({ uploads }: GuiContext): string {
  return uploads.lines
    .map(({ time, level, name, message }) =>
      `${time.toISOString().slice(11, 19)} ${level.toUpperCase()} ${name}: ${message}`
    )
    .toReversed().join("\n");
}

function Session({ gui }: { gui: GuiContext }) {
  if (gui.uploads.lines.length === 0) return null;
  const live = gui.uploads.isBusy ? { "data-live": "logs/live" } : {};
  return (
    <section aria-labelledby="session">
      <h2 id="session">Started from the GUI, newest first</h2>
      <pre class="log" tabindex={0} {...live}>{logText(gui)}</pre>
      <p class="notice bad" data-silence role="status" hidden></p>
    </section>
  );
}

interface FileFacts {
  readonly gui: GuiContext;
  readonly view: View;
  readonly found: readonly LoggedEntry[] | undefined;
}

function Search({ view }: { view: View }) {
  return (
    <form method="get" action="logs" class="row" role="search">
      <div>
        <label for="file">File</label>
        <select id="file" name="file">
          {files.map((name) => (
            <option key={name} value={name} selected={name === view.file}>{name}</option>
          ))}
        </select>
      </div>
      <div>
        <label for="level">From level</label>
        <select id="level" name="level">
          {levels.map((level) => (
            <option key={level} value={level} selected={level === view.level}>{level}</option>
          ))}
        </select>
      </div>
      <div>
        <label for="words">Words</label>
        <input type="text" id="words" name="words" value={view.words} autocomplete="off" />
      </div>
      <button type="submit" class="quiet">Search</button>
    </form>
  );
}

function File({ gui: { logFolder }, view, found }: FileFacts) {
  const { file } = view;
  return (
    <section aria-labelledby="files">
      <h2 id="files">Files, newest first</h2>
      <Search view={view} />
      {found === undefined
        ? (
          <p class="notice">
            {logFolder === undefined
              ? "No log files are written: --log-dir none."
              : `There is no ${file} in ${logFolder} yet. agent upload and agent serve write it.`}
          </p>
        )
        : (
          <pre class="log" tabindex={0}>
            {found.length === 0
              ? "(nothing found)"
              : found.slice(0, shownEntries).map(({ text }) => text).join("\n")}
          </pre>
        )}
      <p class="note">
        {found !== undefined && found.length > shownEntries
          ? `The newest ${shownEntries} of ${found.length} entries found. `
          : ""}
        {logFolder === undefined
          ? ""
          : `The last ${searchedLines} lines of ${file} in ${logFolder}, without those of sections ` +
            "that this configuration does not have. "}
        Where a logging configuration is used, it says where the lines go. What is started from
        these pages is logged to files only with <code>agent gui --log-dir FOLDER</code>.
      </p>
    </section>
  );
}
