/**
 * What a section is compared with, in PostgreSQL: the record that Oomnitza accepted last of each key.
 *
 * @module
 */

import type { PostgresRow } from "../../runtime/postgres.ts";
import { maxMissedRuns } from "../baseline.ts";
import { type FoundIdentities, inPages, unmarkRenamed } from "../identities.ts";
import type {
  Baseline,
  Conclusion,
  IdentifiedRecord,
  KnownRecord,
  MissingRecord,
} from "../known_records.ts";
import { addEnd } from "./answered.ts";
import { fromStorable, lockSection, toStorable, writeAsOwner } from "./context.ts";
import {
  type BaselineHead,
  type BaselineHome,
  digestOf,
  parseIdentity,
  printsByDigest,
  printsByIdentity,
  readHead,
} from "./fold.ts";
import { saveLearned, saveRenamed } from "./identities.ts";

/** What is read of a record. */
const foundColumns = "seq, key, fields, vals, must_send, missed, identity";

/** Rows that are read, or written, at once. */
const pageSize = 1000;

/** Opens the baseline of a section, after what was answered was taken in. */
export async function openBaseline(home: BaselineHome): Promise<Baseline> {
  const { context: { pg, schema, tenant }, section } = home;
  const head = await readHead(home, pg);
  const matches = head.destination === home.destination;
  const [row] = matches
    ? await pg.rows(
      `SELECT count(*) AS size, EXISTS (SELECT 1 FROM ${schema}.fingerprints AS known
          WHERE known.tenant = $1 AND known.section = $2 AND known.identity IS NOT NULL) AS has_identities
        FROM ${schema}.fingerprints WHERE tenant = $1 AND section = $2 AND missed = 0`,
      [tenant, section],
    )
    : [];
  const known = row && { size: Number(row.size), hasIdentities: row.has_identities === true };
  return new PgBaseline(home, head, known);
}

class PgBaseline implements Baseline {
  readonly size: number;
  readonly hasIdentities: boolean;
  readonly #home: BaselineHome;
  readonly #head: BaselineHead;
  /** Whether it is of the destination that the section has now. */
  readonly #matches: boolean;

  constructor(
    home: BaselineHome,
    head: BaselineHead,
    known: Pick<Baseline, "size" | "hasIdentities"> | undefined,
  ) {
    this.#home = home;
    this.#head = head;
    this.#matches = known !== undefined;
    this.size = known?.size ?? 0;
    this.hasIdentities = known?.hasIdentities ?? false;
  }

  get isFull(): boolean {
    return this.#matches && this.#head.fullRun !== undefined;
  }

  get stamp(): string {
    const { destination, answer } = this.#head;
    return answer === "0" ? "none" : `${destination}-${answer}`;
  }

  get answer(): number {
    return Number(this.#head.answer);
  }

  async findAll(
    keys: readonly (string | undefined)[],
  ): Promise<readonly (KnownRecord | undefined)[]> {
    const wanted = [...new Set(keys.filter((key) => key !== undefined))];
    if (!this.#matches || wanted.length === 0) return keys.map(() => undefined);
    const { context: { pg, schema, tenant }, section } = this.#home;
    const rows = await pg.rows(
      `SELECT known.* FROM ${printsByDigest(schema, foundColumns)}
        WHERE seq <= $4`,
      [tenant, section, wanted.map(digestOf), this.#head.lastSeq],
    );
    const known = new Map(rows.map((row) => [String(row.key), parseKnown(row)]));
    return keys.map((key) => key === undefined ? undefined : known.get(key));
  }

  async findByIdentity(
    identities: readonly string[],
  ): Promise<readonly (IdentifiedRecord | undefined)[]> {
    if (!this.#matches || identities.length === 0) return identities.map(() => undefined);
    const { context: { pg, schema, tenant }, section } = this.#home;
    const rows = await pg.rows(
      `SELECT wanted.identity AS asked, known.* FROM ${
        printsByIdentity(schema, "seq, key, fields, vals, missed")
      }`,
      [tenant, section, [...new Set(identities)].map(toStorable), this.#head.lastSeq],
    );
    const found = Map.groupBy(rows, ({ asked }) => fromStorable(asked));
    return identities.map((identity) => parseIdentified(found.get(identity) ?? []));
  }

  async noteIdentities({ learned, renamed }: FoundIdentities): Promise<void> {
    if (!this.#matches) return;
    for (const page of inPages(learned)) await saveLearned(this.#home, page);
    for (const page of inPages(renamed)) await saveRenamed(this.#home, page);
  }

  async *missing(isSeen: (id: number) => boolean): AsyncGenerator<MissingRecord> {
    for await (const rows of this.#pages(0, "seq, key, fields, vals")) {
      for (const { seq, key, fields, vals } of rows) {
        if (isSeen(Number(seq))) continue;
        yield { key: String(key), fields: String(fields), values: String(vals) };
      }
    }
  }

  async conclude({ run, isSeen, gone, returned, records }: Conclusion): Promise<void> {
    const { context, section, destination } = this.#home;
    const { schema, tenant } = context;
    if (this.#matches) await this.#miss(isSeen, gone === 0 ? 1 : 0);
    await writeAsOwner(context, { isAwaited: false }, async (on) => {
      await lockSection(context, on, section);
      await on.rows(
        `UPDATE ${schema}.fingerprints SET missed = 0
          WHERE tenant = $1 AND section = $2 AND missed > 0 AND seq = ANY ($3::int8[])`,
        [tenant, section, returned],
      );
      await addEnd(context, on, { section, run, destination }, records);
    });
  }

  /** Counts the records that were not seen as missed once more, from those missed most often down to `least`. */
  async #miss(isSeen: (id: number) => boolean, least: number): Promise<void> {
    const { context, section } = this.#home;
    const { schema, tenant } = context;
    for (let missed = maxMissedRuns - 1; missed >= least; missed--) {
      const statement = missed + 1 === maxMissedRuns
        ? `DELETE FROM ${schema}.fingerprints`
        : `UPDATE ${schema}.fingerprints SET missed = missed + 1`;
      for await (const rows of this.#pages(missed, "seq")) {
        const gone = rows.map(({ seq }) => Number(seq)).filter((seq) => !isSeen(seq));
        if (gone.length === 0) continue;
        await writeAsOwner(context, { isAwaited: false }, (on) =>
          on.rows(
            `${statement} WHERE tenant = $1 AND section = $2 AND missed = $3 AND seq = ANY ($4::int8[])`,
            [tenant, section, missed, gone],
          ));
      }
    }
  }

  /** Records that were missed so often, as they came first, in pages. */
  async *#pages(missed: number, columns: string): AsyncGenerator<readonly PostgresRow[]> {
    if (!this.#matches) return;
    const { context: { pg, schema, tenant }, section } = this.#home;
    for (let last = 0;;) {
      const rows = await pg.rows(
        `SELECT ${columns} FROM ${schema}.fingerprints WHERE tenant = $1 AND section = $2
          AND missed = $3 AND seq > $4 AND seq <= $5 ORDER BY seq LIMIT ${pageSize}`,
        [tenant, section, missed, last, this.#head.lastSeq],
      );
      yield rows;
      if (rows.length < pageSize) return;
      last = Number(rows.at(-1)?.seq);
    }
  }
}

function parseKnown(row: PostgresRow): KnownRecord {
  return {
    id: Number(row.seq),
    fields: String(row.fields),
    values: String(row.vals),
    mustSend: row.must_send === true,
    missed: Number(row.missed),
    identity: parseIdentity(row.identity),
  };
}

/** The record of those with one identity, in their order, unless several of them are expected. */
function parseIdentified(
  [row, other]: readonly PostgresRow[],
): IdentifiedRecord | undefined {
  if (row === undefined || row.missed === 0 && other?.missed === 0) return undefined;
  return {
    id: Number(row.seq),
    key: unmarkRenamed(String(row.key)),
    fields: String(row.fields),
    values: String(row.vals),
    missed: Number(row.missed),
  };
}
