/**
 * Adding, duplicating and deleting sections.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
// deno-lint-ignore-file jsx-key -- written out once as text: there is nothing to keep apart
import { UsageError } from "../../base/errors.ts";
import type { IniEdit } from "../../config/ini_writer.ts";
import { type GuiContext, type Page, sectionPath } from "../context.ts";
import type { IniFile } from "../ini_file.ts";
import { show } from "../layout.tsx";
import { answerChange } from "../saving.tsx";
import { recommendedEdits } from "../section_form.ts";

/** The page that adds a section, and what the page of a section does with it as a whole. */
export const sectionListPage: Page = {
  path: "add",
  label: "Add a section",
  navigation: "main",
  group: "settings",
  routes(app, gui) {
    app.get("/add", (c) => {
      const file = gui.read();
      return show(c, gui, {
        title: "Add a section",
        path: "add",
        document: file.document,
        scripts: ["change.js"],
        children: (
          <>
            <AddForm gui={gui} file={file} />
            <p class="note">
              Or <a href="setup/source">set a source up in steps</a>, each tried before the next, or
              {" "}
              <a href="takeover">take over a config.ini</a> of the Python connector.
            </p>
          </>
        ),
      });
    });
    app.post("/add", async (c) => {
      const form = new URLSearchParams(await c.req.text());
      const section = nameFrom(form.get("source") ?? "", form.get("suffix") ?? "");
      const next = sectionPath(section);
      const edits = () => [...addEdits(section), ...recommendedEdits(gui, section)];
      return answerChange(c, gui, form, { section, edits, next });
    });
    app.post("/section/:name/duplicate", async (c) => {
      const form = new URLSearchParams(await c.req.text());
      const original = c.req.param("name");
      const [module = ""] = original.split(".", 1);
      const section = nameFrom(module, form.get("suffix") ?? "");
      const edits = (file: IniFile) => copyEdits(file, original, section);
      return answerChange(c, gui, form, { section, edits, next: sectionPath(section) });
    });
    app.post("/section/:name/delete", async (c) => {
      const form = new URLSearchParams(await c.req.text());
      const section = c.req.param("name");
      const edits = (): IniEdit[] => [{ kind: "remove-section", section }];
      return answerChange(c, gui, form, { section, edits, next: gui.base });
    });
  },
};

function nameFrom(module: string, suffix: string): string {
  const ending = suffix.trim();
  if (module === "") throw new UsageError("No source is selected");
  return ending === "" ? module : `${module}.${ending}`;
}

function addEdits(section: string): IniEdit[] {
  return [
    { kind: "add-section", section },
    { kind: "set", section, key: "enable", value: "False" },
  ];
}

/** The copy has everything that the original sets itself, and is not enabled. */
function copyEdits(file: IniFile, original: string, section: string): IniEdit[] {
  const options = [...file.document.byName.get(original)?.options.values() ?? []];
  const copied = options.filter(({ key }) => key !== "enable").map(({ rawKey, value }): IniEdit => {
    return { kind: "set", section, key: rawKey, value };
  });
  return [...addEdits(section), ...copied];
}

function AddForm({ gui, file }: { gui: GuiContext; file: IniFile }) {
  const sources = gui.sources.toSorted((a, b) => a.title < b.title ? -1 : 1);
  return (
    <form method="post" action="add" data-change>
      <input type="hidden" name="revision" value={file.revision} />
      <div class="field">
        <label for="source">Source</label>
        <select id="source" name="source" aria-describedby="source-help">
          {sources.map(({ name, title, kind }) => {
            return <option value={name}>{`${title} (${name}, ${kind})`}</option>;
          })}
        </select>
        <p class="note" id="source-help">What the section reads.</p>
      </div>
      <div class="field">
        <label for="suffix">Suffix</label>
        <input
          type="text"
          id="suffix"
          name="suffix"
          autocomplete="off"
          spellcheck={false}
          aria-describedby="suffix-help"
        />
        <p class="note" id="suffix-help">
          For a second section of the same source: <code>MDM</code> makes <code>casper.MDM</code>.
        </p>
      </div>
      <div data-summary role="status" class="notice" hidden></div>
      <div class="actions">
        <button type="submit">Review and add</button>
      </div>
    </form>
  );
}
