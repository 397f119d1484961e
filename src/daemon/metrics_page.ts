/**
 * What `GET /metrics` returns, in the text format of Prometheus.
 *
 * @module
 */

import { giveWay } from "../base/iteration.ts";
import { version } from "../runtime/version.ts";
import type { Counters } from "./counters.ts";
import {
  counter,
  gauge,
  type Labels,
  type Metric,
  type Metrics,
  type MetricsSources,
} from "./metrics.ts";

/** What there is of the process, however many configurations it works with. */
export interface ServiceSources {
  readonly counters: Counters;
  /** The configurations by tenant, where there are several. */
  readonly tenants?: readonly TenantCondition[] | undefined;
  /** Events in the spool of tenants that do not take them from there; absent where there is one configuration. */
  readonly unserved?: ReadonlyMap<string, number> | undefined;
}

/** What `agent_tenant_…` say of one. */
export interface TenantCondition {
  readonly tenant: string;
  /** Whether it works, maybe with an earlier configuration. */
  readonly isUp: boolean;
  /** Whether its configuration, as the file is now, is used. */
  readonly isConfigured: boolean;
}

function processMetrics({ counters, tenants, unserved }: ServiceSources): Metric[] {
  const answers = [...counters.answers];
  return [
    gauge("agent_info", "The version.", [[{ version }, 1]]),
    counter(
      "agent_http_answers_total",
      "Calls by the status of the answer.",
      answers.map(([status, count]) => [{ status }, count]),
    ),
    counter("agent_webhook_calls_refused_total", "Calls that were answered with an error.", [
      [{}, answers.reduce((sum, [status, count]) => status < 400 ? sum : sum + count, 0)],
    ]),
    ...(tenants === undefined ? [] : tenantMetrics(tenants)),
    ...(unserved === undefined ? [] : [unservedMetric(unserved)]),
  ];
}

function unservedMetric(unserved: ReadonlyMap<string, number>): Metric {
  return gauge(
    "agent_spool_unserved_events",
    "Events in the spool of tenants that are gone, or do not work with a state in PostgreSQL.",
    [...unserved].map(([tenant, count]) => [{ tenant }, count]),
  );
}

function tenantMetrics(tenants: readonly TenantCondition[]): Metric[] {
  return [
    gauge(
      "agent_tenant_up",
      "1 if the tenant works, if need be with an earlier configuration.",
      tenants.map(({ tenant, isUp }) => [{ tenant }, isUp ? 1 : 0]),
    ),
    gauge(
      "agent_tenant_configured",
      "1 if the configuration of the tenant is used, 0 if it has errors.",
      tenants.map(({ tenant, isConfigured }) => [{ tenant }, isConfigured ? 1 : 0]),
    ),
  ];
}

const special = /[\\"\n]/;

function escaped(text: string): string {
  return special.test(text) ? escapeSpecial(text) : text;
}

function escapeSpecial(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function formatSample(name: string, labels: Labels, value: number): string {
  let parts = "";
  for (const key of Object.keys(labels)) {
    parts += `${parts === "" ? "{" : ","}${key}="${escaped(String(labels[key]))}"`;
  }
  return `${name}${parts === "" ? "" : `${parts}}`} ${value}`;
}

function formatHead({ name, help, kind }: Metric): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${kind}`;
}

function formatSamples({ name, values }: Metric, tenant: Labels): string[] {
  return values.map(([labels, value, suffix = ""]) =>
    formatSample(name + suffix, { ...tenant, ...labels }, value)
  );
}

/** One configuration, for {@linkcode renderMetrics}. */
export interface MetricsPart {
  /** Its tenant; absent where there is one configuration. */
  readonly tenant?: string | undefined;
  readonly metrics: Metrics;
  readonly sources: MetricsSources;
}

/**
 * Everything, as text: of the process, and of each configuration. Others have a turn after each metric of each
 * of them: of many sections all is megabytes.
 */
export async function renderMetrics(
  service: ServiceSources,
  parts: readonly MetricsPart[],
): Promise<string> {
  const texts: string[] = [];
  for (const metric of processMetrics(service)) {
    texts.push(formatHead(metric), ...formatSamples(metric, {}));
    await giveWay();
  }
  const open = parts.map(({ tenant, metrics, sources }) => ({
    labels: tenant === undefined ? {} : { tenant },
    list: metrics.list(sources),
  }));
  let isHeaded = true;
  while (isHeaded) {
    isHeaded = false;
    for (const { labels, list } of open) {
      const { value: metric } = list.next();
      if (metric === undefined) continue;
      if (!isHeaded) texts.push(formatHead(metric));
      isHeaded = true;
      texts.push(...formatSamples(metric, labels));
      await giveWay();
    }
  }
  return `${texts.join("\n")}\n`;
}
