/**
 * The mappings of a section: an editor of paths, fields and what a record gives of them.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
import { checkDocument } from "../../app/configuration.ts";
import { findRecord, readSample } from "../../app/discover.ts";
import { checkFieldValues } from "../../app/field_values.ts";
import { askOomnitza } from "../../app/mappings.ts";
import { AgentError } from "../../base/errors.ts";
import { sourceNamed } from "../../config/declared.ts";
import type { SectionConfig } from "../../config/section.ts";
import { type Call, type GuiContext, type Page, sectionPath } from "../context.ts";
import { show } from "../layout.tsx";
import { type EditorData, type Fetched, toEditorData, toSample } from "../mapping_data.ts";
import { changeEdits, checkChanges, readChanges } from "../mapping_edit.ts";
import { MappingEditor } from "../mapping_editor.tsx";
import { readWanted, recordsMeant, tryChanges } from "../mapping_trial.ts";
import { problemPage } from "../problem.tsx";
import { answerChange } from "../saving.tsx";
import { checkEnabled, withSection } from "../section_config.ts";

/** What the editor can have fetched. */
const parts = ["sample", "told", "values"] as const;

/** Records that are sampled. */
const sampleSize = 50;

/** The tab of a section that shows and changes its mappings. */
export const mappingsPage: Page = {
  path: "mappings",
  label: "Mappings",
  navigation: "section",
  routes(app, gui) {
    const known = new Map<string, Fetched>();
    const fetchedOf = (section: string) => known.get(section) ?? {};
    app.get("/section/:name/mappings", (c) => page(c, gui, c.req.param("name")));
    app.get("/section/:name/mappings/data", (c) => {
      const section = c.req.param("name");
      return c.json(readData(gui, section, fetchedOf(section)));
    });
    app.post("/section/:name/mappings", async (c) => {
      const form = new URLSearchParams(await c.req.text());
      return save(c, gui, c.req.param("name"), form);
    });
    for (const part of parts) {
      app.post(`/section/:name/mappings/${part}`, async (c) => {
        const section = c.req.param("name");
        const fetched = await fetchPart(gui, section, part, fetchedOf(section));
        known.set(section, fetched);
        return c.json(readData(gui, section, fetched));
      });
    }
    app.post("/section/:name/mappings/try", async (c) => {
      const section = c.req.param("name");
      const wanted = readWanted(new URLSearchParams(await c.req.text()));
      return c.json(await tryChanges(gui, section, fetchedOf(section), wanted));
    });
    app.post("/section/:name/mappings/find", async (c) => {
      const section = c.req.param("name");
      const key = (new URLSearchParams(await c.req.text()).get("key") ?? "").trim();
      const { fetched, record } = await find(gui, section, key, fetchedOf(section));
      known.set(section, fetched);
      return c.json({ record, data: readData(gui, section, fetched) });
    });
  },
};

function requireSection(found: SectionConfig | undefined, section: string): SectionConfig {
  if (found !== undefined) return found;
  throw new AgentError(`The settings of [${section}] have errors`, {
    hint: "Fix these errors first.",
  });
}

function readData(gui: GuiContext, name: string, fetched: Fetched): EditorData {
  const file = gui.read();
  const config = checkEnabled(gui, file, name);
  const section = requireSection(config.sections.find((each) => each.name === name), name);
  return toEditorData({
    revision: file.revision,
    config,
    section,
    own: file.document.byName.get(name),
    fetched,
    redact: (text) => gui.redactor.redact(text),
  });
}

async function fetchPart(
  gui: GuiContext,
  name: string,
  part: typeof parts[number],
  fetched: Fetched,
): Promise<Fetched> {
  return await withSection(gui, name, async (app, config) => {
    const section = requireSection(config.sections.find((each) => each.name === name), name);
    if (part === "sample") {
      return { ...fetched, sample: toSample(await readSample(app, config, name, sampleSize)) };
    }
    if (part === "told") return { ...fetched, told: await askOomnitza(app, config, section) };
    if (config.oomnitza === undefined) {
      throw new AgentError("The settings of [oomnitza] have errors");
    }
    const values = await checkFieldValues(app, config, name, sampleSize) ?? null;
    return { ...fetched, values };
  });
}

/** Looks for a record in the sample, then in the source; one that is found is in the sample then. */
async function find(
  gui: GuiContext,
  name: string,
  key: string,
  fetched: Fetched,
): Promise<{ fetched: Fetched; record: number }> {
  if (key === "") throw new AgentError("Enter what to look for");
  return await withSection(gui, name, async (app, config) => {
    const section = requireSection(config.sections.find((each) => each.name === name), name);
    const { sample = toSample({ records: [], skipped: [] }) } = fetched;
    const isMeant = recordsMeant(section, fetched, key);
    const at = sample.records.findIndex(isMeant);
    if (at >= 0) return { fetched, record: at };
    const found = await findRecord(app, section, isMeant);
    if (found === undefined) {
      throw new AgentError(`The source has no record ${key}`, {
        hint: "Enter the value of its sync field, or PATH=VALUE.",
      });
    }
    const records = [...sample.records, found];
    return {
      fetched: { ...fetched, sample: toSample({ ...sample, records }) },
      record: sample.records.length,
    };
  });
}

function save(c: Call, gui: GuiContext, section: string, form: URLSearchParams): Response {
  const changes = readChanges(form.get("changes") ?? "[]");
  const { converters } = checkDocument(gui, gui.read().document);
  return answerChange(c, gui, form, {
    section,
    errors: checkChanges(changes, new Set(converters.map(({ name }) => name))),
    edits: ({ document }) => changeEdits(section, document.byName.get(section), changes),
    next: sectionPath(section, "mappings"),
  });
}

function page(c: Call, gui: GuiContext, section: string): Response | Promise<Response> {
  const file = gui.read();
  const source = sourceNamed(section, gui.sources);
  if (source === undefined || !file.document.byName.has(section)) {
    const message = `There is no section [${section}] of a source in ${file.path}`;
    return problemPage(c, gui, { message, hint: undefined, status: 404 });
  }
  const isUsable = checkEnabled(gui, file, section).sections.some(({ name }) => name === section);
  return show(c, gui, {
    title: section,
    path: "mappings",
    section,
    document: file.document,
    styles: ["mapping.css"],
    scripts: isUsable ? ["change.js", "mappings.mjs"] : [],
    children: isUsable
      ? (
        <MappingEditor
          section={section}
          revision={file.revision}
          sampleSize={sampleSize}
          field={c.req.query("field") ?? ""}
          source={c.req.query("source") ?? ""}
        />
      )
      : (
        <p class="notice bad">
          The settings have errors. Fix them first: <a href={sectionPath(section)}>Settings</a>
        </p>
      ),
  });
}
