/**
 * What the state file has of a run beyond its counts, in words: its receipt, and how its time was spent.
 *
 * @module
 */

import { z } from "zod";
import type { StoredRun } from "../state/run_account.ts";
import { describeLatency } from "./latency.ts";
import { describeReceipt, describeReceiptText, receiptShape } from "./receipt/receipt.ts";
import { describeTimes } from "./run_clock.ts";

const latencyShape = z.object({ p50_ms: z.number(), p99_ms: z.number() }).nullable();

const timesShape = z.object({
  source_ms: z.number(),
  agent_ms: z.number(),
  oomnitza_ms: z.number(),
  latency: z.object({ read: latencyShape, webhook: latencyShape }),
});

/** Whether Oomnitza is still asked what became of the records of a run that has ended. */
export function isUndecided({ awaits_receipt, ended, counts }: StoredRun): boolean {
  return awaits_receipt && ended !== null && (counts.sent ?? 0) > 0;
}

/** The receipt of a run, its latency and its time, as pairs of a name and a phrase. */
export function describeOutcome(run: StoredRun): (readonly [string, string])[] {
  const facts: (readonly [string, string])[] = [];
  const receipt = receiptShape.safeParse(run.receipt).data;
  if (receipt !== undefined) {
    facts.push(["receipt", describeReceipt(receipt)]);
    for (const text of receipt.texts) facts.push(["", describeReceiptText(text)]);
  } else if (isUndecided(run)) facts.push(["receipt", "awaited"]);
  const times = timesShape.safeParse(run.times).data;
  if (times === undefined) return facts;
  const { read, webhook } = times.latency;
  if (read !== null) facts.push(["from reading to receipt", describeLatency(read)]);
  if (webhook !== null) facts.push(["from webhook to receipt", describeLatency(webhook)]);
  facts.push(["time", describeTimes(times)]);
  return facts;
}
