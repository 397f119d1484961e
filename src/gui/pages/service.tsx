/**
 * The service that follows the schedules: whether it runs, and what it logs.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
import { localServiceLog, localServiceState, type ServiceState } from "../../app/service_state.ts";
import type { GuiContext, Page } from "../context.ts";
import { show } from "../layout.tsx";

/** Lines of its log that are shown. */
const shownLines = 200;

/** Shows how it does on this machine. */
export const servicePage: Page = {
  path: "service",
  label: "Service",
  navigation: "main",
  group: "machine",
  routes(app, gui) {
    app.get("/service", async (c) => {
      const { document } = gui.read();
      const service = await localServiceState();
      const isKnown = service?.installed === true;
      const log = isKnown ? await localServiceLog(shownLines, gui.signal) : undefined;
      const children = (
        <>
          <Service gui={gui} service={service} />
          {isKnown ? <Log gui={gui} lines={log} /> : null}
        </>
      );
      return show(c, gui, { title: "Service", path: "service", document, children });
    });
  },
};

function Log({ gui, lines }: { gui: GuiContext; lines: readonly string[] | undefined }) {
  return (
    <section aria-labelledby="log">
      <h2 id="log">Its log, newest first</h2>
      {lines === undefined || lines.length === 0
        ? <p class="note">There is no log that this account can read.</p>
        : (
          <pre class="log" tabindex={0}>
            {gui.redactor.redact(lines.toReversed().join("\n"))}
          </pre>
        )}
    </section>
  );
}

function Service({ gui, service }: { gui: GuiContext; service: ServiceState | undefined }) {
  return (
    <section aria-label="State">
      {service === undefined
        ? (
          <p class="notice">
            This system has no supported service manager. Start agent serve by other means.
          </p>
        )
        : (
          <>
            <p class={`notice ${service.running ? "good" : "warning"}`}>
              The service {service.name}{" "}
              {service.running
                ? "runs."
                : service.installed
                ? "does not run."
                : "is not installed."}
            </p>
            <details>
              <summary>What {service.system} says</summary>
              <pre tabindex={0}>{gui.redactor.redact(service.details)}</pre>
            </details>
          </>
        )}
      <h2>Commands</h2>
      <p>Schedules are followed, and webhooks taken, while the agent serves:</p>
      <dl class="facts commands">
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
