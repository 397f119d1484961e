/**
 * What a PAC file says: the notation of the option `proxy` that names one, and the list of proxies that its
 * function returns, after Mozilla's "Proxy Auto-Configuration (PAC) file".
 *
 * @module
 */

import { AgentError } from "../../base/errors.ts";
import type { Log } from "../../logging/log.ts";
import type { Proxy, TlsSettings } from "../../runtime/fetch.ts";
import { basicCredentials, decodeCredential } from "./basic.ts";

/** What a PAC file is asked. */
export interface PacQuestion {
  /** Text of the file. */
  readonly script: string;
  /** The address without user, path and query. */
  readonly url: string;
  readonly host: string;
}

/** What its function returned. */
export interface PacAnswer {
  readonly result: string;
  /** What it gave to `alert`. */
  readonly said: readonly string[];
}

/**
 * Runs a PAC file, where it can do no harm. Throws an `AgentError` whose message goes on after the name of
 * the file: `takes longer than 1 s`.
 */
export type EvaluatePac = (question: PacQuestion) => Promise<PacAnswer>;

/** What a section brings along for its PAC file. */
export interface PacAccess {
  readonly evaluate: EvaluatePac;
  /** How the file is fetched. */
  readonly tls: TlsSettings;
  readonly log: Log;
}

/** What a connection brings along where something runs PAC files. */
export function pacAccess(
  evaluate: EvaluatePac | undefined,
  tls: TlsSettings,
  log: Log,
): PacAccess | undefined {
  return evaluate === undefined ? undefined : { evaluate, tls, log };
}

/** A PAC file as the option names it. */
export interface PacOption {
  /** An address with http, https or file, without credentials. */
  readonly address: string;
  /** How to log in at the proxies that the file names. */
  readonly login: Pick<Proxy, "authorization" | "negotiate">;
  readonly password: string;
}

const prefix = /^pac\+(https?|file):\/\/(?:([^@/]*)@)?(.*)$/is;

/** Whether a text is meant to name a PAC file. */
export function isPac(text: string): boolean {
  return /^pac\+/i.test(text);
}

/** Reads `pac+https://host/proxy.pac`; undefined when it is none, or gives a password to whoever answers. */
export function parsePac(text: string): PacOption | undefined {
  const [, scheme = "", credentials, rest = ""] = prefix.exec(text) ?? [];
  const url = URL.parse(`${scheme}://${rest}`);
  if (scheme === "" || url === null || url.hash !== "" || rest === "") return undefined;
  const isFile = url.protocol === "file:";
  if (isFile ? url.pathname === "/" : url.hostname === "") return undefined;
  const address = url.href;
  if (credentials === undefined) return { address, login: {}, password: "" };
  if (credentials === ":") return { address, login: { negotiate: true }, password: "" };
  // Who can change the file on its way would name a proxy of his own, and be sent the password.
  if (url.protocol === "http:") return undefined;
  const [user = "", ...others] = credentials.split(":");
  const password = decodeCredential(others.join(":"));
  const authorization = basicCredentials(decodeCredential(user), password);
  return { address, login: { authorization }, password };
}

/** A PAC file in messages: its address without a query, which may be a key. */
export function describePac(address: string): string {
  return `the PAC file ${address.split("?", 1)[0]}`;
}

/** Something to connect to: a proxy, or the address itself. */
export type PacEntry = "direct" | Proxy;

const schemes: Readonly<Record<string, string>> = { PROXY: "http", HTTP: "http", HTTPS: "https" };

function parseEntry(text: string): PacEntry | "socks" | undefined {
  const [kind = "", place = "", ...more] = text.split(/\s+/);
  const word = kind.toUpperCase();
  if (word === "DIRECT" && place === "") return "direct";
  if (/^SOCKS[45]?$/.test(word)) return "socks";
  const scheme = schemes[word];
  if (scheme === undefined || place === "" || more.length > 0) return undefined;
  const url = URL.parse(`${scheme}://${place}`);
  const isPlain = url !== null && url.hostname !== "" && url.username === "" &&
    url.pathname === "/" && url.search === "" && url.hash === "";
  return isPlain ? { url: url.origin } : undefined;
}

/** What was returned, fit for a message. */
export function quoteResult(result: string): string {
  return JSON.stringify(result.length > 120 ? `${result.slice(0, 120)}…` : result);
}

/**
 * Reads `PROXY a.example.com:8080; DIRECT`. What is no entry, or names a SOCKS proxy, is left out.
 *
 * @throws {AgentError} when nothing is left; the message goes on after the name of the file.
 */
export function parseResult(result: string): readonly PacEntry[] {
  const texts = result.split(";").map((text) => text.trim()).filter((text) => text !== "");
  if (texts.length === 0) return ["direct"];
  const entries = texts.map(parseEntry);
  const usable = entries.flatMap((entry) => entry === undefined || entry === "socks" ? [] : entry);
  if (usable.length > 0) return usable;
  throw new AgentError(
    entries.includes("socks")
      ? `gives only SOCKS proxies, which are not supported: ${quoteResult(result)}`
      : `returns what is no list of proxies: ${quoteResult(result)}`,
  );
}
