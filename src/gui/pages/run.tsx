/**
 * Uploads: start, watch and stop them, and see how the last one went.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
import { UsageError } from "../../base/errors.ts";
import { CountTable, Fault, Remarks } from "../account.tsx";
import { type Call, type Desk, goTo, type Page } from "../context.ts";
import { isEnabled, show } from "../layout.tsx";
import type { IniFile } from "../ini_file.ts";
import { sourceNamed } from "../../config/declared.ts";
import { duration } from "../format.ts";
import type { Job, SectionProgress } from "../upload_job.ts";

/** The page of uploads. */
export const runPage: Page = {
  path: "run",
  label: "Run",
  place: "main",
  routes(app, desk) {
    app.get("/run", (c) => page(c, desk));
    // The scripts ask for this again and again; the header ends that.
    app.get("/run/live", (c) => {
      const { job, isBusy } = desk.work;
      if (job === undefined || !isBusy) c.header("x-ended", "yes");
      return c.html(<>{job === undefined ? null : <Progress job={job} />}</>);
    });
    app.post("/run", async (c) => {
      const form = await c.req.formData();
      const names = form.getAll("section").map(String);
      if (names.length === 0) {
        throw new UsageError("No section was chosen", { hint: "Tick at least one." });
      }
      desk.work.start(names, { full: form.has("full"), accept: form.has("accept") });
      return goTo(c, desk, "run");
    });
    app.post("/run/stop", (c) => {
      desk.work.stop();
      return goTo(c, desk, "run");
    });
  },
};

function page(c: Call, desk: Desk): Response | Promise<Response> {
  const file = desk.read();
  const { document } = file;
  const { job, isBusy } = desk.work;
  const isRunning = job !== undefined && isBusy && job.ended === undefined;
  return show(c, desk, {
    title: "Run",
    path: "run",
    document,
    scripts: isRunning ? ["live.js"] : [],
    children: isRunning ? <Running job={job} /> : (
      <>
        {job === undefined ? null : <Ended desk={desk} job={job} />}
        <Choice desk={desk} file={file} again={job !== undefined} />
      </>
    ),
  });
}

function stateOf({ account, report }: SectionProgress, job: Job): string {
  if (report?.stopped_by_guard === true) return "stopped by the guard";
  if (report !== undefined) return report.outcome;
  if (job.ended !== undefined) return "not run";
  return account === undefined ? "waits" : "runs";
}

function rowsOf(job: Job) {
  return job.sections.map((section) => ({
    name: section.name,
    state: stateOf(section, job),
    counts: { ...section.report?.counts ?? section.account?.counts },
  }));
}

function Progress({ job }: { job: Job }) {
  return (
    <>
      <p class="lead">
        {job.isStopping ? "Stopping: what was sent already is waited for" : "Uploading"}, since{" "}
        {duration(job.started, new Date())}.
      </p>
      <CountTable rows={rowsOf(job)} label="Progress" />
    </>
  );
}

function Running({ job }: { job: Job }) {
  return (
    <>
      <div data-live="run/live">
        <Progress job={job} />
      </div>
      <p class="notice bad" data-silence role="status" hidden></p>
      <form method="post" action="run/stop" class="actions">
        <button type="submit" class="danger" disabled={job.isStopping}>Stop the upload</button>
        <a href="logs">Watch the log</a>
      </form>
    </>
  );
}

function Accept({ section, job }: { section: string; job: Job }) {
  return (
    <form method="post" action="run" class="actions">
      <input type="hidden" name="section" value={section} />
      <input type="hidden" name="accept" value="yes" />
      {job.how.full ? <input type="hidden" name="full" value="yes" /> : null}
      <button type="submit" class="danger">Accept and upload {section}</button>
    </form>
  );
}

function verdict({ sections, fault, isStopping }: Job): string {
  if (isStopping) return "was stopped";
  if (fault !== undefined) return "could not run";
  return sections.every(({ report }) => report?.outcome === "ok") ? "went well" : "needs attention";
}

function Ended({ desk, job }: { desk: Desk; job: Job }) {
  const word = verdict(job);
  return (
    <section aria-labelledby="last">
      <h2 id="last">The last upload</h2>
      <p class={`notice ${word === "went well" ? "good" : "odd"}`} role="status">
        The upload {word}. It took {duration(job.started, job.ended ?? new Date())}.
      </p>
      {job.fault === undefined ? null : <Fault desk={desk} {...job.fault} />}
      <CountTable rows={rowsOf(job)} label="Account" />
      {job.sections.map(({ name, report }) =>
        report === undefined ? null : (
          <>
            <Remarks desk={desk} report={report} />
            {report.stopped_by_guard ? <Accept section={name} job={job} /> : null}
          </>
        )
      )}
      <p class="note">
        <a href="runs">All runs</a> · <a href="logs">Log</a>
      </p>
    </section>
  );
}

function Choice({ desk, file, again }: { desk: Desk; file: IniFile; again: boolean }) {
  const enabled = file.document.sections.filter(({ name }) =>
    sourceNamed(name, desk.sources) !== undefined && isEnabled(file.document, name)
  );
  if (enabled.length === 0) {
    return (
      <p class="notice">
        No section is enabled. <a href={desk.base}>Enable one</a> to upload it.
      </p>
    );
  }
  return (
    <section aria-labelledby="choice">
      <h2 id="choice">{again ? "Upload again" : "Upload"}</h2>
      <form method="post" action="run">
        <fieldset>
          <legend>Sections, which run one after the other</legend>
          {enabled.map(({ name }) => (
            <label class="check">
              <input type="checkbox" name="section" value={name} checked={enabled.length === 1} />
              {" "}
              {name}
            </label>
          ))}
        </fieldset>
        <label class="check">
          <input type="checkbox" name="full" value="yes" /> Send also what did not change
        </label>
        <div class="actions">
          <button type="submit">Start the upload</button>
        </div>
      </form>
    </section>
  );
}
