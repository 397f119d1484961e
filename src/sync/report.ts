/**
 * The report of a run, for people and for programs.
 *
 * @module
 */

import { AgentError, type Finding, messageOf } from "../base/errors.ts";
import { indentDetails } from "../logging/log.ts";
import type { RunOrigin } from "../state/run_account.ts";
import type { Counts, Failure } from "./account.ts";
import type { ChangeCounts } from "./changes/delta.ts";
import type { Rename } from "./changes/renames.ts";
import type { BacklogCounts } from "./deliver/backlog.ts";
import type { Latency } from "./latency.ts";
import { describeEmptyPath, type EmptyPath } from "./read/missing_paths.ts";
import { describeReceipt, describeReceiptText, type Receipt } from "./receipt/receipt.ts";
import type { EarlierReceipt } from "./receipt/section_receipts.ts";
import type { RunTimes } from "./run_clock.ts";

/** What went wrong with a whole section. */
export interface SectionError {
  readonly message: string;
  readonly hint: string | null;
  /** True for a bug in the agent itself. */
  readonly bug: boolean;
}

/** What kept a run from starting. */
export interface RunError extends SectionError {
  /** Every mistake of the configuration file. */
  readonly findings: readonly Finding[];
}

/** How the records of a run stand to what was accepted before. */
export interface SectionChanges extends Readonly<ChangeCounts> {
  /** Records that are gone from the source; null when that is not known. */
  readonly gone: number | null;
  /** Sync field values of the first of them. */
  readonly gone_records: readonly string[];
  /** The first of the renamed records: their sync field values before, and now. */
  readonly renames: readonly Rename[];
}

/** How often the converter of one field failed. */
export interface ConverterFailures {
  readonly converter: string;
  readonly field: string;
  readonly failed: number;
  /** Values that there were to convert. */
  readonly tried: number;
  /** Why the first of them failed. */
  readonly reason: string;
}

/** How one section's run went. */
export interface SectionReport {
  readonly section: string;
  /** Id of the run in the state file; null when there is none. */
  readonly run: string | null;
  /** What began it: somebody or a schedule, for all of the section, or webhooks, for what they are about. */
  readonly origin: RunOrigin;
  /** Source name, for example `csv_assets`. */
  readonly source: string;
  readonly mapping_name: string;
  readonly kind: "assets" | "users";
  /** `ok` only when the account balances, nothing failed and every record could be read. */
  readonly outcome: "ok" | "failed";
  /** ISO 8601. */
  readonly started: string;
  readonly ended: string;
  readonly counts: Readonly<Counts>;
  /** What Oomnitza reported of the records that it accepted; null when it was not asked. */
  readonly receipt: Receipt | null;
  /** The same of what earlier runs sent, when that was still to be reported. */
  readonly earlier_receipts: readonly EarlierReceipt[];
  /** How the time was spent; the wait for the receipt is Oomnitza's. */
  readonly times: RunTimes;
  /** How long records took from being read, and from the arrival of a webhook, until the receipt. */
  readonly latency: { readonly read: Latency | null; readonly webhook: Latency | null };
  /** Records that earlier runs left in the state file, and what became of them first. */
  readonly backlog: BacklogCounts;
  /** How the records stand to what was accepted before; null when they were not compared with it. */
  readonly changes: SectionChanges | null;
  /** Whether the guard stopped the section before anything was sent. */
  readonly stopped_by_guard: boolean;
  /** How many records the vendor said there are, null when it says nothing. */
  readonly claimed: number | null;
  readonly api: "v2" | "v3" | null;
  /** Requests of the upload API, repetitions not counted. */
  readonly requests: number;
  /** Webhook events whose fetch failed and is tried again later; 0 in a run of all of the section. */
  readonly postponed: number;
  /** Mapped paths that no record has, or that were empty in every record that was read. */
  readonly empty_paths: readonly EmptyPath[];
  /** Refused records that are in the state file now, for `agent failed` and `agent retry`. */
  readonly dead_letters: number;
  /** Values that converters could not convert. */
  readonly conversion_problems: number;
  /** Converters that failed, by the field that they are for. */
  readonly converter_failures: readonly ConverterFailures[];
  readonly failures: readonly Failure[];
  /** Failures beyond those named. */
  readonly failures_omitted: number;
  readonly error: SectionError | null;
}

/**
 * Whether a run shows that the section works: a run for webhooks that sent nothing, because nothing could
 * be or had to be fetched, shows nothing.
 */
export function isSuccess({ outcome, origin, counts, backlog }: SectionReport): boolean {
  return outcome === "ok" && (origin === "upload" || counts.fetched + backlog.sent > 0);
}

/** How a whole run went. */
export interface RunReport {
  /** Version of this report's form; a change that breaks readers raises it. */
  readonly report: 1;
  readonly agent: string;
  readonly started: string;
  readonly ended: string;
  readonly testmode: boolean;
  /** Named sections that do not exist or are not enabled. */
  readonly not_enabled: readonly string[];
  readonly sections: readonly SectionReport[];
  /** Why nothing could run, null when something did. */
  readonly error: RunError | null;
  /** The exit code of the program. */
  readonly exit: number;
}

/** What to do about a bug in the agent itself. */
export const bugHint = "This is a bug in the agent. Please report it with the output of --verbose.";

/** An error as a report has it. What is no {@linkcode AgentError} is a bug of the agent. */
export function toSectionError(thrown: unknown): SectionError {
  if (thrown instanceof AgentError) {
    return { message: thrown.message, hint: thrown.hint ?? null, bug: false };
  }
  if (thrown instanceof DOMException && thrown.name === "AbortError") {
    return { message: "Stopped before the end", hint: null, bug: false };
  }
  return {
    message: `Unexpected: ${messageOf(thrown)}`,
    hint: bugHint,
    bug: true,
  };
}

const labels: readonly (readonly [keyof Counts, string])[] = [
  ["sent", "sent"],
  ["shown", "shown"],
  ["unchanged", "unchanged"],
  ["filtered", "filtered"],
  ["incomplete", "incomplete"],
  ["failed", "failed"],
  ["kept", "kept for the next run"],
  ["held", "not sent"],
  ["unreadable", "unreadable"],
];

const heldByGuard = "held back by the guard";

/** The counts as a phrase: `120 read, 118 sent, 2 incomplete`. */
export function describeCounts(
  counts: Readonly<Partial<Counts>>,
  isStoppedByGuard = false,
): string {
  const parts = [`${counts.fetched ?? 0} read`];
  for (const [key, label] of labels) {
    const count = counts[key] ?? 0;
    if (count > 0 || key === "sent" && (counts.shown ?? 0) === 0) {
      parts.push(`${count} ${key === "held" && isStoppedByGuard ? heldByGuard : label}`);
    }
  }
  return parts.join(", ");
}

/** Failures named in the text report; the JSON report names them all. */
const namedInText = 20;

function describeGone(changes: SectionChanges | null): string[] {
  const { gone = 0, gone_records: records = [] } = changes ?? {};
  if (gone === null || gone === 0) return [];
  const more = gone > namedInText ? `, … and ${gone - namedInText} more` : "";
  return [`${gone} gone from the source: ${records.slice(0, namedInText).join(", ")}${more}`];
}

/** The first of the renamed records, as one line. */
export function describeRenames(changes: SectionChanges | null): string[] {
  const { renamed = 0, renames = [] } = changes ?? {};
  if (renamed === 0) return [];
  const named = renames.slice(0, namedInText).map(({ old, new: now }) => `${old} → ${now}`);
  const more = renamed > namedInText ? `, … and ${renamed - namedInText} more` : "";
  return [`${renamed} renamed: ${named.join(", ")}${more}`];
}

/** Mapped paths that gave nothing: those of which something is known by themselves, the others in one line. */
export function describeEmptyPaths(paths: readonly EmptyPath[]): string[] {
  const known = paths.filter(({ note }) => note !== null);
  const others = paths.filter(({ note }) => note === null);
  const lines = known.slice(0, namedInText).map((path) => `${describeEmptyPath(path)}`);
  if (known.length > namedInText) lines.push(`… and ${known.length - namedInText} more`);
  if (others.length === 0) return lines;
  const named = others.slice(0, namedInText).map(({ path, fields }) =>
    `${path} (${fields.join(", ")})`
  );
  const more = others.length > namedInText ? `, … and ${others.length - namedInText} more` : "";
  return [...lines, `Empty in every record: ${named.join(", ")}${more}`];
}

/** What Oomnitza told, of this run and of earlier ones. */
export function receiptLines({ receipt, earlier_receipts: earlier }: SectionReport): string[] {
  const lines = earlier.map((one) => `Run ${one.run}: ${describeReceipt(one)}`);
  if (receipt !== null) lines.push(describeReceipt(receipt));
  const texts = [...earlier, ...receipt === null ? [] : [receipt]]
    .flatMap(({ texts }) => texts).filter(({ outcome }) => outcome !== "failed");
  return [...lines, ...texts.slice(0, namedInText).map(describeReceiptText)];
}

/** What happens next with records that did not arrive. */
function describeNext({ dead_letters: dead, counts, backlog }: SectionReport): string[] {
  const lines: string[] = [];
  if (dead > 0) {
    lines.push(
      `${dead} refused and kept in the state file: "agent failed" lists them, "agent retry" sends them again once the cause is fixed`,
    );
  }
  const kept = counts.kept + backlog.kept;
  if (kept > 0) {
    lines.push(`${kept} not answered and kept in the state file: the next run sends them first`);
  }
  return lines;
}

/** One section's report: a line, and details below it. What comes from outside is not escaped yet. */
export function sectionLines(report: SectionReport): readonly [string, ...string[]] {
  const seconds = (Date.parse(report.ended) - Date.parse(report.started)) / 1000;
  const counts = describeCounts(report.counts, report.stopped_by_guard);
  const details: string[] = [];
  const { records, sent, failed, kept } = report.backlog;
  if (records > 0) {
    details.push(
      `${records} left by an earlier run: ${sent} sent, ${failed} failed, ${kept} still kept`,
    );
  }
  if (report.postponed > 0) {
    details.push(
      `${report.postponed} webhook events could not be fetched for; they are tried again`,
    );
  }
  details.push(...receiptLines(report));
  details.push(...describeEmptyPaths(report.empty_paths));
  details.push(...describeRenames(report.changes));
  details.push(...describeGone(report.changes));
  for (const { record, reason } of report.failures.slice(0, namedInText)) {
    details.push(`${record === "" ? "(no sync field)" : record}: ${reason}`);
  }
  const more = report.failures.length + report.failures_omitted - namedInText;
  if (more > 0) details.push(`… and ${more} more`);
  for (const { converter, field, failed, tried, reason } of report.converter_failures) {
    details.push(
      `Converter ${converter} of ${field} failed ${failed} of ${tried} times: ${reason}`,
    );
  }
  details.push(...describeNext(report));
  if (report.error !== null) {
    details.push(report.error.message);
    if (report.error.hint !== null) details.push(report.error.hint);
  }
  return [
    `${report.section}: ${report.outcome}: ${counts} in ${seconds.toFixed(1)} s`,
    ...details,
  ];
}

/** One section's report as a text, without a trailing newline. */
export function describeSection(report: SectionReport): string {
  return indentDetails(sectionLines(report));
}
