/**
 * The record filter of a section: its code, tried on records of the section.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
import { sourceNamed } from "../../config/declared.ts";
import { configuredPython } from "../../config/user_code.ts";
import { checkPiece, type Piece } from "../code_check.ts";
import { CodeForm, holdsSecret, SecretNotice } from "../code_form.tsx";
import { checkCodeField } from "../code_save.ts";
import { codeToValue, valueToCode } from "../code_text.ts";
import { type Call, type GuiContext, type Page, sectionPath } from "../context.ts";
import { show } from "../layout.tsx";
import { problemPage } from "../problem.tsx";
import { answerChange } from "../saving.tsx";

const option = "recordfilter";

/** The tab of a section with its filter. */
export const filterPage: Page = {
  path: "filter",
  label: "Filter",
  navigation: "section",
  routes(app, gui) {
    app.get("/section/:name/filter", (c) => page(c, gui, c.req.param("name")));
    app.post("/section/:name/filter", async (c) => {
      const form = new URLSearchParams(await c.req.text());
      return await save(c, gui, c.req.param("name"), form);
    });
  },
};

async function page(c: Call, gui: GuiContext, section: string): Promise<Response> {
  const file = gui.read();
  const own = file.document.byName.get(section);
  if (own === undefined || sourceNamed(section, gui.sources) === undefined) {
    const message = `There is no section [${section}] of a source in ${file.path}`;
    return await problemPage(c, gui, { message, hint: undefined, status: 404 });
  }
  const code = valueToCode(own.options.get(option)?.value ?? "");
  const { language } = await checkPiece({
    kind: "filter",
    name: section,
    code,
    python: configuredPython(file.document, section),
  });
  const isHidden = holdsSecret(gui, file.document, code);
  return await show(c, gui, {
    title: section,
    path: "filter",
    section,
    document: file.document,
    scripts: ["change.js", "editor.js", "code.js"],
    children: (
      <>
        <p class="lead">Without code, every record is sent.</p>
        {isHidden ? <SecretNotice file={file.path} /> : (
          <CodeForm
            kind="filter"
            action={sectionPath(section, "filter")}
            revision={file.revision}
            code={code}
            language={language}
            option={option}
            sections={[section]}
          />
        )}
      </>
    ),
  });
}

async function save(
  c: Call,
  gui: GuiContext,
  section: string,
  form: URLSearchParams,
): Promise<Response> {
  const code = form.get("code") ?? "";
  const python = configuredPython(gui.read().document, section);
  const piece: Piece = { kind: "filter", name: section, code, python };
  const { language } = await checkPiece(piece);
  return answerChange(c, gui, form, {
    section,
    errors: await checkCodeField(piece, option),
    edits: ({ document }) => {
      const old = document.byName.get(section)?.options.get(option)?.value;
      const value = codeToValue(code, old, language);
      return value === "" && old === undefined
        ? []
        : [{ kind: "set", section, key: option, value }];
    },
    next: sectionPath(section, "filter"),
  });
}
