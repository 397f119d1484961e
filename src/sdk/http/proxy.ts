/**
 * Which proxy a request goes through: that of the section, else that of the environment variables,
 * unless NO_PROXY names the host.
 *
 * @module
 */

import { BlockList, isIP } from "node:net";
import { z } from "zod";
import type { Environment } from "../../base/environment.ts";
import { AgentError } from "../../base/errors.ts";
import type { Proxy } from "../../runtime/fetch.ts";
import { opt, type Option } from "../option.ts";
import { basicCredentials } from "./basic.ts";

export type { Proxy };

/** Finds the proxies of a section. */
export interface ProxyFinder {
  /**
   * The proxy for an address; undefined when it is reached directly.
   *
   * @throws {AgentError} when an environment variable names what is no HTTP proxy.
   */
  find(url: string): Proxy | undefined;
  /** Passwords that must never be shown. */
  readonly secrets: readonly string[];
}

/** The word for no proxy at all. */
const none = "none";

/** What is wrong with the text of a proxy, without repeating it: it may hold a password. */
const malformed = "is not the address of an HTTP proxy, such as http://proxy.example.com:3128; " +
  "special characters of a user name or password in it are written percent-encoded, @ as %40";

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // A bare % stands for itself.
  }
}

interface ParsedProxy {
  readonly proxy: Proxy;
  readonly password: string;
}

/** As for curl: a blank user and a blank password are those of the account that runs the program. */
const ownAccount = /^(https?:\/\/)?:@/i;

/** Reads `http://user:password@host:port`; the scheme may be left out, as for curl. */
function parseProxy(text: string): ParsedProxy | undefined {
  const url = URL.parse(text.includes("://") ? text : `http://${text}`);
  if (url === null || !/^https?:$/.test(url.protocol) || url.hostname === "") return undefined;
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "") return undefined;
  if (ownAccount.test(text)) {
    return { proxy: { url: url.origin, authorization: undefined, negotiate: true }, password: "" };
  }
  const username = decoded(url.username);
  const password = decoded(url.password);
  const authorization = username === "" && password === ""
    ? undefined
    : basicCredentials(username, password);
  return { proxy: { url: url.origin, authorization }, password };
}

/** The option `proxy` of a section. */
export function proxyOption(): Option<string> {
  const help =
    "HTTP proxy for the requests of this section: http://host:port, or with credentials http://user:password@host:port; http://:@host:port logs in as the account that runs the agent, on Windows. none connects directly. By default, HTTPS_PROXY and HTTP_PROXY of the environment are used; NO_PROXY always applies.";
  const schema = z.string().transform((value, context) => {
    const text = value.trim();
    if (text.toLowerCase() === none) return none;
    if (parseProxy(text) !== undefined) return text;
    context.addIssue({ code: "custom", message: malformed });
    return z.NEVER;
  });
  return { ...opt.secret(help, { default: "", advanced: true }), schema };
}

/** Lower case goes first, as for curl and Python. */
function variable(env: Environment, name: string): { name: string; text: string } | undefined {
  for (const key of [name.toLowerCase(), name]) {
    const text = env[key]?.trim() ?? "";
    if (text !== "") return { name: key, text };
  }
  return undefined;
}

function fromEnvironment(url: URL, env: Environment) {
  const own = url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY";
  return variable(env, own) ?? variable(env, "ALL_PROXY");
}

function isInNetwork(host: string, entry: string): boolean {
  const [network = "", bits = ""] = entry.split("/");
  const family = isIP(network);
  const length = Number(bits);
  if (family === 0 || isIP(host) !== family || !/^\d+$/.test(bits)) return false;
  if (length > (family === 4 ? 32 : 128)) return false;
  const type = family === 4 ? "ipv4" : "ipv6";
  const list = new BlockList();
  list.addSubnet(network, length, type);
  return list.check(host, type);
}

/** One entry of NO_PROXY: `*`, a host, a domain with or without a dot before it, an address, a network. */
function isExempt(url: URL, entry: string): boolean {
  if (entry === "*") return true;
  const host = url.hostname.replace(/^\[|\]$/g, "").toLowerCase();
  if (entry.includes("/")) return isInNetwork(host, entry);
  const [, name = "", port] = /^(.*?)(?::(\d+))?$/.exec(isIP(entry) === 6 ? `[${entry}]` : entry) ??
    [];
  const own = url.port === "" ? (url.protocol === "https:" ? "443" : "80") : url.port;
  if (port !== undefined && port !== own) return false;
  const wanted = name.replace(/^\[|\]$/g, "").replace(/^\*?\./, "").toLowerCase();
  if (wanted === "") return false;
  return host === wanted || (isIP(host) === 0 && host.endsWith(`.${wanted}`));
}

function isDirect(url: URL, env: Environment): boolean {
  const entries = variable(env, "NO_PROXY")?.text.split(/[\s,]+/) ?? [];
  return entries.some((entry) => entry !== "" && isExempt(url, entry));
}

/** The passwords of an option and of the environment. */
function listPasswords(texts: readonly (string | undefined)[]): string[] {
  return texts.flatMap((text) => {
    const password = text === undefined ? "" : parseProxy(text)?.password ?? "";
    return password === "" ? [] : [password];
  });
}

/**
 * Finds the proxies for the requests of a section.
 *
 * @param option Value of {@linkcode proxyOption}, empty when there is none.
 */
export function createProxyFinder(option: string, env: Environment): ProxyFinder {
  const variables = ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"];
  const texts = variables.map((name) => variable(env, name)?.text);
  /** Of the last address: many requests in a row go to the same. */
  let last: { readonly address: string; readonly proxy: Proxy | undefined } | undefined;
  return {
    secrets: listPasswords([option, ...texts]),
    find(address) {
      if (last?.address !== address) last = { address, proxy: findProxy(address, option, env) };
      return last.proxy;
    },
  };
}

function findProxy(address: string, option: string, env: Environment): Proxy | undefined {
  const url = URL.parse(address);
  if (url === null || option === none || isDirect(url, env)) return undefined;
  if (option !== "") return parseProxy(option)?.proxy;
  const found = fromEnvironment(url, env);
  if (found === undefined) return undefined;
  const parsed = parseProxy(found.text);
  if (parsed !== undefined) return parsed.proxy;
  throw new AgentError(`The environment variable ${found.name} ${malformed}`, {
    hint: "Correct or remove it, or set proxy in the section (proxy = none connects directly).",
  });
}
