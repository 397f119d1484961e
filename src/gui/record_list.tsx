/**
 * The first records of a section, each as the source gave it and as Oomnitza would get it.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
import type { Preview } from "../app/preview.ts";
import { Skipped } from "../base/record.ts";
import type { ReadRecord } from "../sync/read/explain.ts";
import { Dropped } from "../transform/map.ts";
import { EmptyPaths, Unreadable } from "./account.tsx";
import type { GuiContext } from "./context.ts";
import { json } from "./format.ts";

interface ListFacts {
  readonly gui: GuiContext;
  readonly found: Preview;
  /** Whether each record has a button that sends its number as `explain`. */
  readonly isExplained?: boolean;
}

/** What was read of a section. */
export function RecordList({ gui, found, isExplained = false }: ListFacts) {
  const { items, emptyPaths, hint } = found;
  const records = items.filter((item): item is ReadRecord => !(item instanceof Skipped));
  const skipped = items.filter((item) => item instanceof Skipped);
  const sent = records.filter(({ outcome }) => !(outcome instanceof Dropped)).length;
  const unreadable = skipped.length === 0 ? "" : `, ${skipped.length} could not be read`;
  const summary = items.length === 0
    ? "The source has no records."
    : `${records.length} read${unreadable}, ${sent} of them would be sent.`;
  return (
    <>
      <p class="notice" role="status">{summary}</p>
      <Unreadable gui={gui} skipped={skipped} />
      <EmptyPaths gui={gui} paths={emptyPaths} hint={hint} />
      {records.map((one, index) => (
        <Record key={index} gui={gui} one={one} number={index + 1} isExplained={isExplained} />
      ))}
    </>
  );
}

interface RecordFacts {
  readonly gui: GuiContext;
  readonly one: ReadRecord;
  readonly number: number;
  readonly isExplained: boolean;
}

function Record({ gui: { redactor }, one, number, isExplained }: RecordFacts) {
  const { identity, record, outcome } = one;
  const isDropped = outcome instanceof Dropped;
  const name = identity === "" ? `Record ${number}` : redactor.redact(identity);
  return (
    <section class="record" aria-label={name}>
      <h2>{name}</h2>
      <p class={isDropped ? "unwell" : "well"}>{redactor.redact(describeOutcome(one))}</p>
      <div class="sides">
        <div>
          <h3>Source record</h3>
          <pre tabindex={0}>{json(redactor, record)}</pre>
        </div>
        <div>
          <h3>Record for Oomnitza</h3>
          <pre tabindex={0}>{isDropped ? "(not sent)" : json(redactor, outcome)}</pre>
        </div>
      </div>
      {isExplained
        ? (
          <button type="submit" class="quiet" name="explain" value={String(number)}>
            Explain {name}
          </button>
        )
        : null}
    </section>
  );
}

/** What happens to a record, in words. */
function describeOutcome({ outcome }: ReadRecord): string {
  if (!(outcome instanceof Dropped)) return "Would be sent";
  const { kind, reason } = outcome;
  return kind === "filtered" ? "Not sent: the filter drops it" : `Not sent, ${kind}: ${reason}`;
}
