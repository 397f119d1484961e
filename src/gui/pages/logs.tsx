/**
 * The log: what was begun here says it at once, and the files of all runs.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { tailLog } from "../../logging/tail.ts";
import type { GuiContext, Page } from "../context.ts";
import { show } from "../layout.tsx";
import { withQuery } from "../format.ts";

/** Lines of a file that are shown. */
const shownLines = 300;

/** Names of the files that runs write. */
const files = ["info.log", "errors.log"] as const;

/** Shows what was begun from these pages, and the ends of the log files. */
export const logsPage: Page = {
  path: "logs",
  label: "Logs",
  navigation: "main",
  routes(app, gui) {
    app.get("/logs", async (c) => {
      const name = files.find((each) => each === c.req.query("file")) ?? files[0];
      const text = await readEnd(gui, name);
      const { document } = gui.read();
      const isLive = gui.uploads.isBusy;
      const children = (
        <>
          <Session gui={gui} />
          <File gui={gui} name={name} text={text} />
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

/** The last lines of a file, without secrets; undefined when there is none. */
async function readEnd(gui: GuiContext, name: string): Promise<string | undefined> {
  const { logFolder, redactor, signal } = gui;
  if (logFolder === undefined || !existsSync(join(logFolder, name))) return undefined;
  const lines: string[] = [];
  const how = { lines: shownLines, follow: false, signal };
  for await (const line of tailLog(join(logFolder, name), how)) lines.push(line);
  return redactor.redact(lines.join("\n"));
}

function logText({ uploads }: GuiContext): string {
  return uploads.lines
    .map(({ time, level, name, message }) =>
      `${time.toISOString().slice(11, 19)} ${level.toUpperCase()} ${name}: ${message}`
    )
    .join("\n");
}

function Session({ gui }: { gui: GuiContext }) {
  if (gui.uploads.lines.length === 0) return null;
  const live = gui.uploads.isBusy ? { "data-live": "logs/live" } : {};
  return (
    <section aria-labelledby="session">
      <h2 id="session">Started from the GUI</h2>
      <pre class="log" tabindex={0} {...live}>{logText(gui)}</pre>
      <p class="notice bad" data-silence role="status" hidden></p>
    </section>
  );
}

function File({ gui, name, text }: { gui: GuiContext; name: string; text: string | undefined }) {
  const { logFolder } = gui;
  return (
    <section aria-labelledby="files">
      <h2 id="files">Files</h2>
      <p>
        {files.map((each) => (
          <>
            {each === name
              ? <strong>{each}</strong>
              : <a href={withQuery("logs", { file: each })}>{each}</a>}
            {" "}
          </>
        ))}
      </p>
      {text === undefined
        ? (
          <p class="notice">
            {logFolder === undefined
              ? "No log files are written: --log-dir none."
              : `There is no ${name} in ${logFolder} yet.`}
          </p>
        )
        : <pre class="log" tabindex={0}>{text === "" ? "(empty)" : text}</pre>}
      <p class="note">
        The last {shownLines}{" "}
        lines{logFolder === undefined ? "" : ` from ${logFolder}`}. Where a logging configuration is
        used, it says where the lines go; those of a service are shown by{" "}
        <code>agent service logs</code>.
      </p>
    </section>
  );
}
