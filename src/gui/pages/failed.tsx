/**
 * Refused records: why, what was sent, and what to do about them.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
import { AgentError, UsageError } from "../../base/errors.ts";
import { version } from "../../runtime/version.ts";
import type { DeadEvent } from "../../state/dead_events.ts";
import type { DeadLetter } from "../../state/dead_letters.ts";
import { resend, type Resent } from "../../sync/deliver/resend.ts";
import { openSession, openState } from "../../app/session.ts";
import { type Call, type Desk, goTo, type Page } from "../context.ts";
import { withState } from "../history.ts";
import { show } from "../layout.tsx";
import { json, moment, withQuery } from "../format.ts";

/** Records that one page shows; the oldest come first, so that the next ones follow. */
const listed = 100;

/** What is kept: refused records, and webhook events that were given up. */
interface Kept {
  readonly letters: readonly DeadLetter[];
  readonly events: readonly DeadEvent[];
}

/** The page of refused records. */
export const failedPage: Page = {
  path: "failed",
  label: "Failed records",
  place: "main",
  routes(app, desk) {
    app.get("/failed", (c) => {
      const section = c.req.query("section") ?? "";
      return page(c, desk, <List desk={desk} section={section} done={c.req.query("done") ?? ""} />);
    });
    app.post("/failed/retry", async (c) => {
      const { chosen, section } = await chosenBy(c, desk);
      return back(c, desk, section, await retry(desk, chosen));
    });
    app.post("/failed/discard", async (c) => {
      const { chosen, section, sure } = await chosenBy(c, desk);
      if (!sure) return page(c, desk, <Question kept={chosen} section={section} />);
      withState(desk, (store) => {
        store.removeDeadLetters(chosen.letters.map(({ id }) => id));
        store.removeDeadEvents(chosen.events.map(({ id }) => id));
      });
      return back(c, desk, section, `${sizeOf(chosen)} discarded.`);
    });
  },
};

type Children = Parameters<typeof show>[2]["children"];

function page(c: Call, desk: Desk, children: Children): Response | Promise<Response> {
  const { document } = desk.read();
  const scripts = ["choose_all.js"];
  return show(c, desk, { title: "Failed records", path: "failed", document, scripts, children });
}

function back(c: Call, desk: Desk, section: string, done: string): Response {
  return goTo(c, desk, withQuery("failed", section === "" ? { done } : { section, done }));
}

function sizeOf({ letters, events }: Kept): number {
  return letters.length + events.length;
}

function keptOf(desk: Desk, section: string): Kept {
  const name = section === "" ? undefined : section;
  return withState(desk, (store) => ({
    letters: store.deadLetters({ section: name }),
    events: store.deadEvents(name),
  })) ?? { letters: [], events: [] };
}

/** The ids of webhook events begin with a w, as on the command line. */
function eventId({ id }: DeadEvent): string {
  return `w${id}`;
}

async function chosenBy(c: Call, desk: Desk) {
  const form = await c.req.formData();
  const section = String(form.get("section") ?? "");
  const ids = new Set(form.getAll("id").map(String));
  if (ids.size === 0) throw new UsageError("No record was chosen", { hint: "Tick some first." });
  const kept = keptOf(desk, section);
  const chosen: Kept = {
    letters: kept.letters.filter(({ id }) => ids.has(String(id))),
    events: kept.events.filter((event) => ids.has(eventId(event))),
  };
  return { chosen, section, sure: form.has("sure") };
}

/** Sends letters again, lets the listener try events again, and says what came of it. */
async function retry(desk: Desk, { letters, events }: Kept): Promise<string> {
  const resent: Resent = { accepted: 0, refused: 0, unanswered: 0 };
  withState(desk, (store) => store.reviveEvents(events.map(({ id }) => id)));
  if (letters.length > 0) await desk.work.alone(() => resendAll(desk, letters, resent));
  const { accepted, refused, unanswered } = resent;
  const said = `${letters.length} sent again: ${accepted} accepted, ${refused} refused, ` +
    `${unanswered} not answered.`;
  if (events.length === 0) return said;
  return `${said} ${events.length} webhook events are due again: agent serve works them off.`;
}

async function resendAll(
  desk: Desk,
  letters: readonly DeadLetter[],
  resent: Resent,
): Promise<void> {
  const path = desk.state;
  if (path === undefined) throw new AgentError("There is no state file");
  using state = openState(path, desk.redactor);
  const { store } = state;
  await desk.withPlan(desk.read().document, [], async (plan) => {
    const { context } = desk.work;
    const { oomnitza } = await openSession(context, plan, []);
    store.accepted.instance = oomnitza.url;
    const { api_version: apiVersion = "auto", batch_size: batchSize = 1 } = plan.oomnitza ?? {};
    const { log } = context;
    const settings = { store, oomnitza, apiVersion, batchSize, workers: 2, version, log };
    await resend(letters, settings, resent);
  });
}

function Question({ kept, section }: { kept: Kept; section: string }) {
  const count = sizeOf(kept);
  return (
    <form method="post" action="failed/discard">
      <input type="hidden" name="section" value={section} />
      <input type="hidden" name="sure" value="yes" />
      {[...kept.letters.map(({ id }) => String(id)), ...kept.events.map(eventId)].map((id) => (
        <input type="hidden" name="id" value={id} />
      ))}
      <p class="notice odd">
        Forget {count}{" "}
        {count === 1 ? "record" : "records"}? They are not sent any more. An upload sends them anew
        when the source still has them.
      </p>
      <div class="actions">
        <button type="submit" class="danger">Discard {count}</button>
        <a href={section === "" ? "failed" : withQuery("failed", { section })}>Keep them</a>
      </div>
    </form>
  );
}

function List({ desk, section, done }: { desk: Desk; section: string; done: string }) {
  const kept = keptOf(desk, section);
  const count = sizeOf(kept);
  const where = section === "" ? "" : ` of ${section}`;
  return (
    <>
      {done === "" ? null : <p class="notice" role="status">{done}</p>}
      <p class="lead">
        {count === 0 ? `No refused records${where} are kept.` : `${count} refused records${where}.`}
        {section === "" ? null : (
          <>
            {" "}
            <a href="failed">Those of all sections</a>
          </>
        )}
      </p>
      {count === 0 ? null : <Records desk={desk} kept={kept} section={section} />}
    </>
  );
}

interface RowFacts {
  readonly desk: Desk;
  readonly id: string;
  readonly kept: DeadLetter | DeadEvent;
}

function Row({ desk, id, kept }: RowFacts) {
  const { section, at, record, reason } = kept;
  const name = record === "" ? "(no sync field)" : desk.redactor.redact(record);
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
        {desk.redactor.redact(reason)}
        <details>
          <summary>What was sent</summary>
          <pre tabindex={0}>{json(desk.redactor, kept.payload)}</pre>
        </details>
      </td>
      <td>{moment(at)}</td>
    </tr>
  );
}

function Records({ desk, kept, section }: { desk: Desk; kept: Kept; section: string }) {
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
            {all.slice(0, listed).map((row) => <Row key={row.id} desk={desk} {...row} />)}
          </tbody>
        </table>
      </div>
      {all.length <= listed ? null : (
        <p class="note">
          The oldest {listed} are shown. For all at once: <code>agent retry</code>
        </p>
      )}
      <div class="actions">
        <button type="submit">Send the chosen ones again</button>
        <button type="submit" class="danger" formaction="failed/discard">
          Discard the chosen ones
        </button>
      </div>
    </form>
  );
}
