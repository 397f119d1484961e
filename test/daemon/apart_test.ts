/**
 * Runs of the schedule and runs for webhooks are evaluated separately, in metrics and in alerts.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { createRedactor } from "../../src/base/redact.ts";
import { Alerts, type AlertSettings, type Condition } from "../../src/daemon/alerts.ts";
import { Counters } from "../../src/daemon/counters.ts";
import { Metrics, type MetricsSources } from "../../src/daemon/metrics.ts";
import { renderMetrics } from "../../src/daemon/metrics_page.ts";
import { createLog } from "../../src/logging/log.ts";
import { openAccount } from "../../src/sync/account.ts";
import type { SectionReport } from "../../src/sync/report.ts";

function report(
  origin: SectionReport["origin"],
  outcome: SectionReport["outcome"],
  fetched: number,
): SectionReport {
  return {
    section: "casper",
    run: null,
    origin,
    source: "casper",
    mapping_name: "Casper",
    kind: "assets",
    outcome,
    started: "2026-01-01T00:00:00.000Z",
    ended: "2026-01-01T00:00:01.000Z",
    counts: { ...openAccount().counts, fetched, sent: fetched },
    receipt: null,
    earlier_receipts: [],
    times: { source_ms: 0, agent_ms: 0, oomnitza_ms: 0 },
    latency: { read: null, webhook: null },
    backlog: { records: 0, sent: 0, failed: 0, kept: 0 },
    changes: null,
    stopped_by_guard: false,
    claimed: null,
    api: "v3",
    requests: 1,
    postponed: 0,
    empty_paths: [],
    dead_letters: 0,
    conversion_problems: 0,
    converter_failures: [],
    failures: [],
    failures_omitted: 0,
    error: null,
  };
}

/** Notifications after some reports, as `event origin`. */
async function notify(reports: readonly SectionReport[], tenant?: string): Promise<string[]> {
  const sent: string[] = [];
  const memory = new Map<string, Condition>();
  const alerts = new Alerts({
    options: { url: "http://alerts", format: "json", stale_hours: 0 },
    http: {
      send({ body }: { body: string }) {
        const { event, origin, text, ...rest } = JSON.parse(body);
        sent.push(`${event} ${origin}`);
        if (tenant !== undefined) sent.push(rest.tenant, String(text).split("\n")[0] ?? "");
        return Promise.resolve({ status: 200 });
      },
    },
    memory: {
      get: (section: string, origin: string) => Promise.resolve(memory.get(`${section} ${origin}`)),
      set: (section: string, origin: string, condition: Condition) => {
        memory.set(`${section} ${origin}`, condition);
        return Promise.resolve();
      },
    },
    tenant,
    doAlone: (work: () => Promise<unknown>) => work(),
    lastWell: () => new Map(),
    log: createLog("test", createRedactor(), []),
  } as unknown as AlertSettings);
  for (const each of reports) alerts.report(each);
  await alerts.stop();
  return sent;
}

test("a good batch of webhooks does not end the failure of the schedule", async () => {
  const failed = report("upload", "failed", 0);
  expect(await notify([failed, report("webhook", "ok", 1)])).toEqual(["failed upload"]);
  expect(await notify([failed, report("webhook", "ok", 1), report("upload", "ok", 5)])).toEqual([
    "failed upload",
    "recovered upload",
  ]);
});

test("webhooks fail and recover by themselves, and not by a batch that fetched nothing", async () => {
  const failed = report("webhook", "failed", 0);
  const idle = report("webhook", "ok", 0);
  expect(await notify([failed, idle])).toEqual(["failed webhook"]);
  expect(await notify([failed, report("upload", "ok", 5), report("webhook", "ok", 1)])).toEqual([
    "failed webhook",
    "recovered webhook",
  ]);
});

test("the alert of a tenant among many says whose it is", async () => {
  const sent = await notify([report("upload", "failed", 0), report("upload", "ok", 5)], "acme");
  expect(sent.map((line) => line.slice(0, 28))).toEqual([
    ...["failed upload", "acme", "acme: casper: failed: 0 read"],
    ...["recovered upload", "acme", "acme: casper has recovered"],
  ]);
});

const nothingElse: MetricsSources = {
  sections: [],
  scheduled: new Set<string>(),
  lastSuccess: () => undefined,
  inbox: [],
  accepted: 0,
  isReady: () => true,
};

function render(metrics: Metrics, sources: MetricsSources): Promise<string> {
  return renderMetrics({ counters: new Counters() }, [{ metrics, sources }]);
}

test("metrics have the last run of the schedule, and a section that never succeeded has a series", async () => {
  const metrics = new Metrics();
  metrics.report(report("upload", "failed", 0));
  metrics.report(report("webhook", "ok", 2));
  const text = await render(metrics, {
    ...nothingElse,
    sections: ["casper", "okta"],
    scheduled: new Set(["casper"]),
    lastSuccess: (_section, origin) =>
      origin === "webhook" ? "1970-01-01T00:00:05.000Z" : undefined,
  });
  const lines = text.split("\n");
  expect(lines).toContain('agent_last_run_success{section="casper"} 0');
  expect(lines).toContain('agent_last_success_timestamp_seconds{section="casper"} 0');
  expect(lines.join("\n")).not.toContain('agent_last_success_timestamp_seconds{section="okta"}');
  expect(lines).toContain('agent_webhook_last_success_timestamp_seconds{section="casper"} 5');
  expect(lines).toContain('agent_runs_total{section="casper",origin="upload",outcome="failed"} 1');
  expect(lines).toContain('agent_runs_total{section="casper",origin="webhook",outcome="ok"} 1');
});

test("others have a turn after each metric, and names are written as Prometheus reads them", async () => {
  const metrics = new Metrics();
  let turns = 0;
  let isDone = false;
  function count(): void {
    turns++;
    if (!isDone) setImmediate(count);
  }
  count();
  const text = await render(metrics, { ...nothingElse, sections: ['a "b"\\c\nd'] });
  isDone = true;
  const kinds = text.match(/^# TYPE /gm) ?? [];
  expect(turns).toBeGreaterThanOrEqual(kinds.length);
  expect(text).toContain('agent_run_seconds_total{section="a \\"b\\"\\\\c\\nd"} 0\n');
  expect(text).toContain("agent_webhook_events_accepted_total 0\n");
});
