/**
 * The log: what was begun here says it at once, and the files of all runs.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { tailLog } from "../../logging/tail.ts";
import type { Desk, Page } from "../context.ts";
import { show } from "../layout.tsx";
import { withQuery } from "../format.ts";

/** Lines of a file that are shown. */
const shownLines = 300;

/** Names of the files that runs write. */
const files = ["info.log", "errors.log"] as const;

/** The page of the log. */
export const logsPage: Page = {
  path: "logs",
  label: "Logs",
  place: "main",
  routes(app, desk) {
    app.get("/logs", async (c) => {
      const name = files.find((each) => each === c.req.query("file")) ?? files[0];
      const text = await endOf(desk, name);
      const { document } = desk.read();
      const isLive = desk.work.isBusy;
      const children = (
        <>
          <Session desk={desk} />
          <File desk={desk} name={name} text={text} />
        </>
      );
      const scripts = isLive ? ["live.js"] : [];
      return show(c, desk, { title: "Logs", path: "logs", document, scripts, children });
    });
    app.get("/logs/live", (c) => {
      if (!desk.work.isBusy) c.header("x-ended", "yes");
      return c.html(<>{linesOf(desk)}</>);
    });
  },
};

/** The last lines of a file, without secrets; undefined when there is none. */
async function endOf(desk: Desk, name: string): Promise<string | undefined> {
  const { logFolder, redactor, signal } = desk;
  if (logFolder === undefined || !existsSync(join(logFolder, name))) return undefined;
  const lines: string[] = [];
  const how = { lines: shownLines, follow: false, signal };
  for await (const line of tailLog(join(logFolder, name), how)) lines.push(line);
  return redactor.redact(lines.join("\n"));
}

function linesOf({ work }: Desk): string {
  return work.lines
    .map(({ time, level, name, message }) =>
      `${time.toISOString().slice(11, 19)} ${level.toUpperCase()} ${name}: ${message}`
    )
    .join("\n");
}

function Session({ desk }: { desk: Desk }) {
  if (desk.work.lines.length === 0) return null;
  const live = desk.work.isBusy ? { "data-live": "logs/live" } : {};
  return (
    <section aria-labelledby="session">
      <h2 id="session">Begun from these pages</h2>
      <pre class="log" tabindex={0} {...live}>{linesOf(desk)}</pre>
      <p class="notice bad" data-silence role="status" hidden></p>
    </section>
  );
}

function File({ desk, name, text }: { desk: Desk; name: string; text: string | undefined }) {
  const { logFolder } = desk;
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
