/**
 * A week of scheduled runs as a calendar: how many begin in each hour, and which overlap.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
// deno-lint-ignore-file jsx-key -- written out once as text: there is nothing to keep apart
import type { PlannedRun } from "../app/calendar.ts";
import { duration } from "./format.ts";
import { Time } from "./time.tsx";

const days = 7;
const hours = 24;

/** Names that the text of a cell lists. */
const namedInCell = 12;

/** Overlaps that are listed. */
const listed = 30;

/** The runs that begin in one hour of one day. */
interface Cell {
  readonly runs: readonly PlannedRun[];
  /** Whether some of them run at the same time as another section. */
  readonly overlaps: boolean;
}

/** The local date of a moment, as a key: `2026-3-1`. */
function dateKey(moment: Date): string {
  return `${moment.getFullYear()}-${moment.getMonth() + 1}-${moment.getDate()}`;
}

function toCells(runs: readonly PlannedRun[]): ReadonlyMap<string, Cell> {
  const groups = Map.groupBy(runs, ({ start }) => `${dateKey(start)} ${start.getHours()}`);
  return new Map([...groups].map(([key, runs]) => {
    return [key, { runs, overlaps: runs.some(({ beside }) => beside.length > 0) }];
  }));
}

/** The days of the calendar, from the one that a moment is in. */
function listDays(from: Date): Date[] {
  return Array.from({ length: days }, (_, index) => {
    return new Date(from.getFullYear(), from.getMonth(), from.getDate() + index);
  });
}

function dayName(day: Date): string {
  return new Intl.DateTimeFormat("en", { weekday: "short", day: "numeric" })
    .format(day);
}

function describeCell({ runs, overlaps }: Cell): string {
  const names = [...new Set(runs.map(({ section }) => section))];
  const more = names.length - namedInCell;
  const list = names.slice(0, namedInCell).join(", ") + (more > 0 ? `, and ${more} more` : "");
  return overlaps ? `${list}; some run at the same time` : list;
}

function Hour({ cell }: { cell: Cell | undefined }) {
  if (cell === undefined) return <td></td>;
  const text = describeCell(cell);
  return (
    <td class={cell.overlaps ? "busy overlap" : "busy"} title={text}>
      {cell.runs.length}
      {cell.overlaps ? <span aria-hidden="true">&nbsp;×</span> : null}
      <span class="heard">{` ${cell.runs.length === 1 ? "run" : "runs"}: ${text}`}</span>
    </td>
  );
}

/** The calendar, in the time zone of this machine, and the overlaps in it. */
export function Week({ runs, from }: { runs: readonly PlannedRun[]; from: Date }) {
  const cells = toCells(runs);
  const columns = listDays(from);
  const used = Array.from({ length: hours }, (_, hour) => hour).filter((hour) =>
    columns.some((day) => cells.has(`${dateKey(day)} ${hour}`))
  );
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  return (
    <section aria-labelledby="week">
      <h2 id="week">The next seven days</h2>
      <p class="note">
        Runs that begin in each hour, in the time zone of this machine ({timeZone}). × marks hours
        in which sections run at the same time, by how long their latest runs took.
      </p>
      <div class="scroll" tabindex={0} role="region" aria-label="Calendar of the next seven days">
        <table class="week">
          <thead>
            <tr>
              <th scope="col">Hour</th>
              {columns.map((day) => <th scope="col">{dayName(day)}</th>)}
            </tr>
          </thead>
          <tbody>
            {used.map((hour) => (
              <tr>
                <th scope="row">{`${String(hour).padStart(2, "0")}:00`}</th>
                {columns.map((day) => <Hour cell={cells.get(`${dateKey(day)} ${hour}`)} />)}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Overlaps runs={runs} />
    </section>
  );
}

/** Two sections that run at the same time, and when they first do. */
interface Overlap {
  readonly sections: readonly [string, string];
  readonly first: PlannedRun;
  count: number;
}

function findOverlaps(runs: readonly PlannedRun[]): Overlap[] {
  const found = new Map<string, Overlap>();
  for (const run of runs) {
    for (const other of run.beside) {
      // Each pair once, at the run of the one that comes first by name.
      if (run.section >= other) continue;
      const key = JSON.stringify([run.section, other]);
      const known = found.get(key);
      if (known === undefined) {
        found.set(key, { sections: [run.section, other], first: run, count: 1 });
      } else known.count++;
    }
  }
  return [...found.values()].toSorted((a, b) => b.count - a.count);
}

function Overlaps({ runs }: { runs: readonly PlannedRun[] }) {
  const overlaps = findOverlaps(runs);
  if (overlaps.length === 0) return <p class="notice good">No sections run at the same time.</p>;
  return (
    <>
      <h3>Sections that run at the same time</h3>
      <p class="note">
        They take turns unless <code>parallel</code> of [oomnitza] lets more than one run;{" "}
        <code>after</code> puts them in an order, and <code>schedule_jitter</code> spreads them.
      </p>
      <ul>
        {overlaps.slice(0, listed).map(({ sections: [one, other], first, count }) => (
          <li>
            {one} and {other}: {count === 1 ? "once" : `${count} times`}, first{" "}
            <Time at={first.start.toISOString()} />
            {first.end > first.start ? `, for about ${duration(first.start, first.end)}` : ""}
          </li>
        ))}
      </ul>
      {overlaps.length > listed ? <p class="note">{overlaps.length - listed} more.</p> : null}
    </>
  );
}
