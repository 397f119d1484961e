/**
 * The mappings of a section: the merged table with the origin of each line, and a form for the ini's.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
import { retryPolicies } from "../../sdk/http/retry.ts";
import { sourceNamed } from "../../config/declared.ts";
import { type IniDocument, parseIni } from "../../config/ini.ts";
import { mappingField } from "../../config/mapping_option.ts";
import { messageOf } from "../../base/errors.ts";
import type { Plan } from "../../config/plan.ts";
import type { SectionPlan } from "../../config/section.ts";
import { connect } from "../../oomnitza/client.ts";
import { readableSection, sampleRecords } from "../../sync/read/probe.ts";
import { checkMappings } from "../../sync/prepare.ts";
import { type FieldMapping, mergeMappings, type ServerMappings } from "../../transform/mapping.ts";
import { textToTest } from "../connection.ts";
import { type Call, type Desk, goTo, type Page, sectionPath } from "../context.ts";
import type { IniFile } from "../ini_file.ts";
import { show } from "../layout.tsx";
import { mappingEdits, mappingFaults, ownKey, readMappingForm } from "../mapping_edit.ts";
import { MappingTable } from "../mapping_table.tsx";
import { MappingForm, SourcePaths } from "../mapping_form.tsx";
import { problemPage } from "../problem.tsx";
import { answerChange, sentence } from "../saving.tsx";
import { type Sample, samplePaths, suggestions } from "../source_paths.ts";

/** What was asked for a section since the GUI was started. */
interface Asked {
  sample?: Sample;
  server?: ServerMappings;
  /** Why the last question was not answered. */
  problem?: string | undefined;
}

/** Records that are sampled. */
const sampleSize = 50;

/** The tab of a section that shows and changes its mappings. */
export const mappingsPage: Page = {
  path: "mappings",
  label: "Mappings",
  place: "section",
  routes(app, desk) {
    const asked = new Map<string, Asked>();
    app.get("/section/:name/mappings", (c) => page(c, desk, c.req.param("name"), asked));
    app.post("/section/:name/mappings", async (c) => {
      const form = new URLSearchParams(await c.req.text());
      return save(c, desk, c.req.param("name"), form);
    });
    app.post("/section/:name/mappings/remove", async (c) => {
      const section = c.req.param("name");
      const form = new URLSearchParams(await c.req.text());
      const key = form.get("key") ?? "";
      const next = sectionPath(section, "mappings");
      const edits = () => [{ kind: "remove", section, key } as const];
      return answerChange(c, desk, form, { section, edits, next });
    });
    for (const what of ["sample", "server"] as const) {
      app.post(`/section/:name/mappings/${what}`, async (c) => {
        const section = c.req.param("name");
        const known = asked.get(section) ?? {};
        using _awake = desk.keepAwake();
        asked.set(section, { ...known, problem: undefined, ...await ask(desk, section, what) });
        return goTo(c, desk, sectionPath(section, "mappings"));
      });
    }
  },
};

/** The configuration in which a section counts as enabled, so that it can be looked at. */
function documentFor(file: IniFile, section: string): IniDocument {
  return parseIni(textToTest(file, section, []), file.path);
}

async function ask(desk: Desk, section: string, what: "sample" | "server"): Promise<Asked> {
  try {
    const document = documentFor(desk.read(), section);
    return await desk.withPlan(document, [section], (plan) => answer(desk, plan, section, what));
  } catch (thrown) {
    return { problem: desk.redactor.redact(messageOf(thrown)) };
  }
}

async function answer(
  desk: Desk,
  plan: Plan,
  section: string,
  what: "sample" | "server",
): Promise<Asked> {
  const planned = plan.sections.find(({ name }) => name === section);
  if (planned === undefined) return { problem: "The settings have errors: mend them first." };
  const { log, redactor, signal } = desk;
  if (what === "sample") {
    const readable = readableSection(planned, log);
    const { records, skipped } = await sampleRecords(readable, sampleSize, desk);
    const sample = samplePaths(records, planned.source.fields ?? {});
    const [first] = skipped;
    if (first === undefined) return { sample };
    const { identity, reason } = first;
    const rest = skipped.length === 1 ? "" : ` (and ${skipped.length - 1} more)`;
    const problem = `Unreadable: ${identity}: ${reason}${rest}`;
    return { sample, problem: desk.redactor.redact(problem) };
  }
  if (plan.oomnitza === undefined) return { problem: "The settings of Oomnitza have errors." };
  const { env } = plan;
  const oomnitza = await connect(plan.oomnitza, {
    log,
    redactor,
    signal,
    env,
    retry: retryPolicies.interactive,
  });
  return { server: await oomnitza.mappings(planned.mappingName) };
}

function save(c: Call, desk: Desk, section: string, form: URLSearchParams): Response {
  const mapping = readMappingForm(form);
  const { converters } = desk.plan(desk.read().document);
  return answerChange(c, desk, form, {
    section,
    faults: mappingFaults(mapping, new Set(converters.map(({ name }) => name))),
    edits: ({ document }) => mappingEdits(section, document.byName.get(section), mapping),
    next: sectionPath(section, "mappings"),
  });
}

function tableOf(planned: SectionPlan, server: ServerMappings | undefined) {
  const { builtin, source, settings } = planned;
  const fields = mergeMappings({
    builtin,
    server: settings.use_server_map ? server : undefined,
    ini: planned.mappings,
    converters: source.converters ?? {},
  });
  return checkMappings(planned, fields);
}

function page(
  c: Call,
  desk: Desk,
  section: string,
  asked: ReadonlyMap<string, Asked>,
): Response | Promise<Response> {
  const file = desk.read();
  const source = sourceNamed(section, desk.sources);
  if (source === undefined || !file.document.byName.has(section)) {
    const message = `There is no section [${section}] of a source in ${file.path}`;
    return problemPage(c, desk, { message, hint: undefined, status: 404 });
  }
  const plan = desk.plan(documentFor(file, section));
  const planned = plan.sections.find(({ name }) => name === section);
  const view = { c, desk, file, section, plan, asked: asked.get(section) ?? {} };
  return show(c, desk, {
    title: section,
    path: "mappings",
    section,
    document: file.document,
    scripts: ["change.js"],
    children: planned === undefined
      ? (
        <p class="notice bad">
          The settings have errors. Mend them first: <a href={sectionPath(section)}>Settings</a>
        </p>
      )
      : <Mappings {...view} planned={planned} />,
  });
}

interface MappingsProps {
  readonly c: Call;
  readonly desk: Desk;
  readonly file: IniFile;
  readonly section: string;
  readonly plan: Plan;
  readonly planned: SectionPlan;
  readonly asked: Asked;
}

function Mappings({ c, desk, file, section, plan, planned, asked }: MappingsProps) {
  const table = tableOf(planned, asked.server);
  const paths = suggestions(asked.sample, planned.source.fields ?? {});
  const own = file.document.byName.get(section);
  const edited = mappingField(`mapping.${c.req.query("field") ?? ""}`);
  return (
    <>
      <Questions section={section} planned={planned} asked={asked} />
      {table.findings.map(({ option, message, hint }) => (
        <p class="notice odd">
          {option === undefined ? null : <code>{option}</code>} {desk.redactor.redact(
            [message, ...hint === undefined ? [] : [hint]].map(sentence).join(" "),
          )}
        </p>
      ))}
      <MappingTable
        section={section}
        revision={file.revision}
        fields={table.fields}
        keyOf={(field) => ownKey(own, field)}
        redact={(text) => desk.redactor.redact(text)}
      />
      <MappingForm
        section={section}
        revision={file.revision}
        edited={table.fields.find(({ field }) => field === edited)}
        field={edited ?? ""}
        source={c.req.query("source") ?? ""}
        paths={paths}
        settings={Object.keys(planned.texts)}
        custom={plan.converters.map(({ name }) => name)}
      />
      <SourcePaths section={section} paths={paths} sample={asked.sample} mapped={used(table)} />
    </>
  );
}

function used({ fields }: { readonly fields: readonly FieldMapping[] }): ReadonlySet<string> {
  return new Set(fields.flatMap(({ spec }) => spec.source ?? []));
}

/** What can be asked for, and what came of it. */
function Questions(
  { section, planned, asked }: { section: string; planned: SectionPlan; asked: Asked },
) {
  const path = sectionPath(section, "mappings");
  const isServerUsed = planned.settings.use_server_map;
  return (
    <>
      {asked.problem === undefined ? null : <p class="notice bad" role="alert">{asked.problem}</p>}
      <div class="actions">
        <form method="post" action={`${path}/sample`}>
          <button type="submit" class="quiet">Read {sampleSize} records</button>
        </form>
        {isServerUsed
          ? (
            <form method="post" action={`${path}/server`}>
              <button type="submit" class="quiet">Ask Oomnitza for its mappings</button>
            </form>
          )
          : null}
      </div>
      {isServerUsed && asked.server === undefined
        ? (
          <p class="note">
            The mappings that Oomnitza keeps for {planned.mappingName}{" "}
            are not in the table yet: ask for them.
          </p>
        )
        : null}
    </>
  );
}
