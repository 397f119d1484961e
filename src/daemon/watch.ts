/**
 * How a service can be watched: its metrics, and its alerts.
 *
 * @module
 */

import type { AppContext } from "../app/context.ts";
import { doAlone } from "../app/exclusive_work.ts";
import { scheduledSections } from "../app/schedule.ts";
import { sideHttp } from "../app/session.ts";
import type { Config } from "../config/config.ts";
import type { RunOrigin } from "../state/run_account.ts";
import { Alerts, type Condition } from "./alerts.ts";
import type { Cursors } from "../state/cursor.ts";
import type { State } from "../state/state.ts";
import type { SectionReport } from "../sync/report.ts";
import { Metrics } from "./metrics.ts";

/** Under these keys a section remembers the last notification about its runs. */
const alertKeys = { upload: "agent:alert", webhook: "agent:alert:webhook" } as const;

/** The watch over a service. */
export interface ServeWatch {
  readonly metrics: Metrics;
  /** Takes the report of each run. */
  report(report: SectionReport): void;
  /** Takes that a section could not even begin. */
  fail(section: string, reason: string): void;
  /** Takes why a section runs by the configuration of before; nothing when it does not. */
  fault(section: string, reason: string | undefined): void;
  start(): void;
  stop(): Promise<void>;
}

function openAlertMemory(cursors: Cursors | undefined) {
  return {
    async get(section: string, origin: RunOrigin): Promise<Condition | undefined> {
      const cursor = cursors?.cursor(section);
      if (cursor === undefined) return undefined;
      const known = await cursor.get(alertKeys[origin]);
      cursor.close();
      return known as Condition | undefined;
    },
    async set(section: string, origin: RunOrigin, condition: Condition): Promise<void> {
      const cursor = cursors?.cursor(section);
      if (cursor === undefined) return;
      cursor.set(alertKeys[origin], condition);
      await cursor.commit();
      cursor.close();
    },
  };
}

/**
 * Opens the watch, which is not started yet.
 *
 * @param signal Ends the wait for another process that notifies.
 */
export function openWatch(
  app: AppContext,
  config: Config,
  store: State | undefined,
  signal: AbortSignal,
): ServeWatch {
  const metrics = new Metrics();
  const begun = new Date();
  /** Sections that run by the configuration of before. */
  const faulty = new Set<string>();
  const { alerts: options, oomnitza } = config;
  const alerts = options === undefined || oomnitza === undefined ? undefined : new Alerts({
    options,
    http: sideHttp(oomnitza, app),
    memory: openAlertMemory(store),
    doAlone: (work) => doAlone(store, "agent:alerts", work, signal),
    async lastWell() {
      const latest = await store?.lastRuns();
      return new Map(
        scheduledSections(config).map(({ name }) => {
          const at = latest?.succeeded(name, "upload");
          return [name, at === undefined ? begun : new Date(at)];
        }),
      );
    },
    log: app.log.named("alerts"),
    tenant: app.tenant,
  });
  return {
    metrics,
    report(report) {
      metrics.report(report);
      // A good run does not mean that the file is right again.
      const isDoubtful = report.origin === "upload" && faulty.has(report.section);
      if (!isDoubtful || report.outcome !== "ok") alerts?.report(report);
    },
    fail(section, reason) {
      metrics.fail(section);
      alerts?.fail(section, reason);
    },
    fault(section, reason) {
      if (reason === undefined) faulty.delete(section);
      else if (!faulty.has(section)) {
        faulty.add(section);
        alerts?.doubt(section, reason);
      }
    },
    start: () => alerts?.start(),
    stop: async () => await alerts?.stop(),
  };
}
