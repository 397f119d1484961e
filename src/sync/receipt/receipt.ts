/**
 * The receipt of an upload: what Oomnitza says became of the records that it took in.
 *
 * @module
 */

import { z } from "zod";
import { type PortionLog, type PortionOutcome, portionOutcomes } from "../../oomnitza/run_log.ts";

/** What the run log says of a portion, as far as a receipt goes by it. */
export type ReportedPortion = Pick<PortionLog, "objects" | "logs" | "endedAt">;

/** What Oomnitza said when it was asked about a portion, or why it said nothing. */
export type ReceiptAnswer =
  | { readonly kind: "reported"; readonly log: ReportedPortion }
  /** The instance has no run log, or not for this role. */
  | { readonly kind: "not_reported"; readonly reason: string }
  /** It has a run log in which the portion is not, or not yet. */
  | { readonly kind: "unknown" }
  /** It could not be asked. */
  | { readonly kind: "unanswered"; readonly reason: string };

/** A text of Oomnitza's that names none of the records that were sent. */
export interface ReceiptText {
  readonly outcome: PortionOutcome | "fatal";
  readonly text: string;
}

/** A receipt as a report has it. */
export interface Receipt extends Readonly<Record<PortionOutcome, number>> {
  /**
   * `reported`: it is decided what became of all records. `processing`: not of all of them, as far as was waited.
   * `not_reported`: this instance does not tell. `unanswered`: it could not be asked.
   */
  readonly state: "reported" | "processing" | "not_reported" | "unanswered";
  /** Why it is not reported; null when it is. */
  readonly reason: string | null;
  /** Texts about no record that could be found; about failed ones first. */
  readonly texts: readonly ReceiptText[];
  /** Further ones. */
  readonly texts_omitted: number;
}

const outcomeWords = z.enum([...portionOutcomes, "fatal"]);
const count = z.number();

/** A receipt as the state file has it. */
export const receiptShape = z.object({
  state: z.enum(["reported", "processing", "not_reported", "unanswered"]),
  reason: z.string().nullable(),
  added: count,
  updated: count,
  unchanged: count,
  skipped: count,
  failed: count,
  canceled: count,
  processing: count,
  texts: z.array(z.object({ outcome: outcomeWords, text: z.string() })),
  texts_omitted: count,
}) satisfies z.ZodType<Receipt>;

/** Texts that a report lists. */
const maxListedTexts = 100;

const none = {
  added: 0,
  updated: 0,
  unchanged: 0,
  skipped: 0,
  failed: 0,
  canceled: 0,
  processing: 0,
} as const satisfies Record<PortionOutcome, number>;

/** Records that Oomnitza took in and does not have. */
export function countNotStored({ failed, canceled }: Pick<Receipt, "failed" | "canceled">): number {
  return failed + canceled;
}

/** Whether Oomnitza has decided about every record of so many that it took in. */
export function isDecided(answer: ReceiptAnswer, sent: number): boolean {
  if (answer.kind === "not_reported") return true;
  if (answer.kind !== "reported") return false;
  const { objects, endedAt } = answer.log;
  if (objects.processing > 0) return false;
  // Records that it has not looked at yet may be in no count at all.
  return endedAt !== undefined || countRecords(objects) >= sent;
}

function countRecords(objects: PortionLog["objects"]): number {
  return Object.values(objects).reduce((sum, count) => sum + count, 0);
}

/**
 * The receipt for an answer; `unmatched` are the texts about failures that name no record, `isOver` says
 * whether all records are decided about.
 */
export function createReceipt(
  answer: ReceiptAnswer,
  unmatched: readonly string[],
  isOver: boolean,
): Receipt {
  if (answer.kind !== "reported") {
    const reason = answer.kind === "unknown" ? unknownReason : answer.reason;
    const state = answer.kind === "unanswered" ? "unanswered" : "not_reported";
    return { state, reason, ...none, texts: [], texts_omitted: 0 };
  }
  const { objects, logs } = answer.log;
  const other = (["fatal", "skipped"] as const).flatMap((outcome) =>
    logs[outcome].map((text) => ({ outcome, text }))
  );
  const texts = [...unmatched.map((text) => ({ outcome: "failed" as const, text })), ...other];
  return {
    state: isOver ? "reported" : "processing",
    reason: null,
    ...objects,
    texts: texts.slice(0, maxListedTexts),
    texts_omitted: Math.max(0, texts.length - maxListedTexts),
  };
}

const unknownReason = "its run log does not have this upload";

const labels = [
  ["added", "added"],
  ["updated", "updated"],
  ["unchanged", "unchanged"],
  ["skipped", "skipped"],
  ["failed", "failed"],
  ["canceled", "canceled"],
  ["processing", "still processing"],
] as const satisfies readonly (readonly [PortionOutcome, string])[];

/** The counts as a phrase: `118 added, 2 failed`. */
export function describeReceiptCounts(
  receipt: Readonly<Partial<Record<PortionOutcome, number>>>,
): string {
  const parts = labels.flatMap(([key, label]) => {
    const count = receipt[key] ?? 0;
    return count > 0 ? [`${count} ${label}`] : [];
  });
  return parts.length === 0 ? "nothing" : parts.join(", ");
}

/** One of Oomnitza's texts, with what it is about. */
export function describeReceiptText({ outcome, text }: ReceiptText): string {
  return `Oomnitza, ${outcome === "fatal" ? "fatal error" : outcome}: ${text}`;
}

/** A receipt as a sentence. */
export function describeReceipt(receipt: Receipt): string {
  const { state, reason } = receipt;
  if (state === "not_reported") {
    return `Oomnitza does not tell what became of the records: ${reason}`;
  }
  if (state === "unanswered") {
    return `Oomnitza could not be asked what became of the records, the next run asks again: ${reason}`;
  }
  const counts = describeReceiptCounts(receipt);
  if (state === "reported") return `Oomnitza: ${counts}`;
  return `Oomnitza: ${counts}; the next run asks again what became of these`;
}
