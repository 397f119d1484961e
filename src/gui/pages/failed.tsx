/**
 * Refused records: why, what was sent, and what to do about them.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
import { type AppContext, defaultWorkers } from "../../app/context.ts";
import {
  countResent,
  type DeadRecords,
  discardDeadRecords,
  eventId,
  findDeadRecords,
  listIds,
  retryDeadRecords,
} from "../../app/dead_letters.ts";
import { UsageError } from "../../base/errors.ts";
import type { DeadEvent } from "../../state/dead_events.ts";
import type { DeadLetter } from "../../state/dead_letters.ts";
import { describeResent } from "../../sync/deliver/resend.ts";
import { type Call, goTo, type GuiContext, type Page } from "../context.ts";
import { json, moment, withQuery } from "../format.ts";
import { withState } from "../history.ts";
import { show } from "../layout.tsx";

/** Records that one page shows; the oldest come first, so that the next ones follow. */
const listed = 100;

/** The longest wait for what became of records that are sent again: somebody waits for the page. */
const waitMs = 30_000;

/** The page of refused records. */
export const failedPage: Page = {
  path: "failed",
  label: "Failed records",
  navigation: "main",
  routes(app, gui) {
    app.get("/failed", (c) => {
      const section = c.req.query("section") ?? "";
      return page(c, gui, <List gui={gui} section={section} done={c.req.query("done") ?? ""} />);
    });
    app.post("/failed/retry", async (c) => {
      const { chosen, section } = await chosenBy(c, gui);
      return back(c, gui, section, await retry(gui, chosen));
    });
    app.post("/failed/discard", async (c) => {
      const { chosen, section, sure } = await chosenBy(c, gui);
      if (!sure) return page(c, gui, <Question kept={chosen} section={section} />);
      withState(gui, (store) => discardDeadRecords(store, chosen));
      return back(c, gui, section, `${listIds(chosen).length} discarded.`);
    });
  },
};

type Children = Parameters<typeof show>[2]["children"];

function page(c: Call, gui: GuiContext, children: Children): Response | Promise<Response> {
  const { document } = gui.read();
  const scripts = ["choose_all.js"];
  return show(c, gui, { title: "Failed records", path: "failed", document, scripts, children });
}

function back(c: Call, gui: GuiContext, section: string, done: string): Response {
  return goTo(c, gui, withQuery("failed", section === "" ? { done } : { section, done }));
}

function keptRecords(gui: GuiContext, section: string, ids?: readonly string[]): DeadRecords {
  const name = section === "" ? undefined : section;
  const none: DeadRecords = { letters: [], events: [] };
  return withState(gui, (store) => findDeadRecords(store, name, ids)) ?? none;
}

async function chosenBy(c: Call, gui: GuiContext) {
  const form = await c.req.formData();
  const section = String(form.get("section") ?? "");
  const ids = form.getAll("id").map(String);
  if (ids.length === 0) {
    throw new UsageError("No record is selected", { hint: "Select some first." });
  }
  return { chosen: keptRecords(gui, section, ids), section, sure: form.has("sure") };
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

function Question({ kept, section }: { kept: DeadRecords; section: string }) {
  const count = listIds(kept).length;
  return (
    <form method="post" action="failed/discard">
      <input type="hidden" name="section" value={section} />
      <input type="hidden" name="sure" value="yes" />
      {listIds(kept).map((id) => <input key={id} type="hidden" name="id" value={id} />)}
      <p class="notice warning">
        Forget {count}{" "}
        {count === 1 ? "record" : "records"}? They are not sent any more. An upload sends them anew
        when the source still has them.
      </p>
      <div class="actions">
        <button type="submit" class="danger">Discard {count}</button>
        <a href={section === "" ? "failed" : withQuery("failed", { section })}>Cancel</a>
      </div>
    </form>
  );
}

function List({ gui, section, done }: { gui: GuiContext; section: string; done: string }) {
  const kept = keptRecords(gui, section);
  const count = listIds(kept).length;
  const where = section === "" ? "" : ` of ${section}`;
  return (
    <>
      {done === "" ? null : <p class="notice" role="status">{done}</p>}
      <p class="lead">
        {count === 0 ? `No refused records${where} are kept.` : `${count} refused records${where}.`}
        {section === "" ? null : (
          <>
            {" "}
            <a href="failed">Show all sections</a>
          </>
        )}
      </p>
      {count === 0 ? null : <Records gui={gui} kept={kept} section={section} />}
    </>
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
      <td>{section}</td>
      <td>
        {gui.redactor.redact(reason)}
        <details>
          <summary>What was sent</summary>
          <pre tabindex={0}>{json(gui.redactor, kept.payload)}</pre>
        </details>
      </td>
      <td>{moment(at)}</td>
    </tr>
  );
}

function Records({ gui, kept, section }: { gui: GuiContext; kept: DeadRecords; section: string }) {
  const all = [
    ...kept.letters.map((letter) => ({ id: String(letter.id), kept: letter })),
    ...kept.events.map((event) => ({ id: eventId(event), kept: event })),
  ];
  return (
    <form method="post" action="failed/retry">
      <input type="hidden" name="section" value={section} />
      <div class="scroll" tabindex={0} role="region" aria-label="Refused records">
        <table>
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
            {all.slice(0, listed).map((row) => <Row key={row.id} gui={gui} {...row} />)}
          </tbody>
        </table>
      </div>
      {all.length <= listed ? null : (
        <p class="note">
          The oldest {listed} are shown. For all at once: <code>agent retry</code>
        </p>
      )}
      <div class="actions">
        <button type="submit">Retry selected records</button>
        <button type="submit" class="danger" formaction="failed/discard">
          Discard selected records
        </button>
      </div>
    </form>
  );
}
