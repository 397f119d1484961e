/**
 * A PAC file at work: fetched, kept, asked, and its proxies tried in the order that it gives.
 *
 * @module
 */

import { readFile, stat } from "node:fs/promises";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { AgentError, messageOf } from "../../base/errors.ts";
import { withoutBrackets } from "../../base/network.ts";
import { AnswerTooLarge, exchange, type Proxy } from "../../runtime/fetch.ts";
import { describeRequestError } from "./errors.ts";
import {
  describePac,
  type PacAccess,
  type PacAnswer,
  type PacEntry,
  type PacOption,
  parseResult,
  quoteResult,
} from "./pac.ts";
import { isWebPage } from "./web_page.ts";

/** Bytes of a PAC file, beyond which it is none. */
const longestFile = 1_048_576;
const fetchTimeoutMs = 15_000;
const minute = 60_000;
/** How long a copy is used before the file is fetched again, and before that is tried again. */
const copyLastsMs = 15 * minute;
const staleLastsMs = minute;
/** How long an answer holds, how long a failure. */
const answerLastsMs = 5 * minute;
const failureLastsMs = minute / 2;
/** How long a proxy that did not answer is left out, and one that did is not tried before it is used. */
const avoidedMs = 5 * minute;
const trustedMs = minute;
const connectTimeoutMs = 5000;
const mostAnswers = 500;

/** The way to an address, and what the file says of it. */
export interface PacRoute {
  readonly proxy: Proxy | undefined;
  readonly why: string;
}

interface Kept<T> {
  readonly value: T;
  until: number;
}

/** A PAC file, with what it said so far. */
export class PacFile {
  readonly #option: PacOption;
  readonly #clock: () => number;
  #copy: Kept<string> | undefined;
  #reading: Promise<string> | undefined;
  #isStale = false;
  readonly #answers = new Map<string, Kept<Promise<string>>>();
  readonly #avoided = new Map<string, number>();
  readonly #trusted = new Map<string, number>();

  /** @param clock gives the time in milliseconds */
  constructor(option: PacOption, clock: () => number = Date.now) {
    this.#option = option;
    this.#clock = clock;
  }

  /**
   * The first of the proxies for an address that answers.
   *
   * @throws {AgentError} when the file cannot be read, or does not say where to go.
   */
  async find({ origin, hostname }: URL, access: PacAccess): Promise<PacRoute> {
    const script = await this.#read(access);
    const host = withoutBrackets(hostname);
    const result = await this.#ask({ script, url: `${origin}/`, host }, access);
    const entry = await this.#choose(this.#checked(() => parseResult(result)));
    const why = `${describePac(this.#option.address)} says ${quoteResult(result)}`;
    if (entry === "direct") return { proxy: undefined, why };
    return { proxy: { ...entry, ...this.#option.login, source: why }, why };
  }

  /** Leaves a proxy out for some minutes: it did not answer. */
  avoid({ url }: Proxy): void {
    this.#trusted.delete(url);
    this.#avoided.set(url, this.#clock() + avoidedMs);
  }

  #error(reason: string, cause: unknown, isRetriable = false): AgentError {
    const name = describePac(this.#option.address);
    return new AgentError(`T${name.slice(1)} ${reason} (option proxy)`, {
      cause,
      retriable: isRetriable,
      hint: "Correct the file, or write the proxy itself into the option proxy.",
    });
  }

  #checked<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw error instanceof AgentError ? this.#error(error.message, error) : error;
    }
  }

  async #read(access: PacAccess): Promise<string> {
    const copy = this.#copy;
    if (copy !== undefined && this.#clock() < copy.until) return copy.value;
    // Requests that come together wait for the same copy.
    this.#reading ??= this.#readAgain(access).finally(() => this.#reading = undefined);
    return await this.#reading;
  }

  async #readAgain({ tls, log }: PacAccess): Promise<string> {
    const copy = this.#copy;
    try {
      const value = await readScript(this.#option.address, tls);
      if (value !== copy?.value) this.#answers.clear();
      this.#copy = { value, until: this.#clock() + copyLastsMs };
      if (this.#isStale) log.info(`T${describePac(this.#option.address).slice(1)} is read again`);
      this.#isStale = false;
      return value;
    } catch (error) {
      const isRetriable = error instanceof AgentError && error.retriable;
      const failure = this.#error(`cannot be read: ${messageOf(error)}`, error, isRetriable);
      if (copy === undefined) throw failure;
      if (!this.#isStale) log.warning(`${failure.message}. The copy from before is used`);
      this.#isStale = true;
      copy.until = this.#clock() + staleLastsMs;
      return copy.value;
    }
  }

  /** Of one host the file is asked once in some minutes. */
  async #ask(
    question: { readonly script: string; readonly url: string; readonly host: string },
    { evaluate, log }: PacAccess,
  ): Promise<string> {
    const now = this.#clock();
    const known = this.#answers.get(question.url);
    if (known !== undefined && now < known.until) return await known.value;
    if (this.#answers.size >= mostAnswers) this.#answers.clear();
    const value = this.#evaluate(evaluate(question), log);
    const kept = { value, until: now + answerLastsMs };
    this.#answers.set(question.url, kept);
    try {
      return await value;
    } catch (error) {
      kept.until = now + failureLastsMs;
      throw error;
    }
  }

  async #evaluate(answer: Promise<PacAnswer>, log: PacAccess["log"]): Promise<string> {
    try {
      const { result, said } = await answer;
      for (const text of said) log.debug(`PAC file: ${text}`);
      return result;
    } catch (error) {
      throw error instanceof AgentError ? this.#error(error.message, error) : error;
    }
  }

  /** The first that answers; where none does, the first one, so that its error is reported. */
  async #choose(entries: readonly PacEntry[]): Promise<PacEntry> {
    const [first = "direct"] = entries;
    if (entries.length === 1) return first;
    for (const entry of entries) {
      if (entry === "direct" || await this.#answersNow(entry)) return entry;
    }
    return first;
  }

  async #answersNow(proxy: Proxy): Promise<boolean> {
    const now = this.#clock();
    if ((this.#trusted.get(proxy.url) ?? 0) > now) return true;
    if ((this.#avoided.get(proxy.url) ?? 0) > now) return false;
    const answers = await canConnect(new URL(proxy.url));
    if (answers) this.#trusted.set(proxy.url, now + trustedMs);
    else this.avoid(proxy);
    return answers;
  }
}

function canConnect({ protocol, hostname, port }: URL): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const host = withoutBrackets(hostname);
  const socket = connect({ host, port: Number(port || (protocol === "https:" ? 443 : 80)) });
  const timer = setTimeout(() => resolve(false), connectTimeoutMs);
  socket.on("connect", () => resolve(true));
  socket.on("error", () => resolve(false));
  return promise.finally(() => {
    clearTimeout(timer);
    socket.destroy();
  });
}

const tooLarge = "it is larger than 1 MB";

/** The text of a PAC file, fetched without any proxy. */
async function readScript(address: string, tls: PacAccess["tls"]): Promise<string> {
  if (address.startsWith("file:")) {
    const path = fileURLToPath(address);
    const found = await stat(path);
    if (!found.isFile()) throw new AgentError("it is not a file");
    if (found.size > longestFile) throw new AgentError(tooLarge);
    return (await readFile(path, "utf8")).replace(/^\ufeff/, "");
  }
  const signal = AbortSignal.timeout(fetchTimeoutMs);
  const { status, body } = await fetchScript(address, tls, signal);
  if (status !== 200) {
    throw new AgentError(`the server answers with ${status}`, { retriable: status >= 500 });
  }
  // Browsers do not look at the content type either: many servers know none for such files.
  if (isWebPage(new Headers(), body)) throw new AgentError("it is a web page");
  return body.replace(/^\ufeff/, "");
}

async function fetchScript(url: string, tls: PacAccess["tls"], signal: AbortSignal) {
  try {
    const settings = { tls, maxBytes: longestFile, signal };
    return await exchange({ url, method: "GET", headers: {}, ...settings });
  } catch (error) {
    if (error instanceof AnswerTooLarge) throw new AgentError(tooLarge, { cause: error });
    const reason = signal.aborted
      ? `no answer within ${fetchTimeoutMs / 1000} s`
      : describeRequestError(error);
    throw new AgentError(reason, { cause: error, retriable: true });
  }
}
