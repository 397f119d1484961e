/**
 * The last step of the setup: when the section runs; then it is enabled, and its first upload can begin.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
import { checkDocument } from "../../app/configuration.ts";
import { upcomingStarts } from "../../app/calendar.ts";
import { getOption } from "../../config/ini.ts";
import type { IniEdit } from "../../config/ini_writer.ts";
import { previewSection } from "../../app/preview.ts";
import { Skipped } from "../../base/record.ts";
import { Dropped } from "../../transform/map.ts";
import { isRefused, propose } from "../config_edit.ts";
import { findFailure } from "../connection.ts";
import { type GuiContext, sectionPath } from "../context.ts";
import type { IniFile } from "../ini_file.ts";
import { show } from "../layout.tsx";
import { answerChange, type ShownFinding } from "../saving.tsx";
import { withSection } from "../section_config.ts";
import { backToSource, namedSection, showStep, stepAddress, stepPage } from "../setup_steps.tsx";
import { Time } from "../time.tsx";

/** Schedules that can be chosen; more can be written. */
const usual = [
  ["", "Only when somebody starts it"],
  ["every 1h", "Every hour"],
  ["every 6h", "Every six hours"],
  ["0 3 * * *", "Every day at 3:00"],
  ["0 3 * * sun", "Every Sunday at 3:00"],
] as const;

/** Records that are tried once more with everything that was set up. */
const tried = 5;

/** Next starts that are shown. */
const shownStarts = 3;

/** The step of the schedule, and the page after the last step. */
export const setupSchedulePage = stepPage("setup/schedule", (app, gui) => {
  app.get("/setup/schedule", (c) => {
    const file = gui.read();
    const section = namedSection(c, gui, file);
    if (section === undefined) return backToSource(c, gui);
    const children = <Step file={file} section={section} />;
    return showStep(c, gui, { path: "setup/schedule", file, section, children });
  });
  app.post("/setup/schedule", async (c) => {
    const section = namedSection(c, gui, gui.read()) ?? "";
    const form = new URLSearchParams(await c.req.text());
    const edits = () => scheduleEdits(section, form);
    // A schedule that cannot be read is refused at its field, before anything is tried.
    const isTried = form.get("confirmed") === "yes" ||
      isRefused(propose(gui, gui.read(), edits(), section));
    const errors = isTried ? [] : await trySection(gui, section, edits());
    const next = stepAddress("setup/upload", section);
    return answerChange(c, gui, form, { section, errors, edits, next, goesOn: true });
  });
  app.get("/setup/upload", (c) => {
    const file = gui.read();
    const section = namedSection(c, gui, file);
    if (section === undefined) return backToSource(c, gui);
    return show(c, gui, {
      title: "Ready for the first upload",
      path: "setup/upload",
      document: file.document,
      children: <Ready gui={gui} file={file} section={section} />,
    });
  });
});

function scheduleEdits(section: string, form: URLSearchParams): IniEdit[] {
  const own = (form.get("own") ?? "").trim();
  const value = own === "" ? form.get("schedule") ?? "" : own;
  return [
    { kind: "set", section, key: "enable", value: "True" },
    { kind: "set", section, key: "schedule", value },
  ];
}

/** What keeps the first records of the section from being sent, as it will be. */
async function trySection(
  gui: GuiContext,
  section: string,
  edits: readonly IniEdit[],
): Promise<ShownFinding[]> {
  const request = { section, count: tried, explains: false };
  try {
    const { items } = await withSection(
      gui,
      section,
      (app, config) => previewSection(app, config, request),
      edits,
    );
    const isSent = items.some((item) =>
      !(item instanceof Skipped) && !(item.outcome instanceof Dropped)
    );
    if (isSent) return [];
    return [{
      severity: "error",
      field: undefined,
      text: `None of the first ${items.length} records would be sent. Look at the mapping again.`,
    }];
  } catch (thrown) {
    return findFailure(gui, section, thrown);
  }
}

function Step({ file, section }: { file: IniFile; section: string }) {
  const now = getOption(file.document, section, "schedule")?.value.trim() ?? "";
  const isUsual = usual.some(([value]) => value === now);
  return (
    <form method="post" action={stepAddress("setup/schedule", section)} data-change>
      <input type="hidden" name="revision" value={file.revision} />
      <p class="lead">When is {section} to be read and uploaded?</p>
      <div class="field" data-field="schedule">
        <label for="schedule">Schedule</label>
        <select id="schedule" name="schedule">
          {usual.map(([value, label]) => (
            <option value={value} selected={value === now}>{label}</option>
          ))}
        </select>
        <label for="own" class="second-label">Or in your own words</label>
        <input
          type="text"
          id="own"
          name="own"
          value={isUsual ? "" : now}
          placeholder="for example 30 22 * * mon-fri, or every 2h"
          autocomplete="off"
          spellcheck={false}
        />
        <p class="finding" hidden></p>
        <p class="note">
          Schedules are followed while <code>agent serve</code>{" "}
          runs, in a terminal or as a service. Until then, uploads are started by hand.
        </p>
      </div>
      <div data-summary role="status" class="notice" hidden></div>
      <div class="actions">
        <button type="submit">Try and continue</button>
        <span class="note">The section is enabled. Nothing is sent yet.</span>
      </div>
    </form>
  );
}

function Ready({ gui, file, section }: { gui: GuiContext; file: IniFile; section: string }) {
  const until = new Date(Date.now() + 366 * 86_400_000);
  const config = checkDocument(gui, file.document);
  const sections = config.sections.filter(({ name }) => name === section);
  const starts = upcomingStarts({ ...config, sections }, new Date(), until);
  return (
    <>
      <p class="notice good" role="status">
        {section}{" "}
        is set up and enabled. Its first records were read, mapped and accepted by the checks.
      </p>
      {starts.length === 0 ? <p>It has no schedule.</p> : (
        <p>
          Its next starts by the schedule, once agent serve runs:{" "}
          {starts.slice(0, shownStarts).map(({ start }, index) => (
            <>
              {index === 0 ? null : ", "}
              <Time at={start.toISOString()} />
            </>
          ))}
        </p>
      )}
      <div class="actions">
        <form method="post" action="run" class="tight">
          <input type="hidden" name="section" value={section} />
          <button type="submit">Start the first upload</button>
        </form>
        <a class="button quiet" href={sectionPath(section, "plan")}>See what it would change</a>
        <a href="setup/source">Set up another source</a>
      </div>
    </>
  );
}
