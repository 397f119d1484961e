/**
 * Refused records: why, what was sent, and what to do about them.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
import { type AppContext, defaultWorkers } from "../../app/context.ts";
import {
  countReasons,
  countResent,
  type DeadRecords,
  type DeadSelection,
  discardDeadRecords,
  eventId,
  findDeadRecords,
  listIds,
  type ReasonCount,
  retryDeadRecords,
} from "../../app/dead_letters.ts";
import { UsageError } from "../../base/errors.ts";
import type { DeadEvent, DeadLetter } from "../../state/state.ts";
import { describeResent } from "../../sync/deliver/resend.ts";
import { type Call, goTo, type GuiContext, type Page } from "../context.ts";
import { json, moment, withQuery } from "../format.ts";
import { withState } from "../history.ts";
import { show } from "../layout.tsx";

/** Records that one page shows, the oldest first. */
const listed = 100;

/** The longest wait for what became of records that are sent again: somebody waits for the page. */
const waitMs = 30_000;

/** Reasons that are listed; each can be chosen, and sent again as a whole. */
const listedReasons = 50;

/** The page of refused records. */
export const failedPage: Page = {
  path: "failed",
  label: "Failed records",
  navigation: "main",
  routes(app, gui) {
    app.get("/failed", async (c) => {
      const { done = "", page: number = "1", ...query } = c.req.query();
      const first = Math.max(Math.trunc(Number(number)) || 1, 1);
      const facts = await readList(gui, readView(query), first);
      return page(c, gui, <List gui={gui} done={done} {...facts} />);
    });
    app.post("/failed/retry", async (c) => {
      const { chosen, view } = await chosenBy(c, gui);
      return back(c, gui, view, await retry(gui, chosen));
    });
    app.post("/failed/discard", async (c) => {
      const { chosen, view, sure, isWhole } = await chosenBy(c, gui);
      if (!sure) return page(c, gui, <Question kept={chosen} view={view} isWhole={isWhole} />);
      await withState(gui, (store) => discardDeadRecords(store, chosen));
      return back(c, gui, view, `${listIds(chosen).length} discarded.`);
    });
  },
};

/** Pages of a list of so many records. */
function countPages(count: number): number {
  return Math.ceil(count / listed);
}

/** Which records the page is about. */
interface View {
  readonly section: string | undefined;
  readonly reason: string | undefined;
}

function readView({ section, reason }: Readonly<Record<string, string>>): View {
  return { section: section || undefined, reason: reason || undefined };
}

/** The address of the page with a view. */
function address({ section, reason }: View, more: Readonly<Record<string, string>> = {}): string {
  return withQuery("failed", {
    ...section === undefined ? {} : { section },
    ...reason === undefined ? {} : { reason },
    ...more,
  });
}

type Children = Parameters<typeof show>[2]["children"];

function page(c: Call, gui: GuiContext, children: Children): Response | Promise<Response> {
  const { document } = gui.read();
  const scripts = ["choose_all.js"];
  return show(c, gui, { title: "Failed records", path: "failed", document, scripts, children });
}

function back(c: Call, gui: GuiContext, view: View, done: string): Response {
  return goTo(c, gui, address({ ...view, reason: undefined }, { done }));
}

async function keptRecords(gui: GuiContext, selection: DeadSelection): Promise<DeadRecords> {
  return await withState(gui, (store) => findDeadRecords(store, selection)) ??
    { letters: [], events: [] };
}

/** The records of a form: those that are ticked, or with `all` everything that the view shows. */
async function chosenBy(c: Call, gui: GuiContext) {
  const form = await c.req.formData();
  const view = readView({
    section: String(form.get("section") ?? ""),
    reason: String(form.get("reason") ?? ""),
  });
  const isWhole = form.has("all");
  const ids = isWhole ? undefined : form.getAll("id").map(String);
  if (ids?.length === 0) {
    throw new UsageError("No record is selected", { hint: "Select some first." });
  }
  return {
    chosen: await keptRecords(gui, { ...view, ids }),
    view,
    isWhole,
    sure: form.has("sure"),
  };
}

/** Sends letters again, lets the listener try events again, and says what came of it. */
async function retry(gui: GuiContext, chosen: DeadRecords): Promise<string> {
  const { letters, events } = chosen;
  const resent = countResent();
  const send = (app: AppContext) =>
    retryDeadRecords(app, chosen, resent, { workers: defaultWorkers, waitMs });
  // Events are only marked, which may go on beside an upload.
  if (letters.length === 0) await send(gui);
  else await gui.uploads.runAlone(send);
  const text = `${describeResent(letters.length, resent)}.`;
  if (events.length === 0) return text;
  return `${text} ${events.length} webhook events are due again: agent serve processes them.`;
}

/** What a form has to say about the view that it is in. */
function ViewFields({ view, isWhole = false }: { view: View; isWhole?: boolean }) {
  return (
    <>
      <input type="hidden" name="section" value={view.section ?? ""} />
      <input type="hidden" name="reason" value={view.reason ?? ""} />
      {isWhole ? <input type="hidden" name="all" value="yes" /> : null}
    </>
  );
}

function Question(
  { kept, view, isWhole }: { kept: DeadRecords; view: View; isWhole: boolean },
) {
  const count = listIds(kept).length;
  return (
    <form method="post" action="failed/discard">
      <ViewFields view={view} isWhole={isWhole} />
      <input type="hidden" name="sure" value="yes" />
      {isWhole
        ? null
        : listIds(kept).map((id) => <input key={id} type="hidden" name="id" value={id} />)}
      <p class="notice warning">
        Forget {count}{" "}
        {count === 1 ? "record" : "records"}? They are not sent any more. An upload sends them anew
        when the source still has them.
      </p>
      <div class="actions">
        <button type="submit" class="danger">Discard {count}</button>
        <a href={address(view)}>Cancel</a>
      </div>
    </form>
  );
}

/** What a view shows. */
interface ListView {
  readonly view: View;
  readonly reasons: readonly ReasonCount[];
  /** Records on all pages. */
  readonly count: number;
  /** The page of the list, from 1. */
  readonly page: number;
  readonly rows: Awaited<ReturnType<typeof readPage>>;
}

/** Reads a page of the list; the last one, when there are not so many. */
async function readList(gui: GuiContext, view: View, wanted: number): Promise<ListView> {
  const reasons = await withState(gui, (store) => countReasons(store, view.section)) ?? [];
  const shown = view.reason === undefined
    ? reasons
    : reasons.filter(({ reason }) => reason === view.reason);
  const count = shown.reduce((sum, each) => sum + each.count, 0);
  const page = Math.min(wanted, countPages(count));
  const rows = count === 0 ? [] : await readPage(gui, view, page);
  return { view, reasons, count, page, rows };
}

interface ListFacts extends ListView {
  readonly gui: GuiContext;
  /** What was done just now. */
  readonly done: string;
}

function List({ gui, view, reasons, count, page, rows, done }: ListFacts) {
  const where = view.section === undefined ? "" : ` of ${view.section}`;
  return (
    <>
      {done === "" ? null : <p class="notice" role="status">{done}</p>}
      <p class="lead">
        {count === 0 ? `No refused records${where} are kept.` : `${count} refused records${where}.`}
        {view.section === undefined ? null : (
          <>
            {" "}
            <a href={address({ ...view, section: undefined })}>Show all sections</a>
          </>
        )}
      </p>
      {reasons.length === 0 ? null : <Reasons gui={gui} view={view} reasons={reasons} />}
      {count === 0 ? null : <Records gui={gui} view={view} page={page} count={count} rows={rows} />}
    </>
  );
}

function Reasons(
  { gui, view, reasons }: { gui: GuiContext; view: View; reasons: readonly ReasonCount[] },
) {
  return (
    <section aria-labelledby="reasons">
      <h2 id="reasons">Why</h2>
      <ul class="plain problems">
        {reasons.slice(0, listedReasons).map(({ reason, count }) => (
          <li key={reason}>
            <div>
              <strong>{count}</strong> {gui.redactor.redact(reason)}
            </div>
            <form method="post" action="failed/retry" class="tight actions">
              <ViewFields view={{ ...view, reason }} isWhole />
              {view.reason === reason
                ? (
                  <a class="button quiet" href={address({ ...view, reason: undefined })}>
                    Show all
                  </a>
                )
                : <a class="button quiet" href={address({ ...view, reason })}>Show these</a>}
              <button type="submit">
                Retry {count}
                <span class="heard">: {gui.redactor.redact(reason)}</span>
              </button>
              <button type="submit" class="danger" formaction="failed/discard">
                Discard {count}
                <span class="heard">: {gui.redactor.redact(reason)}</span>
              </button>
            </form>
          </li>
        ))}
      </ul>
      {reasons.length > listedReasons
        ? <p class="note">{reasons.length - listedReasons} more reasons.</p>
        : null}
    </section>
  );
}

interface RowFacts {
  readonly gui: GuiContext;
  readonly id: string;
  readonly kept: DeadLetter | DeadEvent;
}

function Row({ gui, id, kept }: RowFacts) {
  const { section, at, record, reason } = kept;
  const name = record === "" ? "(no sync field)" : gui.redactor.redact(record);
  return (
    <tr>
      <td>
        <input
          type="checkbox"
          name="id"
          value={id}
          id={`id-${id}`}
          aria-label={`Choose ${name}`}
        />
      </td>
      <th scope="row">
        <label for={`id-${id}`}>{name}</label>
      </th>
      <td data-label="Section">{section}</td>
      <td>
        {gui.redactor.redact(reason)}
        <details>
          <summary>What was sent</summary>
          <pre tabindex={0}>{json(gui.redactor, kept.payload)}</pre>
        </details>
      </td>
      <td data-label="Refused">{moment(at)}</td>
    </tr>
  );
}

/** The records of a page of the list: letters first, then events. */
async function readPage(gui: GuiContext, { section, reason }: View, page: number) {
  const offset = (page - 1) * listed;
  return await withState(gui, async (store) => {
    const letters = await store.deadLetters.find({
      section,
      reason,
      window: { offset, limit: listed },
    });
    const before = (await store.unfinishedWork()).refused
      .filter((each) => (section ?? each.section) === each.section)
      .filter((each) => (reason ?? each.reason) === each.reason)
      .reduce((sum, { count }) => sum + count, 0);
    // The letters of other pages stay where they are: there may be many, and large ones.
    const events = (await store.deadEvents.find(section))
      .filter((event) => reason === undefined || event.reason === reason);
    const from = Math.max(offset - before, 0);
    return [
      ...letters.map((letter) => ({ id: String(letter.id), kept: letter })),
      ...events.slice(from, from + listed - letters.length)
        .map((event) => ({ id: eventId(event), kept: event })),
    ];
  }) ?? [];
}

interface RecordsFacts extends Omit<ListView, "reasons"> {
  readonly gui: GuiContext;
}

function Records({ gui, view, page, count, rows }: RecordsFacts) {
  return (
    <form method="post" action="failed/retry">
      <ViewFields view={view} />
      <div class="scroll" tabindex={0} role="region" aria-label="Refused records">
        <table class="cards">
          <thead>
            <tr>
              <th scope="col">
                <input type="checkbox" data-all="id" aria-label="Choose all" hidden />
              </th>
              <th scope="col">Record</th>
              <th scope="col">Section</th>
              <th scope="col">Reason</th>
              <th scope="col">Refused</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => <Row key={row.id} gui={gui} {...row} />)}
          </tbody>
        </table>
      </div>
      <Pages view={view} page={page} count={count} />
      <div class="actions">
        <button type="submit">Retry selected records</button>
        <button type="submit" class="danger" formaction="failed/discard">
          Discard selected records
        </button>
      </div>
    </form>
  );
}

function Pages({ view, page, count }: Pick<ListView, "view" | "page" | "count">) {
  const last = countPages(count);
  if (last === 1) return null;
  const from = (page - 1) * listed;
  return (
    <nav class="actions" aria-label="Pages of the list">
      {page > 1 ? <a href={address(view, { page: String(page - 1) })}>Previous</a> : null}
      <span>
        {from + 1} to {Math.min(from + listed, count)} of {count}
      </span>
      {page < last ? <a href={address(view, { page: String(page + 1) })}>Next</a> : null}
    </nav>
  );
}
