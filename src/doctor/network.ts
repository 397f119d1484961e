/**
 * Looks at the way to a host: name, proxy, port, certificate, clock.
 *
 * @module
 */

import { lookup } from "node:dns/promises";
import { connect as connectPlain, isIP } from "node:net";
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from "node:tls";
import { messageOf } from "../base/errors.ts";
import { exchange } from "../runtime/fetch.ts";
import { diagnoseTls, hintForCertificate, tlsVersions } from "../sdk/tls/diagnosis.ts";
import { about, type Check } from "./check.ts";
import type { Place } from "./endpoint.ts";

const patience = 10_000;
/** Days before the end of a certificate from which somebody should know. */
const notice = 30;
/** Seconds that clocks may differ unnoticed, and from which signatures and tokens fail. */
const tolerable = 60;
const harmful = 300;

const usualPorts: Readonly<Record<string, number>> = {
  "https:": 443,
  "http:": 80,
  "ldaps:": 636,
  "ldap:": 389,
};

function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, "");
}

/** The port of an address, 0 when its kind has no usual one. */
function portOf({ protocol, port }: URL): number {
  return port === "" ? usualPorts[protocol] ?? 0 : Number(port);
}

/** Everything about the way to one host, as far as it goes. */
export async function checkWay(place: Place): Promise<Check[]> {
  const { url, section, proxy } = place;
  const { ok, thrown } = about("proxy", section);
  let through: URL | undefined;
  try {
    const found = /^https?:$/.test(url.protocol) ? proxy.find(url.href) : undefined;
    through = found === undefined ? undefined : new URL(found.url);
  } catch (error) {
    return [thrown(error)];
  }
  // The proxy finds the host by itself, and what it shows of the certificate is its affair.
  const checks = [
    through === undefined
      ? ok(`${url.host} is reached directly`)
      : ok(`${url.host} is reached through ${through.host}`),
    ...await checkReach(section, through ?? url),
  ];
  if (through !== undefined || checks.some(({ state }) => state === "failed")) return checks;
  return /^(https|ldaps):$/.test(url.protocol) ? [...checks, await checkTls(place)] : checks;
}

async function checkReach(section: string, url: URL): Promise<Check[]> {
  const host = hostOf(url);
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
  const port = portOf(url);
  if (port === 0) return checks;
  const fault = await knock(host, port);
  if (fault === undefined) return checks;
  const todo = "Check the port in the address, and whether a firewall is in between.";
  return [...checks, about("connection", section).failed(`${host}:${port}: ${fault}`, todo)];
}

/** Opens a connection and closes it; the text is what went wrong. */
function knock(host: string, port: number): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const socket = connectPlain({ host, port });
  const timer = setTimeout(() => resolve(`no answer within ${patience / 1000} s`), patience);
  socket.on("connect", () => resolve(undefined));
  socket.on("error", (error) => resolve(messageOf(error)));
  return promise.finally(() => {
    clearTimeout(timer);
    socket.destroy();
  });
}

type Handshake = { readonly until: Date; readonly issuer: string; readonly protocol: string } | {
  readonly code: string;
  readonly message: string;
};

function shake(options: ConnectionOptions): Promise<Handshake> {
  const { promise, resolve } = Promise.withResolvers<Handshake>();
  const socket: TLSSocket = connectTls(options, () => {
    const { valid_to: until, issuer } = socket.getPeerCertificate();
    const by = issuer?.O ?? issuer?.CN ?? "somebody unknown";
    const protocol = socket.getProtocol() ?? "TLS";
    resolve({ until: new Date(until), issuer: Array.isArray(by) ? by.join(", ") : by, protocol });
  });
  const late = { code: "", message: `no answer within ${patience / 1000} s` };
  const timer = setTimeout(() => resolve(late), patience);
  socket.on("error", (error) => {
    const code = String((error as { code?: unknown }).code ?? "");
    resolve({ code, message: messageOf(error) });
  });
  return promise.finally(() => {
    clearTimeout(timer);
    socket.removeAllListeners();
    socket.on("error", () => {});
    socket.destroy();
  });
}

async function checkTls({ section, url, tls }: Place): Promise<Check> {
  const { ok, warning, failed } = about("tls", section);
  const host = hostOf(url);
  const ending = await shake({
    host,
    port: portOf(url),
    ...(isIP(host) === 0 ? { servername: host } : {}),
    rejectUnauthorized: tls.verify,
    ...(tls.ca === undefined ? {} : { ca: [...tls.ca] }),
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
    minVersion: tlsVersions[tls.minVersion ?? 0] ?? "TLSv1.2",
  });
  if ("code" in ending) {
    const hint = hintForCertificate(ending.code);
    const diagnosis = hint === undefined ? await diagnoseTls(url.href, tls) : undefined;
    const code = ending.code === "" ? "" : ` [${ending.code}]`;
    return failed(
      `${url.host}: ${diagnosis?.message ?? `${ending.message}${code}`}`,
      diagnosis?.hint ?? hint ?? "See docs/connections.md, or ask those who run that server.",
    );
  }
  const days = Math.floor((ending.until.getTime() - Date.now()) / 86_400_000);
  const until = ending.until.toISOString().slice(0, 10);
  const found = `${ending.protocol}, certificate by ${ending.issuer} until ${until}`;
  if (!tls.verify) {
    return warning(
      `${found}, but verify_ssl is off: it is not checked`,
      "Set cacert_file instead.",
    );
  }
  if (days >= notice) return ok(found);
  return warning(`${found}: in ${days} days`, "Have it renewed by those who run that server.");
}

/** The clock of this machine beside that of a host. */
export async function checkClock({ section, url, tls, proxy }: Place): Promise<Check> {
  const { ok, warning, failed, skipped } = about("clock", section);
  try {
    const begun = Date.now();
    const { headers } = await exchange({
      url: url.href,
      method: "HEAD",
      headers: {},
      tls,
      proxy: proxy.find(url.href),
      signal: AbortSignal.timeout(patience),
    });
    const theirs = Date.parse(headers.get("date") ?? "");
    if (Number.isNaN(theirs)) return skipped(`${url.host} does not tell the time`);
    const off = Math.round(((begun + Date.now()) / 2 - theirs) / 1000);
    const found = `is ${Math.abs(off)} s ${off < 0 ? "behind" : "ahead of"} that of ${url.host}`;
    const todo =
      "Let this machine set its clock by NTP: certificates, signatures and tokens need it.";
    if (Math.abs(off) > harmful) return failed(found, todo);
    return Math.abs(off) > tolerable ? warning(found, todo) : ok(`agrees with that of ${url.host}`);
  } catch (error) {
    return skipped(`${url.host} cannot be asked: ${messageOf(error)}`);
  }
}
