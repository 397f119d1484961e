/**
 * The form for a piece of code: the editor, what is wrong, and what it makes of sampled records.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
// deno-lint-ignore-file jsx-key -- written out once as text: there is nothing to keep apart
import { stringifyExactJson } from "../base/json.ts";
import type { Child } from "hono/jsx";
import { checkDocument } from "../app/configuration.ts";
import type { IniDocument } from "../config/ini.ts";
import type { Language } from "../sandbox/mod.ts";
import type { EditedRun, Tried } from "./code_run.ts";
import type { GuiContext } from "./context.ts";

interface CodeFormProps {
  readonly kind: "converter" | "filter";
  /** Where the form is sent to. */
  readonly action: string;
  readonly revision: string;
  /** What the editor begins with. */
  readonly code: string;
  readonly language: Language;
  /** The option whose findings are shown at the code. */
  readonly option: string;
  /** The sections whose records can be taken; the first is chosen. */
  readonly sections: readonly string[];
  /** What stands above the code. */
  readonly children?: Child;
}

/** Whether code holds a secret of the configuration, which no page may have. */
export function holdsSecret(gui: GuiContext, document: IniDocument, code: string): boolean {
  // Checking the file masks the secrets that it holds.
  checkDocument(gui, document);
  return gui.redactor.redact(code) !== code;
}

/** Shown instead of the editor then. */
export function SecretNotice({ file }: { file: string }) {
  return (
    <p class="notice warning">
      This code holds a secret of the configuration, so it is not shown here. Change it in {file}.
    </p>
  );
}

/** The form; `code.js` and `editor.js` bring it to life. */
export function CodeForm(props: CodeFormProps) {
  const { kind, action, revision, code, language, option, children } = props;
  const rows = Math.min(24, Math.max(8, code.split("\n").length + 2));
  return (
    <form method="post" action={action} data-change data-code>
      <input type="hidden" name="revision" value={revision} />
      <input type="hidden" name="kind" value={kind} />
      {children}
      <div class="field wide" data-field={option}>
        <label for="code">Code</label>
        <textarea
          id="code"
          name="code"
          class="code"
          rows={rows}
          spellcheck={false}
          data-editor={language}
          aria-describedby="code-help"
        >
          {`\n${code}`}
        </textarea>
        <p class="finding" hidden></p>
        <div data-check role="status" class="check-result"></div>
        <p class="note" id="code-help">
          {kind === "filter"
            ? "JavaScript or Python: record is the record of the source; return whether it is sent."
            : "JavaScript or Python: value is what the mapping's source holds, record the whole record; return what Oomnitza gets."}
          {" "}
          Tab indents; Escape, then Tab leaves the editor.
        </p>
      </div>
      <div data-summary role="status" class="notice" hidden></div>
      <div class="actions">
        <button type="submit">Review and save</button>
      </div>
      <TryIt {...props} />
    </form>
  );
}

function TryIt({ kind, sections }: CodeFormProps) {
  return (
    <section aria-labelledby="try-title">
      <h2 id="try-title">Try it</h2>
      {sections.length === 0
        ? <p class="note">There is no section whose records could be read yet.</p>
        : (
          <div class="row">
            {kind === "filter" ? <input type="hidden" name="section" value={sections[0]} /> : (
              <>
                <div>
                  <label for="try-section">Records of</label>
                  <select id="try-section" name="section">
                    {sections.map((name) => <option value={name}>{name}</option>)}
                  </select>
                </div>
                <Text id="source" label="Source path" list="paths" />
                <Text id="params" label="Parameters" />
                <datalist id="paths"></datalist>
              </>
            )}
            <button type="button" class="quiet" data-sample>Read 10 records</button>
          </div>
        )}
      <p class="note">
        Nothing is sent. The code runs in its sandbox with the limits of the section.
      </p>
      <div data-problem role="alert"></div>
      <div data-results></div>
    </section>
  );
}

function Text({ id, label, list }: { id: string; label: string; list?: string }) {
  return (
    <div>
      <label for={`try-${id}`}>{label}</label>
      <input
        type="text"
        id={`try-${id}`}
        name={id}
        autocomplete="off"
        spellcheck={false}
        {...(list === undefined ? {} : { list })}
      />
    </div>
  );
}

/** Longer values are cut. */
const longestValue = 300;

function formatRedactedJson(gui: GuiContext, value: unknown, space = 0): string {
  const text = gui.redactor.redact(stringifyExactJson(value ?? null, space));
  return space === 0 && text.length > longestValue ? `${text.slice(0, longestValue)}…` : text;
}

/** What code made of records. */
export function Results({ gui, kind, tried }: {
  readonly gui: GuiContext;
  readonly kind: "converter" | "filter";
  readonly tried: readonly Tried[];
}) {
  if (tried.length === 0) return <p class="note">The source has no records.</p>;
  const titles = kind === "filter"
    ? ["Record", "Outcome", "Time"]
    : ["Record", "Input", "Output", "Time"];
  return (
    <>
      {tried.some(({ underPython2 }) => underPython2 !== undefined) ? <VersionNotice /> : null}
      <div class="scroll" tabindex={0} role="region" aria-label="Results">
        <table>
          <thead>
            <tr>{titles.map((title) => <th scope="col">{title}</th>)}</tr>
          </thead>
          <tbody>
            {tried.map((one, index) => (
              <tr>
                <th scope="row">
                  <details>
                    <summary class="plain">Record {index + 1}</summary>
                    <pre tabindex={0}>{formatRedactedJson(gui, one.record, 2)}</pre>
                  </details>
                </th>
                {kind === "filter" ? null : (
                  <td>
                    <code>{formatRedactedJson(gui, one.input)}</code>
                  </td>
                )}
                <td>
                  <Outcomes gui={gui} one={one} />
                </td>
                <td>{one.ms.toFixed(1)} ms</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function VersionNotice() {
  return (
    <p class="notice warning" data-versions>
      Python 2 and Python 3 give different results here, and nothing in the code tells which is
      meant: a run takes Python 3. To decide it, begin the code with{" "}
      <code># language: python2</code> or <code># language: python3</code>.
    </p>
  );
}

/** One outcome; those of both versions of Python where they differ. */
function Outcomes({ gui, one }: { gui: GuiContext; one: Tried }) {
  if (one.underPython2 === undefined) return <Outcome gui={gui} one={one} />;
  return (
    <dl class="facts">
      <dt>Python 3</dt>
      <dd>
        <Outcome gui={gui} one={one} />
      </dd>
      <dt>Python 2</dt>
      <dd>
        <Outcome gui={gui} one={one.underPython2} />
      </dd>
    </dl>
  );
}

function Outcome({ gui, one }: { gui: GuiContext; one: EditedRun }) {
  const { outcome, reason, line, output } = one;
  if (outcome === "failed") {
    const position = line === undefined ? "" : `, line ${line}`;
    return <span class="finding error">failed{position}: {gui.redactor.redact(reason ?? "")}</span>;
  }
  return outcome === "converted" ? <code>{formatRedactedJson(gui, output)}</code> : <>{outcome}</>;
}
