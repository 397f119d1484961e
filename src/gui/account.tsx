/**
 * The account of a run on a page: counts, failures, and what went wrong.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
import type { Finding } from "../base/errors.ts";
import type { Skipped } from "../base/record.ts";
import type { Failure } from "../sync/account.ts";
import { describeEmptyPath, type EmptyPath } from "../sync/read/missing_paths.ts";
import { describeRenames, receiptLines, type SectionReport } from "../sync/report.ts";
import { type GuiContext, sectionPath } from "./context.ts";
import { withQuery } from "./format.ts";

/** Failures that a page names. */
const shownFailures = 100;

/** Columns of a table of counts; those marked are there even when everything is zero. */
const columns = [
  ["fetched", "Read", true],
  ["sent", "Sent", true],
  ["unchanged", "Unchanged", false],
  ["filtered", "Filtered", false],
  ["incomplete", "Incomplete", false],
  ["failed", "Failed", true],
  ["kept", "Kept for the next run", false],
  ["held", "Held back", false],
  ["unreadable", "Unreadable", false],
] as const;

/** A row of a table of counts. */
export interface CountRow {
  readonly name: string;
  readonly state: string;
  readonly counts: Readonly<Record<string, number>> | undefined;
}

/** A table with a row for each section and a column for each outcome of a record. */
export function CountTable({ rows, label }: { rows: readonly CountRow[]; label: string }) {
  const shown = columns.filter(([key, , always]) =>
    always || rows.some(({ counts }) => (counts?.[key] ?? 0) > 0)
  );
  return (
    <div class="scroll" tabindex={0} role="region" aria-label={label}>
      <table>
        <thead>
          <tr>
            <th scope="col">Section</th>
            <th scope="col">State</th>
            {shown.map(([, title]) => <th key={title} scope="col" class="number">{title}</th>)}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, state, counts }) => (
            <tr>
              <th scope="row">{name}</th>
              <td>{state}</td>
              {shown.map(([key]) => <td key={key} class="number">{counts?.[key] ?? ""}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What went wrong, with each finding where it belongs. */
export function ErrorNotice(
  { gui, message, hint, findings = [] }: {
    gui: GuiContext;
    message: string;
    hint: string | null;
    findings?: readonly Finding[];
  },
) {
  const { redactor } = gui;
  return (
    <div class="notice bad">
      <p>{redactor.redact(message)}</p>
      {hint === null ? null : <p>{redactor.redact(hint)}</p>}
      {findings.length === 0 ? null : (
        <ul>
          {findings.map(({ section, option, line, message }) => (
            <li>
              {section === undefined ? null : <a href={sectionPath(section)}>[{section}]</a>}{" "}
              {option === undefined ? null : <code>{option}</code>} {redactor.redact(message)}
              {line === undefined ? "" : ` (line ${line})`}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** What a source has and could not give, with the reasons; `total`: how many, when not all are there. */
export function Unreadable(
  { gui, skipped, total = skipped.length }: {
    gui: GuiContext;
    skipped: readonly Skipped[];
    total?: number;
  },
) {
  if (total === 0) return null;
  const more = total - Math.min(skipped.length, shownFailures);
  return (
    <div class="notice warning">
      <p>
        {total === 1 ? "1 record" : `${total} records`} could not be read:
      </p>
      <ul>
        {skipped.slice(0, shownFailures).map(({ identity, reason }) => (
          <li>{gui.redactor.redact(`${identity}: ${reason}`)}</li>
        ))}
      </ul>
      {more > 0 ? <p class="note">and {more} more</p> : null}
    </div>
  );
}

/** Mapped paths that no record has a value for; `hint`: what the data have instead. */
export function EmptyPaths(
  { gui, paths, hint }: { gui: GuiContext; paths: readonly EmptyPath[]; hint?: string | undefined },
) {
  if (paths.length === 0) return null;
  return (
    <div class="notice warning" data-empty-paths>
      <p>Mapped, and without a value in every record that was read:</p>
      <ul>
        {paths.map((each) => <li key={each.path}>{gui.redactor.redact(describeEmptyPath(each))}
        </li>)}
      </ul>
      {hint === undefined ? null : <p>{gui.redactor.redact(hint)}</p>}
    </div>
  );
}

/** The records that were lost, with their reasons. */
export function Failures(
  { gui, section, failures, omitted }: {
    gui: GuiContext;
    section: string;
    failures: readonly Failure[];
    omitted: number;
  },
) {
  const more = omitted + Math.max(0, failures.length - shownFailures);
  return (
    <>
      <h3>Lost records of {section}</h3>
      <div class="scroll" tabindex={0} role="region" aria-label={`Lost records of ${section}`}>
        <table>
          <thead>
            <tr>
              <th scope="col">Record</th>
              <th scope="col">Reason</th>
            </tr>
          </thead>
          <tbody>
            {failures.slice(0, shownFailures).map(({ record, reason }) => (
              <tr>
                <th scope="row">
                  {record === "" ? "(no sync field)" : gui.redactor.redact(record)}
                </th>
                <td>{gui.redactor.redact(reason)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {more === 0 ? null : <p class="note">and {more} more</p>}
    </>
  );
}

/** What Oomnitza told of the records of a run, and of earlier ones. */
function Receipts({ gui, report }: { gui: GuiContext; report: SectionReport }) {
  return (
    <>
      {receiptLines(report).map((line) => <p key={line}>{gui.redactor.redact(line)}</p>)}
    </>
  );
}

/** What a section's run left to look at: its error, what is gone, and the lost records. */
export function Remarks({ gui, report }: { gui: GuiContext; report: SectionReport }) {
  const { error, failures, failures_omitted: omitted, changes, section, backlog } = report;
  const gone = changes?.gone ?? 0;
  return (
    <>
      {error === null ? null : <ErrorNotice gui={gui} message={error.message} hint={error.hint} />}
      {backlog.records === 0 ? null : (
        <p>
          {backlog.records} records were left by an earlier run: {backlog.sent} sent,{" "}
          {backlog.failed} failed, {backlog.kept} still kept.
        </p>
      )}
      <Receipts gui={gui} report={report} />
      {describeRenames(changes).map((line) => <p key={line}>{gui.redactor.redact(line)}</p>)}
      {gone === 0 ? null : (
        <p>
          {gone} gone from the source: {changes?.gone_records.slice(0, 20).join(", ")}
          {gone > 20 ? ", …" : ""}
        </p>
      )}
      <EmptyPaths gui={gui} paths={report.empty_paths} />
      {failures.length === 0 ? null : (
        <>
          <Failures gui={gui} section={section} failures={failures} omitted={omitted} />
          <p>
            <a href={withQuery("failed", { section })}>Failed records of {section}</a>
          </p>
        </>
      )}
    </>
  );
}
