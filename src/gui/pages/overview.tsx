/**
 * The overview: what needs a person, and how every section does.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
import { checkDocument } from "../../app/configuration.ts";
import type { Config } from "../../config/config.ts";
import { readSharedAgents } from "../../app/shared_agents.ts";
import { needsAttention, readStatus, type SectionStatus } from "../../app/status.ts";
import { describeIni } from "../../describe/ini.ts";
import { goTo, type GuiContext, type Page, sectionPath } from "../context.ts";
import { FindingList } from "../finding_list.tsx";
import { type IniFile, writeIniFile } from "../ini_file.ts";
import { Mark, show } from "../layout.tsx";
import { SectionsToFix } from "../section_problems.tsx";
import { SectionRow } from "../section_row.tsx";
import { SharedAgentList } from "../shared_agents.tsx";
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
      const scripts = file.exists ? ["filter.js", "live.js"] : [];
      const children = file.exists ? await Sections({ gui, file }) : <Beginning gui={gui} />;
      return show(c, gui, { title: "Overview", path: "", document, scripts, children });
    });
    // The script of the page asks for this again and again.
    app.get("/overview/live", async (c) => {
      const config = checkDocument(gui, gui.read().document);
      return c.html(await State({ gui, config }));
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
    <>
      <p class="lead">
        There is no configuration file yet: <code>{gui.ini}</code>
      </p>
      <div class="ways">
        <section class="way">
          <h2>Set up in four steps</h2>
          <p>Oomnitza, a source, its mapping and a schedule; each is tried before the next.</p>
          <a class="button" href="setup">Set up the agent</a>
        </section>
        <section class="way">
          <h2>Come from the Python connector</h2>
          <p>
            Choose its config.ini, and see what the agent makes of it before anything is written.
          </p>
          <a class="button" href="takeover">Take over a config.ini</a>
        </section>
        <section class="way">
          <h2>Begin with a sample</h2>
          <p>A file with every source in it, none of them enabled.</p>
          <form method="post" action="create" class="tight-form">
            <button type="submit" class="quiet">Write the file</button>
          </form>
        </section>
      </div>
    </>
  );
}

interface Facts {
  readonly gui: GuiContext;
  readonly file: IniFile;
}

/** From so many rows on there is a field that filters them. */
const filteredFrom = 8;

/** How often the page asks how the sections do, in milliseconds. */
const refreshMs = 5_000;

async function Sections({ gui, file }: Facts) {
  const { document } = file;
  const config = checkDocument(gui, document);
  const others = document.sections.filter(({ name }) =>
    sourceNamed(name, gui.sources) !== undefined && config.disabled.includes(name)
  );
  const enabled = config.sections.length + config.broken.size;
  return (
    <>
      {config.findings.length === 0
        ? null
        : <FindingList gui={gui} findings={config.findings} isOwn />}
      <p class="lead">
        {enabled} of {enabled + others.length} sections are enabled.
      </p>
      {enabled + others.length < filteredFrom ? null : (
        <p class="field">
          <label for="filter">Filter sections</label>
          <input type="text" id="filter" data-filter=".section-row" autocomplete="off" />
        </p>
      )}
      <div data-live="overview/live" data-every={refreshMs}>
        {await State({ gui, config })}
      </div>
      <p class="notice bad" data-silence role="status" hidden></p>
      <Disabled gui={gui} names={others.map(({ name }) => name)} />
    </>
  );
}

/** What changes while the page is open. */
async function State({ gui, config }: { gui: GuiContext; config: Config }) {
  const all = await readStatus(gui, config);
  const agents = await readSharedAgents(gui);
  if (all.length === 0) return <p class="notice">No section is enabled yet.</p>;
  return (
    <>
      <SectionsToFix gui={gui} all={all.filter(needsAttention)} />
      <List gui={gui} all={all} />
      <SharedAgentList {...agents} />
    </>
  );
}

function List({ gui, all }: { gui: GuiContext; all: readonly SectionStatus[] }) {
  return (
    <div class="scroll" tabindex={0} role="region" aria-label="Enabled sections">
      <table class="sections">
        <thead>
          <tr>
            <th scope="col">Section</th>
            <th scope="col">State</th>
            <th scope="col">Runs, newest right</th>
            <th scope="col">Last run</th>
            <th scope="col">Next run</th>
            <th scope="col">Open</th>
          </tr>
        </thead>
        <tbody>
          {all.map((status) => <SectionRow key={status.section} gui={gui} status={status} />)}
        </tbody>
      </table>
    </div>
  );
}

function Disabled({ gui, names }: { gui: GuiContext; names: readonly string[] }) {
  if (names.length === 0) return null;
  return (
    <section aria-labelledby="disabled">
      <h2 id="disabled">Not enabled</h2>
      <ul class="plain columns-of-links">
        {names.map((name) => (
          <li class="section-row">
            <Mark isOn={false} />
            <a href={sectionPath(name)}>{name}</a>{" "}
            <span class="note">{sourceNamed(name, gui.sources)?.title}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}
