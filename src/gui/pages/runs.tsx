/**
 * Past runs: what became of the records of each.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
import { AgentError } from "../../base/errors.ts";
import type { StoredRun } from "../../state/run_account.ts";
import { describeCounts } from "../../sync/report.ts";
import { describeOutcome, isUndecided } from "../../sync/stored_run.ts";
import { ErrorNotice } from "../account.tsx";
import type { GuiContext, Page } from "../context.ts";
import { withState } from "../history.ts";
import { show } from "../layout.tsx";
import { duration, moment, withQuery } from "../format.ts";

/** Runs that are listed. */
const listed = 100;

/** The page of past runs, and one for each. */
export const runsPage: Page = {
  path: "runs",
  label: "Runs",
  navigation: "main",
  routes(app, gui) {
    app.get("/runs", async (c) => {
      const runs = await withState(gui, (store) => store.runs(listed)) ?? [];
      const { document } = gui.read();
      const children = <List runs={runs} />;
      return show(c, gui, { title: "Runs", path: "runs", document, children });
    });
    app.get("/runs/:id", async (c) => {
      const id = c.req.param("id");
      const found = await withState(gui, async (store) => {
        const run = await store.run(id);
        return run && { run, letters: await store.deadLetters.find({ section: run.section }) };
      });
      if (found === undefined) throw new AgentError(`There is no run ${id}`);
      const refused = found.letters.filter(({ run }) => run === id).length;
      const { document } = gui.read();
      const children = <One gui={gui} run={found.run} refused={refused} />;
      return show(c, gui, { title: `Run ${id}`, path: "runs", document, children });
    });
  },
};

function List({ runs }: { runs: readonly StoredRun[] }) {
  if (runs.length === 0) {
    return (
      <p class="notice">
        No runs yet. <a href="run">Start one</a>, or let a schedule do it.
      </p>
    );
  }
  return (
    <>
      <div class="scroll" tabindex={0} role="region" aria-label="Runs">
        <table class="cards">
          <thead>
            <tr>
              <th scope="col">Started</th>
              <th scope="col">Section</th>
              <th scope="col">State</th>
              <th scope="col">Records</th>
            </tr>
          </thead>
          <tbody>
            {runs.map((run) => (
              <tr>
                <th scope="row">
                  <a href={`runs/${run.id}`}>{moment(run.started)}</a>
                </th>
                <td>{run.section}</td>
                <td>{run.origin === "webhook" ? `${run.state}, by webhook` : run.state}</td>
                <td>{describeCounts(run.counts)}{isUndecided(run) ? ", receipt awaited" : ""}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {runs.length < listed
        ? null
        : <p class="note">The latest {listed}; the state file remembers more.</p>}
    </>
  );
}

function describeRun(run: StoredRun): readonly (readonly [string, string])[] {
  const { ended, claimed, api } = run;
  return [
    ["Section", run.section],
    ["Started by", run.origin === "webhook" ? "a webhook" : "an upload or a schedule"],
    ["State", run.state],
    ["Started", moment(run.started)],
    ...ended === null
      ? []
      : [["Ended", `${moment(ended)}, after ${duration(run.started, ended)}`] as const],
    ["Records", describeCounts(run.counts)],
    ...run.waiting === 0 ? [] : [["Waiting for the next run", String(run.waiting)] as const],
    ...claimed === null ? [] : [["The source says it has", String(claimed)] as const],
    ...api === null ? [] : [["API", api] as const],
    ["Requests", String(run.requests)],
    ...describeOutcome(run).map(([name, text]) =>
      [`${name.slice(0, 1).toUpperCase()}${name.slice(1)}`, text] as const
    ),
  ];
}

function One({ gui, run, refused }: { gui: GuiContext; run: StoredRun; refused: number }) {
  return (
    <>
      {run.error === null ? null : <ErrorNotice gui={gui} message={run.error} hint={null} />}
      <dl class="facts">
        {describeRun(run).map(([name, value]) => (
          <>
            <dt>{name}</dt>
            <dd>{gui.redactor.redact(value)}</dd>
          </>
        ))}
      </dl>
      {refused === 0 ? null : (
        <p>
          <a href={withQuery("failed", { section: run.section })}>
            {refused} refused {refused === 1 ? "record" : "records"} of this run
          </a>
        </p>
      )}
      <p>
        <a href="runs">All runs</a>
      </p>
    </>
  );
}
