/**
 * The web server: one for all that takes calls in this process.
 *
 * @module
 */

import { setTimeout as delay } from "node:timers/promises";
import { readCertificate } from "../app/certificate.ts";
import type { Log } from "../logging/log.ts";
import { serve, type Served } from "../runtime/serve.ts";
import type { ServeOptions } from "../settings/serve_options.ts";
import { type AppSettings, createApp } from "./app.ts";
import { createCallers } from "./caller.ts";
import { watchCertificate } from "./certificate.ts";
import { AddressLimits } from "./limits.ts";

/** Where to listen, and who is told. */
export interface ListeningSettings {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Gets the address once the daemon listens. */
  readonly onListening: (listening: Listening) => void;
}

/** Where the daemon listens. */
export interface Listening {
  /** Where it can be called on this machine. */
  readonly url: string;
  /** The address to listen on. */
  readonly host: string;
  readonly port: number;
  /** All of it, for people. */
  readonly text: string;
}

/** Where it listens, and who answers. */
export interface ListenerSettings
  extends
    Pick<ListeningSettings, "host" | "port">,
    Pick<AppSettings, "receiverOf" | "watchersNow" | "unready" | "counters" | "metrics" | "log"> {
  readonly options: ServeOptions;
}

/** The web server at work. */
export interface Listener {
  /** Where it can be called on this machine. */
  readonly url: string;
  readonly port: number;
  /** Uses other limits, trusted proxies and `drain_delay` from now on. */
  use(options: ServeOptions): void;
  /** Takes calls until `drain_delay` is over, then no more, and answers those that are there. */
  drain(): Promise<void>;
}

function watch(served: Served, options: ServeOptions, log: Log): () => void {
  if (options.cert === "") return () => {};
  return watchCertificate(options, (tls) => served.renew(tls), log);
}

function limitsIn({ calls_at_once: atOnce, calls_per_second: perSecond }: ServeOptions) {
  return { atOnce, perSecond };
}

/** Starts to listen. Throws `AgentError` when it cannot. */
export function startListener(settings: ListenerSettings): Listener {
  const { options, log, host, port } = settings;
  const limits = new AddressLimits(limitsIn(options));
  let used = { callers: createCallers(options), drainDelay: options.drain_delay };
  const routes = createApp({
    ...settings,
    addressOf: (peer, headers) => used.callers.addressOf(peer, headers),
    limits,
  });
  const served = serve({
    host,
    port,
    tls: readCertificate(options),
    // A body that comes slowly is to be answered, not cut off.
    idleSeconds: Math.max(options.idle_seconds, options.body_seconds + 5),
    // Bodies are cut off where the answer is logged and counted, not by the runtime.
    maxBodyBytes: Number.MAX_SAFE_INTEGER,
    fetch: (request, peer) => routes.fetch(request, { peer }),
  });
  const unwatch = watch(served, options, log);
  return {
    url: served.url,
    port: served.port,
    use(changed) {
      limits.change(limitsIn(changed));
      used = { callers: createCallers(changed), drainDelay: changed.drain_delay };
    },
    async drain() {
      // A load balancer goes on sending calls until it has seen that the service is not ready.
      await delay(used.drainDelay * 1000);
      unwatch();
      await served.drain();
    },
  };
}

/** Addresses that stand for all addresses of the machine, and that nobody can call. */
const wildcards: Readonly<Record<string, string>> = {
  "0.0.0.0": "every IPv4 address",
  "::": "every address",
};

function describeListening(host: string, { url, port }: Listener): string {
  const every = wildcards[host];
  if (every === undefined) return `Listening on ${url}`;
  return `Listening on ${every} of this machine, port ${port}; on this machine that is ${url}`;
}

/** Tells where it listens. */
export function announce(
  listener: Listener,
  log: Log,
  { host, onListening }: ListeningSettings,
): void {
  const { url, port } = listener;
  const text = describeListening(host, listener);
  onListening({ url, host, port, text });
  log.info(text);
}
