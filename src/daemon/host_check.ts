/**
 * Which names the service answers to, and that no web page makes a browser call it.
 *
 * Without credentials, being reachable from this machine only is what keeps others out. A browser on
 * this machine is a way round it: a page may post across sites, or have its own name point to
 * 127.0.0.1 (DNS rebinding) and then read the answers as well.
 *
 * @module
 */

import { isIP } from "node:net";
import type { ServeOptions } from "../settings/serve_options.ts";

/** What a request says about where it was meant to go and which page it comes from. */
export interface HostCheck {
  /** Whether the header Host names this service. */
  readonly isKnownHost: (headers: Headers) => boolean;
  /** Whether a browser sends it on behalf of a page: there are none that may. */
  readonly isFromPage: (method: string, headers: Headers) => boolean;
}

/** The host name of a Host header, in lower case and without its port; undefined when it is none. */
function hostName(header: string): string | undefined {
  return URL.parse(`http://${header}`)?.hostname.replace(/^\[(.*)\]$/, "$1").replace(/\.$/, "");
}

/** Names that no other name server can point elsewhere: addresses, and localhost (RFC 6761, 6.3). */
function isFixed(name: string): boolean {
  return isIP(name) !== 0 || name === "localhost" || name.endsWith(".localhost");
}

/** The check that the options ask for. */
export function createHostCheck({ auth, hosts }: Pick<ServeOptions, "auth" | "hosts">): HostCheck {
  const named = new Set(hosts.toLowerCase().split(/[\s,]+/).filter((name) => name !== ""));
  // A caller with a password proves more than a name does, and whoever sets none keeps others out.
  const isAnyGood = named.size === 0 && auth !== undefined;
  function isKnown(header: string): boolean {
    const name = hostName(header);
    return name !== undefined && (isFixed(name) || named.has(name));
  }
  return {
    isKnownHost(headers) {
      const host = headers.get("host");
      // No browser leaves it out; load balancers that speak HTTP/1.0 do.
      return isAnyGood || host === null || isKnown(host);
    },
    isFromPage(method, headers) {
      const origin = headers.get("origin");
      const site = headers.get("sec-fetch-site") ?? "none";
      const isReading = method === "GET" || method === "HEAD";
      // A link that somebody follows to /metrics shows it to that person alone.
      const isVisit = isReading && headers.get("sec-fetch-mode") === "navigate";
      return origin !== null || (site !== "none" && !isVisit);
    },
  };
}
