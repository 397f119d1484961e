/**
 * Requests a vendor's token.
 *
 * @module
 */

import type { ZodType } from "zod";
import { AuthError, SourceError } from "../../base/errors.ts";
import { parseJson } from "../../base/json.ts";
import { excerpt } from "../../base/excerpt.ts";
import { createRedactor } from "../../base/redact.ts";
import type { Token } from "./auth.ts";
import { type Answer, describeRequest, type Http, type HttpRequest } from "./http.ts";

/** How a vendor hands out tokens. */
export interface TokenSource<T> {
  /** Name of the vendor for people. */
  readonly title: string;
  /** Options that hold the credentials, for example `client_id and client_secret`. */
  readonly credentials: string;
  readonly request: HttpRequest;
  /** What must be masked even if the vendor sends it back in an error. */
  readonly secrets?: readonly string[];
  /** What to do about a refusal, where there is more advice than to check the credentials. */
  hint?(answer: Answer): string | undefined;
  readonly shape: ZodType<T>;
  /** The token in the answer; a text says why there is none. */
  read(answer: T): Token | string;
}

/** When a token ends that lives for so many seconds from now on; absent when it does not say. */
export function expiresIn(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : Date.now() + seconds * 1000;
}

/** What the vendor says about a refusal, short enough for a sentence. */
function describeRefusal({ status, body }: Answer, secrets: readonly string[] = []): string {
  const redactor = createRedactor();
  for (const secret of secrets) redactor.add(secret);
  const text = excerpt(body, { redact: (text) => redactor.redact(text), withoutTags: true });
  return `${status} ${text}`.trim();
}

/**
 * Asks for a token, for `tokenAuth`.
 *
 * @throws {AuthError} when the vendor refuses the credentials, whatever the answer looks like.
 * @throws {SourceError} when it answers something else.
 * @throws {ConnectionError} when it does not answer.
 */
export async function requestToken<T>(http: Http, source: TokenSource<T>): Promise<Token> {
  const { title, credentials, request, secrets } = source;
  const answer = await http.send(request);
  const where = describeRequest(request.method ?? "GET", request.path);
  const sentence = (reason: string) => `Cannot get a token from ${title}: ${reason} (${where})`;
  const hint = `Check ${credentials}.`;
  if (answer.status >= 400 && answer.status < 500 && answer.status !== 429) {
    throw new AuthError(sentence(describeRefusal(answer, secrets)), {
      hint: source.hint?.(answer) ?? hint,
    });
  }
  if (answer.status < 200 || answer.status >= 300) {
    throw new SourceError(sentence(describeRefusal(answer, secrets)));
  }
  const body = parseJson(answer.body, source.shape);
  if (body === undefined) throw new SourceError(sentence("the answer is not as documented"));
  const token = source.read(body);
  if (typeof token === "string") throw new AuthError(sentence(token), { hint });
  return token;
}
