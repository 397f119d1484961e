/**
 * What every editor of code asks for: sampled records, and what the code is and does.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
import type { Hono } from "hono";
import { AgentError } from "../base/errors.ts";
import type { Raw } from "../base/record.ts";
import type { Plan } from "../config/plan.ts";
import { parseIni } from "../config/ini.ts";
import { readableSection, sampleRecords } from "../sync/read/probe.ts";
import {
  type Checked,
  checkPiece,
  type CodeFinding,
  findingsOfRefusal,
  type Piece,
} from "./code_check.ts";
import type { PreparedProgram } from "../sandbox/mod.ts";
import { Results } from "./code_form.tsx";
import { tryCode } from "./code_run.ts";
import { textToTest } from "./connection.ts";
import type { Desk, Env } from "./context.ts";
import { samplePaths } from "./source_paths.ts";

/** Records that code is tried on. */
const sampleSize = 10;

type Samples = Map<string, readonly Raw[]>;

/** Adds `/code/sample` and `/code/try`. Records stay in memory for as long as the GUI runs. */
export function addCodeRoutes(app: Hono<Env>, desk: Desk): void {
  const samples: Samples = new Map();
  app.post("/code/sample", async (c) => {
    const section = new URLSearchParams(await c.req.text()).get("section") ?? "";
    using _awake = desk.keepAwake();
    const records = await sample(desk, section);
    samples.set(section, records);
    return c.json({ paths: samplePaths(records, {}).paths.map(({ path }) => path) });
  });
  app.post("/code/try", async (c) => {
    const form = new URLSearchParams(await c.req.text());
    return c.json(await look(desk, form, samples.get(form.get("section") ?? "")));
  });
}

/** The plan in which a section counts as enabled. */
function planFor(desk: Desk, section: string): Plan {
  const file = desk.read();
  const isThere = file.document.byName.has(section);
  return desk.plan(isThere ? parseIni(textToTest(file, section, []), file.path) : file.document);
}

async function sample(desk: Desk, section: string): Promise<readonly Raw[]> {
  const file = desk.read();
  const document = parseIni(textToTest(file, section, []), file.path);
  return await desk.withPlan(document, [section], async (plan) => {
    const planned = plan.sections.find(({ name }) => name === section);
    if (planned === undefined) {
      throw new AgentError(`The settings of [${section}] have errors`, {
        hint: "Mend them on the page of the section first.",
      });
    }
    const readable = readableSection(planned, desk.log);
    const { records, skipped } = await sampleRecords(readable, sampleSize, desk);
    for (const { identity, reason } of skipped) {
      readable.log.warning(`Unreadable: ${identity}: ${reason}`);
    }
    return records;
  });
}

/** What `code.js` gets. */
interface Look extends Omit<Checked, "program"> {
  /** What the code made of the sample, as HTML; absent without a sample or with errors. */
  readonly results?: string;
}

async function look(
  desk: Desk,
  form: URLSearchParams,
  records: readonly Raw[] | undefined,
): Promise<Look> {
  const section = (form.get("section") ?? "").trim();
  const kind = form.get("kind") === "filter" ? "filter" : "converter";
  const name = kind === "filter" ? section : (form.get("name") ?? "").trim() || "new";
  const piece: Piece = { kind, name, code: (form.get("code") ?? "").replaceAll("\r\n", "\n") };
  const { program, ...checked } = await checkPiece(piece);
  if (kind === "filter" && piece.code.trim() === "") {
    return { ...checked, languageName: "No filter", findings: [], results: "" };
  }
  if (program === undefined || records === undefined) return checked;
  try {
    return await run(desk, form, { program, ...checked }, records);
  } catch (thrown) {
    const findings = findingsOfRefusal(thrown);
    if (findings === undefined) throw thrown;
    return { ...checked, findings };
  }
}

async function run(
  desk: Desk,
  form: URLSearchParams,
  { program, ...checked }: Checked & { readonly program: PreparedProgram },
  records: readonly Raw[],
): Promise<Look> {
  const section = (form.get("section") ?? "").trim();
  const plan = planFor(desk, section);
  const tried = await tryCode(desk, plan, plan.sections.find(({ name }) => name === section), {
    program,
    was: (form.get("was") ?? "").toLowerCase(),
    source: (form.get("source") ?? "").trim(),
    params: form.get("params") ?? "",
    records,
  });
  const results = String(<Results desk={desk} kind={program.source.kind} tried={tried} />);
  const first = tried.find(({ line }) => line !== undefined);
  if (first?.line === undefined) return { ...checked, results };
  const text = desk.redactor.redact(first.reason ?? "");
  const found: CodeFinding = { severity: "warning", line: first.line, text };
  return { ...checked, findings: [...checked.findings, found], results };
}
