/**
 * Which hosts a configuration leads to.
 *
 * @module
 */

import type { Environment } from "../base/environment.ts";
import type { Plan } from "../config/plan.ts";
import type { SectionPlan, SectionSettings } from "../config/section.ts";
import { planProxy, type ProxyPlan } from "../sdk/http/proxy.ts";
import { planTls } from "../sdk/tls/client.ts";
import type { TlsSettings } from "../runtime/fetch.ts";

/** A host to check. */
export interface Endpoint {
  /** Section that leads there. */
  readonly section: string;
  readonly url: URL;
  readonly tls: TlsSettings;
  readonly proxy: ProxyPlan;
}

type Connection = Parameters<typeof planTls>[0] & Pick<SectionSettings, "proxy">;

function parseEndpoint(
  section: string,
  address: string,
  settings: Connection,
  env: Environment,
): Endpoint[] {
  const url = URL.parse(address);
  if (url === null || url.hostname === "") return [];
  const { settings: tls } = planTls(settings);
  return [{ section, url, tls, proxy: planProxy(settings.proxy, env) }];
}

/** The address of a source: its HTTP base, else the first option that is an address. */
function findAddress({ source, options, texts }: SectionPlan): string {
  const base = source.http?.(options).base ?? "";
  if (base !== "") return base;
  const key = Object.keys(source.options).find((name) => source.options[name]?.kind === "url");
  return key === undefined ? "" : texts[key] ?? "";
}

/**
 * The hosts of Oomnitza and of the sections.
 *
 * @throws {ConfigError} when certificates that a section names cannot be read.
 */
export function findEndpoints(plan: Plan, sections: readonly SectionPlan[]): Endpoint[] {
  const own = plan.oomnitza === undefined
    ? []
    : parseEndpoint("oomnitza", plan.oomnitza.url, plan.oomnitza, plan.env);
  return [
    ...own,
    ...sections.flatMap((one) => parseEndpoint(one.name, findAddress(one), one.settings, one.env)),
  ];
}
