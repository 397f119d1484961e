/**
 * Where a release is read from: a folder, or an address of the web.
 *
 * @module
 */

import { createReadStream, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Environment } from "../base/environment.ts";
import { AgentError, messageOf } from "../base/errors.ts";
import { type OpenAnswer, openExchange } from "../runtime/fetch.ts";
import { planProxy, type ProxyPlan } from "../sdk/http/proxy.ts";

/** A file of a release, about to be read. */
export interface OpenFile {
  /** Bytes that will come, where that is known. */
  readonly size: number | undefined;
  /** @throws {AgentError} when reading breaks off. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** A place that holds a release. */
export interface Origin {
  /** Names a file of it, for sentences. */
  locate(file: string): string;
  /** @throws {AgentError} when there is no such file, or it cannot be reached. */
  open(file: string): Promise<OpenFile>;
  /** Passwords in the address, never to be shown. */
  readonly secrets: readonly string[];
}

/** Milliseconds without a single byte after which a download has failed. */
const silence = 30_000;
const maxRedirects = 5;

/** What an origin is looked for from. */
export interface OriginContext {
  /** Working directory, absolute. */
  readonly directory: string;
  readonly env: Environment;
  readonly signal: AbortSignal;
}

export function openOrigin(
  from: string,
  { directory, env, signal }: OriginContext,
): Origin {
  const url = /^https?:\/\//i.test(from) ? URL.parse(from) : null;
  if (url === null) return folderOrigin(resolve(directory, from));
  return webOrigin(url, planProxy("", env), signal);
}

/**
 * Reads a small file whole.
 *
 * @throws {AgentError} when it cannot be read, is larger than a megabyte, or is a web page.
 */
export async function readSmall(origin: Origin, file: string): Promise<Uint8Array> {
  const limit = 1_000_000;
  const { chunks } = await origin.open(file);
  const read: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    read.push(chunk);
    size += chunk.length;
    if (size > limit) {
      throw new AgentError(`${origin.locate(file)} is too large for what it should be`);
    }
  }
  const bytes = Buffer.concat(read);
  if (/^\s*<(!doctype|html|\?xml|head|body)/i.test(bytes.toString("latin1", 0, 100))) {
    throw webPage(origin.locate(file));
  }
  return bytes;
}

/** The server gave a web page in place of a file: a login, or an error with status 200. */
function webPage(where: string): AgentError {
  return new AgentError(`${where} is a web page and not the file`, {
    hint:
      "Open the address in a browser: it may ask for a login. --from wants the address of the folder that holds SHA256SUMS.",
  });
}

function folderOrigin(folder: string): Origin {
  return {
    locate: (file) => join(folder, file),
    secrets: [],
    open(file) {
      const path = join(folder, file);
      const stats = statSync(path, { throwIfNoEntry: false });
      if (stats?.isFile() !== true) {
        throw new AgentError(`There is no file ${path}`, {
          hint: "--from wants the folder of a whole release, or its address.",
        });
      }
      return Promise.resolve({ size: stats.size, chunks: readFolderFile(path) });
    },
  };
}

async function* readFolderFile(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path, { highWaterMark: 1 << 20 });
  } catch (error) {
    throw new AgentError(`Cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
}

/** Ends a download after a silence. */
class Patience {
  readonly #controller = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Something came: the clock starts again. */
  renew(): void {
    this.end();
    this.#timer = setTimeout(() => this.#controller.abort(), silence);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

function webOrigin(base: URL, proxy: ProxyPlan, signal: AbortSignal): Origin {
  const [username, password] = [decoded(base.username), decoded(base.password)];
  const credentials = Buffer.from(`${username}:${password}`).toString("base64");
  const authorization = username === "" ? undefined : `Basic ${credentials}`;
  function addressOf(file: string): URL {
    const url = new URL(base);
    url.username = "";
    url.password = "";
    url.pathname = `${url.pathname.replace(/\/+$/, "")}/${file}`;
    return url;
  }
  function locate(file: string): string {
    const { origin, pathname } = addressOf(file);
    return origin + pathname;
  }
  return {
    locate,
    // What follows a question mark is the key to many a storage.
    secrets: [password, base.password, base.search.slice(1), ...proxy.secrets]
      .filter((secret) => secret !== ""),
    open: (file) =>
      openWebFile(addressOf(file), { where: locate(file), authorization, proxy, signal }),
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a bare % stands for itself
  }
}

interface WebFile {
  readonly where: string;
  readonly authorization: string | undefined;
  readonly proxy: ProxyPlan;
  readonly signal: AbortSignal;
}

async function openWebFile(address: URL, file: WebFile): Promise<OpenFile> {
  const patience = new Patience();
  const signal = AbortSignal.any([file.signal, patience.signal]);
  patience.renew();
  try {
    const answer = await follow(address, file, signal);
    refuseAnswer(answer, file.where);
    const length = Number(answer.headers.get("content-length") ?? Number.NaN);
    const plain = answer.headers.get("content-encoding") === null;
    const size = plain && Number.isSafeInteger(length) ? length : undefined;
    return { size, chunks: readWebFile(answer.chunks, size, file, patience) };
  } catch (error) {
    patience.end();
    throw unreachable(error, file, patience);
  }
}

async function follow(
  address: URL,
  { authorization, proxy }: WebFile,
  signal: AbortSignal,
): Promise<OpenAnswer> {
  let url = address;
  for (let hop = 0; hop <= maxRedirects; hop++) {
    const own = url.origin === address.origin && authorization !== undefined;
    const request = {
      url: url.href,
      method: "GET",
      headers: own ? { authorization } : {},
      tls: { verify: true },
      proxy: proxy.find(url.href),
      signal,
    };
    const answer = await openExchange(request);
    const location = answer.headers.get("location");
    const next = location === null ? null : URL.parse(location, url);
    if (answer.status < 300 || answer.status > 399 || next === null) return answer;
    if (url.protocol === "https:" && next.protocol !== "https:") {
      throw new AgentError(`${url.origin} leads from https to ${next.protocol}//${next.host}`);
    }
    url = next;
  }
  throw new AgentError(`${address.origin} redirects more than ${maxRedirects} times`);
}

function refuseAnswer({ status, headers }: OpenAnswer, where: string): void {
  if (status === 404) {
    throw new AgentError(`There is no ${where} [404]`, {
      hint: "--from wants the address of the folder that holds SHA256SUMS.",
    });
  }
  if (status === 401 || status === 403) {
    throw new AgentError(`${where} may not be read [${status}]`, {
      hint: "The address may need credentials: https://user:password@host/…",
    });
  }
  if (status !== 200) throw new AgentError(`${where} was answered with ${status}`);
  if (headers.get("content-type")?.startsWith("text/html") === true) throw webPage(where);
}

async function* readWebFile(
  chunks: AsyncIterable<Uint8Array>,
  size: number | undefined,
  file: WebFile,
  patience: Patience,
): AsyncGenerator<Uint8Array> {
  let read = 0;
  try {
    for await (const chunk of chunks) {
      patience.renew();
      read += chunk.length;
      yield chunk;
    }
  } catch (error) {
    throw unreachable(error, file, patience, read);
  } finally {
    patience.end();
  }
  if (size !== undefined && read !== size) throw cut(file.where, read, size);
}

function cut(where: string, read: number, size: number): AgentError {
  return new AgentError(`${where} ended after ${read} of ${size} bytes`, {
    hint: "Nothing was changed. Try again.",
    retriable: true,
  });
}

function unreachable(error: unknown, file: WebFile, patience: Patience, read = 0): unknown {
  if (error instanceof AgentError) return error;
  if (file.signal.aborted) return file.signal.reason;
  const reason = patience.signal.aborted
    ? `nothing came for ${silence / 1000} s`
    : `${messageOf(error)}${codeOf(error)}`;
  const progress = read === 0 ? "" : ` after ${read} bytes`;
  const isUntrusted = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY/.test(codeOf(error));
  return new AgentError(`Cannot read ${file.where}${progress}: ${reason}`, {
    hint: isUntrusted
      ? "Nothing was changed. Let this machine trust the authority of that certificate, or fetch the release into a folder and name that."
      : "Nothing was changed. Check the address and the way to it, then try again.",
    cause: error,
    retriable: true,
  });
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? ` [${code}]` : "";
}
