/**
 * What runs by itself: the next starts, and the service that does it.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
import { checkDocument } from "../../app/configuration.ts";
import { nextRuns, type UpcomingRun } from "../../app/schedule.ts";
import { localServiceState, type ServiceState } from "../../app/service_state.ts";
import { type GuiContext, type Page, sectionPath } from "../context.ts";
import { show } from "../layout.tsx";
import { moment } from "../format.ts";

/** The page of schedule and service. */
export const schedulePage: Page = {
  path: "schedule",
  label: "Schedule and service",
  navigation: "main",
  routes(app, gui) {
    app.get("/schedule", async (c) => {
      const { document } = gui.read();
      const [runs, service] = await Promise.all([
        nextRuns(gui, checkDocument(gui, document)),
        localServiceState(),
      ]);
      const children = (
        <>
          <Upcoming runs={runs} />
          <Service gui={gui} service={service} />
        </>
      );
      return show(c, gui, { title: "Schedule and service", path: "schedule", document, children });
    });
  },
};

function dueText(next: string | null): string {
  if (next === null) return "never";
  return Date.parse(next) <= Date.now() ? "as soon as the service runs" : moment(next);
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
    <div class="scroll" tabindex={0} role="region" aria-label="Next runs">
      <table>
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
              <td>{schedule}</td>
              <td>{last === null ? "never" : moment(last)}</td>
              <td>{dueText(next)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Service({ gui, service }: { gui: GuiContext; service: ServiceState | undefined }) {
  return (
    <section aria-labelledby="service">
      <h2 id="service">Service</h2>
      {service === undefined
        ? (
          <p class="notice">
            This system has no supported service manager. Start agent serve by other means.
          </p>
        )
        : (
          <>
            <p class={`notice ${service.running ? "good" : "warning"}`}>
              The service {service.name} {service.running ? "runs." : "does not run."}
            </p>
            <details>
              <summary>What {service.system} says</summary>
              <pre tabindex={0}>{gui.redactor.redact(service.details)}</pre>
            </details>
          </>
        )}
      <p>Schedules are followed, and webhooks taken, while the agent serves:</p>
      <dl class="facts">
        {commands.map(([line, does]) => (
          <>
            <dt>
              <code>{line}</code>
            </dt>
            <dd>{does}</dd>
          </>
        ))}
      </dl>
      <p class="note">
        See docs/service.md and docs/schedule.md of the agent.
      </p>
    </section>
  );
}

const commands = [
  [
    "agent service install",
    "registers it as a service that starts with the machine (as administrator)",
  ],
  ["agent service start", "starts the service"],
  ["agent service status", "shows its state"],
  ["agent service logs --follow", "shows its log"],
  ["agent serve", "does the same in a terminal, until it is stopped"],
] as const;
