/**
 * Where a call comes from, also through reverse proxies, and whether that is allowed.
 *
 * @module
 */

import { type Networks, parseNetworks, plainAddress } from "../base/network.ts";
import type { ServeOptions } from "../settings/serve_options.ts";

/** Who is at the other end. */
export interface Callers {
  /** The address of the caller, as far as the proxies in between are trusted. */
  addressOf(peer: string | undefined, headers: Headers): string;
  isAllowed(address: string): boolean;
}

/**
 * The last address that no trusted proxy has: what is further to the left, the caller may have written
 * itself.
 */
function throughProxies(peer: string, forwarded: string, trusted: Networks): string {
  const hops = forwarded.split(",").map((hop) => plainAddress(hop.trim()));
  let address = peer;
  while (trusted.has(address)) {
    const before = hops.pop();
    if (before === undefined || before === "") break;
    // Some proxies add the port.
    address = before.replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, "$1").replace(/^\[(.*)\](:\d+)?$/, "$1");
  }
  return address;
}

/** The rules that the options set. */
export function createCallers(options: Pick<ServeOptions, "allow" | "trusted_proxies">): Callers {
  const { networks: allowed } = parseNetworks(options.allow);
  const { networks: trusted } = parseNetworks(options.trusted_proxies);
  return {
    addressOf(peer, headers) {
      const address = plainAddress(peer ?? "");
      if (trusted.isEmpty) return address;
      return throughProxies(address, headers.get("x-forwarded-for") ?? "", trusted);
    },
    isAllowed: (address) => allowed.isEmpty || allowed.has(address),
  };
}
