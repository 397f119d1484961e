/**
 * What the tests of the inbox share: a source that fetches what a webhook call is about.
 *
 * @module
 */
import { AgentError } from "../../../src/base/errors.ts";
import { defineSource, type Source } from "../../../src/sdk/source.ts";
import { sourceContext } from "../../../src/sync/read/source_context.ts";
import { prepareTestSection, readSettings } from "./prepared_section.ts";

/** When entries that fail are tried again in the tests. */
export const retryDelays = { firstWaitMs: 100, longestWaitMs: 1000, giveUpMs: 60_000 };

/** A source whose webhook answers a body as configured. */
export function webhookSource(webhook: NonNullable<Source["webhook"]>): Source {
  return defineSource({
    name: "devices",
    title: "Devices",
    kind: "assets",
    summary: "Devices of a test.",
    mappingName: "Devices",
    options: {},
    mappings: {},
    async *records() {},
    webhook,
  });
}

/** The context of a section of a test, and the lines that it logs. */
export async function makeContext() {
  const { prepared, lines } = await prepareTestSection([]);
  return { context: sourceContext(prepared, readSettings()), lines };
}

/** Fails for odd bodies. */
export const even = webhookSource(async function* (_context, { body }) {
  if (Number(body) % 2 === 1) throw new AgentError("no such computer");
  yield { tag: `T${body}` };
});
