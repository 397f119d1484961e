/**
 * The custom converters: their list, the editor of one, and the record filters of the sections.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
// deno-lint-ignore-file jsx-key -- written out once as text: there is nothing to keep apart
import { sourceNamed } from "../../config/declared.ts";
import type { IniDocument } from "../../config/ini.ts";
import type { IniEdit } from "../../config/ini_writer.ts";
import { configuredPython, listConverterOptions } from "../../config/user_code.ts";
import { checkPiece, type Piece } from "../code_check.ts";
import { CodeForm, holdsSecret, SecretNotice } from "../code_form.tsx";
import { checkCodeField } from "../code_save.ts";
import { codeToValue, valueToCode } from "../code_text.ts";
import { addCodeRoutes } from "../code_routes.tsx";
import { findConverterUses, renameUses } from "../code_uses.ts";
import { type Call, type GuiContext, type Page, sectionPath } from "../context.ts";
import { show } from "../layout.tsx";
import { problemPage } from "../problem.tsx";
import { answerChange, type ShownFinding } from "../saving.tsx";

const section = "converters";

/** The page of the converters, with the routes that every editor of code uses. */
export const convertersPage: Page = {
  path: "converters",
  label: "Converters and filters",
  navigation: "main",
  group: "settings",
  routes(app, gui) {
    app.get("/converters", (c) => list(c, gui));
    app.get("/converter", (c) => editor(c, gui, c.req.query("name") ?? ""));
    app.post("/converter", async (c) => {
      return await save(c, gui, new URLSearchParams(await c.req.text()));
    });
    app.post("/converter/remove", async (c) => {
      return remove(c, gui, new URLSearchParams(await c.req.text()));
    });
    addCodeRoutes(app, gui);
  },
};

/** The sections that records can be taken from; those that use the converter come first. */
function sectionsFor(gui: GuiContext, document: IniDocument, converter: string): string[] {
  const users = new Set(findConverterUses(document, converter).map((use) => use.section));
  const names = document.sections.map(({ name }) => name)
    .filter((name) => sourceNamed(name, gui.sources) !== undefined);
  return [...names.filter((name) => users.has(name)), ...names.filter((name) => !users.has(name))];
}

function toPiece(document: IniDocument, name: string, code: string): Piece {
  return { kind: "converter", name, code, python: configuredPython(document, section) };
}

async function list(c: Call, gui: GuiContext): Promise<Response> {
  const { document } = gui.read();
  const converters = await Promise.all(
    listConverterOptions(document).map(({ rawKey, value }) =>
      buildConverterRow(document, toPiece(document, rawKey, valueToCode(value)))
    ),
  );
  const filters = document.sections
    .filter(({ name }) => sourceNamed(name, gui.sources) !== undefined)
    .map(({ name, options }) => ({ name, value: options.get("recordfilter")?.value ?? "" }));
  return await show(c, gui, {
    title: "Converters and filters",
    path: "converters",
    document,
    children: (
      <>
        <p class="lead">
          A converter makes a value for Oomnitza out of a record; a filter says which records are
          sent.
        </p>
        {converters.length === 0
          ? <p class="note">There is no converter of your own yet.</p>
          : <Converters rows={converters} />}
        <p class="actions">
          <a class="button" href="converter">New converter</a>
        </p>
        <Filters filters={filters} />
      </>
    ),
  });
}

async function buildConverterRow(document: IniDocument, piece: Piece) {
  const { languageName, findings } = await checkPiece(piece);
  const uses = findConverterUses(document, piece.name).map((use) => `${use.section}: ${use.field}`);
  return { name: piece.name, languageName, uses, problem: findings[0] };
}

type Row = Awaited<ReturnType<typeof buildConverterRow>>;

function Converters({ rows }: { rows: readonly Row[] }) {
  return (
    <div class="scroll" tabindex={0} role="region" aria-label="Converters">
      <table class="cards">
        <thead>
          <tr>{["Name", "Language", "Used by"].map((title) => <th scope="col">{title}</th>)}</tr>
        </thead>
        <tbody>
          {rows.map(({ name, languageName, uses, problem }) => (
            <tr>
              <th scope="row">
                <a href={`converter?name=${encodeURIComponent(name)}`}>{name}</a>
              </th>
              <td data-label="Language">
                {languageName}
                {problem === undefined ? null : (
                  <p class={`finding ${problem.severity}`}>
                    Line {problem.line}: {problem.text}
                  </p>
                )}
              </td>
              <td data-label="Used by">
                {uses.length === 0 ? "no mapping of the ini" : uses.join(", ")}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Filters({ filters }: { filters: readonly { name: string; value: string }[] }) {
  if (filters.length === 0) return null;
  return (
    <section aria-labelledby="filters-title">
      <h2 id="filters-title">Record filters</h2>
      <ul>
        {filters.map(({ name, value }) => (
          <li>
            <a href={sectionPath(name, "filter")}>{name}</a>
            {value.trim() === "" ? ": none, every record is sent" : ": has a filter"}
          </li>
        ))}
      </ul>
    </section>
  );
}

async function editor(c: Call, gui: GuiContext, name: string): Promise<Response> {
  const file = gui.read();
  const option = listConverterOptions(file.document).find(({ key }) => key === name.toLowerCase());
  if (name !== "" && option === undefined) {
    const message = `There is no converter ${name} in ${file.path}`;
    return await problemPage(c, gui, { message, hint: undefined, status: 404 });
  }
  const code = valueToCode(option?.value ?? "");
  const { language } = await checkPiece(toPiece(file.document, name, code));
  const isHidden = holdsSecret(gui, file.document, code);
  return await show(c, gui, {
    title: name === "" ? "New converter" : name,
    path: "converters",
    document: file.document,
    scripts: ["change.js", "editor.js", "code.js"],
    children: (
      <>
        {isHidden ? <SecretNotice file={file.path} /> : (
          <CodeForm
            kind="converter"
            action="converter"
            revision={file.revision}
            code={code === "" ? "return value" : code}
            language={language}
            option="code"
            sections={sectionsFor(gui, file.document, name)}
          >
            <NameField name={option?.rawKey ?? ""} />
          </CodeForm>
        )}
        {option === undefined ? null : <Remove name={option.rawKey} revision={file.revision} />}
      </>
    ),
  });
}

function NameField({ name }: { name: string }) {
  return (
    <div class="field" data-field="name">
      <input type="hidden" name="was" value={name} />
      <label for="converter-name">Name</label>
      <input
        type="text"
        id="converter-name"
        name="name"
        value={name}
        autocomplete="off"
        spellcheck={false}
        aria-describedby="converter-name-finding converter-name-help"
      />
      <p class="finding" id="converter-name-finding" hidden></p>
      <p class="note" id="converter-name-help">
        Mappings call it by this name; when it changes, the mappings of the ini change with it.
      </p>
    </div>
  );
}

function Remove({ name, revision }: { name: string; revision: string }) {
  return (
    <form method="post" action="converter/remove" data-change class="actions">
      <input type="hidden" name="revision" value={revision} />
      <input type="hidden" name="name" value={name} />
      <button type="submit" class="danger">Delete {name}</button>
      <div data-summary role="status" class="notice" hidden></div>
    </form>
  );
}

function checkConverterName(document: IniDocument, name: string, was: string): ShownFinding[] {
  const toError = (text: string): ShownFinding => ({ severity: "error", field: "name", text });
  if (!/^[A-Za-z_][\w-]*$/.test(name)) {
    return [
      toError("Give it a name of letters, digits and underscores that begins with a letter."),
    ];
  }
  const isTaken = name.toLowerCase() !== was.toLowerCase() &&
    document.byName.get(section)?.options.has(name.toLowerCase()) === true;
  return isTaken ? [toError(`There is an option ${name} in [converters] already.`)] : [];
}

async function save(c: Call, gui: GuiContext, form: URLSearchParams): Promise<Response> {
  const name = (form.get("name") ?? "").trim();
  const was = form.get("was") ?? "";
  const code = form.get("code") ?? "";
  const { document } = gui.read();
  const piece = toPiece(document, name, code);
  const { language } = await checkPiece(piece);
  const errors = [
    ...checkConverterName(document, name, was),
    ...await checkCodeField(piece, "code"),
  ];
  return answerChange(c, gui, form, {
    section,
    errors,
    edits: (file) => {
      const old = file.document.byName.get(section)?.options.get(was.toLowerCase());
      const value = codeToValue(code, old?.value, language);
      const added: IniEdit[] = file.document.byName.has(section)
        ? []
        : [{ kind: "add-section", section }];
      if (old === undefined || old.rawKey === name) {
        return [...added, { kind: "set", section, key: name, value }];
      }
      return [
        { kind: "remove", section, key: old.rawKey },
        { kind: "set", section, key: name, value },
        ...renameUses(file.document, was, name),
      ];
    },
    next: `converter?name=${encodeURIComponent(name)}`,
  });
}

function remove(c: Call, gui: GuiContext, form: URLSearchParams): Response {
  const name = form.get("name") ?? "";
  const uses = findConverterUses(gui.read().document, name)
    .map((use) => `mapping.${use.field} of [${use.section}]`);
  const text = `${uses.join(", ")} calls it. Use another converter there first.`;
  return answerChange(c, gui, form, {
    section,
    errors: uses.length === 0 ? [] : [{ severity: "error", field: undefined, text }],
    edits: () => [{ kind: "remove", section, key: name }],
    next: "converters",
  });
}
