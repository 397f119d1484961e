/**
 * The preview of a section: its first records, as they are and as they would be sent.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
import { type Preview, previewSection } from "../../app/preview.ts";
import { ConfigError } from "../../base/errors.ts";
import type { ExplainedField, Explanation } from "../../sync/read/explain.ts";
import { toSectionError } from "../../sync/report.ts";
import { describeValueSource } from "../../transform/mapping.ts";
import { ErrorNotice } from "../account.tsx";
import { type Call, type GuiContext, type Page, sectionPath } from "../context.ts";
import { show } from "../layout.tsx";
import { RecordList } from "../record_list.tsx";
import { withSection } from "../section_config.ts";
import { json } from "../format.ts";

/** How many records are read unless somebody says otherwise, and at most. */
const usual = 10;
const most = 100;

/** The tab that shows records. */
export const previewPage: Page = {
  path: "preview",
  label: "Preview",
  navigation: "section",
  routes(app, gui) {
    app.get("/section/:name/preview", (c) => {
      const section = c.req.param("name");
      return page(c, gui, section, <Form section={section} count={usual} />);
    });
    app.post("/section/:name/preview", async (c) => {
      const section = c.req.param("name");
      const form = await c.req.formData();
      const count = numberIn(form, "count", usual);
      const explained = form.has("explain") ? numberIn(form, "explain", 1) : undefined;
      const shown = await result(gui, section, count, explained);
      return page(
        c,
        gui,
        section,
        <>
          <Form section={section} count={count} />
          {shown}
        </>,
      );
    });
  },
};

function numberIn(form: FormData, name: string, otherwise: number): number {
  return Math.max(1, Math.min(most, Math.floor(Number(form.get(name))) || otherwise));
}

type Children = Parameters<typeof show>[2]["children"];

function page(c: Call, gui: GuiContext, section: string, children: Children) {
  const { document } = gui.read();
  return show(c, gui, { title: section, path: "preview", section, document, children });
}

function Form({ section, count }: { section: string; count: number }) {
  return (
    <form method="post" action={sectionPath(section, "preview")} class="actions">
      <label for="count">Records to read</label>
      <input
        type="number"
        id="count"
        name="count"
        value={String(count)}
        min="1"
        max={String(most)}
      />
      <button type="submit">Read and show</button>
      <span class="note">Nothing is sent.</span>
    </form>
  );
}

async function result(gui: GuiContext, section: string, count: number, explained?: number) {
  try {
    const explains = explained !== undefined;
    const request = { section, count: explained ?? count, explains };
    const found = await withSection(
      gui,
      section,
      (app, config) => previewSection(app, config, request),
    );
    if (!explains) return <Records gui={gui} found={found} section={section} count={count} />;
    const { explanation } = found;
    return explanation === undefined
      ? <p class="notice warning">The source has no record {explained} any more.</p>
      : <Explained gui={gui} one={explanation} />;
  } catch (thrown) {
    const findings = thrown instanceof ConfigError ? thrown.findings : [];
    return <ErrorNotice gui={gui} {...toSectionError(thrown)} findings={findings} />;
  }
}

/** The records, each with a button that explains it. */
function Records(
  { gui, found, section, count }: {
    readonly gui: GuiContext;
    readonly found: Preview;
    readonly section: string;
    readonly count: number;
  },
) {
  return (
    <form method="post" action={sectionPath(section, "preview")}>
      <input type="hidden" name="count" value={String(count)} />
      <RecordList gui={gui} found={found} isExplained />
    </form>
  );
}

function filterText({ filter }: Explanation): string {
  if (filter === undefined) return "There is no filter.";
  return `The filter: ${filter.outcome}${filter.reason === null ? "" : `, ${filter.reason}`}.`;
}

function Explained({ gui, one }: { gui: GuiContext; one: Explanation }) {
  const { redactor } = gui;
  const { identity, outcome, reason, record, fields, request } = one;
  const name = identity === "" ? "the record" : redactor.redact(identity);
  const word = outcome === "sent" ? "Would be sent." : `Not sent, ${outcome}: ${reason}.`;
  return (
    <section aria-labelledby="explained">
      <h2 id="explained">Processing of {name}</h2>
      <p role="status">{redactor.redact(`${filterText(one)} ${word}`)}</p>
      <Fields gui={gui} fields={fields} name={name} />
      <h3>Source record</h3>
      <pre tabindex={0}>{json(redactor, record)}</pre>
      {request === null ? null : (
        <>
          <h3>The request: POST {request.path}</h3>
          <pre tabindex={0}>{json(redactor, request.payload)}</pre>
        </>
      )}
    </section>
  );
}

function Fields(
  { gui, fields, name }: { gui: GuiContext; fields: readonly ExplainedField[]; name: string },
) {
  return (
    <div class="scroll" tabindex={0} role="region" aria-label={`Fields of ${name}`}>
      <table>
        <thead>
          <tr>
            {["Field", "From", "Found", "Converter", "Result", "Time", "Origin"].map((title) => (
              <th scope="col">{title}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {fields.map((field) => <FieldRow key={field.mapping.field} gui={gui} field={field} />)}
        </tbody>
      </table>
    </div>
  );
}

function FieldRow({ gui: { redactor }, field }: { gui: GuiContext; field: ExplainedField }) {
  const { mapping, input, output, ms, failed, volatile } = field;
  const { spec } = mapping;
  return (
    <tr>
      <th scope="row">
        {mapping.field}
        {spec.required === true ? <span class="required">required</span> : null}
        {volatile ? <span class="required">volatile</span> : null}
      </th>
      <td>
        <code>{redactor.redact(describeValueSource(mapping))}</code>
      </td>
      <td>
        <code>{json(redactor, input)}</code>
      </td>
      <td>{spec.converter ?? ""}</td>
      <td>
        {failed === null
          ? <code>{json(redactor, output)}</code>
          : <span class="unwell">failed: {redactor.redact(failed)}</span>}
      </td>
      <td class="number">{ms === null ? "" : `${ms.toFixed(1)} ms`}</td>
      <td>{mapping.origin}</td>
    </tr>
  );
}
