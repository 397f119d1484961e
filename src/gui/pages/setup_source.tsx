/**
 * The second step of the setup: what is read. The source is tried, and its first records are read, before
 * the section is saved.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
import { readSample } from "../../app/discover.ts";
import type { SourceRecord } from "../../base/record.ts";
import { sourceNamed } from "../../config/declared.ts";
import type { IniEdit } from "../../config/ini_writer.ts";
import type { Source } from "../../sdk/source.ts";
import { testConnection } from "../connection.ts";
import type { GuiContext } from "../context.ts";
import { FieldGroups } from "../field_groups.tsx";
import type { IniFile } from "../ini_file.ts";
import { answerChange } from "../saving.tsx";
import { inNewSection } from "../../describe/form.ts";
import { withSection } from "../section_config.ts";
import { filledFields, formEdits, recommendedEdits } from "../section_form.ts";
import { showStep, stepAddress, stepPage } from "../setup_steps.tsx";

/** Records that are read to try a source and its mapping. */
const sampleSize = 10;

/** The step of the source. */
export const setupSourcePage = stepPage("setup/source", (app, gui) => {
  app.get("/setup/source", (c) => {
    const file = gui.read();
    const chosen = c.req.query("section") ?? c.req.query("source") ?? "";
    return showStep(c, gui, {
      path: "setup/source",
      file,
      section: file.document.byName.has(chosen) ? chosen : undefined,
      children: <Step gui={gui} file={file} section={chosen} />,
    });
  });
  app.post("/setup/source", async (c) => {
    const form = new URLSearchParams(await c.req.text());
    const section = form.get("section") ?? "";
    const edits = (file: IniFile) => sourceEdits(gui, file, section, form);
    if (form.get("confirmed") !== "yes") {
      const tried = await testConnection(gui, section, edits(gui.read()));
      if (!tried.ok) return c.json(tried);
      gui.samples.set(section, await readFirst(gui, section, edits(gui.read())));
    }
    const next = stepAddress("setup/mapping", section);
    return answerChange(c, gui, form, { section, edits, next, goesOn: true });
  });
});

/** Reads the first records of a section, as edits that are not saved would make it. */
export async function readFirst(
  gui: GuiContext,
  section: string,
  edits: readonly IniEdit[] = [],
): Promise<readonly SourceRecord[]> {
  const { records } = await withSection(
    gui,
    section,
    (app, config) => readSample(app, config, section, sampleSize),
    edits,
  );
  return records;
}

/** A new section is not enabled until the last step. */
function sourceEdits(
  gui: GuiContext,
  file: IniFile,
  section: string,
  form: URLSearchParams,
): IniEdit[] {
  const edits = formEdits(gui, file, section, form).filter(({ kind }) => kind !== "add-section");
  if (file.document.byName.has(section)) return edits;
  const isBlank = (key: string) => (form.get(key) ?? "").trim() === "";
  return [
    { kind: "add-section", section },
    { kind: "set", section, key: "enable", value: "False" },
    ...recommendedEdits(gui, section).filter((edit) => edit.kind === "set" && isBlank(edit.key)),
    ...edits,
  ];
}

function Step({ gui, file, section }: { gui: GuiContext; file: IniFile; section: string }) {
  const source = sourceNamed(section, gui.sources);
  return (
    <>
      <Choice gui={gui} chosen={source} />
      {source === undefined
        ? null
        : <Settings gui={gui} file={file} section={section} source={source} />}
    </>
  );
}

function Choice({ gui, chosen }: { gui: GuiContext; chosen: Source | undefined }) {
  const sources = gui.sources.toSorted((a, b) => a.title < b.title ? -1 : 1);
  return (
    <form method="get" action="setup/source">
      <div class="row">
        <label for="source">Where the records come from</label>
        <select id="source" name="source">
          {sources.map(({ name, title, kind }) => (
            <option value={name} selected={name === chosen?.name}>{`${title} (${kind})`}</option>
          ))}
        </select>
        <button type="submit" class={chosen === undefined ? "" : "quiet"}>Choose</button>
      </div>
    </form>
  );
}

interface SettingsFacts {
  readonly gui: GuiContext;
  readonly file: IniFile;
  readonly section: string;
  readonly source: Source;
}

function Settings({ gui, file, section, source }: SettingsFacts) {
  const fields = filledFields(gui, file, section);
  const isNew = !file.document.byName.has(section);
  return (
    <form method="post" action="setup/source" data-change>
      <input type="hidden" name="revision" value={file.revision} />
      <input type="hidden" name="section" value={section} />
      <h2>{source.title}</h2>
      <p class="lead">{source.summary}</p>
      <FieldGroups fields={isNew ? fields.map(inNewSection) : fields} findings={[]} />
      <div data-summary role="status" class="notice" hidden></div>
      <div class="actions">
        <button type="submit">Try and continue</button>
        <span class="note">The first {sampleSize} records are read. Nothing is sent.</span>
      </div>
    </form>
  );
}
