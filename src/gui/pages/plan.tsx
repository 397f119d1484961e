/**
 * The plan of a section: what an upload would change, and nothing of it done.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
import { stringifyExactJson } from "../../base/json.ts";
import { withPlans } from "../../app/plan.ts";
import { AgentError, ConfigError } from "../../base/errors.ts";
import { isSectionEnabled } from "../../config/enabled.ts";
import type { FieldChange } from "../../sync/changes/delta.ts";
import type { PlannedChange } from "../../sync/changes/found_changes.ts";
import { countDifferences, type PlanCounts, type PlanReport } from "../../sync/changes/plan.ts";
import { describeRefusal } from "../../sync/field_refusals.ts";
import { toSectionError } from "../../sync/report.ts";
import { ErrorNotice } from "../account.tsx";
import { ShareBar } from "../charts.tsx";
import { type Call, type GuiContext, type Page, sectionPath } from "../context.ts";
import { show } from "../layout.tsx";
import { withSection } from "../section_config.ts";

/** Changes that a page shows; the counts include all. */
const shownChanges = 200;

/** The plan of a section, as a page shows it. */
interface ShownPlan {
  readonly report: PlanReport;
  /** The first of them. */
  readonly changes: readonly PlannedChange[];
}

/** The tab that shows what an upload would do. */
export const planPage: Page = {
  path: "plan",
  label: "Plan",
  navigation: "section",
  routes(app, gui) {
    app.get("/section/:name/plan", (c) => {
      const section = c.req.param("name");
      return page(c, gui, section, <Form section={section} live={false} />);
    });
    app.post("/section/:name/plan", async (c) => {
      const section = c.req.param("name");
      const live = (await c.req.formData()).has("live");
      const shown = await result(gui, section, live);
      return page(
        c,
        gui,
        section,
        <>
          <Form section={section} live={live} />
          {shown}
        </>,
      );
    });
  },
};

type Children = Parameters<typeof show>[2]["children"];

function page(c: Call, gui: GuiContext, section: string, children: Children) {
  const { document } = gui.read();
  return show(c, gui, { title: section, path: "plan", section, document, children });
}

function Form({ section, live }: { section: string; live: boolean }) {
  return (
    <form method="post" action={sectionPath(section, "plan")} class="actions">
      <button type="submit">Read all and compare</button>
      <label>
        <input type="checkbox" name="live" value="yes" checked={live} />{" "}
        with what Oomnitza holds now, and say who changed it
      </label>
      <span class="note">Nothing is sent. A large source takes its time.</span>
    </form>
  );
}

/** Plans an upload of a section, enabled or not. */
function planSection(gui: GuiContext, section: string, live: boolean): Promise<ShownPlan> {
  return withSection(gui, section, (app, config) => {
    const request = { sections: [section], live, history: live };
    return withPlans(app, config, request, async ({ sections: [planned] }) => {
      if (planned === undefined) throw new AgentError(`[${section}] was not planned`);
      const changes: PlannedChange[] = [];
      for await (const change of planned.changes()) {
        if (changes.push(change) === shownChanges) break;
      }
      return { report: planned.report, changes };
    });
  });
}

async function result(gui: GuiContext, section: string, live: boolean) {
  try {
    const plan = await planSection(gui, section, live);
    const enabled = isSectionEnabled(gui.read().document, section, gui.env);
    return <Planned gui={gui} plan={plan} enabled={enabled} />;
  } catch (thrown) {
    const findings = thrown instanceof ConfigError ? thrown.findings : [];
    return <ErrorNotice gui={gui} {...toSectionError(thrown)} findings={findings} />;
  }
}

const rows: readonly (readonly [keyof PlanCounts, string])[] = [
  ["fetched", "Read"],
  ["new", "New"],
  ["renamed", "Renamed"],
  ["changed", "Changed"],
  ["blanked", "Losing a value"],
  ["unchanged", "Unchanged"],
  ["gone", "Gone from the source"],
  ["filtered", "Dropped by the filter"],
  ["incomplete", "Incomplete"],
  ["failed", "Failed"],
  ["unreadable", "Unreadable"],
  ["to_send", "An upload would send"],
];

interface PlannedFacts {
  readonly gui: GuiContext;
  readonly plan: ShownPlan;
  readonly enabled: boolean;
}

function Planned({ gui, plan: { report, changes }, enabled }: PlannedFacts) {
  const { counts, waiting, guard, error, section, has_baseline: known } = report;
  const isLive = report.compared_with === "live";
  const total = countDifferences(counts);
  return (
    <>
      {error !== null && <ErrorNotice gui={gui} {...error} findings={[]} />}
      {!known && !isLive && (
        <p class="notice">No full upload is on record here, so that every record counts as new.</p>
      )}
      {report.not_compared.length > 0 && (
        <p class="notice">
          Oomnitza does not show {report.not_compared.join(", ")}: not compared.
        </p>
      )}
      {report.refusals.map((refusal) => (
        <p key={refusal.field} class="notice warning">
          {gui.redactor.redact(describeRefusal(refusal))}
        </p>
      ))}
      {guard !== null && <p class="notice warning">The guard would stop it: {guard}</p>}
      {waiting > 0 && <p class="notice">{waiting} records of an earlier run are sent first.</p>}
      <ShareBar
        label="Records of the plan"
        shares={[
          ["added", "new", counts.new],
          ["changed", "changed", counts.changed + counts.renamed],
          ["failed", "gone", counts.gone ?? 0],
          ["unchanged", "unchanged", counts.unchanged],
        ]}
      />
      <table aria-label="Counts">
        <tbody>
          {rows.map(([key, label]) => (
            <tr key={key}>
              <th scope="row">{label}</th>
              <td class="number">{counts[key] === null ? "not known" : String(counts[key])}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {enabled && error === null && (
        <form method="post" action="run" class="actions">
          <input type="hidden" name="section" value={section} />
          <button type="submit">Upload</button>
          <span class="note">Reads the source again, and sends what it finds then.</span>
        </form>
      )}
      {changes.map((change, index) => <Change key={index} gui={gui} change={change} />)}
      {total > shownChanges && (
        <p class="note">… and {total - shownChanges} more. agent plan {section} lists them all.</p>
      )}
    </>
  );
}

const kinds = { new: "New", renamed: "Renamed", changed: "Changed", gone: "Gone" } as const;

function formatChangedValue(value: unknown): string {
  return value === undefined ? "" : typeof value === "string" ? value : stringifyExactJson(value);
}

function describeLastChange({ changed_by = "", changed_at }: FieldChange): string {
  return changed_at === undefined ? changed_by : `${changed_by}, ${changed_at}`;
}

function Change({ gui: { redactor }, change }: { gui: GuiContext; change: PlannedChange }) {
  const { kind, record, was, fields, reason } = change;
  const now = record === "" ? "(no sync field)" : record;
  const name = redactor.redact(was === undefined ? now : `${was} → ${now}`);
  const hasHistory = fields.some(({ changed_by }) => changed_by !== undefined);
  return (
    <details class="record">
      <summary>{kinds[kind]}: {name}</summary>
      {reason !== undefined && <p class="note">{reason}</p>}
      <div class="scroll" tabindex={0} role="region" aria-label={`Fields of ${name}`}>
        <table>
          <thead>
            <tr>
              <th scope="col">Field</th>
              <th scope="col">Before</th>
              <th scope="col">After</th>
              {hasHistory && <th scope="col">Last changed in Oomnitza by</th>}
            </tr>
          </thead>
          <tbody>
            {fields.map((field) => (
              <tr key={field.field}>
                <th scope="row">{field.field}</th>
                <td>{redactor.redact(formatChangedValue(field.old))}</td>
                <td>{redactor.redact(formatChangedValue(field.new))}</td>
                {hasHistory && <td>{redactor.redact(describeLastChange(field))}</td>}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
