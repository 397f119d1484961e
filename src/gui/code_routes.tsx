/**
 * Routes of every code editor: sampled records, and what the code is and does.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
import type { Hono } from "hono";
import { readSample } from "../app/discover.ts";
import { listPaths } from "../app/source_paths.ts";
import { configuredPython } from "../config/user_code.ts";
import type { PreparedProgram } from "../sandbox/mod.ts";
import type { SampledRecords } from "../sync/read/probe.ts";
import { Unreadable } from "./account.tsx";
import {
  type Checked,
  checkPiece,
  type CodeFinding,
  findingsFromRefusal,
  type Piece,
} from "./code_check.ts";
import { Results } from "./code_form.tsx";
import { tryEdited } from "./code_run.ts";
import type { Env, GuiContext } from "./context.ts";
import { checkEnabled, withSection } from "./section_config.ts";

/** Records that code is tried on. */
const sampleSize = 10;

type Samples = Map<string, SampledRecords>;

/** Adds `/code/sample` and `/code/try`. Records stay in memory for as long as the GUI runs. */
export function addCodeRoutes(app: Hono<Env>, gui: GuiContext): void {
  const samples: Samples = new Map();
  app.post("/code/sample", async (c) => {
    const section = new URLSearchParams(await c.req.text()).get("section") ?? "";
    const sample = await withSection(
      gui,
      section,
      (app, config) => readSample(app, config, section, sampleSize),
    );
    samples.set(section, sample);
    return c.json({ paths: listPaths(sample.records) });
  });
  app.post("/code/try", async (c) => {
    const form = new URLSearchParams(await c.req.text());
    return c.json(await look(gui, form, samples.get(form.get("section") ?? "")));
  });
}

/** What `code.js` gets. */
interface Look extends Omit<Checked, "program"> {
  /** What the code made of the sample, as HTML; absent without a sample or with errors. */
  readonly results?: string;
}

async function look(
  gui: GuiContext,
  form: URLSearchParams,
  sample: SampledRecords | undefined,
): Promise<Look> {
  const section = (form.get("section") ?? "").trim();
  const kind = form.get("kind") === "filter" ? "filter" : "converter";
  const name = kind === "filter" ? section : (form.get("name") ?? "").trim() || "new";
  const code = (form.get("code") ?? "").replaceAll("\r\n", "\n");
  const python = configuredPython(gui.read().document, kind === "filter" ? section : "converters");
  const piece: Piece = { kind, name, code, python };
  const { program, ...checked } = await checkPiece(piece);
  if (kind === "filter" && piece.code.trim() === "") {
    return { ...checked, languageName: "No filter", findings: [], results: "" };
  }
  if (program === undefined || sample === undefined) return checked;
  try {
    return await run(gui, form, { program, ...checked }, sample);
  } catch (thrown) {
    const findings = findingsFromRefusal(thrown);
    if (findings === undefined) throw thrown;
    return { ...checked, findings };
  }
}

async function run(
  gui: GuiContext,
  form: URLSearchParams,
  { program, ...checked }: Checked & { readonly program: PreparedProgram },
  { records, skipped }: SampledRecords,
): Promise<Look> {
  const section = (form.get("section") ?? "").trim();
  const config = checkEnabled(gui, gui.read(), section);
  const tried = await tryEdited(gui, config, config.sections.find(({ name }) => name === section), {
    program,
    was: (form.get("was") ?? "").toLowerCase(),
    source: (form.get("source") ?? "").trim(),
    params: form.get("params") ?? "",
    records,
  });
  const results = String(
    <>
      <Unreadable gui={gui} skipped={skipped} />
      <Results gui={gui} kind={program.source.kind} tried={tried} />
    </>,
  );
  const first = tried.find(({ line }) => line !== undefined);
  if (first?.line === undefined) return { ...checked, results };
  const text = gui.redactor.redact(first.reason ?? "");
  const found: CodeFinding = { severity: "warning", line: first.line, text };
  return { ...checked, findings: [...checked.findings, found], results };
}
