/**
 * Uploads of what webhooks are about: sections that are prepared once and run again and again.
 *
 * @module
 */

import { AgentError } from "../base/errors.ts";
import type { Config } from "../config/config.ts";
import type { SectionConfig } from "../config/section.ts";
import { retryPolicies } from "../sdk/http/retry.ts";
import type { PreparedSection } from "../sync/prepare.ts";
import type { Connection } from "../sync/read/source_context.ts";
import { type AskedUpload, askReceipts } from "../sync/receipt/ask.ts";
import type { ReceiptAnswer } from "../sync/receipt/receipt.ts";
import type { DeliveredSection } from "../sync/run.ts";
import type { AppContext } from "./context.ts";
import { openSession } from "./session.ts";
import { deliverPrepared, type RunRequest } from "./upload.ts";

/** After so many milliseconds mappings are read anew: somebody may have changed them in Oomnitza. */
const maxAgeMs = 15 * 60_000;

/** Uploads of some devices of sections. */
export interface WebhookUploads {
  /** Gets a section ready for one more upload. */
  prepare(section: string): Promise<PreparedSection>;
  /** Uploads what `read` gives. Nothing is thrown: what went wrong is in the report. */
  run(
    prepared: PreparedSection,
    how: Pick<RunRequest, "read" | "postponed" | "arrivals">,
  ): Promise<DeliveredSection>;
  /** What became of many uploads of a connector, asked for at once. */
  ask(uploads: readonly AskedUpload[]): Promise<readonly ReceiptAnswer[]>;
}

/**
 * Connects to Oomnitza and prepares those of some sections that take webhooks.
 *
 * @throws {AgentError} as Oomnitza or the configuration does.
 */
export async function openWebhookUploads(
  app: AppContext,
  config: Config,
  sections: readonly SectionConfig[],
  request: RunRequest,
): Promise<WebhookUploads> {
  const session = await openSession(app, config, sections, retryPolicies.firstContact);
  const takers = sections.filter(({ source }) => source.webhook !== undefined);
  // Runs of a section share a connection: they need one token, and have the vendor's limits in common.
  const connections = new Map<string, Connection>();
  let all = await session.prepare(takers);
  let preparedAt = performance.now();
  return {
    async prepare(name) {
      if (performance.now() - preparedAt > maxAgeMs) {
        all = await session.prepare(takers);
        preparedAt = performance.now();
        for (const connection of connections.values()) delete connection.http;
      }
      const found = all.find(({ section }) => section.name === name);
      if (found === undefined) throw new AgentError(`[${name}] was not prepared`);
      // Each run is an upload of its own.
      return { ...found, upload: { ...found.upload, portion: crypto.randomUUID() } };
    },
    ask: (uploads) => askReceipts(session.oomnitza, uploads),
    run(prepared, how) {
      const { name } = prepared.section;
      const connection = connections.get(name) ?? {};
      connections.set(name, connection);
      return deliverPrepared(app, session, prepared, { ...request, ...how, connection });
    },
  };
}
