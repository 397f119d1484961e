/**
 * What is counted and measured of each section.
 *
 * @module
 */

import type { RunOrigin } from "../state/run_account.ts";
import type { InboxSize, LastRuns } from "../state/state.ts";
import { portionOutcomes } from "../oomnitza/run_log.ts";
import { type Latency, latencyBoundsSeconds } from "../sync/latency.ts";
import type { SectionReport } from "../sync/report.ts";
import type { SharedFigures } from "./replica_watch.ts";

/** How one configuration is at the moment. */
export interface MetricsSources {
  /** The enabled sections. */
  readonly sections: readonly string[];
  /**
   * When the last good run of a section and origin ended, ISO 8601; also before this process. Absent when
   * the state cannot be reached.
   */
  readonly lastSuccess: LastRuns["succeeded"] | undefined;
  /** The sections that have a schedule: of them it is known that they should succeed. */
  readonly scheduled: ReadonlySet<string>;
  /** Absent when the state cannot be reached. */
  readonly inbox: readonly InboxSize[] | undefined;
  /** Events in the spool; absent when there is none. */
  readonly spooled?: number | undefined;
  /** Events stored in the inbox since the start. */
  readonly accepted: number;
  readonly isReady: () => boolean;
  /** What is told of a state that several agents share. */
  readonly shared?: SharedFigures | undefined;
}

export type Labels = Readonly<Record<string, string | number>>;

/** One metric: its values by their labels. */
export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly kind: "counter" | "gauge" | "histogram";
  /** Of a histogram with what its name ends with. */
  readonly values: readonly (readonly [Labels, number, suffix?: string])[];
}

/** What one section did since the start of the process. */
interface SectionTotals {
  readonly runs: Readonly<Record<RunOrigin, Map<string, number>>>;
  readonly records: Map<string, number>;
  readonly converterFailures: Map<string, number>;
  /** What Oomnitza told of records, by what became of them. */
  readonly stored: Map<string, number>;
  /** Receipts by whether they told. */
  readonly receipts: Map<string, number>;
  /** Where the time in runs went, in milliseconds. */
  readonly spent: Map<string, number>;
  /** From reading a record, and from a webhook, to the receipt. */
  readonly latencies: Readonly<Record<LatencyStart, LatencySum>>;
  seconds: number;
  /** The last run of all of the section. */
  last: SectionReport | undefined;
  answers: number;
  throttled: number;
}

/** What the time until the receipt is measured from. */
type LatencyStart = keyof SectionReport["latency"];

/** The latencies of all records so far. */
interface LatencySum {
  records: number;
  sumMs: number;
  /** Records that took no longer than each bound, and at last all. */
  readonly buckets: number[];
}

function noLatency(): LatencySum {
  return { records: 0, sumMs: 0, buckets: [...latencyBoundsSeconds, Infinity].map(() => 0) };
}

function addLatency(sum: LatencySum, latency: Latency | null): void {
  if (latency === null) return;
  sum.records += latency.records;
  sum.sumMs += latency.sum_ms;
  for (const [index, count] of latency.buckets.entries()) {
    sum.buckets[index] = (sum.buckets[index] ?? 0) + count;
  }
}

function add(map: Map<string, number>, key: string, count: number): void {
  map.set(key, (map.get(key) ?? 0) + count);
}

function measureSeconds({ started, ended }: SectionReport): number {
  return (Date.parse(ended) - Date.parse(started)) / 1000;
}

/** Gathers what the service did. */
export class Metrics {
  readonly #sections = new Map<string, SectionTotals>();

  /** Takes the report of a run, by schedule or for webhooks. */
  report(report: SectionReport): void {
    const totals = this.#of(report.section);
    add(totals.runs[report.origin], report.outcome, 1);
    for (const [outcome, count] of Object.entries(report.counts)) {
      add(totals.records, outcome, count);
    }
    for (const { converter, failed } of report.converter_failures) {
      add(totals.converterFailures, converter, failed);
    }
    for (const receipt of [...report.earlier_receipts, report.receipt]) {
      if (receipt === null) continue;
      add(totals.receipts, receipt.state, 1);
      if (receipt.state !== "reported") continue;
      for (const outcome of portionOutcomes) add(totals.stored, outcome, receipt[outcome]);
    }
    for (const [part, ms] of Object.entries(report.times)) add(totals.spent, part, ms);
    addLatency(totals.latencies.read, report.latency.read);
    addLatency(totals.latencies.webhook, report.latency.webhook);
    totals.seconds += measureSeconds(report);
    if (report.origin === "upload") totals.last = report;
  }

  /** Takes that a section could not even begin. */
  fail(section: string): void {
    add(this.#of(section).runs.upload, "failed", 1);
  }

  /** Takes the status of an answer of a vendor. */
  vendorAnswer(section: string, status: number): void {
    const totals = this.#of(section);
    totals.answers++;
    if (status === 429) totals.throttled++;
  }

  /** All metrics; always the same ones, in the same order. */
  *list(sources: MetricsSources): Generator<Metric> {
    for (const section of sources.sections) this.#of(section);
    yield* serviceMetrics(sources);
    yield* this.#lastRunMetrics(sources);
    yield* this.#totals();
    yield* this.#receiptMetrics();
    yield* inboxMetrics(sources);
    if (sources.shared !== undefined) yield* sharedMetrics(sources.shared);
  }

  #of(section: string): SectionTotals {
    const known = this.#sections.get(section);
    if (known !== undefined) return known;
    const totals: SectionTotals = {
      runs: {
        upload: new Map([["ok", 0], ["failed", 0]]),
        webhook: new Map([["ok", 0], ["failed", 0]]),
      },
      records: new Map(),
      converterFailures: new Map(),
      stored: new Map(),
      receipts: new Map(),
      spent: new Map(),
      latencies: { read: noLatency(), webhook: noLatency() },
      seconds: 0,
      last: undefined,
      answers: 0,
      throttled: 0,
    };
    this.#sections.set(section, totals);
    return totals;
  }

  #each(value: (totals: SectionTotals, section: string) => number | undefined): [Labels, number][] {
    return [...this.#sections].flatMap(([section, totals]): [Labels, number][] => {
      const found = value(totals, section);
      return found === undefined ? [] : [[{ section }, found]];
    });
  }

  #byOutcome(of: (totals: SectionTotals) => ReadonlyMap<string, number>): [Labels, number][] {
    return this.#byLabel("outcome", of);
  }

  #byLabel(
    label: string,
    of: (totals: SectionTotals) => ReadonlyMap<string, number>,
  ): [Labels, number][] {
    return [...this.#sections].flatMap(([section, totals]) =>
      [...of(totals)].map(([key, count]): [Labels, number] => [{ section, [label]: key }, count])
    );
  }

  #runsTotal(): [Labels, number][] {
    return [...this.#sections].flatMap(([section, { runs }]) =>
      Object.entries(runs).flatMap(([origin, byOutcome]) =>
        [...byOutcome].map(([outcome, count]): [Labels, number] => [
          { section, origin, outcome },
          count,
        ])
      )
    );
  }

  *#lastRunMetrics({ lastSuccess, scheduled }: MetricsSources): Generator<Metric> {
    yield gauge(
      "agent_last_success_timestamp_seconds",
      "When the last good run of all of the section ended; 0 when a schedule never had one.",
      this.#each((_, section) => {
        const at = lastSuccess?.(section, "upload");
        if (lastSuccess === undefined) return undefined;
        if (at === undefined) return scheduled.has(section) ? 0 : undefined;
        return Date.parse(at) / 1000;
      }),
    );
    yield gauge(
      "agent_webhook_last_success_timestamp_seconds",
      "When something was last fetched and accepted for webhooks.",
      this.#each((_, section) => {
        const at = lastSuccess?.(section, "webhook");
        return at === undefined ? undefined : Date.parse(at) / 1000;
      }),
    );
    yield gauge(
      "agent_last_run_timestamp_seconds",
      "When the last run of all of the section ended, in this process.",
      this.#each(({ last }) => last === undefined ? undefined : Date.parse(last.ended) / 1000),
    );
    yield gauge(
      "agent_last_run_success",
      "1 if that run succeeded, 0 if not.",
      this.#each(({ last }) => last === undefined ? undefined : last.outcome === "ok" ? 1 : 0),
    );
    yield gauge(
      "agent_last_run_duration_seconds",
      "How long that run took.",
      this.#each(({ last }) => last === undefined ? undefined : measureSeconds(last)),
    );
  }

  *#receiptMetrics(): Generator<Metric> {
    yield counter(
      "agent_stored_records_total",
      "Records by what became of them, as Oomnitza reported after it accepted them.",
      this.#byOutcome(({ stored }) => stored),
    );
    yield counter(
      "agent_receipts_total",
      "Uploads by whether Oomnitza reported what became of their records.",
      this.#byLabel("state", ({ receipts }) => receipts),
    );
    yield counter(
      "agent_run_spent_seconds_total",
      "Time in runs by where it went: waiting for the source or for Oomnitza, or at work.",
      this.#byLabel("part", ({ spent }) => spent)
        .map(([labels, ms]) => [
          { ...labels, part: String(labels.part).replace("_ms", "") },
          ms / 1000,
        ]),
    );
    yield* (["read", "webhook"] as const).map((start) => this.#latencyMetric(start));
  }

  #latencyMetric(start: LatencyStart): Metric {
    const values = [...this.#sections].flatMap(([section, { latencies }]) => {
      const { records, sumMs, buckets } = latencies[start];
      if (records === 0) return [];
      const bounds = [...latencyBoundsSeconds, "+Inf"];
      return [
        ...buckets.map((count, index) =>
          [{ section, le: bounds[index] ?? "+Inf" }, count, "_bucket"] as const
        ),
        [{ section }, sumMs / 1000, "_sum"] as const,
        [{ section }, records, "_count"] as const,
      ];
    });
    return {
      name: `agent_${start}_to_receipt_seconds`,
      help: start === "read"
        ? "From reading a record until Oomnitza had reported what became of it."
        : "From a webhook until Oomnitza had reported what became of its record.",
      kind: "histogram",
      values,
    };
  }

  *#totals(): Generator<Metric> {
    yield counter(
      "agent_runs_total",
      "Runs by what began them and how they ended.",
      this.#runsTotal(),
    );
    yield counter("agent_run_seconds_total", "Time in runs.", this.#each(({ seconds }) => seconds));
    yield counter(
      "agent_records_total",
      "Records by outcome; fetched is the total.",
      this.#byOutcome(({ records }) => records),
    );
    yield counter(
      "agent_converter_failures_total",
      "Values that converters could not convert.",
      [...this.#sections].flatMap(([section, { converterFailures }]) =>
        [...converterFailures].map(([converter, count]): [Labels, number] => [
          { section, converter },
          count,
        ])
      ),
    );
    yield counter(
      "agent_vendor_answers_total",
      "Responses of the vendor's API, including those to retries.",
      this.#each(({ answers }) => answers),
    );
    yield counter(
      "agent_vendor_throttled_total",
      "Responses of the vendor's API with status 429.",
      this.#each(({ throttled }) => throttled),
    );
  }
}

/** A value that goes up and down. */
export function gauge(name: string, help: string, values: Metric["values"]): Metric {
  return { name, help, kind: "gauge", values };
}

/** A value that only grows. */
export function counter(name: string, help: string, values: Metric["values"]): Metric {
  return { name, help, kind: "counter", values };
}

function serviceMetrics({ accepted, inbox, isReady }: MetricsSources): Metric[] {
  return [
    gauge("agent_ready", "1 if events are accepted.", [[{}, isReady() ? 1 : 0]]),
    gauge("agent_state_up", "1 if the state could be read for this answer.", [
      [{}, inbox === undefined ? 0 : 1],
    ]),
    counter("agent_webhook_events_accepted_total", "Events stored in the inbox.", [[{}, accepted]]),
  ];
}

function inboxMetrics({ inbox, spooled }: MetricsSources): Metric[] {
  const sizes = inbox ?? [];
  const now = Date.now();
  return [
    gauge(
      "agent_spool_events",
      "Events kept on this machine until the state can be reached.",
      spooled === undefined ? [] : [[{}, spooled]],
    ),
    gauge(
      "agent_webhook_queue_depth",
      "Events that wait or are being processed.",
      sizes.map(({ section, waiting }) => [{ section }, waiting]),
    ),
    gauge(
      "agent_webhook_dead",
      "Events that were given up.",
      sizes.map(({ section, dead }) => [{ section }, dead]),
    ),
    gauge(
      "agent_webhook_lag_seconds",
      "Age of the oldest waiting event.",
      sizes.map(({ section, oldest }) => [
        { section },
        oldest === undefined ? 0 : Math.max(0, now - oldest) / 1000,
      ]),
    ),
  ];
}

function sharedMetrics(shared: SharedFigures): Metric[] {
  return [
    gauge("agent_replicas", "Agents that serve with the same state, this one included.", [
      [{}, shared.replicas],
    ]),
    gauge("agent_replicas_differing", "Agents among them with other sections than this one.", [
      [{}, shared.differing],
    ]),
    gauge(
      "agent_lease_held",
      "1 for each section that this agent has to itself.",
      shared.held.map((section) => [{ section }, 1]),
    ),
    counter("agent_lease_lost_total", "Times that this agent was away for longer than its lease.", [
      [{}, shared.leasesLost],
    ]),
    counter(
      "agent_budget_wait_seconds_total",
      "Time that requests to vendors waited for their turn among all agents.",
      [[{}, shared.budgetWaitSeconds]],
    ),
  ];
}
