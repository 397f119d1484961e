/**
 * A service goes on without Oomnitza: what is to be sent waits until the instance answers.
 *
 * @module
 */

import type { AppContext } from "../app/context.ts";
import { AgentError, messageOf } from "../base/errors.ts";
import { sleep } from "../base/iteration.ts";
import type { WebhookUploads } from "../app/webhook_uploads.ts";

/** It is tried again so many milliseconds after it was given up. */
const againMs = 15_000;

/** Uploads that may have to wait for their connection. */
export interface PatientUploads {
  readonly uploads: Promise<WebhookUploads>;
  /** Fulfilled once there is a connection; nothing when there is one from the beginning. */
  readonly connected: Promise<void> | undefined;
}

/** Connects to Oomnitza, for sections that may have webhooks. */
export type Connect = (
  app: Pick<AppContext, "log" | "signal">,
  open: () => Promise<WebhookUploads>,
  hasWebhooks: boolean,
) => Promise<PatientUploads> | PatientUploads;

/**
 * Connects to Oomnitza. When it cannot be reached, that is said once, and tried until it can.
 *
 * @throws {AgentError} what trying again does not mend: the configuration, the credentials.
 */
export async function connectPatiently(
  { log, signal }: Pick<AppContext, "log" | "signal">,
  open: () => Promise<WebhookUploads>,
): Promise<PatientUploads> {
  try {
    return { uploads: Promise.resolve(await open()), connected: undefined };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof AgentError) || !error.retriable) throw error;
    sayWaiting(error, log);
  }
  return goOn(tryAgain({ log, signal }, open), log);
}

/**
 * Connects to Oomnitza while the service is at work already, however long that takes. What trying again does
 * not mend in the one try may be mended in another: somebody gives the account its rights.
 */
export function connectMeanwhile(
  { log, signal }: Pick<AppContext, "log" | "signal">,
  open: () => Promise<WebhookUploads>,
): PatientUploads {
  async function tryNow(): Promise<WebhookUploads> {
    try {
      return await open();
    } catch (error) {
      signal.throwIfAborted();
      const isPassing = error instanceof AgentError && error.retriable;
      if (isPassing) sayWaiting(error, log);
      else log.error(messageOf(error));
      return await tryAgain({ log, signal }, open, isPassing ? "" : messageOf(error));
    }
  }
  const uploads = tryNow();
  const connected = uploads.then(() => {});
  connected.catch(() => {});
  return { uploads, connected };
}

function sayWaiting({ message }: AgentError, log: AppContext["log"]): void {
  log.warning(
    `${message}. The service goes on and tries again; webhook events are accepted and wait`,
  );
}

function goOn(uploads: Promise<WebhookUploads>, log: AppContext["log"]): PatientUploads {
  const connected = uploads.then(() => log.info("Oomnitza answers: what waited is uploaded"));
  // Whoever waits for them sees why there are none.
  connected.catch(() => {});
  return { uploads, connected };
}

async function tryAgain(
  { log, signal }: Pick<AppContext, "log" | "signal">,
  open: () => Promise<WebhookUploads>,
  saidBefore = "",
): Promise<WebhookUploads> {
  let said = saidBefore;
  while (true) {
    await sleep(againMs, signal);
    try {
      return await open();
    } catch (error) {
      signal.throwIfAborted();
      const message = messageOf(error);
      const isNews = !(error instanceof AgentError && error.retriable) && message !== said;
      log[isNews ? "error" : "debug"](message);
      if (isNews) said = message;
    }
  }
}
