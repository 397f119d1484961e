/**
 * Taking over the config.ini of the Python connector: what the agent understands of it, what is warned
 * of, and what each section would send, before anything is written.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
import { readFileSync, statSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { withDocument } from "../../app/configuration.ts";
import { previewSection } from "../../app/preview.ts";
import {
  examineTakeover,
  keepPaths,
  type SectionFate,
  type TakenSection,
  type Takeover,
} from "../../app/takeover.ts";
import { ConfigError, type Finding, messageOf, UsageError } from "../../base/errors.ts";
import { decodeIni, type IniEncoding, parseIni } from "../../config/ini.ts";
import { editIni } from "../../config/ini_writer.ts";
import { toSectionError } from "../../sync/report.ts";
import { ErrorNotice } from "../account.tsx";
import { type Call, goTo, type GuiContext, type Page } from "../context.ts";
import { writeIniFile } from "../ini_file.ts";
import { show } from "../layout.tsx";
import { RecordList } from "../record_list.tsx";
import { sentence } from "../saving.tsx";
import { FindingList } from "../finding_list.tsx";

/** A file that was chosen, until it is taken over. */
interface Candidate {
  /** What it is called, for people. */
  readonly name: string;
  /** The path that relative paths in it are seen from. */
  readonly path: string;
  /** Whether it is known where it lies, so that its relative paths can be followed. */
  readonly isLocated: boolean;
  readonly text: string;
  readonly encoding: IniEncoding;
}

/** The largest file that is looked at, in bytes. */
const largestFile = 4_000_000;

/** Records that a preview reads. */
const previewed = 5;

/** The page that takes a configuration over. */
export const takeoverPage: Page = {
  path: "takeover",
  label: "Take over a config.ini",
  navigation: "none",
  routes(app, gui) {
    let candidate: Candidate | undefined;
    app.get("/takeover", (c) => page(c, gui, candidate));
    app.post("/takeover", async (c) => {
      candidate = await readCandidate(gui, await c.req.formData());
      return goTo(c, gui, "takeover");
    });
    app.post("/takeover/other", (c) => {
      candidate = undefined;
      return goTo(c, gui, "takeover");
    });
    app.post("/takeover/preview", async (c) => {
      if (candidate === undefined) return goTo(c, gui, "takeover");
      const section = String((await c.req.formData()).get("section") ?? "");
      return await page(c, gui, candidate, await Preview({ gui, candidate, section }));
    });
    app.post("/takeover/save", (c) => {
      if (candidate === undefined) return goTo(c, gui, "takeover");
      save(gui, candidate);
      candidate = undefined;
      return goTo(c, gui, "run");
    });
  },
};

/** Reads the file that a form names or holds. */
async function readCandidate(gui: GuiContext, form: FormData): Promise<Candidate> {
  const path = String(form.get("path") ?? "").trim().replace(/^"(.*)"$/, "$1");
  if (path !== "") {
    return decodeCandidate(readLocal(resolve(gui.directory, path)), {
      name: path,
      path: resolve(gui.directory, path),
      isLocated: true,
    });
  }
  const file = form.get("file");
  if (!(file instanceof File) || file.size === 0) {
    throw new UsageError("No file is chosen", {
      hint: "Choose the config.ini, or enter its path.",
    });
  }
  if (file.size > largestFile) throw tooLarge(file.name);
  const bytes = new Uint8Array(await file.arrayBuffer());
  return decodeCandidate(bytes, { name: file.name, path: gui.ini, isLocated: false });
}

function readLocal(path: string): Uint8Array {
  try {
    if (statSync(path).size > largestFile) throw tooLarge(path);
    return readFileSync(path);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`Cannot read ${path}: ${messageOf(error)}`, {
      hint: "Enter the path of the config.ini, which the account that runs the agent can read.",
      cause: error,
    });
  }
}

function tooLarge(name: string): UsageError {
  return new UsageError(`${basename(name)} is too large for a configuration`);
}

function decodeCandidate(
  bytes: Uint8Array,
  about: Pick<Candidate, "name" | "path" | "isLocated">,
): Candidate {
  const { text, encoding } = decodeIni(bytes, about.path);
  return { ...about, text, encoding };
}

/** The text that is written: relative paths stay good where the file comes to lie. */
function textToSave(gui: GuiContext, { text, path, isLocated }: Candidate): string {
  if (!isLocated) return text;
  return editIni(text, keepPaths(parseIni(text, path), gui, dirname(path), gui.ini));
}

function save(gui: GuiContext, candidate: Candidate): void {
  const file = gui.read();
  const text = textToSave(gui, candidate);
  writeIniFile({ ...file, encoding: candidate.encoding }, text);
  gui.log.info(`${file.path} was taken over from ${candidate.name} in the GUI`);
}

async function page(
  c: Call,
  gui: GuiContext,
  candidate: Candidate | undefined,
  preview?: Awaited<ReturnType<typeof Preview>>,
): Promise<Response> {
  const { document } = gui.read();
  const children = candidate === undefined
    ? <Chooser gui={gui} />
    : await Examined({ gui, candidate, preview });
  return await show(c, gui, {
    title: "Take over a config.ini",
    path: "takeover",
    document,
    children,
  });
}

function Chooser({ gui }: { gui: GuiContext }) {
  return (
    <>
      <p class="lead">
        The agent reads the <code>config.ini</code>{" "}
        of the Python connector as it is. It is looked at first: nothing is written, sent or changed
        until you say so.
      </p>
      <form method="post" action="takeover" enctype="multipart/form-data">
        <div class="field">
          <label for="path">Path of the file on this machine</label>
          <input
            type="text"
            id="path"
            name="path"
            autocomplete="off"
            spellcheck={false}
            placeholder="for example /opt/connector/config.ini"
            aria-describedby="path-help"
          />
          <p class="note" id="path-help">
            The best way: files that it names relative to its own folder are found, too.
          </p>
        </div>
        <div class="field">
          <label for="file">Or choose the file</label>
          <input type="file" id="file" name="file" accept=".ini,text/plain" />
          <p class="note">
            Files that it names relative to its folder have to be in the folder of {gui.ini}.
          </p>
        </div>
        <div class="actions">
          <button type="submit">Look at it</button>
          <a href="setup">Set up in four steps instead</a>
        </div>
      </form>
    </>
  );
}

interface ExaminedFacts {
  readonly gui: GuiContext;
  readonly candidate: Candidate;
  readonly preview: Awaited<ReturnType<typeof Preview>> | undefined;
}

async function Examined({ gui, candidate, preview }: ExaminedFacts) {
  const takeover = await examineTakeover(gui, parseIni(candidate.text, candidate.path));
  const { sections, converters, findings } = takeover;
  return (
    <>
      <p class="lead">
        <code>{candidate.name}</code>: {summarise(takeover)}
      </p>
      {preview}
      <h2>What is understood</h2>
      <SectionTable sections={sections} />
      {converters.length === 0 ? null : (
        <p>
          Custom converters: <code>{converters.join(", ")}</code>
        </p>
      )}
      <Findings gui={gui} findings={findings} />
      <Save gui={gui} />
    </>
  );
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? "" : "s"}`;
}

function summarise({ sections, findings }: Takeover): string {
  const of = (fate: SectionFate) => sections.filter((section) => section.fate === fate).length;
  const warnings = findings.filter(({ severity }) => severity === "warning").length;
  const parts = [
    `${count(of("ready"), "section")} ready to run`,
    ...of("errors") === 0 ? [] : [`${of("errors")} with errors`],
    ...of("off") === 0 ? [] : [`${of("off")} not enabled`],
    ...of("unknown") === 0 ? [] : [`${of("unknown")} of sources that the agent does not have`],
    ...warnings === 0 ? [] : [count(warnings, "warning")],
  ];
  return `${parts.join(", ")}.`;
}

const fates: Readonly<Record<SectionFate, string>> = {
  ready: "Ready",
  errors: "Has errors, listed below",
  off: "Not enabled",
  unknown: "The agent has no such source: keep the Python connector for it",
  settings: "Settings",
};

/** The order of the list: what can run first. */
const fateOrder: readonly SectionFate[] = ["ready", "errors", "unknown", "settings", "off"];

function SectionTable({ sections }: { sections: readonly TakenSection[] }) {
  const sorted = sections.filter(({ fate }) => fate !== "off")
    .toSorted((a, b) => fateOrder.indexOf(a.fate) - fateOrder.indexOf(b.fate));
  const off = sections.filter(({ fate }) => fate === "off").map(({ name }) => name);
  return (
    <form method="post" action="takeover/preview">
      <div class="scroll" tabindex={0} role="region" aria-label="Sections of the file">
        <table class="cards">
          <thead>
            <tr>
              <th scope="col">Section</th>
              <th scope="col">Source</th>
              <th scope="col">What becomes of it</th>
              <th scope="col">Mapped fields</th>
              <th scope="col">
                <span class="heard">Preview</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {sorted.map(({ name, title, fate, mappings, hasFilter }) => (
              <tr>
                <th scope="row">{name}</th>
                <td>{title ?? ""}</td>
                <td class={fate === "ready" ? "well" : fate === "errors" ? "unwell" : ""}>
                  {fates[fate]}
                </td>
                <td>
                  {mappings === 0 ? "" : String(mappings)}
                  {hasFilter ? <div class="note">with a filter</div> : null}
                </td>
                <td class="tight">
                  {fate !== "ready"
                    ? null
                    : (
                      <button type="submit" class="quiet" name="section" value={name}>
                        Preview<span class="heard">{` ${name}`}</span>
                      </button>
                    )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {off.length === 0
        ? null
        : <p class="note">Not enabled, and kept as they are: {off.join(", ")}.</p>}
    </form>
  );
}

function Findings({ gui, findings }: { gui: GuiContext; findings: readonly Finding[] }) {
  if (findings.length === 0) {
    return <p class="notice good">Nothing in the file is wrong or doubtful.</p>;
  }
  return (
    <>
      <h2>What is warned of</h2>
      <FindingList gui={gui} findings={findings} />
    </>
  );
}

function Save({ gui }: { gui: GuiContext }) {
  const { exists } = gui.read();
  return (
    <>
      <h2>Take it over</h2>
      <p>
        The file is written to <code>{gui.ini}</code>, byte for byte
        {exists ? "; what is there now is kept as a backup" : ""}. Files of the Python connector
        stay as they are. Do not let both programs upload the same section at the same time.
      </p>
      <div class="actions">
        <form method="post" action="takeover/save" class="tight-form">
          <button type="submit">Take over this file</button>
        </form>
        <form method="post" action="takeover/other" class="tight-form">
          <button type="submit" class="quiet">Choose another file</button>
        </form>
      </div>
    </>
  );
}

interface PreviewFacts {
  readonly gui: GuiContext;
  readonly candidate: Candidate;
  readonly section: string;
}

/** What a section of the file would send: its first records. */
async function Preview({ gui, candidate, section }: PreviewFacts) {
  using _awake = gui.keepAwake();
  const document = parseIni(candidate.text, candidate.path);
  const request = { section, count: previewed, explains: false };
  try {
    const found = await withDocument(
      gui,
      document,
      [section],
      (config) => previewSection(gui, config, request),
    );
    return (
      <section aria-label={`Preview of ${section}`}>
        <h2>Preview of {section}</h2>
        <RecordList gui={gui} found={found} />
      </section>
    );
  } catch (thrown) {
    const findings = thrown instanceof ConfigError ? thrown.findings : [];
    const { message, hint } = toSectionError(thrown);
    return (
      <section aria-label={`Preview of ${section}`}>
        <h2>Preview of {section}</h2>
        <ErrorNotice gui={gui} message={sentence(message)} hint={hint} findings={findings} />
      </section>
    );
  }
}
