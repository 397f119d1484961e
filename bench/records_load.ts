/**
 * What one section of the benchmark of many records does: sends records of which some have changed, and compares.
 *
 * @module
 */
import type { MappedRecord } from "../src/base/record.ts";
import { Fingerprints } from "../src/state/fingerprint.ts";
import type { PgState } from "../src/state/postgres/state.ts";
import { runEnd } from "../test/state/conformance/open_state.ts";
import { storedSection } from "../test/sync/support/store.ts";
import { makeRecords } from "./postgres.ts";
import { answer, batchSize } from "./scale_load.ts";

const section = "devices";
const groupSize = 8;
const comparedAtOnce = 256;
const { upload } = storedSection;

/** Gives what a record has at the moment in the field that changes; undefined where it never did. */
export type Version = (number: number) => string | undefined;

/** Which records of a section are sent. */
export interface Sending {
  readonly first?: number;
  readonly count: number;
  readonly version?: Version;
  /** Which of them differ from what is known; all of them unless given. */
  readonly isChanged?: (number: number) => boolean;
  readonly hasIds: boolean;
}

function versioned(first: number, count: number, version: Version | undefined): MappedRecord[] {
  const records = makeRecords(first, count);
  if (version === undefined) return records;
  return records.map((record, at) => {
    const text = version(first + at);
    return text === undefined ? record : { ...record, FIELD_1: text };
  });
}

/** A run that reads all of a section and has all of it accepted; what has changed waits to be taken in. */
export async function sendAll(
  state: PgState,
  { first = 0, count, version, isChanged, hasIds }: Sending,
): Promise<void> {
  const known = isChanged && await state.accepted.openBaseline(section, upload);
  const run = await state.begin({ ...storedSection, section }, "upload", () => ({}));
  if (hasIds) run.outbox.identifyBy("scope");
  if (isChanged !== undefined && known !== undefined) {
    run.outbox.compareWith({
      answer: known.answer,
      isUnchanged: ({ TAG }) => !isChanged(Number(String(TAG).slice("TAG-".length))),
    });
  }
  const end = first + count;
  for (let at = first; at < end; at += groupSize * batchSize) {
    const batches = [];
    for (let from = at; from < Math.min(end, at + groupSize * batchSize); from += batchSize) {
      const size = Math.min(batchSize, end - from);
      const ids = hasIds
        ? Array.from({ length: size }, (_, index) => `${from + index}`)
        : undefined;
      batches.push({ records: versioned(from, size, version), text: undefined, ids });
    }
    await answer(run, [...await run.outbox.put(batches)]);
  }
  await run.outbox.finish();
  await run.end(runEnd);
}

/** Compares records of a section with what is known; throws when one differs. */
export async function compareAll(
  state: PgState,
  { count, version }: Pick<Sending, "count" | "version">,
): Promise<void> {
  const baseline = await state.accepted.openBaseline(section, upload);
  const prints = new Fingerprints(["TAG"]);
  for (let at = 0; at < count; at += comparedAtOnce) {
    const made = versioned(at, Math.min(comparedAtOnce, count - at), version).map((each) =>
      prints.create(each)
    );
    const found = await baseline.findAll(made.map((print) => print?.key));
    if (made.some((print, index) => print?.values !== found[index]?.values)) {
      throw new Error("a record is not known as it was accepted");
    }
  }
}
