/**
 * The overview: every section, whether it is enabled, and how its last run went.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
import { checkDocument } from "../../app/configuration.ts";
import { nextRuns, type UpcomingRun } from "../../app/schedule.ts";
import type { Finding } from "../../base/errors.ts";
import { isSectionEnabled } from "../../config/enabled.ts";
import type { Config } from "../../config/config.ts";
import type { StoredRun } from "../../state/runs.ts";
import { describeIni } from "../../describe/ini.ts";
import { describeCounts } from "../../sync/report.ts";
import { goTo, type GuiContext, type Page, sectionPath } from "../context.ts";
import { lastRuns } from "../history.ts";
import { type IniFile, writeIniFile } from "../ini_file.ts";
import { Mark, show } from "../layout.tsx";
import { sentence } from "../saving.tsx";
import { sourceNamed } from "../../config/declared.ts";

/** The start page. */
export const overviewPage: Page = {
  path: "",
  label: "Overview",
  navigation: "main",
  routes(app, gui) {
    app.get("/", async (c) => {
      const file = gui.read();
      const { document } = file;
      const children = file.exists
        ? <Sections {...await readFacts(gui, file)} />
        : <Beginning gui={gui} />;
      return show(c, gui, { title: "Overview", path: "", document, children });
    });
    app.post("/create", (c) => {
      const file = gui.read();
      if (!file.exists) writeIniFile(file, describeIni(gui.sources));
      return goTo(c, gui, "");
    });
  },
};

function Beginning({ gui }: { gui: GuiContext }) {
  return (
    <div class="notice">
      <p>
        There is no configuration file yet. The agent can write one with every source in it, none
        enabled: <code>{gui.ini}</code>
      </p>
      <form method="post" action="create">
        <button type="submit">Write the file</button>
      </form>
    </div>
  );
}

interface Facts {
  readonly gui: GuiContext;
  readonly file: IniFile;
  readonly config: Config;
  readonly runs: ReadonlyMap<string, StoredRun>;
  /** By section. */
  readonly upcoming: ReadonlyMap<string, UpcomingRun>;
}

async function readFacts(gui: GuiContext, file: IniFile): Promise<Facts> {
  const config = checkDocument(gui, file.document);
  const next = await nextRuns(gui, config);
  const upcoming = new Map(next.map((run) => [run.section, run]));
  return { gui, file, config, runs: lastRuns(gui), upcoming };
}

function Sections({ gui, file: { document }, config, runs, upcoming }: Facts) {
  const sections = document.sections.filter(({ name }) =>
    sourceNamed(name, gui.sources) !== undefined
  );
  const enabled = sections.filter(({ name }) => isSectionEnabled(document, name, gui.env));
  const others = sections.filter((section) => !enabled.includes(section));
  return (
    <>
      <Findings gui={gui} findings={config.findings} />
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
              <Row
                gui={gui}
                name={name}
                isOn={enabled.some((section) => section.name === name)}
                run={runs.get(name)}
                upcoming={upcoming.get(name)}
              />
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

interface RowFacts {
  readonly gui: GuiContext;
  readonly name: string;
  readonly isOn: boolean;
  readonly run: StoredRun | undefined;
  readonly upcoming: UpcomingRun | undefined;
}

function Row({ gui, name, isOn, run, upcoming }: RowFacts) {
  return (
    <tr>
      <th scope="row" class="whole">
        <Mark isOn={isOn} />
        <a href={sectionPath(name)}>{name}</a>
      </th>
      <td>{sourceNamed(name, gui.sources)?.title}</td>
      <td>{lastRun(run)}</td>
      <td>{account(run)}</td>
      <td>{nextRun(upcoming)}</td>
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

/** When `agent serve` runs it, as `agent schedule` says it. */
function nextRun(upcoming: UpcomingRun | undefined): string {
  if (upcoming === undefined || upcoming.next === null) return "";
  return Date.parse(upcoming.next) <= Date.now() ? "due" : minute(upcoming.next);
}

/** What is wrong with the file, each with a link to where it can be fixed. */
function Findings({ gui, findings }: { gui: GuiContext; findings: readonly Finding[] }) {
  if (findings.length === 0) return null;
  const worst = findings.some(({ severity }) => severity === "error") ? "bad" : "warning";
  return (
    <div class={`notice ${worst}`}>
      <p>The configuration file needs attention:</p>
      <ul>
        {findings.map(({ section, option, line, message, hint }) => (
          <li>
            {section === undefined ? null : <a href={sectionPath(section)}>[{section}]</a>}{" "}
            {option === undefined ? null : <code>{option}</code>} {gui.redactor.redact(
              sentence(`${message}${line === undefined ? "" : ` (line ${line})`}`),
            )}
            {hint === undefined ? "" : ` ${gui.redactor.redact(sentence(hint))}`}
          </li>
        ))}
      </ul>
    </div>
  );
}
