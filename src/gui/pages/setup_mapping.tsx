/**
 * The third step of the setup: which value of the source goes into which field of Oomnitza, with the values
 * of the first records, live.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
// deno-lint-ignore-file jsx-key -- written out once as text: there is nothing to keep apart
import { explainSample } from "../../app/preview.ts";
import type { SourceRecord } from "../../base/record.ts";
import type { IniEdit } from "../../config/ini_writer.ts";
import type { Explanation } from "../../sync/read/explain.ts";
import { findFailure } from "../connection.ts";
import { goTo, type GuiContext, sectionPath } from "../context.ts";
import { json } from "../format.ts";
import type { IniFile } from "../ini_file.ts";
import { answerChange, type ShownFinding } from "../saving.tsx";
import { checkEnabled, withSection } from "../section_config.ts";
import {
  checkMappingRows,
  findSection,
  listPathRows,
  mappingRowEdits,
  type PathRow,
  usualFields,
} from "../setup_mapping.ts";
import { backToSource, namedSection, showStep, stepAddress, stepPage } from "../setup_steps.tsx";
import { readFirst } from "./setup_source.tsx";

/** From so many paths on there is a field that filters them. */
const filteredFrom = 12;

/** The step of the mapping. */
export const setupMappingPage = stepPage("setup/mapping", (app, gui) => {
  app.get("/setup/mapping", (c) => {
    const file = gui.read();
    const section = namedSection(c, gui, file);
    if (section === undefined) return backToSource(c, gui);
    const rows = readRows(gui, file, section);
    return showStep(c, gui, {
      path: "setup/mapping",
      file,
      section,
      scripts: rows.length >= filteredFrom ? ["setup.js", "filter.js"] : ["setup.js"],
      children: <Step gui={gui} file={file} section={section} rows={rows} />,
    });
  });
  app.post("/setup/mapping/read", async (c) => {
    const section = namedSection(c, gui, gui.read());
    if (section === undefined) return backToSource(c, gui);
    gui.samples.set(section, await readFirst(gui, section));
    return goTo(c, gui, stepAddress("setup/mapping", section));
  });
  // The script of the page asks for this whenever the form changes.
  app.post("/setup/mapping/values", async (c) => {
    const file = gui.read();
    const section = namedSection(c, gui, file) ?? "";
    const form = new URLSearchParams(await c.req.text());
    const rows = readRows(gui, file, section);
    const at = Number(form.get("record")) || 0;
    const record = gui.samples.get(section)?.[at];
    if (record === undefined || checkMappingRows(rows, form).length > 0) return c.html("");
    const edits = mappingRowEdits(file, section, rows, form);
    return c.html(await Values({ gui, section, record, edits }));
  });
  app.post("/setup/mapping", async (c) => {
    const file = gui.read();
    const section = namedSection(c, gui, file) ?? "";
    const form = new URLSearchParams(await c.req.text());
    const rows = readRows(gui, file, section);
    const errors = checkMappingRows(rows, form);
    const edits = (current: IniFile) => mappingRowEdits(current, section, rows, form);
    if (errors.length === 0 && form.get("confirmed") !== "yes") {
      errors.push(...await tryMapping(gui, section, edits(file)));
    }
    const next = stepAddress("setup/schedule", section);
    return answerChange(c, gui, form, { section, errors, edits, next, goesOn: true });
  });
});

/** The rows of the form for the records that were read last. */
function readRows(gui: GuiContext, file: IniFile, name: string): PathRow[] {
  const section = findSection(checkEnabled(gui, file, name), name);
  const records = gui.samples.get(name);
  if (section === undefined || records === undefined) return [];
  return listPathRows(section, records, usualFields(gui.sources, section.kind));
}

/** What an upload would make of records, with edits that are not saved. */
function explainWith(
  gui: GuiContext,
  section: string,
  records: readonly SourceRecord[],
  edits: readonly IniEdit[],
): Promise<Explanation[]> {
  return withSection(
    gui,
    section,
    (app, config) => explainSample(app, config, section, records),
    edits,
  );
}

/** What keeps all of the first records from being sent. */
async function tryMapping(
  gui: GuiContext,
  section: string,
  edits: readonly IniEdit[],
): Promise<ShownFinding[]> {
  const records = gui.samples.get(section) ?? [];
  const fail = (text: string): ShownFinding[] => [
    { severity: "error", field: undefined, text: gui.redactor.redact(text) },
  ];
  if (records.length === 0) return fail("There are no records to try the mapping with.");
  try {
    const all = await explainWith(gui, section, records, edits);
    const sync = readSyncField(gui, gui.read(), section);
    const sent = all.filter(({ outcome }) => outcome === "sent");
    if (sent.length === 0) {
      return fail(`None of the ${all.length} records would be sent: ${all[0]?.reason ?? ""}`);
    }
    if (sync === "" || sent.some(({ identity }) => identity !== "")) return [];
    return fail(
      `None of the ${all.length} records has a value for ${sync}, by which Oomnitza recognizes them.`,
    );
  } catch (thrown) {
    return findFailure(gui, section, thrown);
  }
}

interface ValuesFacts {
  readonly gui: GuiContext;
  readonly section: string;
  readonly record: SourceRecord;
  readonly edits: readonly IniEdit[];
}

/** What Oomnitza would get for a record. */
async function Values({ gui, section, record, edits }: ValuesFacts) {
  const { redactor } = gui;
  try {
    const [one] = await explainWith(gui, section, [record], edits);
    if (one === undefined) return <p class="note">Nothing is mapped yet.</p>;
    return (
      <>
        <p class={one.outcome === "sent" ? "well" : "unwell"}>
          {one.outcome === "sent"
            ? "Would be sent"
            : redactor.redact(`Not sent, ${one.outcome}: ${one.reason}`)}
        </p>
        <dl class="facts">
          {one.fields.map(({ mapping, output, failed }) => (
            <>
              <dt>{mapping.field}</dt>
              <dd>
                {failed === null
                  ? <code>{json(redactor, output)}</code>
                  : <span class="unwell">{redactor.redact(failed)}</span>}
              </dd>
            </>
          ))}
        </dl>
      </>
    );
  } catch (thrown) {
    return (
      <p class="unwell">{findFailure(gui, section, thrown).map(({ text }) => text).join(" ")}</p>
    );
  }
}

interface StepFacts {
  readonly gui: GuiContext;
  readonly file: IniFile;
  readonly section: string;
  readonly rows: readonly PathRow[];
}

function Step({ gui, file, section, rows }: StepFacts) {
  const count = gui.samples.get(section)?.length ?? 0;
  const query = new URLSearchParams({ section });
  if (count === 0) {
    return (
      <form method="post" action={`setup/mapping/read?${query}`}>
        <p class="notice">
          {gui.samples.has(section)
            ? "The source has no records to try the mapping with."
            : "The first records of the source have to be read first."}
        </p>
        <div class="actions">
          <button type="submit">Read the first records</button>
        </div>
      </form>
    );
  }
  return (
    <form
      method="post"
      action={stepAddress("setup/mapping", section)}
      data-change
      data-values={`setup/mapping/values?${query}`}
      data-count={String(count)}
    >
      <input type="hidden" name="revision" value={file.revision} />
      <Lead gui={gui} file={file} section={section} />
      <Turn count={count} />
      <div class="mapping-sides">
        <Paths gui={gui} file={file} section={section} rows={rows} />
        <section aria-labelledby="outcome">
          <h2 id="outcome">What Oomnitza gets</h2>
          <div data-outcome role="status" class="outcome"></div>
        </section>
      </div>
      <div data-summary role="status" class="notice" hidden></div>
      <div class="actions">
        <button type="submit">Try and continue</button>
        <a href={sectionPath(section, "mappings")}>Converters and fixed values: all mappings</a>
      </div>
    </form>
  );
}

/** The field by which Oomnitza recognizes the records; blank when the section does not say it. */
function readSyncField(gui: GuiContext, file: IniFile, section: string): string {
  const field = findSection(checkEnabled(gui, file, section), section)?.options.sync_field;
  return typeof field === "string" ? field.trim() : "";
}

function Lead({ gui, file, section }: Omit<StepFacts, "rows">) {
  const sync = readSyncField(gui, file, section);
  return (
    <p class="lead">
      Enter the Oomnitza field for each value that is to be sent; leave the others blank.
      {sync !== ""
        ? (
          <>
            {" "}Oomnitza recognizes the records by <code>{sync}</code>, which has to be among them.
          </>
        )
        : null}
    </p>
  );
}

/** Turns the pages of the sampled records. */
function Turn({ count }: { count: number }) {
  return (
    <div class="actions tight-row">
      <button type="button" class="quiet" data-turn="-1">Previous record</button>
      <span role="status" data-turned>Record 1 of {count}</span>
      <button type="button" class="quiet" data-turn="1">Next record</button>
    </div>
  );
}

function Paths({ gui, file, section, rows }: StepFacts) {
  const kind = findSection(checkEnabled(gui, file, section), section)?.kind ?? "assets";
  return (
    <div>
      {rows.length < filteredFrom ? null : (
        <p class="field">
          <label for="filter">Search the source's paths and values</label>
          <input type="text" id="filter" data-filter=".path-row" autocomplete="off" />
        </p>
      )}
      <div class="scroll" tabindex={0} role="region" aria-label="Paths of the source">
        <table class="cards">
          <thead>
            <tr>
              <th scope="col">Path of the source</th>
              <th scope="col">Value in this record</th>
              <th scope="col">Oomnitza field</th>
            </tr>
          </thead>
          <tbody>{rows.map((row) => <Path gui={gui} row={row} />)}</tbody>
        </table>
      </div>
      <datalist id="fields">
        {usualFields(gui.sources, kind).map((field) => <option value={field}></option>)}
      </datalist>
    </div>
  );
}

function Path({ gui, row }: { gui: GuiContext; row: PathRow }) {
  const { control, path, meaning, others, field, suggestion } = row;
  const values = row.values.map((value) => gui.redactor.redact(value));
  return (
    <tr class="path-row" data-field={control}>
      <th scope="row">
        <code>{path}</code>
        {meaning === "" ? null : <div class="note">{meaning}</div>}
      </th>
      <td data-record-values={JSON.stringify(values)}>
        <code>{values[0] ?? ""}</code>
      </td>
      <td>
        {others.length === 0 ? null : <div class="note">fills {others.join(", ")}</div>}
        <input
          type="text"
          name={control}
          value={field === "" ? suggestion : field}
          list="fields"
          aria-label={`Oomnitza field for ${path}`}
          autocomplete="off"
          spellcheck={false}
        />
        <p class="finding" hidden></p>
      </td>
    </tr>
  );
}
