/**
 * What needs a person, each with what can be done about it.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
import { countRefused, type SectionStatus } from "../app/status.ts";
import { type GuiContext, sectionPath } from "./context.ts";
import { withQuery } from "./format.ts";
import { Time } from "./time.tsx";

/** Sections that are named here; the table below has all of them. */
const named = 8;

/** What is wrong with a section's runs, as a sentence; nothing when only records were refused. */
function describe({ condition, last }: SectionStatus): string {
  const error = last?.error ?? null;
  switch (condition) {
    case "invalid":
      return "Its configuration has errors, so that it cannot run.";
    case "late":
      return "It is due and nothing started it. Does agent serve run?";
    case "failed":
      if (last?.state === "interrupted") return "Its last run was interrupted.";
      if (last?.stopped_by_guard === true) return `Stopped by the guard. ${error ?? ""}`;
      return error ?? "Its last run failed.";
    case "partly":
      return error ?? `${last?.counts.failed ?? 0} records failed in its last run.`;
    default:
      return "";
  }
}

function Actions({ status }: { status: SectionStatus }) {
  const { section, condition, last, events } = status;
  const refused = countRefused(status) + events.dead;
  return (
    <span class="tight actions">
      {condition === "invalid" ? <a class="button" href={sectionPath(section)}>Fix it</a> : null}
      {last?.stopped_by_guard === true
        ? <a class="button" href={sectionPath(section, "plan")}>See the plan</a>
        : condition === "failed" || condition === "late"
        ? (
          <form method="post" action="run">
            <input type="hidden" name="section" value={section} />
            <button type="submit">
              Upload now<span class="heard">: {section}</span>
            </button>
          </form>
        )
        : null}
      {refused === 0 ? null : (
        <a class="button" href={withQuery("failed", { section })}>
          Review {refused} refused
        </a>
      )}
      {last === null ? null : <a class="button quiet" href={`runs/${last.id}`}>See the run</a>}
    </span>
  );
}

/** The sections that need a person, worst first. */
export function SectionsToFix({ gui, all }: { gui: GuiContext; all: readonly SectionStatus[] }) {
  if (all.length === 0) return null;
  return (
    <section class="notice bad" aria-labelledby="attention">
      <h2 id="attention">
        {all.length} {all.length === 1 ? "section needs" : "sections need"} attention
      </h2>
      <ul class="plain problems">
        {all.slice(0, named).map((status) => (
          <li>
            <div>
              <strong>{status.section}</strong>
              {status.last === null ? null : (
                <>
                  {" · "}
                  <Time at={status.last.started} />
                </>
              )}
              <div>{gui.redactor.redact(describe(status))}</div>
            </div>
            <Actions status={status} />
          </li>
        ))}
      </ul>
      {all.length > named ? <p>{all.length - named} more are in the table below.</p> : null}
    </section>
  );
}
