/**
 * Where the secrets are kept, and how one moves out of the file: a reference takes its place.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
// deno-lint-ignore-file jsx-key -- written out once as text: there is nothing to keep apart
import { listSecretPlaces, type SecretPlace } from "../../app/secret_places.ts";
import type { IniEdit } from "../../config/ini_writer.ts";
import { stores } from "../../secrets/mod.ts";
import { type GuiContext, type Page, sectionPath } from "../context.ts";
import type { IniFile } from "../ini_file.ts";
import { show } from "../layout.tsx";
import { answerChange, type ShownFinding } from "../saving.tsx";

/** Lists where they are, and moves one out of the file. */
export const secretsPage: Page = {
  path: "secrets",
  label: "Secrets",
  navigation: "main",
  group: "settings",
  routes(app, gui) {
    app.get("/secrets", (c) => {
      const file = gui.read();
      const places = listSecretPlaces(file.document, gui.sources);
      return show(c, gui, {
        title: "Secrets",
        path: "secrets",
        document: file.document,
        scripts: ["change.js"],
        children: (
          <>
            <Places gui={gui} places={places} />
            {places.length === 0 ? null : <Replace file={file} places={places} />}
          </>
        ),
      });
    });
    app.post("/secrets", async (c) => {
      const form = new URLSearchParams(await c.req.text());
      const { section, edits, errors } = readReplacement(form);
      return answerChange(c, gui, form, { section, errors, edits: () => edits, next: "secrets" });
    });
  },
};

const separator = "\n";

function readReplacement(form: URLSearchParams): {
  readonly section: string;
  readonly edits: readonly IniEdit[];
  readonly errors: readonly ShownFinding[];
} {
  const [section = "", key = ""] = (form.get("secret") ?? "").split(separator);
  const store = stores.find(({ name }) => name === form.get("store"))?.name ?? "env";
  const target = (form.get("target") ?? "").trim();
  const isPlain = target !== "" && !/[\r\n}]/.test(target);
  const text = "Enter where the store has it, without a closing brace.";
  return {
    section,
    edits: [{ kind: "set", section, key, value: `\${${store}:${target}}` }],
    errors: isPlain ? [] : [{ severity: "error", field: "target", text }],
  };
}

function describePlace({ kind, where }: SecretPlace) {
  switch (kind) {
    case "file":
      return <span class="warn-text">in the file itself</span>;
    case "reference":
      return <code>{where}</code>;
    case "store":
      return <>by vault_keys, in {where}</>;
    case "environment":
      return (
        <>
          by env_password, in <code>{where}</code>
        </>
      );
  }
}

function Places({ gui, places }: { gui: GuiContext; places: readonly SecretPlace[] }) {
  if (places.length === 0) return <p class="notice">No section sets a secret.</p>;
  const inFile = places.filter(({ kind }) => kind === "file").length;
  return (
    <>
      <p class={inFile === 0 ? "notice good" : "notice warning"}>
        {inFile === 0
          ? "No secret stands in the configuration file."
          : `${inFile} of ${places.length} secrets stand in the configuration file itself.`}{" "}
        Values are never shown here.
      </p>
      <div class="scroll" tabindex={0} role="region" aria-label="Secrets">
        <table>
          <thead>
            <tr>
              <th scope="col">Section</th>
              <th scope="col">Option</th>
              <th scope="col">Kept</th>
            </tr>
          </thead>
          <tbody>
            {places.map((place) => (
              <tr>
                <th scope="row">
                  <a href={sectionPath(place.section)}>{place.section}</a>
                </th>
                <td>
                  <code>{place.option}</code>
                </td>
                <td>
                  {gui.redactor.redact(place.where) === place.where ? describePlace(place) : "•••"}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function Replace({ file, places }: { file: IniFile; places: readonly SecretPlace[] }) {
  const replaceable = places.filter(({ kind }) => kind === "file" || kind === "reference");
  if (replaceable.length === 0) return null;
  return (
    <form method="post" action="secrets" data-change aria-labelledby="replace">
      <h2 id="replace">Put a reference in its place</h2>
      <p class="note">
        Store the secret first, for example with <code>agent secret set SECTION KEY</code>{" "}
        for the keyring. A backup of the file still holds the old value: delete it when the new way
        works.
      </p>
      <input type="hidden" name="revision" value={file.revision} />
      <div class="field" data-field="secret">
        <label for="secret">Secret</label>
        <select id="secret" name="secret">
          {replaceable.map(({ section, option }) => (
            <option value={`${section}${separator}${option}`}>{`[${section}] ${option}`}</option>
          ))}
        </select>
        <p class="finding" hidden></p>
      </div>
      <div class="field" data-field="store">
        <label for="store">Kept in</label>
        <select id="store" name="store">
          {stores.map(({ name, form }) => <option value={name}>{`${name}: ${form}`}</option>)}
        </select>
        <p class="finding" hidden></p>
      </div>
      <div class="field" data-field="target">
        <label for="target">Where the store has it</label>
        <input
          type="text"
          id="target"
          name="target"
          autocomplete="off"
          spellcheck={false}
          aria-describedby="target-help"
        />
        <p class="finding" hidden></p>
        <p class="note" id="target-help">
          What stands behind the colon: the name of a variable, a path, or a key.
        </p>
      </div>
      <div data-summary role="status" class="notice" hidden></div>
      <div class="actions">
        <button type="submit">Review and save</button>
      </div>
    </form>
  );
}
