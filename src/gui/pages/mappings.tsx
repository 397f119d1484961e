/**
 * The mappings of a section: the merged table with the origin of each line, and a form for the ini's.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
import { checkDocument } from "../../app/configuration.ts";
import type { AppContext } from "../../app/context.ts";
import { discoverPaths } from "../../app/discover.ts";
import { checkFieldValues, type FieldValues } from "../../app/field_values.ts";
import { mergeSectionMappings, readServerMappings } from "../../app/mappings.ts";
import { type Sample, suggestions } from "../../app/source_paths.ts";
import { messageOf } from "../../base/errors.ts";
import { sourceNamed } from "../../config/declared.ts";
import { mappingField } from "../../config/mapping_option.ts";
import type { Config } from "../../config/config.ts";
import type { SectionConfig } from "../../config/section.ts";
import { describeRefusal } from "../../sync/field_refusals.ts";
import { checkMappings } from "../../sync/prepare.ts";
import type { FieldMapping, ServerMappings } from "../../transform/mapping.ts";
import { Unreadable } from "../account.tsx";
import { type Call, goTo, type GuiContext, type Page, sectionPath } from "../context.ts";
import type { IniFile } from "../ini_file.ts";
import { show } from "../layout.tsx";
import { checkMappingForm, mappingEdits, ownKey, readMappingForm } from "../mapping_edit.ts";
import { MappingForm, SourcePaths } from "../mapping_form.tsx";
import { MappingTable } from "../mapping_table.tsx";
import { problemPage } from "../problem.tsx";
import { answerChange, sentence } from "../saving.tsx";
import { checkEnabled, withSection } from "../section_config.ts";

/** What was fetched for a section since the GUI was started. */
interface Fetched {
  sample?: Sample;
  server?: ServerMappings;
  /** What Oomnitza tells about the fields; null when it does not tell. */
  values?: FieldValues | null;
  /** Why the last request failed. */
  problem?: string | undefined;
}

type FetchedPart = "sample" | "server" | "values";

/** Records that are sampled. */
const sampleSize = 50;

/** The tab of a section that shows and changes its mappings. */
export const mappingsPage: Page = {
  path: "mappings",
  label: "Mappings",
  navigation: "section",
  routes(app, gui) {
    const fetched = new Map<string, Fetched>();
    app.get("/section/:name/mappings", (c) => page(c, gui, c.req.param("name"), fetched));
    app.post("/section/:name/mappings", async (c) => {
      const form = new URLSearchParams(await c.req.text());
      return save(c, gui, c.req.param("name"), form);
    });
    app.post("/section/:name/mappings/remove", async (c) => {
      const section = c.req.param("name");
      const form = new URLSearchParams(await c.req.text());
      const key = form.get("key") ?? "";
      const next = sectionPath(section, "mappings");
      const edits = () => [{ kind: "remove", section, key } as const];
      return answerChange(c, gui, form, { section, edits, next });
    });
    for (const what of ["sample", "server", "values"] as const) {
      app.post(`/section/:name/mappings/${what}`, async (c) => {
        const section = c.req.param("name");
        const known = fetched.get(section) ?? {};
        fetched.set(section, {
          ...known,
          problem: undefined,
          ...await fetchAgain(gui, section, what),
        });
        return goTo(c, gui, sectionPath(section, "mappings"));
      });
    }
  },
};

async function fetchAgain(
  gui: GuiContext,
  section: string,
  what: FetchedPart,
): Promise<Fetched> {
  try {
    return await withSection(gui, section, (app, config) => fetchPart(app, config, section, what));
  } catch (thrown) {
    return { problem: gui.redactor.redact(messageOf(thrown)) };
  }
}

async function fetchPart(
  app: AppContext,
  config: Config,
  section: string,
  what: FetchedPart,
): Promise<Fetched> {
  const found = config.sections.find(({ name }) => name === section);
  if (found === undefined) return { problem: "The settings have errors: fix them first." };
  if (what === "sample") return { sample: await discoverPaths(app, config, section, sampleSize) };
  if (config.oomnitza === undefined) return { problem: "The settings of Oomnitza have errors." };
  if (what === "values") {
    return { values: await checkFieldValues(app, config, section, sampleSize) ?? null };
  }
  return { server: await readServerMappings(app, config, found) };
}

function save(c: Call, gui: GuiContext, section: string, form: URLSearchParams): Response {
  const mapping = readMappingForm(form);
  const { converters } = checkDocument(gui, gui.read().document);
  return answerChange(c, gui, form, {
    section,
    errors: checkMappingForm(mapping, new Set(converters.map(({ name }) => name))),
    edits: ({ document }) => mappingEdits(section, document.byName.get(section), mapping),
    next: sectionPath(section, "mappings"),
  });
}

function page(
  c: Call,
  gui: GuiContext,
  section: string,
  fetched: ReadonlyMap<string, Fetched>,
): Response | Promise<Response> {
  const file = gui.read();
  const source = sourceNamed(section, gui.sources);
  if (source === undefined || !file.document.byName.has(section)) {
    const message = `There is no section [${section}] of a source in ${file.path}`;
    return problemPage(c, gui, { message, hint: undefined, status: 404 });
  }
  const config = checkEnabled(gui, file, section);
  const sectionConfig = config.sections.find(({ name }) => name === section);
  const view = { c, gui, file, section, config, fetched: fetched.get(section) ?? {} };
  return show(c, gui, {
    title: section,
    path: "mappings",
    section,
    document: file.document,
    scripts: ["change.js"],
    children: sectionConfig === undefined
      ? (
        <p class="notice bad">
          The settings have errors. Fix them first: <a href={sectionPath(section)}>Settings</a>
        </p>
      )
      : <Mappings {...view} sectionConfig={sectionConfig} />,
  });
}

interface MappingsProps {
  readonly c: Call;
  readonly gui: GuiContext;
  readonly file: IniFile;
  readonly section: string;
  readonly config: Config;
  readonly sectionConfig: SectionConfig;
  readonly fetched: Fetched;
}

function Mappings({ c, gui, file, section, config, sectionConfig, fetched }: MappingsProps) {
  const merged = mergeSectionMappings(sectionConfig, fetched.server);
  const table = checkMappings(sectionConfig, merged, config.oomnitza?.api_version);
  const paths = suggestions(fetched.sample, sectionConfig.source.fields ?? {});
  const own = file.document.byName.get(section);
  const edited = mappingField(`mapping.${c.req.query("field") ?? ""}`);
  return (
    <>
      <FetchForms section={section} sectionConfig={sectionConfig} fetched={fetched} />
      <Refusals gui={gui} values={fetched.values} />
      {table.findings.map(({ option, message, hint }) => (
        <p class="notice warning">
          {option === undefined ? null : <code>{option}</code>} {gui.redactor.redact(
            [message, ...hint === undefined ? [] : [hint]].map(sentence).join(" "),
          )}
        </p>
      ))}
      <MappingTable
        section={section}
        revision={file.revision}
        fields={table.fields}
        keyOf={(field) => ownKey(own, field)}
        rules={fetched.values?.rules}
        redact={(text) => gui.redactor.redact(text)}
      />
      <MappingForm
        section={section}
        revision={file.revision}
        edited={table.fields.find(({ field }) => field === edited)}
        field={edited ?? ""}
        source={c.req.query("source") ?? ""}
        paths={paths}
        settings={Object.keys(sectionConfig.texts)}
        custom={config.converters.map(({ name }) => name)}
      />
      <Unreadable gui={gui} skipped={fetched.sample?.unreadable ?? []} />
      <SourcePaths section={section} paths={paths} sample={fetched.sample} mapped={used(table)} />
    </>
  );
}

function used({ fields }: { readonly fields: readonly FieldMapping[] }): ReadonlySet<string> {
  return new Set(fields.flatMap(({ spec }) => spec.source ?? []));
}

/** Which values of the first records Oomnitza will refuse. */
function Refusals({ gui, values }: { gui: GuiContext; values: Fetched["values"] }) {
  if (values === undefined) return null;
  if (values === null) {
    return <p class="notice">This instance does not tell what its fields take.</p>;
  }
  const { refusals, records } = values;
  if (refusals.length === 0) {
    return (
      <p class="notice good">
        Oomnitza takes the values of{" "}
        {records === 0 ? "all fields" : `the first ${records} records`}.
      </p>
    );
  }
  return (
    <>
      {refusals.map((refusal) => (
        <p class="notice warning">
          Of the first {records} records, {gui.redactor.redact(describeRefusal(refusal))}
        </p>
      ))}
    </>
  );
}

/** What can be fetched, and how that ended. */
function FetchForms(
  { section, sectionConfig, fetched }: {
    section: string;
    sectionConfig: SectionConfig;
    fetched: Fetched;
  },
) {
  const path = sectionPath(section, "mappings");
  const isServerUsed = sectionConfig.settings.use_server_map;
  return (
    <>
      {fetched.problem === undefined
        ? null
        : <p class="notice bad" role="alert">{fetched.problem}</p>}
      <div class="actions">
        <form method="post" action={`${path}/sample`}>
          <button type="submit" class="quiet">Read {sampleSize} records</button>
        </form>
        <form method="post" action={`${path}/values`}>
          <button type="submit" class="quiet">
            Compare {sampleSize} records with Oomnitza's fields
          </button>
        </form>
        {isServerUsed
          ? (
            <form method="post" action={`${path}/server`}>
              <button type="submit" class="quiet">Fetch the mappings from Oomnitza</button>
            </form>
          )
          : null}
      </div>
      {isServerUsed && fetched.server === undefined
        ? (
          <p class="note">
            The mappings that Oomnitza keeps for {sectionConfig.mappingName}{" "}
            are not in the table yet: fetch them.
          </p>
        )
        : null}
    </>
  );
}
