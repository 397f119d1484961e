/**
 * One section in the overview: its state, its latest runs as a picture, what comes next.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
import { type Condition, countRefused, type SectionStatus } from "../app/status.ts";
import { sourceNamed } from "../config/declared.ts";
import { describeCounts } from "../sync/report.ts";
import { Heartbeat, Sparkline } from "./charts.tsx";
import { type GuiContext, sectionPath } from "./context.ts";
import { withQuery } from "./format.ts";
import { Time } from "./time.tsx";

const words: Readonly<Record<Condition, string>> = {
  invalid: "Not valid",
  failed: "Failed",
  late: "Late",
  partly: "Partly",
  running: "Running",
  never: "Never ran",
  ok: "OK",
};

/** The state of a section as a shape, a colour and a word. */
export function StateChip({ condition }: { condition: Condition }) {
  return (
    <span class={`state ${condition}`}>
      <svg viewBox="0 0 12 12" aria-hidden="true" class="shape">
        <StateShape condition={condition} />
      </svg>
      {words[condition]}
    </span>
  );
}

/** Its shape alone tells the states apart, for who does not see the colours. */
function StateShape({ condition }: { condition: Condition }) {
  switch (condition) {
    case "ok":
      return <circle cx="6" cy="6" r="5" />;
    case "running":
      return <path d="M2 1 L11 6 L2 11 Z" />;
    case "never":
      return <circle cx="6" cy="6" r="4" fill="none" stroke-width="2" />;
    case "partly":
    case "late":
      return <path d="M6 0.5 L11.5 11 L0.5 11 Z" />;
    case "failed":
    case "invalid":
      return <path d="M1 1 H11 V11 H1 Z" />;
  }
}

function Last({ last }: SectionStatus) {
  if (last === null) return <span class="note">never</span>;
  return (
    <>
      <a href={`runs/${last.id}`}>
        <Time at={last.started} />
      </a>
      <div class="note">{describeCounts(last.counts, last.stopped_by_guard)}</div>
    </>
  );
}

function Next({ next }: SectionStatus) {
  if (next === null) return <span class="note">no schedule</span>;
  return Date.parse(next) <= Date.now() ? <>due</> : <Time at={next} />;
}

function Open(status: SectionStatus) {
  const { section, waiting, events } = status;
  const refused = countRefused(status);
  const parts = [
    ...refused > 0
      ? [<a key="refused" href={withQuery("failed", { section })}>{refused} refused</a>]
      : [],
    ...waiting > 0 ? [`${waiting} waiting`] : [],
    ...events.waiting > 0 ? [`${events.waiting} webhook events waiting`] : [],
    ...events.dead > 0
      ? [<a key="dead" href={withQuery("failed", { section })}>{events.dead} events given up</a>]
      : [],
  ];
  return parts.length === 0
    ? <span class="note">nothing</span>
    : <>{parts.map((part, index) => <div key={index}>{part}</div>)}</>;
}

/** What the table of the overview says of a section. */
export function SectionRow({ gui, status }: { gui: GuiContext; status: SectionStatus }) {
  const { section, recent, condition } = status;
  return (
    <tr class="section-row">
      <th scope="row">
        <a href={sectionPath(section)}>{section}</a>
        <div class="note">{sourceNamed(section, gui.sources)?.title}</div>
      </th>
      <td>
        <StateChip condition={condition} />
      </td>
      <td>
        <a href={sectionPath(section, "history")} class="picture">
          <Heartbeat recent={recent} />
          <Sparkline values={recent.map(({ run }) => run.counts.sent ?? 0)} label="records sent" />
        </a>
      </td>
      <td data-label="Last run">{Last(status)}</td>
      <td data-label="Next run">{Next(status)}</td>
      <td data-label="Open">{Open(status)}</td>
    </tr>
  );
}
