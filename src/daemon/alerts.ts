/**
 * Notifies when a section fails, is stopped by its guard, has not been well for long, or is well
 * again: once for each change.
 *
 * @module
 */

import { messageOf } from "../base/errors.ts";
import type { Log } from "../logging/log.ts";
import { version } from "../runtime/version.ts";
import type { AlertOptions } from "../settings/alert_options.ts";
import type { Http } from "../sdk/http/http.ts";
import type { RunOrigin } from "../state/run_account.ts";
import { describeSection, isSuccess, type SectionReport } from "../sync/report.ts";

/** How a section is. */
export type Condition = "well" | "failed" | "guard" | "stale";

/** What is notified of. */
export interface Alert {
  readonly tenant?: string;
  readonly section: string;
  readonly event: "failed" | "guard" | "stale" | "recovered";
  /** Whether it is about the uploads of the section or about what its webhooks brought. */
  readonly origin: RunOrigin;
  /** ISO 8601. */
  readonly at: string;
  /** For people. */
  readonly text: string;
  readonly report: SectionReport | null;
}

/** What alerts work with. */
export interface AlertSettings {
  readonly options: AlertOptions;
  readonly http: Http;
  /** Remembers the last notification about a section, also after a restart: its uploads apart from its webhooks. */
  readonly memory: {
    get(section: string, origin: RunOrigin): Promise<Condition | undefined>;
    set(section: string, origin: RunOrigin, condition: Condition): Promise<void>;
  };
  /** Does work that no other process may do meanwhile: each change is told once. */
  readonly doAlone: <T>(work: () => Promise<T>) => Promise<T>;
  /** Sections with a schedule, and when they were well last; since when the agent runs, for those that never were. */
  readonly lastWell: () => Promise<ReadonlyMap<string, Date>>;
  readonly log: Log;
  /** The tenant that alerts name; absent where there is one configuration. */
  readonly tenant?: string | undefined;
}

/** Failures that the first alert lists. */
const longestText = 3000;
/** It is looked for stale sections so often. */
const lookMs = 30_000;
const hourMs = 3_600_000;

/** How a section is, before it is known whether that is news. */
interface News {
  readonly section: string;
  readonly origin: RunOrigin;
  readonly condition: Condition;
  readonly text: string;
  readonly report: SectionReport | null;
}

function cut(text: string): string {
  return text.length > longestText ? `${text.slice(0, longestText)}…` : text;
}

/** "Escaping text" in Slack's manual: these three begin its links, mentions and entities. */
function escapeForSlack(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** The body of a request: Slack's `text`, an Adaptive Card for Teams workflows, or the alert itself. */
export function alertBody(alert: Alert, format: AlertOptions["format"]): string {
  if (format === "slack") return JSON.stringify({ text: escapeForSlack(alert.text) });
  if (format === "json") return JSON.stringify({ agent: version, ...alert });
  const content = {
    type: "AdaptiveCard",
    $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
    version: "1.4",
    body: [{ type: "TextBlock", text: alert.text, wrap: true }],
  };
  const contentType = "application/vnd.microsoft.card.adaptive";
  return JSON.stringify({ type: "message", attachments: [{ contentType, content }] });
}

function toCondition(report: SectionReport): Condition {
  if (report.stopped_by_guard) return "guard";
  return report.outcome === "ok" ? "well" : "failed";
}

/** Alerts of a service. */
export class Alerts {
  readonly #settings: AlertSettings;
  readonly #timers: ReturnType<typeof setInterval>[] = [];
  /** One after the other, so that two reports of a section are sent in their order. */
  #queue: Promise<void> = Promise.resolve();

  constructor(settings: AlertSettings) {
    this.#settings = settings;
  }

  /** Begins to look for stale sections, and to send heartbeats. */
  start(): void {
    const { options } = this.#settings;
    if (options.url !== "" && options.stale_hours > 0) {
      const look = () => void this.#look();
      this.#timers.push(setInterval(look, lookMs));
      look();
    }
    if (options.heartbeat_url === "") return;
    const beat = () => void this.#send(options.heartbeat_url, undefined, "heartbeat");
    this.#timers.push(setInterval(beat, options.heartbeat_seconds * 1000));
    beat();
  }

  /** Takes the report of a run. */
  report(report: SectionReport): void {
    const condition = toCondition(report);
    // Nothing was fetched and nothing failed: that is no news.
    if (condition === "well" && !isSuccess(report)) return;
    const { section, origin } = report;
    this.#enqueue({ section, origin, condition, text: describeSection(report), report });
  }

  /** Takes that a section could not even begin. */
  fail(section: string, reason: string): void {
    const text = `${section}: failed: ${reason}`;
    this.#enqueue({ section, origin: "upload", condition: "failed", text, report: null });
  }

  /** Takes that a section does not run as its configuration file says now. */
  doubt(section: string, reason: string): void {
    const text = `${section}: ${reason}`;
    this.#enqueue({ section, origin: "upload", condition: "failed", text, report: null });
  }

  /** Ends it, after pending notifications were sent. */
  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.#queue;
  }

  async #look(): Promise<void> {
    const { options, log } = this.#settings;
    let lastWell: ReadonlyMap<string, Date>;
    try {
      lastWell = await this.#settings.lastWell();
    } catch (error) {
      log.error(`Cannot look for stale sections: ${messageOf(error)}`);
      return;
    }
    const limit = Date.now() - options.stale_hours * hourMs;
    for (const [section, at] of lastWell) {
      if (at.getTime() > limit) continue;
      const text =
        `${section}: no successful run for more than ${options.stale_hours} hours, the last ended ` +
        at.toISOString();
      this.#enqueue({ section, origin: "upload", condition: "stale", text, report: null });
    }
  }

  #enqueue(news: News): void {
    if (this.#settings.options.url === "") return;
    this.#queue = this.#queue
      .then(() => this.#settings.doAlone(() => this.#notify(news)))
      .catch((error) => {
        this.#settings.log.error(`Cannot notify about [${news.section}]: ${messageOf(error)}`);
      });
  }

  async #notify({ section, origin, condition, text, report }: News): Promise<void> {
    const { options, memory } = this.#settings;
    const known = await memory.get(section, origin) ?? "well";
    if (known === condition) return;
    // A section that fails and is stale was reported already.
    if (condition === "stale" && known !== "well") return;
    const event = condition === "well" ? "recovered" : condition;
    const { tenant } = this.#settings;
    const subject = origin === "webhook" ? `${section} (webhooks)` : section;
    const news = event === "recovered" ? `${subject} has recovered` : text;
    const headline = tenant === undefined ? news : `${tenant}: ${news}`;
    const words = event === "recovered" ? `${headline}\n${text}` : headline;
    const alert = {
      ...(tenant === undefined ? {} : { tenant }),
      section,
      event,
      origin,
      at: new Date().toISOString(),
      text: cut(words),
      report,
    } as const;
    // A notification that failed is sent again the next time.
    if (await this.#send(options.url, alertBody(alert, options.format), "alert")) {
      await memory.set(section, origin, condition);
    }
  }

  async #send(url: string, body: string | undefined, what: string): Promise<boolean> {
    const { http, log } = this.#settings;
    try {
      const answer = await http.send(
        body === undefined
          ? { path: url }
          : { method: "POST", path: url, body, headers: { "Content-Type": "application/json" } },
      );
      if (answer.status >= 200 && answer.status < 300) return true;
      log.error(`The ${what} was answered with ${answer.status}`);
    } catch (error) {
      log.error(`The ${what} could not be sent: ${messageOf(error)}`);
    }
    return false;
  }
}
