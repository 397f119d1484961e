/**
 * The page that says what went wrong.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
import { parseIni } from "../config/ini.ts";
import type { Call, GuiContext } from "./context.ts";
import { show } from "./layout.tsx";

/** What went wrong and what to do, both without secrets. */
export interface Problem {
  readonly message: string;
  readonly hint: string | undefined;
  readonly status: 400 | 404 | 500;
}

/** Answers with the page; the configuration file may be the very thing that cannot be read. */
export function problemPage(
  c: Call,
  gui: GuiContext,
  { message, hint, status }: Problem,
): Response | Promise<Response> {
  return show(c, gui, {
    title: "An error occurred",
    path: "problem",
    document: parseIni("", gui.ini),
    status,
    children: (
      <div class="notice bad" role="alert">
        <p>{message}</p>
        {hint === undefined || hint === "" ? null : <p>{hint}</p>}
        <p>
          <a href={gui.base}>Back to the overview</a>
        </p>
      </div>
    ),
  });
}
