/**
 * The overview: every section, whether it is enabled, and how its last run went.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
import { type Finding, messageOf } from "../../base/errors.ts";
import { optionOf } from "../../config/ini.ts";
import { parseSchedule } from "../../settings/schedule.ts";
import type { StoredRun } from "../../state/runs.ts";
import { describeIni } from "../../describe/ini.ts";
import { describeCounts } from "../../sync/report.ts";
import { type Desk, goTo, type Page, sectionPath } from "../context.ts";
import { lastRuns } from "../history.ts";
import { type IniFile, writeIniFile } from "../ini_file.ts";
import { isEnabled, Mark, show } from "../layout.tsx";
import { sentence } from "../saving.tsx";
import { sourceNamed } from "../../config/declared.ts";

/** The start page. */
export const overviewPage: Page = {
  path: "",
  label: "Overview",
  place: "main",
  routes(app, desk) {
    app.get("/", (c) => {
      const file = desk.read();
      const { document } = file;
      const children = file.exists
        ? <Sections desk={desk} file={file} runs={lastRuns(desk)} />
        : <Beginning desk={desk} />;
      return show(c, desk, { title: "Overview", path: "", document, children });
    });
    app.post("/create", (c) => {
      const file = desk.read();
      if (!file.exists) writeIniFile(file, describeIni(desk.sources));
      return goTo(c, desk, "");
    });
  },
};

function Beginning({ desk }: { desk: Desk }) {
  return (
    <div class="notice">
      <p>
        There is no configuration file yet. The agent can write one with every source in it, none
        enabled: <code>{desk.ini}</code>
      </p>
      <form method="post" action="create">
        <button type="submit">Write the file</button>
      </form>
    </div>
  );
}

interface Facts {
  readonly desk: Desk;
  readonly file: IniFile;
  readonly runs: ReadonlyMap<string, StoredRun>;
}

function Sections({ desk, file, runs }: Facts) {
  const { document } = file;
  const { findings } = desk.plan(document);
  const sections = document.sections.filter(({ name }) =>
    sourceNamed(name, desk.sources) !== undefined
  );
  const enabled = sections.filter(({ name }) => isEnabled(document, name));
  const others = sections.filter((section) => !enabled.includes(section));
  return (
    <>
      <Findings desk={desk} findings={findings} />
      <p class="lead">
        {enabled.length} of {sections.length} sections are enabled.
      </p>
      <div class="scroll" tabindex={0} role="region" aria-label="Sections">
        <table>
          <thead>
            <tr>
              <th scope="col">Section</th>
              <th scope="col">Reads</th>
              <th scope="col">Last run (UTC)</th>
              <th scope="col">Account</th>
              <th scope="col">Next run (UTC)</th>
            </tr>
          </thead>
          <tbody>
            {[...enabled, ...others].map(({ name }) => (
              <Row desk={desk} file={file} name={name} run={runs.get(name)} />
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

interface RowFacts {
  readonly desk: Desk;
  readonly file: IniFile;
  readonly name: string;
  readonly run: StoredRun | undefined;
}

function Row({ desk, file, name, run }: RowFacts) {
  return (
    <tr>
      <th scope="row" class="whole">
        <Mark isOn={isEnabled(file.document, name)} />
        <a href={sectionPath(name)}>{name}</a>
      </th>
      <td>{sourceNamed(name, desk.sources)?.title}</td>
      <td>{lastRun(run)}</td>
      <td>{account(run)}</td>
      <td>{nextRun(file, name, run)}</td>
    </tr>
  );
}

function lastRun(run: StoredRun | undefined): string {
  if (run === undefined) return "never";
  const { started, state } = run;
  return `${minute(started)}, ${state}`;
}

function minute(iso: string): string {
  return iso.slice(0, 16).replace("T", " ");
}

function account(run: StoredRun | undefined): string {
  if (run === undefined) return "";
  return [describeCounts(run.counts), ...run.error === null ? [] : [run.error]].join(". ");
}

/** When `agent serve` would run it, as far as its schedule and its last start tell. */
function nextRun({ document }: IniFile, name: string, run: StoredRun | undefined): string {
  const text = optionOf(document, name, "schedule")?.value.trim() ?? "";
  if (text === "" || !isEnabled(document, name)) return "";
  try {
    const zone = optionOf(document, name, "schedule_timezone")?.value.trim() ?? "";
    const schedule = parseSchedule(text, zone);
    const since = schedule.isInterval && run !== undefined ? new Date(run.started) : new Date();
    const next = schedule.next(since);
    if (next === undefined) return "";
    return next.getTime() <= Date.now() ? "due" : minute(next.toISOString());
  } catch (error) {
    return messageOf(error);
  }
}

/** What is wrong with the file, each with a link to where it can be mended. */
function Findings({ desk, findings }: { desk: Desk; findings: readonly Finding[] }) {
  if (findings.length === 0) return null;
  const worst = findings.some(({ severity }) => severity === "error") ? "bad" : "odd";
  return (
    <div class={`notice ${worst}`}>
      <p>The configuration file needs attention:</p>
      <ul>
        {findings.map(({ section, option, line, message, hint }) => (
          <li>
            {section === undefined ? null : <a href={sectionPath(section)}>[{section}]</a>}{" "}
            {option === undefined ? null : <code>{option}</code>} {desk.redactor.redact(
              sentence(`${message}${line === undefined ? "" : ` (line ${line})`}`),
            )}
            {hint === undefined ? "" : ` ${desk.redactor.redact(sentence(hint))}`}
          </li>
        ))}
      </ul>
    </div>
  );
}
