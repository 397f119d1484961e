/**
 * The settings of a section or of `[oomnitza]`: the form, the test, and what one can do with it.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
// deno-lint-ignore-file jsx-key -- written out once as text: there is nothing to keep apart
import { ownEntry } from "../../base/record.ts";
import { sourceNamed } from "../../config/declared.ts";
import { isSectionEnabled } from "../../config/enabled.ts";
import { type Call, type GuiContext, type Page, sectionPath } from "../context.ts";
import { testConnection } from "../connection.ts";
import { FieldGroups } from "../field_groups.tsx";
import type { IniFile } from "../ini_file.ts";
import { show } from "../layout.tsx";
import { problemPage } from "../problem.tsx";
import { checkText } from "../config_edit.ts";
import { answerChange, type ShownFinding, shownFinding } from "../saving.tsx";
import { filledFields, formEdits, otherKeys } from "../section_form.ts";

/** The first tab of every section, and the page of `[oomnitza]`. */
export const sectionPage: Page = {
  path: "",
  label: "Settings",
  navigation: "section",
  routes(app, gui) {
    app.get("/section/:name", (c) => page(c, gui, c.req.param("name")));
    app.post("/section/:name", async (c) => {
      const section = c.req.param("name");
      const form = new URLSearchParams(await c.req.text());
      return answerChange(c, gui, form, {
        section,
        edits: (file) => formEdits(gui, file, section, form),
        next: sectionPath(section),
      });
    });
    app.post("/section/:name/test", async (c) => {
      const section = c.req.param("name");
      const form = new URLSearchParams(await c.req.text());
      const file = gui.read();
      const edits = formEdits(gui, file, section, form);
      return c.json(await testConnection(gui, section, edits));
    });
  },
};

/** The sections that are no source's, and what their pages say. */
const ownPages: Readonly<Record<string, { readonly title: string; readonly lead: string }>> = {
  oomnitza: {
    title: "Oomnitza",
    lead: "Where the data goes, and the account that sends it.",
  },
  serve: {
    title: "Webhook listener",
    lead:
      "Who may post webhooks to agent serve. Without anything set, it listens on loopback only.",
  },
  state: {
    title: "State",
    lead:
      "Where the agent keeps its state: in a file on this machine, or in a PostgreSQL that several agents share. " +
      "A running agent serve takes a change when it starts anew.",
  },
  alerts: {
    title: "Alerts",
    lead: "Whom agent serve tells when a section fails, is late, or has recovered.",
  },
  vault: { title: "HashiCorp Vault", lead: "Where ${vault:…} references are looked up." },
  cyberark: { title: "CyberArk", lead: "Where ${cyberark:…} references are looked up." },
};

function page(c: Call, gui: GuiContext, section: string): Response | Promise<Response> {
  const file = gui.read();
  const source = sourceNamed(section, gui.sources);
  const own = ownEntry(ownPages, section);
  const isThere = file.document.byName.has(section) && source !== undefined;
  if (!isThere && own === undefined) {
    return problemPage(c, gui, {
      message: `There is no section [${section}] of a source in ${file.path}`,
      hint: undefined,
      status: 404,
    });
  }
  const findings = checkText(gui, file.path, file.text, section)
    .filter((finding) => finding.section === section)
    .map((finding) => shownFinding(gui, finding, section));
  return show(c, gui, {
    title: own?.title ?? section,
    path: "",
    section,
    document: file.document,
    scripts: ["change.js"],
    children: (
      <>
        <p class="lead">
          {own?.lead ?? `${source?.title}: ${source?.summary}`}
        </p>
        <SettingsForm gui={gui} file={file} section={section} findings={findings} />
        {source === undefined ? null : <Whole file={file} section={section} />}
      </>
    ),
  });
}

interface FormProps {
  readonly gui: GuiContext;
  readonly file: IniFile;
  readonly section: string;
  readonly findings: readonly ShownFinding[];
}

function SettingsForm({ gui, file, section, findings }: FormProps) {
  const fields = filledFields(gui, file, section);
  const path = sectionPath(section);
  const general = findings.filter(({ field }) =>
    field === undefined || !fields.some(({ key }) => key === field)
  );
  return (
    <form method="post" action={path} data-change>
      <input type="hidden" name="revision" value={file.revision} />
      {Object.hasOwn(ownPages, section)
        ? null
        : <Enable isOn={isSectionEnabled(file.document, section, gui.env)} />}
      {general.length === 0 ? null : <General findings={general} />}
      <FieldGroups fields={fields} findings={findings} />
      <Others keys={otherKeys(gui, file, section)} />
      <div data-summary role="status" class="notice" hidden></div>
      <div class="actions">
        <button type="submit">Review and save</button>
        {section === "oomnitza" || !Object.hasOwn(ownPages, section)
          ? (
            <button type="submit" class="quiet" formaction={`${path}/test`}>
              Test connection
            </button>
          )
          : null}
      </div>
    </form>
  );
}

function Enable({ isOn }: { isOn: boolean }) {
  return (
    <div class="field" data-field="enable">
      <input type="hidden" name="has-enable" value="1" />
      <label class="check">
        <input type="checkbox" name="enable" value="yes" checked={isOn} /> Enabled
      </label>
      <p class="finding" hidden></p>
    </div>
  );
}

function General({ findings }: { findings: readonly ShownFinding[] }) {
  return (
    <div class="notice warning">
      {findings.map(({ field, text }) => {
        return <p>{field === undefined ? null : <code>{field}</code>} {text}</p>;
      })}
    </div>
  );
}

function Others({ keys }: { keys: readonly string[] }) {
  if (keys.length === 0) return null;
  return (
    <p class="note">
      Also in this section, ignored by the agent and kept as it is: <code>{keys.join(", ")}</code>
    </p>
  );
}

/** What one can do with the section as a whole. */
function Whole({ file, section }: { file: IniFile; section: string }) {
  const [module = ""] = section.split(".", 1);
  return (
    <section aria-labelledby="whole">
      <h2 id="whole">This section</h2>
      <form method="post" action={`${sectionPath(section)}/duplicate`} data-change>
        <input type="hidden" name="revision" value={file.revision} />
        <div class="row">
          <label for="copy-suffix">
            Name of the copy, after <code>{module}.</code>
          </label>
          <input
            type="text"
            id="copy-suffix"
            name="suffix"
            required
            autocomplete="off"
            spellcheck={false}
          />
          <button type="submit" class="quiet">Duplicate</button>
        </div>
        <div data-summary role="status" class="notice" hidden></div>
      </form>
      <form method="post" action={`${sectionPath(section)}/delete`} data-change>
        <input type="hidden" name="revision" value={file.revision} />
        <button type="submit" class="danger">Delete this section</button>
        <div data-summary role="status" class="notice" hidden></div>
      </form>
    </section>
  );
}
