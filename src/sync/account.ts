/**
 * The account of one section's run: what became of every record that was fetched.
 *
 * @module
 */

/** How many records ended how. */
export interface Counts {
  /** Records that the source gave. */
  fetched: number;
  /** Dropped by the record filter. */
  filtered: number;
  /** Dropped because a required field had no value. */
  incomplete: number;
  /** The same as what Oomnitza accepted last time. */
  unchanged: number;
  /** Accepted by Oomnitza. */
  sent: number;
  /** Shown instead of sent, in test mode. */
  shown: number;
  /** Lost, each with its reason. */
  failed: number;
  /** Not answered by Oomnitza; they wait in the state file for the next run. */
  kept: number;
  /** Mapped, and held back until everything was compared, which it never was, or the guard stopped it. */
  held: number;
  /** Records that the source knows of and could not read. */
  unreadable: number;
}

/** One record that was lost, and why. */
export interface Failure {
  /** Sync field values, or what the source calls the record. */
  readonly record: string;
  readonly reason: string;
}

/** Failures listed by name in the report; all of them are counted. */
export const maxListedFailures = 10_000;

/** The running account. */
export interface Account {
  readonly counts: Counts;
  readonly failures: readonly Failure[];
  /** Counts a lost record and remembers its name. */
  fail(record: string, reason: string): void;
  /** Counts a record that the source could not read. */
  skip(record: string, reason: string): void;
  /** How many records the vendor says there are. */
  claim(total: number): void;
  readonly claimed: () => number | undefined;
  /** What does not add up, or nothing. `complete` says whether the source was read to its end. */
  imbalance(complete: boolean): string | undefined;
}

/**
 * A text of its own: a part of a longer text would keep all of that in memory, a block of a file
 * for each lost record.
 */
function copyText(text: string): string {
  return JSON.parse(JSON.stringify(text));
}

/** What does not add up, or nothing. */
function findImbalance(counts: Readonly<Counts>, claimed: number | undefined): string | undefined {
  const { fetched, filtered, incomplete, unchanged, sent, shown, failed, kept, held, unreadable } =
    counts;
  const ended = filtered + incomplete + unchanged + sent + shown + failed + kept + held;
  if (fetched !== ended) return `${fetched} records were fetched, but ${ended} accounted for`;
  if (claimed === undefined || claimed === fetched + unreadable) return undefined;
  return `the source says it has ${claimed} records, but gave ${fetched + unreadable}`;
}

/** How many records were sent, when that is all that were to be sent, and all were accepted. */
export function countSentAll({ counts }: Pick<Account, "counts">): number | undefined {
  const { fetched, filtered, incomplete, sent, unreadable } = counts;
  return unreadable === 0 && sent === fetched - filtered - incomplete ? sent : undefined;
}

/** Opens an empty account. */
export function openAccount(): Account {
  const counts: Counts = {
    fetched: 0,
    filtered: 0,
    incomplete: 0,
    unchanged: 0,
    sent: 0,
    shown: 0,
    failed: 0,
    kept: 0,
    held: 0,
    unreadable: 0,
  };
  const failures: Failure[] = [];
  let claimed: number | undefined;
  function remember(record: string, reason: string): void {
    if (failures.length < maxListedFailures) {
      failures.push({ record: copyText(record), reason: copyText(reason) });
    }
  }
  return {
    counts,
    failures,
    fail(record, reason) {
      counts.failed++;
      remember(record, reason);
    },
    skip(record, reason) {
      counts.unreadable++;
      remember(record, reason);
    },
    claim: (total) => claimed = total,
    claimed: () => claimed,
    imbalance: (complete) => findImbalance(counts, complete ? claimed : undefined),
  };
}
