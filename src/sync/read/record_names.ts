/**
 * What a record is called in the log and the report when it has no value of its sync field: its number,
 * and where it is or what its source calls it.
 *
 * @module
 */

import { isBlank, type SourceRecord } from "../../base/record.ts";
import type { Source, SourcePage } from "../../sdk/source.ts";
import { lookUp } from "../../transform/path.ts";

interface KnownPage {
  /** Number of its first record in the source, from 1. */
  readonly first: number;
  readonly page: SourcePage;
}

/** Longest value that a name has. */
const maxLength = 80;

/** Names records of one source while it is read. */
export class RecordNames {
  readonly #paths: readonly string[];
  #pages: KnownPage[] = [];

  constructor({ namedBy = [] }: Pick<Source, "namedBy">) {
    this.#paths = namedBy;
  }

  /** Remembers a page that knows where its records are, until {@linkcode forget}. */
  remember(page: SourcePage, first: number): void {
    if (page.locate !== undefined) this.#pages.push({ first, page });
  }

  /** Forgets the pages that end before a number. */
  forget(before: number): void {
    while (this.#isBefore(this.#pages[0], before)) this.#pages.shift();
  }

  /** For example `record 3 (line 4 of assets.csv)` or `record 17 (12, Ann's phone)`. */
  name(record: SourceRecord, number: number): string {
    const values = this.#paths.map((path) => lookUp(record, path))
      .filter((value) => !isBlank(value) && typeof value !== "object")
      .map((value) => String(value).slice(0, maxLength));
    const what = this.#locate(number) ?? values.join(", ");
    return what === "" ? `record ${number}` : `record ${number} (${what})`;
  }

  #isBefore(known: KnownPage | undefined, number: number): boolean {
    return known !== undefined && known.first + known.page.length <= number;
  }

  #locate(number: number): string | undefined {
    const known = this.#pages.find((each) => !this.#isBefore(each, number));
    if (known === undefined || number < known.first) return undefined;
    return known.page.locate?.(number - known.first);
  }
}
