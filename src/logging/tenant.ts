/**
 * The log of one tenant among many: its name comes before that of each logger.
 *
 * @module
 */

import { programLogger } from "./console.ts";
import type { Log } from "./log.ts";

/**
 * The log of a tenant, over that of the process: `casper` becomes `acme.casper`, and lines of the program about
 * the tenant are under `acme`. So a logging configuration can send all lines of a tenant to one place.
 */
export function tenantLog(log: Log, tenant: string): Log {
  function fullName(name: string): string {
    return name === programLogger ? tenant : `${tenant}.${name}`;
  }
  function over(own: Log): Log {
    return {
      debug: (message, details) => own.debug(message, details),
      info: (message, details) => own.info(message, details),
      warning: (message, details) => own.warning(message, details),
      error: (message, details) => own.error(message, details),
      write: (entry) => own.write({ ...entry, name: fullName(entry.name) }),
      named: (name) => over(log.named(fullName(name))),
    };
  }
  return over(log.named(tenant));
}
