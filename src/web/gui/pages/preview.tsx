/**
 * The preview of a section: its first records, as they are and as they would be sent.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
import { ConfigError } from "../../../base/errors.ts";
import type { Explanation } from "../../../sync/explain.ts";
import { faultOf } from "../../../sync/report.ts";
import { valueOf } from "../../../transform/mapping.ts";
import type { TracedField } from "../../../transform/trace.ts";
import { Fault } from "../account.tsx";
import { type Call, type Desk, type Page, sectionPath } from "../desk.ts";
import { show } from "../layout.tsx";
import { preview } from "../preview.ts";
import { json } from "../words.ts";

/** How many records are read unless somebody says otherwise, and at most. */
const usual = 10;
const most = 100;

/** The tab that shows records. */
export const previewPage: Page = {
  path: "preview",
  label: "Preview",
  place: "section",
  routes(app, desk) {
    app.get("/section/:name/preview", (c) => {
      const section = c.req.param("name");
      return page(c, desk, section, <Form section={section} count={usual} />);
    });
    app.post("/section/:name/preview", async (c) => {
      const section = c.req.param("name");
      const wished = Number((await c.req.formData()).get("count"));
      const count = Math.max(1, Math.min(most, Math.floor(wished) || usual));
      return page(
        c,
        desk,
        section,
        <>
          <Form section={section} count={count} />
          {await result(desk, section, count)}
        </>,
      );
    });
  },
};

type Children = Parameters<typeof show>[2]["children"];

function page(c: Call, desk: Desk, section: string, children: Children) {
  const { document } = desk.read();
  return show(c, desk, { title: section, path: "preview", section, document, children });
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

async function result(desk: Desk, section: string, count: number) {
  try {
    const found = await preview(desk, section, count);
    return <Records desk={desk} found={found} />;
  } catch (thrown) {
    const findings = thrown instanceof ConfigError ? thrown.findings : [];
    return <Fault desk={desk} {...faultOf(thrown)} findings={findings} />;
  }
}

function Records({ desk, found }: { desk: Desk; found: readonly Explanation[] }) {
  const sent = found.filter(({ verdict }) => verdict === "sent").length;
  const summary = found.length === 0
    ? "The source has no records."
    : `${found.length} read, ${sent} of them would be sent.`;
  return (
    <>
      <p class="notice" role="status">{summary}</p>
      {found.map((one, index) => <Record key={index} desk={desk} one={one} number={index + 1} />)}
    </>
  );
}

/** What happens to a record, in words. */
function verdictOf({ verdict, reason, filter }: Explanation): string {
  if (verdict !== "sent") return `Not sent, ${verdict}${reason === null ? "" : `: ${reason}`}`;
  return filter === undefined ? "Would be sent" : "Would be sent; the filter keeps it";
}

function Record({ desk, one, number }: { desk: Desk; one: Explanation; number: number }) {
  const { redactor } = desk;
  const { identity, verdict, record, fields, request } = one;
  const name = identity === "" ? `Record ${number}` : redactor.redact(identity);
  return (
    <section class="record" aria-label={name}>
      <h2>{name}</h2>
      <p class={verdict === "sent" ? "well" : "unwell"}>{redactor.redact(verdictOf(one))}</p>
      <div class="sides">
        <div>
          <h3>As the source has it</h3>
          <pre tabindex={0}>{json(redactor, record)}</pre>
        </div>
        <div>
          <h3>{request === null ? "As it is mapped" : "As Oomnitza gets it"}</h3>
          <pre tabindex={0}>{json(redactor, request?.payload ?? mappedOf(fields))}</pre>
        </div>
      </div>
      <details>
        <summary>Explain {name}</summary>
        <Fields desk={desk} fields={fields} name={name} />
      </details>
    </section>
  );
}

function mappedOf(fields: readonly TracedField[]): Record<string, unknown> {
  return Object.fromEntries(fields.map(({ mapping, output }) => [mapping.field, output]));
}

function Fields(
  { desk, fields, name }: { desk: Desk; fields: readonly TracedField[]; name: string },
) {
  return (
    <div class="scroll" tabindex={0} role="region" aria-label={`Fields of ${name}`}>
      <table>
        <thead>
          <tr>
            {["Field", "From", "Found", "Converter", "Result", "Time", "Said by"].map((title) => (
              <th scope="col">{title}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {fields.map((field) => <FieldRow key={field.mapping.field} desk={desk} field={field} />)}
        </tbody>
      </table>
    </div>
  );
}

function FieldRow({ desk: { redactor }, field }: { desk: Desk; field: TracedField }) {
  const { mapping, input, output, ms, failed } = field;
  const { spec } = mapping;
  return (
    <tr>
      <th scope="row">
        {mapping.field}
        {spec.required === true ? <span class="required">required</span> : null}
      </th>
      <td>
        <code>{redactor.redact(valueOf(mapping))}</code>
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
