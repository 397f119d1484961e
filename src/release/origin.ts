/**
 * Where a release is read from: a folder, or an address of the web.
 *
 * @module
 */

import { createReadStream, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Environment } from "../base/environment.ts";
import { AgentError, errorCode, messageOf } from "../base/errors.ts";
import { type OpenAnswer, openExchange } from "../runtime/fetch.ts";
import { basicCredentials, decodeCredential } from "../sdk/http/basic.ts";
import { describeRequestError } from "../sdk/http/errors.ts";
import { createProxyFinder, type ProxyFinder } from "../sdk/http/proxy.ts";
import { describeLocation, followRedirects, redirectTarget } from "../sdk/http/redirects.ts";
import { isWebPage } from "../sdk/http/web_page.ts";

/** A file of a release, about to be read. */
export interface OpenFile {
  /** Bytes that will come, where that is known. */
  readonly size: number | undefined;
  /** @throws {AgentError} when reading breaks off. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** Where a release is read from. */
export interface Origin {
  /** Path or address of a file of it, without credentials, for messages. */
  locate(file: string): string;
  /** @throws {AgentError} when there is no such file, or it cannot be reached. */
  open(file: string): Promise<OpenFile>;
  /** Passwords in the address, to be masked. */
  readonly secrets: readonly string[];
}

/** Without a single byte for this long, a download has failed. */
const idleTimeoutMs = 30_000;

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
  return webOrigin(url, createProxyFinder("", env), signal);
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
      throw new AgentError(`${origin.locate(file)} is larger than such a file can be`);
    }
  }
  const bytes = Buffer.concat(read);
  // No file of a release begins like a page, or like the XML of an error of a storage service.
  if (/^\s*</.test(bytes.toString("latin1", 0, 100))) throw webPage(origin.locate(file));
  return bytes;
}

/** The server gave a web page instead of a file: a login, or an error with status 200. */
function webPage(where: string): AgentError {
  return new AgentError(`${where} is a web page, not the file`, {
    hint:
      "Open the address in a browser: it may require a login. --from takes the address of the folder that contains SHA256SUMS.",
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
          hint: "--from takes the folder of a complete release, or its address.",
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

/** Ends a download that receives nothing for too long. */
class IdleTimeout {
  readonly #controller = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Starts the time anew: something was received. */
  restart(): void {
    this.end();
    this.#timer = setTimeout(() => this.#controller.abort(), idleTimeoutMs);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

function webOrigin(base: URL, proxy: ProxyFinder, signal: AbortSignal): Origin {
  const [username, password] = [decodeCredential(base.username), decodeCredential(base.password)];
  const authorization = username === "" ? undefined : basicCredentials(username, password);
  function addressFor(file: string): URL {
    const url = new URL(base);
    url.username = "";
    url.password = "";
    url.pathname = `${url.pathname.replace(/\/+$/, "")}/${file}`;
    return url;
  }
  function locate(file: string): string {
    const { origin, pathname } = addressFor(file);
    return origin + pathname;
  }
  return {
    locate,
    // What follows a question mark is the key to many a storage.
    secrets: [password, base.password, base.search.slice(1), ...proxy.secrets]
      .filter((secret) => secret !== ""),
    open: (file) =>
      openWebFile(addressFor(file), { where: locate(file), authorization, proxy, signal }),
  };
}

interface WebFile {
  readonly where: string;
  readonly authorization: string | undefined;
  readonly proxy: ProxyFinder;
  readonly signal: AbortSignal;
}

async function openWebFile(address: URL, file: WebFile): Promise<OpenFile> {
  const timeout = new IdleTimeout();
  const signal = AbortSignal.any([file.signal, timeout.signal]);
  timeout.restart();
  try {
    const answer = await follow(address, file, signal);
    refuseAnswer(answer, file.where);
    const length = Number(answer.headers.get("content-length") ?? Number.NaN);
    const plain = answer.headers.get("content-encoding") === null;
    const size = plain && Number.isSafeInteger(length) ? length : undefined;
    return { size, chunks: readWebFile(answer.chunks, size, file, timeout) };
  } catch (error) {
    timeout.end();
    throw unreachable(error, file, timeout);
  }
}

async function follow(
  address: URL,
  { authorization, proxy }: WebFile,
  signal: AbortSignal,
): Promise<OpenAnswer> {
  async function sendTo(url: string): Promise<OpenAnswer> {
    const isOwn = new URL(url).origin === address.origin;
    return await openExchange({
      url,
      method: "GET",
      headers: isOwn && authorization !== undefined ? { authorization } : {},
      tls: { verify: true },
      proxy: (await proxy.find(url)).proxy,
      signal,
    });
  }
  return await followRedirects("GET", address.href, sendTo, (url, location) => {
    // To other hosts as well: a release is believed for its signature, not for where it comes from.
    const to = redirectTarget(url, location);
    if (typeof to !== "string") return to.href;
    const where = describeLocation(location);
    throw new AgentError(`${new URL(url).origin} redirects to ${where}, ${to}`);
  });
}

function refuseAnswer({ status, headers }: OpenAnswer, where: string): void {
  if (status === 404) {
    throw new AgentError(`There is no ${where} [404]`, {
      hint: "--from takes the address of the folder that contains SHA256SUMS.",
    });
  }
  if (status === 401 || status === 403) {
    throw new AgentError(`${where} may not be read [${status}]`, {
      hint: "The address may need credentials: https://user:password@host/…",
    });
  }
  if (status !== 200) throw new AgentError(`${where} was answered with ${status}`);
  if (isWebPage(headers, "")) throw webPage(where);
}

async function* readWebFile(
  chunks: AsyncIterable<Uint8Array>,
  size: number | undefined,
  file: WebFile,
  timeout: IdleTimeout,
): AsyncGenerator<Uint8Array> {
  let read = 0;
  try {
    for await (const chunk of chunks) {
      timeout.restart();
      read += chunk.length;
      yield chunk;
    }
  } catch (error) {
    throw unreachable(error, file, timeout, read);
  } finally {
    timeout.end();
  }
  if (size !== undefined && read !== size) throw truncated(file.where, read, size);
}

function truncated(where: string, read: number, size: number): AgentError {
  return new AgentError(`${where} ended after ${read} of ${size} bytes`, {
    hint: "Nothing was changed. Try again.",
    retriable: true,
  });
}

function unreachable(error: unknown, file: WebFile, timeout: IdleTimeout, read = 0): unknown {
  if (error instanceof AgentError) return error;
  if (file.signal.aborted) return file.signal.reason;
  const code = errorCode(error);
  const reason = timeout.signal.aborted
    ? `no data for ${idleTimeoutMs / 1000} s`
    : describeRequestError(error);
  const progress = read === 0 ? "" : ` after ${read} bytes`;
  const isUntrusted = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code);
  return new AgentError(`Cannot read ${file.where}${progress}: ${reason}`, {
    hint: isUntrusted
      ? "Nothing was changed. Add the certificate authority to those that this machine trusts, or download the release into a folder and pass that folder."
      : "Nothing was changed. Check the address and the network, then try again.",
    cause: error,
    retriable: true,
  });
}
