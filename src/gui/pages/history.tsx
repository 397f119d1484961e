/**
 * The history of a section: its runs of the last 90 days as pictures, with the numbers below.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
import type { PastRun, RunOrigin } from "../../state/run_account.ts";
import type { RefusedCount } from "../../state/state.ts";
import { AgentError } from "../../base/errors.ts";
import { runResult } from "../../app/status.ts";
import { describeCounts } from "../../sync/report.ts";
import { type Bar, BarChart, Legend } from "../charts.tsx";
import type { GuiContext, Page } from "../context.ts";
import { duration, moment, withQuery } from "../format.ts";
import { withState } from "../history.ts";
import { show } from "../layout.tsx";
import { Time } from "../time.tsx";

/** How far back the pictures go, in days, and how many runs they show at most. */
const shownDays = 90;
const shownRuns = 180;

/** The tab of a section's history. */
export const historyPage: Page = {
  path: "history",
  label: "History",
  navigation: "section",
  routes(app, gui) {
    app.get("/section/:name/history", async (c) => {
      const name = c.req.param("name");
      const { document } = gui.read();
      if (!document.sections.some((section) => section.name === name)) {
        throw new AgentError(`There is no section ${name}`);
      }
      const children = <History gui={gui} section={name} facts={await readFacts(gui, name)} />;
      return show(c, gui, { title: name, path: "history", section: name, document, children });
    });
  },
};

interface Facts {
  readonly uploads: readonly PastRun[];
  readonly webhooks: readonly PastRun[];
  readonly refused: readonly RefusedCount[];
}

async function readFacts(gui: GuiContext, section: string): Promise<Facts> {
  const since = new Date(Date.now() - shownDays * 86_400_000).toISOString();
  const none: Facts = { uploads: [], webhooks: [], refused: [] };
  return await withState(gui, async (store) => {
    const of = (origin: RunOrigin) =>
      store.recentRuns({ section, origin, since, limit: shownRuns });
    const { refused } = await store.unfinishedWork();
    return {
      uploads: await of("upload"),
      webhooks: await of("webhook"),
      refused: refused.filter((each) => each.section === section),
    };
  }) ?? none;
}

function History(
  { gui, section, facts }: { gui: GuiContext; section: string; facts: Facts },
) {
  const { uploads, webhooks, refused } = facts;
  return (
    <>
      {uploads.length + webhooks.length > 0
        ? null
        : <p class="notice">No run of the last {shownDays} days.</p>}
      <Runs title="Uploads" runs={uploads} />
      <Runs title="Webhooks" runs={webhooks} />
      <Reasons gui={gui} section={section} refused={refused} />
    </>
  );
}

function toBar(run: PastRun): Bar {
  const { sent = 0, unchanged = 0, failed = 0 } = run.counts;
  return {
    title: `${moment(run.started)}: ${describeCounts(run.counts, run.stopped_by_guard)}`,
    parts: [["sent", sent], ["unchanged", unchanged], ["failed", failed]],
  };
}

/** How long a run took, in seconds; 0 while it has no end. */
function seconds({ started, ended }: PastRun): number {
  return ended === null ? 0 : (Date.parse(ended) - Date.parse(started)) / 1000;
}

function toDurationBar(run: PastRun): Bar {
  const took = run.ended === null ? "no end" : duration(run.started, run.ended);
  const name = run.state === "ok" ? "ok" : runResult(run);
  return { title: `${moment(run.started)}: ${took}`, parts: [[name, seconds(run)]] };
}

/** What a run waited for; one part of unknown kind where that was not measured. */
function toWaitsBar(run: PastRun): Bar {
  const part = (name: string) => {
    const ms = run.times?.[`${name}_ms`];
    return [name, typeof ms === "number" ? ms / 1000 : 0] as const;
  };
  const parts = run.times === null
    ? [["unknown", seconds(run)] as const]
    : [part("source"), part("agent"), part("oomnitza")];
  const words = parts.map(([name, value]) => `${name} ${value.toFixed(1)} s`).join(", ");
  return { title: `${moment(run.started)}: ${words}`, parts };
}

/** Where the time of the runs went; nothing when it was measured of none. */
function Waits({ runs }: { runs: readonly PastRun[] }) {
  if (runs.every(({ times }) => times === null)) return null;
  return (
    <>
      <h3>Where the time went, in seconds</h3>
      <BarChart bars={runs.map(toWaitsBar)} label="Seconds of waiting and of work by run" />
      <Legend
        entries={[
          ["source", "waiting for the source, its limits included"],
          ["agent", "at work"],
          ["oomnitza", "waiting for Oomnitza"],
        ]}
      />
    </>
  );
}

function toRequestsBar({ started, requests }: PastRun): Bar {
  return {
    title: `${moment(started)}: ${requests} ${requests === 1 ? "request" : "requests"}`,
    parts: [["requests", requests]],
  };
}

function Runs({ title, runs }: { title: string; runs: readonly PastRun[] }) {
  if (runs.length === 0) return null;
  const id = title.toLowerCase();
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      <p class="lead">
        {runs.length === shownRuns
          ? `The latest ${shownRuns} runs`
          : `${runs.length} ${runs.length === 1 ? "run" : "runs"} in ${shownDays} days`}
      </p>
      <h3>Records of each run</h3>
      <BarChart bars={runs.map(toBar)} label="Records sent, unchanged and failed by run" />
      <Legend
        entries={[["sent", "sent"], ["unchanged", "unchanged, not sent"], ["failed", "failed"]]}
      />
      <h3>Seconds that each run took</h3>
      <BarChart bars={runs.map(toDurationBar)} label="Seconds by run" />
      <Legend
        entries={[
          ["ok", "ok"],
          ["partly", "partly failed, or stopped by the guard"],
          ["failed", "failed or interrupted"],
        ]}
      />
      <Waits runs={runs} />
      <h3>Requests of each run</h3>
      <BarChart bars={runs.map(toRequestsBar)} label="Requests by run" />
      <Numbers title={title} runs={runs} />
    </section>
  );
}

function Numbers({ title, runs }: { title: string; runs: readonly PastRun[] }) {
  return (
    <details>
      <summary>The numbers</summary>
      <div class="scroll" tabindex={0} role="region" aria-label={`${title} in numbers`}>
        <table>
          <thead>
            <tr>
              <th scope="col">Started</th>
              <th scope="col">State</th>
              <th scope="col">Records</th>
              <th scope="col">Took</th>
              <th scope="col">Requests</th>
            </tr>
          </thead>
          <tbody>
            {runs.toReversed().map((run) => (
              <tr>
                <th scope="row">
                  <a href={`runs/${run.id}`}>
                    <Time at={run.started} />
                  </a>
                </th>
                <td>{runResult(run)}</td>
                <td>{describeCounts(run.counts, run.stopped_by_guard)}</td>
                <td>{run.ended === null ? "" : duration(run.started, run.ended)}</td>
                <td class="number">{run.requests}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

/** Reasons that are shown, the most frequent first. */
const shownReasons = 12;

function Reasons(
  { gui, section, refused }: {
    gui: GuiContext;
    section: string;
    refused: readonly RefusedCount[];
  },
) {
  const [first] = refused;
  if (first === undefined) return null;
  return (
    <section aria-labelledby="reasons">
      <h2 id="reasons">Why records are refused</h2>
      {refused.slice(0, shownReasons).map(({ reason, count }) => (
        <div class="reason">
          <span>{gui.redactor.redact(reason)}</span>
          <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
            <rect class="bar failed" width={count / first.count * 100} height="10" />
          </svg>
          <span class="number">{count}</span>
        </div>
      ))}
      {refused.length > shownReasons
        ? <p class="note">{refused.length - shownReasons} more reasons.</p>
        : null}
      <p>
        <a href={withQuery("failed", { section })}>Show the records</a>
      </p>
    </section>
  );
}
