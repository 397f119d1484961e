/**
 * Which hosts a configuration leads to.
 *
 * @module
 */

import type { Environment } from "../base/environment.ts";
import type { Config } from "../config/config.ts";
import type { SectionConfig, SectionSettings } from "../config/section.ts";
import type { Log } from "../logging/log.ts";
import { evaluatePac } from "../sandbox/pac.ts";
import { createProxyFinder, type ProxyFinder } from "../sdk/http/proxy.ts";
import { resolveTls } from "../sdk/tls/client.ts";
import type { TlsSettings } from "../runtime/fetch.ts";

/** A host to check. */
export interface Endpoint {
  /** Section that leads there. */
  readonly section: string;
  readonly url: URL;
  readonly tls: TlsSettings;
  readonly proxy: ProxyFinder;
}

type Connection = Parameters<typeof resolveTls>[0] & Pick<SectionSettings, "proxy">;

function parseEndpoint(
  section: string,
  address: string,
  settings: Connection,
  { env, log }: { readonly env: Environment; readonly log: Log },
): Endpoint[] {
  const url = URL.parse(address);
  if (url === null || url.hostname === "") return [];
  const { settings: tls } = resolveTls(settings);
  const proxy = createProxyFinder(settings.proxy, env, { evaluate: evaluatePac, tls, log });
  return [{ section, url, tls, proxy }];
}

/** The address of a source: its HTTP base, else the first option that is an address. */
function findAddress({ source, options, texts }: SectionConfig): string {
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
export function findEndpoints(
  plan: Config,
  sections: readonly SectionConfig[],
  log: Log,
): Endpoint[] {
  const own = plan.oomnitza === undefined
    ? []
    : parseEndpoint("oomnitza", plan.oomnitza.url, plan.oomnitza, { env: plan.env, log });
  return [
    ...own,
    ...sections.flatMap((one) =>
      parseEndpoint(one.name, findAddress(one), one.settings, { env: one.env, log })
    ),
  ];
}
