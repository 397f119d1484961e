/**
 * What is at work when something goes wrong, and so at most is sent again: one batch of each worker, as large as
 * it is at that moment.
 *
 * @module
 */
import { Database as Sqlite } from "bun:sqlite";
import { existsSync } from "node:fs";

/** Requests to Oomnitza that a replica of a cluster makes at once, and records in each, as it is by default. */
export const uploadWorkers = 2;
const recordsPerRequest = 100;
const onTheWay = uploadWorkers * recordsPerRequest;
/** Events of a section that are taken at once, at most. */
const eventsAtOnce = 500;

/** What can be sent again because of what is at work. */
export interface AtWork {
  /** Events that were taken and of which it is not recorded what became of them: they are fetched again. */
  readonly events: number;
  /** Records that the workers may have sent, and whose answers are not recorded: they are sent from the outbox. */
  readonly records: number;
  /** Events in the spool: what was forwarded and is still there is forwarded again. */
  readonly spooled: number;
  /** Posts that were not answered yet: their events may be in the inbox, and go into the spool as well. */
  readonly posts: number;
}

/** Of several replicas, or several times. */
export function sumAtWork(all: readonly AtWork[]): AtWork {
  const sum = (name: keyof AtWork) => all.reduce((total, each) => total + each[name], 0);
  return {
    ...{ events: sum("events"), records: sum("records") },
    ...{ spooled: sum("spooled"), posts: sum("posts") },
  };
}

/** The most that is sent again. */
export function mostRepeated({ events, records, spooled, posts }: AtWork): number {
  return events + records + spooled + posts;
}

/** SQL that gives the events at work and the records on the way in PostgreSQL, of one process or of all. */
export function atWorkInPostgres(
  { tenant, section, process }: {
    readonly tenant: string;
    readonly section: string;
    readonly process: number | undefined;
  },
): string {
  const isIts = (owner: string) =>
    process === undefined
      ? "true"
      : `${owner} IN (SELECT id FROM owners WHERE process = ${process})`;
  return `SELECT least(count(*), ${eventsAtOnce}) FROM inbox WHERE tenant = '${tenant}' AND owner IS NOT NULL AND ${
    isIts("owner")
  }
    UNION ALL SELECT coalesce(sum(least(records, ${onTheWay})), 0) FROM (
      SELECT sum(count) AS records FROM outbox JOIN runs ON runs.tenant = outbox.tenant AND runs.id = run
        WHERE outbox.tenant = '${tenant}' AND answered = 0 AND section = '${section}' AND ${
    isIts("owner")
  } GROUP BY run) AS left_by`;
}

/** The same of a state file, where there is one process. */
export function atWorkInFile(section: string): string {
  return `SELECT min(count(*), ${eventsAtOnce}) FROM inbox WHERE owner IS NOT NULL
    UNION ALL SELECT coalesce(sum(min(records, ${onTheWay})), 0) FROM (
      SELECT sum(count) AS records FROM outbox JOIN runs ON runs.id = run
        WHERE section = '${section}' AND outbox.id NOT IN (SELECT batch FROM acknowledged) GROUP BY run)`;
}

/** How many events are in a spool. */
export function countSpooled(file: string): number {
  if (!existsSync(file)) return 0;
  using spool = new Sqlite(file, { readonly: true });
  // A file that is being made has no table yet.
  const tables = spool.query("SELECT 1 FROM sqlite_schema WHERE name = 'spool'").all();
  if (tables.length === 0) return 0;
  const [row] = spool.query<{ events: number }, []>("SELECT count(*) AS events FROM spool").all();
  return row?.events ?? 0;
}
