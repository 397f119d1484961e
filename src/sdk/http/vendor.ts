/**
 * The HTTP client that a source gets: the shared client with the vendor's credentials, limits and a
 * check of each answer, so that every error names the request and what to do.
 *
 * @module
 */

import { parseExactJson } from "../../base/json.ts";
import type { ZodType } from "zod";
import { AgentError, AuthError, SourceError } from "../../base/errors.ts";
import { excerpt } from "../../base/excerpt.ts";
import type { Redactor } from "../../base/redact.ts";
import type { Authenticator } from "./auth.ts";
import { describeDeprecation, nameEndpoint } from "./deprecation.ts";
import {
  type Answer,
  ConnectionError,
  describeRequest,
  type Http,
  type HttpRequest,
} from "./http.ts";
import { isWebPage } from "./web_page.ts";
import { parseXml, type XmlOptions } from "../xml.ts";

export interface VendorRequest extends HttpRequest {
  /** What is asked for, for error messages: `users`, `computer 17`. */
  readonly what?: string | undefined;
  /** Statuses beside 2xx, and 204, that are an answer too, not an error; or whether an answer is such a one. */
  readonly allow?: readonly number[] | ((answer: Answer) => boolean) | undefined;
  /** What to do about an error, by status or by answer, where there is more advice than to check the credentials. */
  readonly hints?:
    | Readonly<Record<number, string>>
    | ((answer: Answer) => string | undefined)
    | undefined;
}

/** An answer whose body was understood. */
export interface Page<T> {
  readonly status: number;
  readonly headers: Headers;
  /** Absent when the status is one that was allowed. */
  readonly body: T | undefined;
  /** The body as it came. */
  readonly text: string;
}

/** Talks to the vendor of a source. */
export interface VendorHttp {
  /** Asks for JSON of a shape. Throws `AuthError` or `SourceError`. */
  json<T>(request: VendorRequest, shape: ZodType<T>): Promise<T>;
  /** The same with status and headers, for lists. */
  page<T>(request: VendorRequest, shape: ZodType<T>): Promise<Page<T>>;
  /** Asks for XML of a shape; see `parseXml` for what it looks like. */
  xml<T>(request: VendorRequest, shape: ZodType<T>, options?: XmlOptions): Promise<T>;
  text(request: VendorRequest): Promise<string>;
}

/** What a vendor client is made of. */
export interface VendorSettings {
  /** Without credentials, within the vendor's limits. */
  readonly http: Http;
  readonly auth: Authenticator | undefined;
  /** As for the access of a source; without it, the beginning of the body is the message. */
  readonly readErrorMessage?: ((answer: Answer) => string | undefined) | undefined;
  /** Name of the source for people. */
  readonly title: string;
  readonly section: string;
  /** Options that hold credentials, for hints. */
  readonly credentials: readonly string[];
  /** Called once for each endpoint of which an answer says that it is going to end. */
  readonly warn?: ((message: string) => void) | undefined;
  /** Gets the credentials that are sent, also tokens that the vendor hands out, and masks what is quoted. */
  readonly redactor: Redactor;
}

function isAllowed({ allow }: VendorRequest, answer: Answer): boolean {
  return typeof allow === "function" ? allow(answer) : allow?.includes(answer.status) ?? false;
}

/** How a body becomes a value. */
interface Language {
  readonly name: string;
  read(body: string): unknown;
}

const json: Language = { name: "JSON", read: (body) => parseExactJson(body) };

/** What is to be masked of some headers: their values, with and without the scheme in front. */
function listHeaderSecrets(headers: Readonly<Record<string, string>>): string[] {
  return Object.values(headers).flatMap((value) => [value, value.replace(/^.*[ :]/, "")]);
}

class VendorClient implements VendorHttp {
  readonly #settings: VendorSettings;

  /** Endpoints whose end was told. */
  readonly #deprecated = new Set<string>();

  constructor(settings: VendorSettings) {
    this.#settings = settings;
  }

  async json<T>(request: VendorRequest, shape: ZodType<T>): Promise<T> {
    const { body } = await this.page({ ...request, allow: [] }, shape);
    if (body === undefined) throw this.#error(request, "the answer is empty");
    return body;
  }

  async page<T>(request: VendorRequest, shape: ZodType<T>): Promise<Page<T>> {
    const answer = await this.#send(request);
    const { status, headers, body: text } = answer;
    const isBare = isAllowed(request, answer);
    // Nothing, where something is due, must not pass for a list without entries.
    if (status === 204 && !isBare) throw this.#error(request, "204 the answer is empty");
    const body = isBare ? undefined : await this.#understand(request, answer, json, shape);
    return { status, headers, body, text };
  }

  async xml<T>(
    request: VendorRequest,
    shape: ZodType<T>,
    options: XmlOptions = {},
  ): Promise<T> {
    const redact = (text: string) => this.#redact(text);
    const xml: Language = { name: "XML", read: (body) => parseXml(body, { redact, ...options }) };
    const headers = { Accept: "application/xml", ...request.headers };
    const answer = await this.#send({ ...request, headers, allow: [] });
    return await this.#understand(request, answer, xml, shape);
  }

  async text(request: VendorRequest): Promise<string> {
    return (await this.#send(request)).body;
  }

  /** Sends with credentials, within the limits, and turns refusals into errors. */
  async #send(request: VendorRequest): Promise<Answer> {
    let answer: Answer;
    try {
      answer = await this.#authorized(request);
    } catch (thrown) {
      if (!(thrown instanceof ConnectionError)) throw thrown;
      throw this.#error(request, thrown.reason, thrown);
    }
    const { status } = answer;
    this.#noticeDeprecation(request, answer);
    if ((status >= 200 && status < 300) || isAllowed(request, answer)) return answer;
    const reason = answer.errorText ?? `${status} ${this.#readReason(answer)}`.trim();
    const { hints } = request;
    const hint = typeof hints === "function" ? hints(answer) : hints?.[status];
    if (status !== 401 && status !== 403) throw this.#error(request, reason, undefined, hint);
    throw new AuthError(this.#sentence(request, reason), {
      hint: hint ?? this.#credentialsHint(status),
    });
  }

  #noticeDeprecation({ method = "GET", path }: VendorRequest, { headers }: Answer): void {
    const found = describeDeprecation(headers, Date.now());
    if (found === undefined) return;
    const endpoint = `${method} ${nameEndpoint(path)}`;
    if (this.#deprecated.has(endpoint)) return;
    this.#deprecated.add(endpoint);
    this.#settings.warn?.(`${this.#settings.title} says that ${endpoint} ${found}`);
  }

  async #authorized(request: VendorRequest): Promise<Answer> {
    const { http, auth, redactor, section } = this.#settings;
    for (let attempt = 1;; attempt++) {
      const credentials = await auth?.headers(http) ?? {};
      for (const secret of listHeaderSecrets(credentials)) {
        redactor.add(secret, `credentials of [${section}]`);
      }
      const headers = { Accept: "application/json", ...credentials, ...request.headers };
      const sign: HttpRequest["sign"] = (target) => ({
        ...auth?.sign?.(target, credentials),
        ...request.sign?.(target),
      });
      const answer = await http.send({ ...request, headers, sign });
      auth?.observe?.(answer);
      const isRefusal = auth?.isRefusal?.(answer) ?? answer.status === 401;
      const { mostRenewals = 1 } = auth ?? {};
      if (!isRefusal || attempt > mostRenewals || auth?.renew === undefined) return answer;
      if (!await auth.renew(http, headers, answer)) return answer;
    }
  }

  async #understand<T>(
    request: VendorRequest,
    answer: Answer,
    { name, read }: Language,
    shape: ZodType<T>,
  ): Promise<T> {
    if (isWebPage(answer.headers, answer.body)) {
      throw this.#error(
        request,
        `the answer is a web page instead of ${name}, perhaps a login page`,
        undefined,
        "Check url.",
      );
    }
    let value: unknown;
    try {
      value = await read(answer.body);
    } catch (error) {
      throw this.#error(request, describeUnreadable(answer.body, name, error), error);
    }
    const result = shape.safeParse(value);
    if (result.success) return result.data;
    const [issue] = result.error.issues;
    const path = issue?.path.join(".") ?? "";
    throw this.#error(
      request,
      `the answer is not as documented (${path === "" ? "" : `${path}: `}${issue?.message})`,
    );
  }

  #readReason(answer: Answer): string {
    const message = this.#settings.readErrorMessage?.(answer);
    return message ?? (isWebPage(answer.headers, answer.body) ? "" : this.#quote(answer.body));
  }

  /** The beginning of an answer, without what fills a log. */
  #quote(body: string): string {
    return excerpt(body, { redact: (text) => this.#redact(text), withoutTags: true });
  }

  #redact(text: string): string {
    return this.#settings.redactor.redact(text);
  }

  #credentialsHint(status: number): string {
    const names = this.#settings.credentials.join(", ");
    return status === 401
      ? `Check ${names === "" ? "the credentials" : names}.`
      : "The credentials are valid, but have no permission to read this: see the permissions on the docs page of the source.";
  }

  /** @param where What was requested, where it is not the request itself: a token, for example. */
  #sentence(request: VendorRequest, reason: string, where?: string): string {
    const { title, section } = this.#settings;
    const what = request.what ?? "data";
    const requested = where ?? describeRequest(request.method ?? "GET", request.path);
    return `Cannot load ${what} from ${title} [${section}]: ${this.#redact(reason)} (${requested})`;
  }

  #error(request: VendorRequest, reason: string, cause?: unknown, hint?: string): SourceError {
    const advice = hint ?? (cause instanceof AgentError ? cause.hint : undefined);
    const where = cause instanceof ConnectionError ? cause.request : undefined;
    return new SourceError(this.#sentence(request, reason, where), { cause, hint: advice });
  }
}

/** Whether a text in JSON has control characters inside that it may have as escapes only. */
function hasRawControls(body: string): boolean {
  // deno-lint-ignore no-control-regex
  const withoutTexts = body.replace(/"(?:[^"\\\x00-\x1f]|\\.)*"/g, "0");
  // deno-lint-ignore no-control-regex
  return /"[^"]*[\x00-\x1f][^"]*"/.test(withoutTexts);
}

/** Why an answer cannot be read, in words that say what it is rather than what a parser expected. */
function describeUnreadable(body: string, name: string, error: unknown): string {
  const start = body.trimStart();
  if (start === "") return `the answer is empty instead of ${name}`;
  if (name === "JSON" && start.startsWith("<")) return "the answer is XML instead of JSON";
  if (name === "JSON" && hasRawControls(body)) {
    return "the answer is not valid JSON: it has control characters inside of a text, which its sender has to write as escapes";
  }
  const length = `${body.length} characters`;
  // What a parser of XML says is in our words; one of JSON quotes what it stumbled over.
  if (error instanceof AgentError) {
    return `the answer is not valid XML (${length}: ${error.message})`;
  }
  const isCut = !/[}\]"]\s*$/.test(body);
  return `the answer is not valid ${name} (${length}${isCut ? ", and it breaks off" : ""})`;
}

export function createVendorHttp(settings: VendorSettings): VendorHttp {
  return new VendorClient(settings);
}
