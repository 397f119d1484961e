/**
 * Uploads: start, watch and stop them, and see how the last one went.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
import { isSectionEnabled } from "../../config/enabled.ts";
import { getOption } from "../../config/ini.ts";
import { UsageError } from "../../base/errors.ts";
import { CountTable, ErrorNotice, Remarks } from "../account.tsx";
import { type Call, goTo, type GuiContext, type Page } from "../context.ts";
import { show } from "../layout.tsx";
import type { IniFile } from "../ini_file.ts";
import { sourceNamed } from "../../config/declared.ts";
import { duration } from "../format.ts";
import { describePace, measurePace } from "../../sync/pace.ts";
import type { SectionProgress, UploadJob } from "../upload_job.ts";

/** The page of uploads. */
export const runPage: Page = {
  path: "run",
  label: "Run",
  navigation: "main",
  routes(app, gui) {
    app.get("/run", (c) => page(c, gui));
    // The scripts ask for this again and again; the header ends that.
    app.get("/run/live", (c) => {
      const { job, isBusy } = gui.uploads;
      if (job === undefined || !isBusy) c.header("x-ended", "yes");
      return c.html(<>{job === undefined ? null : <Progress job={job} />}</>);
    });
    app.post("/run", async (c) => {
      const form = await c.req.formData();
      const names = form.getAll("section").map(String);
      if (names.length === 0) {
        throw new UsageError("No section is selected", { hint: "Select at least one." });
      }
      gui.uploads.start(names, { full: form.has("full"), accept: form.has("accept") });
      return goTo(c, gui, "run");
    });
    app.post("/run/stop", (c) => {
      gui.uploads.stop();
      return goTo(c, gui, "run");
    });
  },
};

function page(c: Call, gui: GuiContext): Response | Promise<Response> {
  const file = gui.read();
  const { document } = file;
  const { job, isBusy } = gui.uploads;
  const isRunning = job !== undefined && isBusy && job.ended === undefined;
  return show(c, gui, {
    title: "Run",
    path: "run",
    document,
    scripts: isRunning ? ["live.js"] : [],
    children: isRunning ? <Running job={job} /> : (
      <>
        {job === undefined ? null : <Ended gui={gui} job={job} />}
        <Choice gui={gui} file={file} again={job !== undefined} />
      </>
    ),
  });
}

function describeState({ account, report }: SectionProgress, job: UploadJob): string {
  if (report?.stopped_by_guard === true) return "stopped by the guard";
  if (report !== undefined) return report.outcome;
  if (job.ended !== undefined) return "not run";
  return account === undefined ? "waits" : "runs";
}

function toRows(job: UploadJob) {
  return job.sections.map((section) => ({
    name: section.name,
    state: describeState(section, job),
    counts: { ...section.report?.counts ?? section.account?.counts },
  }));
}

/** How far a running section is, where its source knows how many records there are. */
function Pace({ section: { name, account, begunMs, report } }: { section: SectionProgress }) {
  if (account === undefined || begunMs === undefined || report !== undefined) return null;
  const pace = measurePace(account, performance.now() - begunMs);
  return (
    <p class="pace">
      <span>{name}</span>
      {pace.total === undefined
        ? null
        : <progress max={pace.total} value={pace.done} aria-label={`Progress of ${name}`} />}
      <span class="note">{describePace(pace)}</span>
    </p>
  );
}

function Progress({ job }: { job: UploadJob }) {
  return (
    <>
      <p class="lead">
        {job.isStopping ? "Stopping: waiting for running requests" : "Uploading"}, since{" "}
        {duration(job.started, new Date())}.
      </p>
      {job.sections.map((section) => <Pace key={section.name} section={section} />)}
      <CountTable rows={toRows(job)} label="Progress" />
    </>
  );
}

function Running({ job }: { job: UploadJob }) {
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

function Accept({ section, job }: { section: string; job: UploadJob }) {
  return (
    <form method="post" action="run" class="actions">
      <input type="hidden" name="section" value={section} />
      <input type="hidden" name="accept" value="yes" />
      {job.options.full ? <input type="hidden" name="full" value="yes" /> : null}
      <button type="submit" class="danger">Accept and upload {section}</button>
    </form>
  );
}

function describeEnd({ sections, error, isStopping }: UploadJob): string {
  if (isStopping) return "was stopped";
  if (error !== undefined) return "could not run";
  return sections.every(({ report }) => report?.outcome === "ok") ? "succeeded" : "needs attention";
}

function Ended({ gui, job }: { gui: GuiContext; job: UploadJob }) {
  const word = describeEnd(job);
  return (
    <section aria-labelledby="last">
      <h2 id="last">The last upload</h2>
      <p class={`notice ${word === "succeeded" ? "good" : "warning"}`} role="status">
        The upload {word}. It took {duration(job.started, job.ended ?? new Date())}.
      </p>
      {job.error === undefined ? null : <ErrorNotice gui={gui} {...job.error} />}
      <CountTable rows={toRows(job)} label="Account" />
      {job.sections.map(({ name, report }) =>
        report === undefined ? null : (
          <>
            <Remarks gui={gui} report={report} />
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

function describeOrder({ document }: IniFile): string {
  const parallel = Number(getOption(document, "oomnitza", "parallel")?.value ?? 1);
  return parallel > 1
    ? `Sections, of which up to ${parallel} run side by side`
    : "Sections, which run one after the other";
}

function Choice({ gui, file, again }: { gui: GuiContext; file: IniFile; again: boolean }) {
  const enabled = file.document.sections.filter(({ name }) =>
    sourceNamed(name, gui.sources) !== undefined && isSectionEnabled(file.document, name, gui.env)
  );
  if (enabled.length === 0) {
    return (
      <p class="notice">
        No section is enabled. <a href={gui.base}>Enable one</a> to upload it.
      </p>
    );
  }
  return (
    <section aria-labelledby="choice">
      <h2 id="choice">{again ? "Upload again" : "Upload"}</h2>
      <form method="post" action="run">
        <fieldset>
          <legend>{describeOrder(file)}</legend>
          <div class="choices">
            {enabled.map(({ name }) => (
              <label class="check">
                <input type="checkbox" name="section" value={name} checked={enabled.length === 1} />
                {" "}
                {name}
              </label>
            ))}
          </div>
        </fieldset>
        <label class="check">
          <input type="checkbox" name="full" value="yes" /> Read and send also what did not change
        </label>
        <div class="actions">
          <button type="submit">Start the upload</button>
        </div>
      </form>
    </section>
  );
}
