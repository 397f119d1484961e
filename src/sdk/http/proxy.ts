/**
 * Which proxy a request goes through: that of the section or of its PAC file, else that of the
 * environment variables, unless NO_PROXY names the host.
 *
 * @module
 */

import { BlockList, isIP } from "node:net";
import { z } from "zod";
import type { Environment } from "../../base/environment.ts";
import { AgentError } from "../../base/errors.ts";
import { withoutBrackets } from "../../base/network.ts";
import type { Proxy } from "../../runtime/fetch.ts";
import { opt, type Option } from "../option.ts";
import { basicCredentials, decodeCredential } from "./basic.ts";
import { isPac, type PacAccess, parsePac } from "./pac.ts";
import { PacFile } from "./pac_file.ts";

export type { Proxy };

/** The way to an address. */
export interface Route {
  /** Undefined when it is reached directly. */
  readonly proxy: Proxy | undefined;
  /** What decided it, as a part of a sentence; blank where nothing was set. */
  readonly why: string;
}

/** Finds the proxies of a section. */
export interface ProxyFinder {
  /**
   * The way to an address.
   *
   * @throws {AgentError} when an environment variable names what is no HTTP proxy, or a PAC file cannot
   * be used.
   */
  find(url: string): Promise<Route>;
  /** Takes the next proxy of a PAC file for some minutes: this one did not answer. */
  avoid(proxy: Proxy): void;
  /** Passwords that must never be shown. */
  readonly secrets: readonly string[];
}

/** The word for no proxy at all. */
const none = "none";

/** What is wrong with the text of a proxy, without repeating it: it may hold a password. */
const malformed = "is not the address of an HTTP proxy, such as http://proxy.example.com:3128; " +
  "special characters of a user name or password in it are written percent-encoded, @ as %40";

const malformedPac = "does not name a PAC file: pac+https://host/proxy.pac, " +
  "pac+http://host/proxy.pac or pac+file:///folder/proxy.pac; a user and a password for its proxies " +
  "are not allowed with pac+http, where anybody on the way could have them sent to himself";

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
  const username = decodeCredential(url.username);
  const password = decodeCredential(url.password);
  const authorization = username === "" && password === ""
    ? undefined
    : basicCredentials(username, password);
  return { proxy: { url: url.origin, authorization }, password };
}

/** The option `proxy` of a section. */
export function proxyOption(): Option<string> {
  const help =
    "HTTP proxy for the requests of this section: http://host:port, or with credentials http://user:password@host:port; http://:@host:port logs in as the account that runs the agent, on Windows. pac+https://host/proxy.pac (or pac+http, pac+file) asks a PAC file. none connects directly. By default, HTTPS_PROXY and HTTP_PROXY of the environment are used; NO_PROXY always applies.";
  const schema = z.string().transform((value, context) => {
    const text = value.trim();
    if (text.toLowerCase() === none) return none;
    if ((isPac(text) ? parsePac(text) : parseProxy(text)) !== undefined) return text;
    context.addIssue({ code: "custom", message: isPac(text) ? malformedPac : malformed });
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
  const host = withoutBrackets(url.hostname).toLowerCase();
  if (entry.includes("/")) return isInNetwork(host, entry);
  const [, name = "", port] = /^(.*?)(?::(\d+))?$/.exec(isIP(entry) === 6 ? `[${entry}]` : entry) ??
    [];
  const own = url.port === "" ? (url.protocol === "https:" ? "443" : "80") : url.port;
  if (port !== undefined && port !== own) return false;
  const wanted = withoutBrackets(name).replace(/^\*?\./, "").toLowerCase();
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
    const parsed = isPac(text ?? "") ? parsePac(text ?? "") : parseProxy(text ?? "");
    const password = parsed?.password ?? "";
    return password === "" ? [] : [password];
  });
}

/** One for each file and login of the process: sections share what is known. */
const pacFiles = new Map<string, PacFile>();

function pacFileOf(option: string): PacFile | undefined {
  const parsed = isPac(option) ? parsePac(option) : undefined;
  if (parsed === undefined) return undefined;
  const known = pacFiles.get(option) ?? new PacFile(parsed);
  pacFiles.set(option, known);
  return known;
}

/**
 * Finds the proxies for the requests of a section.
 *
 * @param option Value of {@linkcode proxyOption}, empty when there is none.
 * @param pac What a PAC file in the option is asked with.
 */
export function createProxyFinder(
  option: string,
  env: Environment,
  pac?: PacAccess,
): ProxyFinder {
  const variables = ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"];
  const texts = variables.map((name) => variable(env, name)?.text);
  const file = pacFileOf(option);
  /** Of the last address: many requests in a row go to the same. */
  let last: { readonly address: string; readonly route: Route } | undefined;
  return {
    secrets: listPasswords([option, ...texts]),
    avoid: (proxy) => file?.avoid(proxy),
    async find(address) {
      if (file !== undefined) return await askFile(file, address, env, pac);
      if (last?.address !== address) last = { address, route: findRoute(address, option, env) };
      return last.route;
    },
  };
}

function directRoute(address: string, option: string, env: Environment): Route | undefined {
  const url = URL.parse(address);
  if (url === null) return { proxy: undefined, why: "" };
  if (option === none) return { proxy: undefined, why: "proxy = none" };
  return isDirect(url, env) ? { proxy: undefined, why: "NO_PROXY" } : undefined;
}

async function askFile(
  file: PacFile,
  address: string,
  env: Environment,
  pac: PacAccess | undefined,
): Promise<Route> {
  const direct = directRoute(address, "", env);
  if (direct !== undefined) return direct;
  if (pac === undefined) throw new Error("a PAC file is to be asked by what cannot run it");
  return await file.find(new URL(address), pac);
}

function findRoute(address: string, option: string, env: Environment): Route {
  const direct = directRoute(address, option, env);
  if (direct !== undefined) return direct;
  if (option !== "") return { proxy: parseProxy(option)?.proxy, why: "the option proxy" };
  const found = fromEnvironment(new URL(address), env);
  if (found === undefined) return { proxy: undefined, why: "" };
  const parsed = parseProxy(found.text);
  if (parsed !== undefined) return { proxy: parsed.proxy, why: found.name };
  throw new AgentError(`The environment variable ${found.name} ${malformed}`, {
    hint: "Correct or remove it, or set proxy in the section (proxy = none connects directly).",
  });
}
