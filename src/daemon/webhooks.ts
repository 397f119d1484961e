/**
 * The webhook route: any path, whose last segment names the section; answered when the event is
 * durable.
 *
 * @module
 */

import { AgentError, messageOf } from "../base/errors.ts";
import type { Log } from "../logging/log.ts";
import type { SectionPlan } from "../config/section.ts";
import type { InboxEvent } from "../state/inbox.ts";
import { type BodyLimits, readBody } from "./body.ts";

/** What the route needs. */
export interface WebhookSettings {
  /** The enabled sections by name. */
  readonly sections: ReadonlyMap<string, SectionPlan>;
  /** Whether calls that make no sense get an error. */
  readonly strict: boolean;
  readonly body: BodyLimits;
  /** Milliseconds that an event waits for more of its kind. */
  readonly coalesceMs: number;
  /** Makes an event durable. */
  readonly accept: (event: InboxEvent) => Promise<void>;
  readonly log: Log;
}

/** Why a call led to nothing. */
class Senseless {
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
function sectionOf(path: string): string {
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
    return JSON.parse(text);
  } catch {
    return new Senseless(400, "the body is not JSON");
  }
}

/** What a call asks to be kept, or why it asks for nothing; a text when there is nothing to say. */
function eventOf(
  plan: SectionPlan,
  body: unknown,
  settings: WebhookSettings,
): InboxEvent | Senseless | undefined {
  const { log, coalesceMs } = settings;
  const section = plan.name;
  const due = Date.now() + coalesceMs;
  const { webhookHint } = plan.source;
  if (webhookHint === undefined) return { section, key: null, body: JSON.stringify(body), due };
  try {
    const hint = webhookHint({ body });
    if ("key" in hint) return { section, key: hint.key, body: JSON.stringify(hint.body), due };
    log.named(section)[hint.level](`Ignored: ${hint.ignored}`);
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof AgentError)) throw thrown;
    return new Senseless(400, `${thrown.message}. ${thrown.hint ?? ""}`.trim());
  }
}

async function keep(event: InboxEvent, { accept, log }: WebhookSettings): Promise<Response> {
  try {
    await accept(event);
    return accepted();
  } catch (thrown) {
    log.error(`A webhook event was refused: ${messageOf(thrown)}`);
    return refusal(503, "the event cannot be kept", { "Retry-After": "30" });
  }
}

function answerTo({ status, message }: Senseless, settings: WebhookSettings): Response {
  settings.log.warning(`A webhook call led to nothing: ${message}`);
  if (!settings.strict) return accepted();
  return refusal(status, message, status === 405 ? { Allow: "POST" } : {});
}

/** Takes one call. */
export async function takeCall(
  request: Request,
  path: string,
  settings: WebhookSettings,
): Promise<Response> {
  const name = sectionOf(path);
  const plan = settings.sections.get(name);
  const { method } = request;
  if (settings.strict && method !== "POST") {
    return answerTo(new Senseless(405, `${method} instead of POST`), settings);
  }
  const body = await readBody(request, settings.body);
  if ("status" in body) {
    return refusal(body.status, "the body is too long, too slow or broken", {
      Connection: "close",
    });
  }
  if (plan === undefined) {
    return answerTo(new Senseless(404, `there is no enabled section "${name}"`), settings);
  }
  if (plan.source.webhook === undefined) {
    const message = `[${name}] takes no webhooks: ${plan.source.title} has none`;
    return answerTo(new Senseless(404, message), settings);
  }
  const parsed = parse(body.text);
  if (parsed instanceof Senseless) return answerTo(parsed, settings);
  const event = eventOf(plan, parsed, settings);
  if (event === undefined) return accepted();
  return event instanceof Senseless ? answerTo(event, settings) : await keep(event, settings);
}
