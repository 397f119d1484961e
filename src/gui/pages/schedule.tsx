/**
 * What runs by itself: the next starts, and the week to come with what runs at the same time.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
import { checkDocument } from "../../app/configuration.ts";
import { nextRuns, type UpcomingRun } from "../../app/schedule.ts";
import { planRuns } from "../../app/calendar.ts";
import { openExistingStore } from "../../app/store.ts";
import { type Page, sectionPath } from "../context.ts";
import { Week } from "../week.tsx";
import { show } from "../layout.tsx";
import { Time } from "../time.tsx";

/** Days of the calendar. */
const days = 7;
const dayMs = 86_400_000;

/** Shows the next runs, and the week to come. */
export const schedulePage: Page = {
  path: "schedule",
  label: "Schedule",
  navigation: "main",
  group: "settings",
  routes(app, gui) {
    app.get("/schedule", async (c) => {
      const { document } = gui.read();
      const config = checkDocument(gui, document);
      const runs = await nextRuns(gui, config);
      const from = new Date();
      const until = new Date(from.getTime() + days * dayMs);
      await using opened = await openExistingStore(gui);
      const planned = await planRuns(config, opened.store, from, until);
      const children = (
        <>
          {planned.length === 0 ? null : <Week runs={planned} from={from} />}
          <Upcoming runs={runs} />
        </>
      );
      return show(c, gui, { title: "Schedule", path: "schedule", document, children });
    });
  },
};

function dueText(next: string | null): string {
  return next === null ? "never" : "as soon as the service runs";
}

function Upcoming({ runs }: { runs: readonly UpcomingRun[] }) {
  if (runs.length === 0) {
    return (
      <p class="notice">
        No enabled section has a schedule. Set <code>schedule</code> to <code>0 3 * * *</code> or
        {" "}
        <code>every 6h</code>, for example, on the page of a section under its advanced options.
      </p>
    );
  }
  return (
    <section aria-labelledby="next">
      <h2 id="next">Next runs</h2>
      <div class="scroll" tabindex={0} role="region" aria-label="Next runs">
        <table class="cards">
          <thead>
            <tr>
              <th scope="col">Section</th>
              <th scope="col">Schedule</th>
              <th scope="col">Last start</th>
              <th scope="col">Next start</th>
            </tr>
          </thead>
          <tbody>
            {runs.map(({ section, schedule, last, next }) => (
              <tr>
                <th scope="row">
                  <a href={sectionPath(section)}>{section}</a>
                </th>
                <td data-label="Schedule">{schedule}</td>
                <td data-label="Last start">{last === null ? "never" : <Time at={last} />}</td>
                <td data-label="Next start">
                  {next !== null && Date.parse(next) > Date.now()
                    ? <Time at={next} />
                    : dueText(next)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
