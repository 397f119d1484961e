/**
 * Checks the connection to a host: name, proxy, port, certificate, clock.
 *
 * @module
 */

import { lookup } from "node:dns/promises";
import { connect as connectPlain, isIP } from "node:net";
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from "node:tls";
import { messageOf } from "../base/errors.ts";
import { withoutBrackets } from "../base/network.ts";
import { exchange } from "../runtime/fetch.ts";
import { describeRequestError } from "../sdk/http/errors.ts";
import { diagnoseTls, hintForCertificate, tlsVersions } from "../sdk/tls/diagnosis.ts";
import { about, type Check } from "./check.ts";
import type { Endpoint } from "./endpoint.ts";

/** How long each step may take. */
interface Limits {
  /** 10 seconds unless given. */
  readonly timeoutMs?: number;
}

const defaultTimeoutMs = 10_000;
/** Days before the end of a certificate from which on a warning is due. */
const warnBeforeDays = 30;
/** Seconds that clocks may differ before a warning, and before signatures and tokens fail. */
const warnAfterSeconds = 60;
const failAfterSeconds = 300;

const usualPorts: Readonly<Record<string, number>> = {
  "https:": 443,
  "http:": 80,
  "ldaps:": 636,
  "ldap:": 389,
};

/** The port of an address, 0 when its kind has no usual one. */
function readPort({ protocol, port }: URL): number {
  return port === "" ? usualPorts[protocol] ?? 0 : Number(port);
}

/** Checks the connection to one host, step by step until one fails. */
export async function checkConnection(
  endpoint: Endpoint,
  { timeoutMs = defaultTimeoutMs }: Limits = {},
): Promise<Check[]> {
  const { url, section, proxy } = endpoint;
  const { ok, thrown } = about("proxy", section);
  let proxyUrl: URL | undefined;
  let why = "";
  try {
    const route = /^https?:$/.test(url.protocol) ? await proxy.find(url.href) : undefined;
    proxyUrl = route?.proxy === undefined ? undefined : new URL(route.proxy.url);
    why = route === undefined || route.why === "" ? "" : ` (${route.why})`;
  } catch (error) {
    return [thrown(error)];
  }
  // The proxy finds the host by itself, and what it shows of the certificate is its affair.
  const checks = [
    proxyUrl === undefined
      ? ok(`${url.host} is reached directly${why}`)
      : ok(`${url.host} is reached through ${proxyUrl.host}${why}`),
    ...await checkReachable(section, proxyUrl ?? url, timeoutMs),
  ];
  if (proxyUrl !== undefined || checks.some(({ state }) => state === "failed")) return checks;
  return /^(https|ldaps):$/.test(url.protocol)
    ? [...checks, await checkTls(endpoint, timeoutMs)]
    : checks;
}

async function checkReachable(section: string, url: URL, timeoutMs: number): Promise<Check[]> {
  const host = withoutBrackets(url.hostname);
  const name = about("dns", section);
  const checks: Check[] = [];
  if (isIP(host) === 0) {
    try {
      const found = await lookup(host, { all: true });
      checks.push(name.ok(`${host} is ${found.map(({ address }) => address).join(", ")}`));
    } catch (error) {
      const todo = "Check the name in the address, and the name servers of this machine.";
      return [name.failed(`${host} is not found: ${messageOf(error)}`, todo)];
    }
  }
  const port = readPort(url);
  if (port === 0) return checks;
  const failure = await tryConnect(host, port, timeoutMs);
  if (failure === undefined) return checks;
  const todo = "Check the port in the address, and whether a firewall is in between.";
  return [...checks, about("connection", section).failed(`${host}:${port}: ${failure}`, todo)];
}

/** Opens a connection and closes it; the text is what went wrong. */
function tryConnect(host: string, port: number, timeoutMs: number): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const socket = connectPlain({ host, port });
  const timer = setTimeout(() => resolve(describeTimeout(timeoutMs)), timeoutMs);
  socket.on("connect", () => resolve(undefined));
  socket.on("error", (error) => resolve(messageOf(error)));
  return promise.finally(() => {
    clearTimeout(timer);
    socket.destroy();
  });
}

function describeTimeout(timeoutMs: number): string {
  return `no answer within ${timeoutMs / 1000} s`;
}

type Handshake = { readonly until: Date; readonly issuer: string; readonly protocol: string } | {
  readonly code: string;
  readonly message: string;
  readonly isTimeout: boolean;
};

function tryHandshake(options: ConnectionOptions, timeoutMs: number): Promise<Handshake> {
  const { promise, resolve } = Promise.withResolvers<Handshake>();
  const socket: TLSSocket = connectTls(options, () => {
    const { valid_to: until, issuer } = socket.getPeerCertificate();
    const by = issuer?.O ?? issuer?.CN ?? "an unknown issuer";
    const protocol = socket.getProtocol() ?? "TLS";
    resolve({ until: new Date(until), issuer: Array.isArray(by) ? by.join(", ") : by, protocol });
  });
  const timedOut = { code: "", message: describeTimeout(timeoutMs), isTimeout: true };
  const timer = setTimeout(() => resolve(timedOut), timeoutMs);
  socket.on("error", (error) => {
    const code = String((error as { code?: unknown }).code ?? "");
    resolve({ code, message: messageOf(error), isTimeout: false });
  });
  return promise.finally(() => {
    clearTimeout(timer);
    socket.removeAllListeners();
    socket.on("error", () => {});
    socket.destroy();
  });
}

async function checkTls({ section, url, tls }: Endpoint, timeoutMs: number): Promise<Check> {
  const { ok, warning, failed } = about("tls", section);
  const host = withoutBrackets(url.hostname);
  const result = await tryHandshake({
    host,
    port: readPort(url),
    ...(isIP(host) === 0 ? { servername: host } : {}),
    rejectUnauthorized: tls.verify,
    ...(tls.ca === undefined ? {} : { ca: [...tls.ca] }),
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
    minVersion: tlsVersions[tls.minVersion ?? 0] ?? "TLSv1.2",
  }, timeoutMs);
  if ("code" in result) {
    const hint = hintForCertificate(result.code);
    // Nothing more can be found out about a server that is silent.
    const isUnclear = hint === undefined && !result.isTimeout;
    const diagnosis = isUnclear ? await diagnoseTls(url.href, tls) : undefined;
    const code = result.code === "" ? "" : ` [${result.code}]`;
    return failed(
      `${url.host}: ${diagnosis?.message ?? `${result.message}${code}`}`,
      diagnosis?.hint ?? hint ??
        "See docs/connections.md, or contact the administrators of that server.",
    );
  }
  const days = Math.floor((result.until.getTime() - Date.now()) / 86_400_000);
  const until = result.until.toISOString().slice(0, 10);
  const found = `${result.protocol}, certificate by ${result.issuer} until ${until}`;
  if (!tls.verify) {
    return warning(
      `${found}, but verify_ssl is off: it is not checked`,
      "Set cacert_file instead.",
    );
  }
  if (days >= warnBeforeDays) return ok(found);
  return warning(
    `${found}: in ${days} days`,
    "Have it renewed by the administrators of that server.",
  );
}

/** Compares the clock of this machine with that of a host. */
export async function checkClock(
  { section, url, tls, proxy }: Endpoint,
  { timeoutMs = defaultTimeoutMs }: Limits = {},
): Promise<Check> {
  const { ok, warning, failed, skipped } = about("clock", section);
  try {
    const started = Date.now();
    const { headers } = await exchange({
      url: url.href,
      method: "HEAD",
      headers: {},
      tls,
      proxy: (await proxy.find(url.href)).proxy,
      signal: AbortSignal.timeout(timeoutMs),
    });
    const theirs = Date.parse(headers.get("date") ?? "");
    if (Number.isNaN(theirs)) return skipped(`${url.host} does not return the time`);
    const off = Math.round(((started + Date.now()) / 2 - theirs) / 1000);
    const found = `is ${Math.abs(off)} s ${off < 0 ? "behind" : "ahead of"} that of ${url.host}`;
    const todo =
      "Let this machine set its clock by NTP: certificates, signatures and tokens need it.";
    if (Math.abs(off) > failAfterSeconds) return failed(found, todo);
    return Math.abs(off) > warnAfterSeconds
      ? warning(found, todo)
      : ok(`agrees with that of ${url.host}`);
  } catch (error) {
    return skipped(`${url.host} does not answer: ${describeRequestError(error)}`);
  }
}
