/**
 * Who may reach the listener of `agent serve`.
 *
 * @module
 */

import { ConfigError } from "../base/errors.ts";
import { isLoopback } from "../base/network.ts";
import type { ServeOptions } from "../settings/serve_options.ts";

/**
 * Refuses to listen to everybody, unless the configuration says so explicitly.
 *
 * @throws {ConfigError}
 */
export function checkExposure(host: string, { auth }: ServeOptions): void {
  if (isLoopback(host) || auth !== undefined) return;
  throw new ConfigError(`Cannot listen on ${host}: callers would not have to authenticate`, [], {
    hint:
      "Set auth in [serve] to basic or header, or to none if access is restricted by other means.",
  });
}
