/**
 * The webhook route: any path, whose last segment names the section; answered when the event is
 * durable.
 *
 * @module
 */

import { parseExactJson, stringifyExactJson } from "../base/json.ts";
import { AgentError, messageOf } from "../base/errors.ts";
import type { Log } from "../logging/log.ts";
import type { SectionConfig } from "../config/section.ts";
import type { InboxEvent } from "../state/state.ts";
import { type BodyLimits, readBody } from "./body.ts";

/** What the route needs. */
export interface WebhookSettings {
  /** The enabled sections by name. */
  readonly sections: ReadonlyMap<string, SectionConfig>;
  /** Whether rejected calls get an error. */
  readonly strict: boolean;
  readonly body: BodyLimits;
  /** Milliseconds that an event waits for more of its kind. */
  readonly coalesceMs: number;
  /** Makes an event durable. */
  readonly accept: (event: InboxEvent) => Promise<void>;
  readonly log: Log;
}

/** Why a call is rejected. */
class RejectedCall {
  readonly status: 400 | 404 | 405;
  readonly message: string;

  constructor(status: 400 | 404 | 405, message: string) {
    this.status = status;
    this.message = message;
  }
}

/** The answer that the Python connector gave to everything. */
function accepted(): Response {
  return new Response(null, { status: 204, headers: { "Content-Type": "text/html" } });
}

/** An answer that says why. */
export function refusal(
  status: number,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return Response.json({ error: message }, { status, headers });
}

/** The section that a path names: its last segment. */
function sectionInPath(path: string): string {
  const segment = path.slice(path.lastIndexOf("/") + 1);
  try {
    return decodeURIComponent(segment);
  } catch {
    // No encoding after all: then it is taken as it stands.
    return segment;
  }
}

function parse(text: string): unknown {
  try {
    return parseExactJson(text);
  } catch {
    return new RejectedCall(400, "the body is not JSON");
  }
}

/** What a call asks to be kept, or why it asks for nothing; a text when there is nothing to say. */
function buildEvent(
  { name: section, source }: SectionConfig,
  body: unknown,
  settings: WebhookSettings,
): InboxEvent | RejectedCall | undefined {
  const { log, coalesceMs } = settings;
  const due = Date.now() + coalesceMs;
  const { webhookHint } = source;
  if (webhookHint === undefined) return { section, key: null, body: stringifyExactJson(body), due };
  try {
    const hint = webhookHint({ body });
    if ("key" in hint) return { section, key: hint.key, body: stringifyExactJson(hint.body), due };
    log.named(section)[hint.level](`Ignored: ${hint.ignored}`);
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof AgentError)) throw thrown;
    return new RejectedCall(400, `${thrown.message}. ${thrown.hint ?? ""}`.trim());
  }
}

async function keep(event: InboxEvent, { accept, log }: WebhookSettings): Promise<Response> {
  try {
    await accept(event);
    return accepted();
  } catch (thrown) {
    log.error(`A webhook event was refused: ${messageOf(thrown)}`);
    return refusal(503, "the event cannot be stored", { "Retry-After": "30" });
  }
}

function answerRejected({ status, message }: RejectedCall, settings: WebhookSettings): Response {
  settings.log.warning(`Webhook call ignored: ${message}`);
  if (!settings.strict) return accepted();
  return refusal(status, message, status === 405 ? { Allow: "POST" } : {});
}

/** Answers one webhook: 204 once its event is durable or was ignored, with `strict` an error else. */
export async function takeCall(
  request: Request,
  path: string,
  settings: WebhookSettings,
): Promise<Response> {
  const name = sectionInPath(path);
  const section = settings.sections.get(name);
  const { method } = request;
  if (settings.strict && method !== "POST") {
    return answerRejected(new RejectedCall(405, `${method} instead of POST`), settings);
  }
  const body = await readBody(request, settings.body);
  if ("status" in body) {
    return refusal(body.status, "the body is too long, too slow or broken", {
      Connection: "close",
    });
  }
  if (section === undefined) {
    return answerRejected(new RejectedCall(404, `there is no enabled section "${name}"`), settings);
  }
  if (section.source.webhook === undefined) {
    const message = `[${name}] does not accept webhooks: ${section.source.title} has none`;
    return answerRejected(new RejectedCall(404, message), settings);
  }
  const parsed = parse(body.text);
  if (parsed instanceof RejectedCall) return answerRejected(parsed, settings);
  const event = buildEvent(section, parsed, settings);
  if (event === undefined) return accepted();
  return event instanceof RejectedCall
    ? answerRejected(event, settings)
    : await keep(event, settings);
}
