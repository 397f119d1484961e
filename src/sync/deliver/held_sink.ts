/**
 * Sends to Oomnitza only while it is certain that no other process has the section.
 *
 * @module
 */

import { AgentError } from "../../base/errors.ts";
import type { Oomnitza } from "../../oomnitza/client.ts";
import type { SectionHold, SectionHolder } from "../../state/state.ts";
import type { Sink } from "./deliver.ts";

/**
 * Milliseconds of the hold that must be left for a request to begin: what is sent in the last moments may
 * arrive after what another process sends.
 */
const leastMs = 500;

/** @throws {AgentError} when another process may have the section by now, or soon. */
export function requireHold(hold: SectionHold): void {
  hold.signal.throwIfAborted();
  if (hold.leftMs() >= leastMs) return;
  throw new AgentError("The lease of this process is about to end: nothing more is sent", {
    hint:
      "It is renewed in PostgreSQL, which did not answer in time. What was not sent stays in the state, and " +
      "who runs the section next sends it.",
  });
}

/** Oomnitza as a delivery writes to it; without a hold nobody else has the section. */
export function createSink(oomnitza: Pick<Oomnitza, "post">, hold: SectionHold | undefined): Sink {
  const condition = hold === undefined
    ? undefined
    : { check: () => requireHold(hold), signal: hold.signal };
  return {
    writes: true,
    post: (request, body, retry) => oomnitza.post(request, body, retry, condition),
  };
}

/** The error for a section that another process has. */
export function busyError(section: string, holder: SectionHolder): AgentError {
  const { host, process, version, since } = holder;
  return new AgentError(
    `[${section}] is at work already: process ${process} on ${host} (agent ${version}) has it since ${since}`,
    { hint: "Wait for its end: agent runs shows what it does.", retriable: true },
  );
}
