/**
 * Small stand-ins for what a delivery speaks to: an instance that answers as configured, and an outbox that
 * notes what it is given.
 *
 * @module
 */
import type { MappedRecord } from "../../../src/base/record.ts";
import { createRedactor } from "../../../src/base/redact.ts";
import { createLog } from "../../../src/logging/log.ts";
import type { Upload, UploadRequest } from "../../../src/oomnitza/payload.ts";
import type { RetryPolicy } from "../../../src/sdk/http/retry.ts";
import type { NewBatch, RefusedRecord } from "../../../src/state/state.ts";
import { openAccount } from "../../../src/sync/account.ts";
import { Delivery, type DeliverySettings, type Sink } from "../../../src/sync/deliver/deliver.ts";
import type { Outbox } from "../../../src/sync/deliver/dispatcher.ts";

/** How the records of a test are sent. */
export const upload: Upload = {
  mappingName: "Devices",
  kind: "assets",
  version: "1",
  syncFields: ["TAG"],
  syncFieldNamed: true,
  insertOnly: false,
  updateOnly: false,
  texts: { insertOnly: "False", updateOnly: "False", onlyIfFilled: null, dontOverwrite: null },
  normalPosition: false,
  portion: "portion-1",
};

/** One request that was posted. */
export interface Posted {
  readonly path: string;
  /** Tags of its records; empty for the end of an upload. */
  readonly tags: readonly string[];
  readonly body: string;
  readonly retry: RetryPolicy | undefined;
}

/** An answer: a status, or what is thrown. */
export type Answer = number | Error;

/** A sink that keeps what is posted. */
export interface FakeSink extends Sink {
  readonly posted: readonly Posted[];
}

function readTags(body: string): string[] {
  const payload = JSON.parse(body) as {
    records?: { TAG: string }[];
    computers?: { TAG: string };
  };
  const records = payload.records ?? (payload.computers === undefined ? [] : [payload.computers]);
  return records.map(({ TAG }) => TAG);
}

/** A sink whose answers are a list, the last of which lasts, or chosen for each request. */
export function fakeSink(
  answers: readonly Answer[] | ((post: Posted) => Answer | Promise<Answer>),
  writes = true,
): FakeSink {
  const posted: Posted[] = [];
  const left = typeof answers === "function" ? [] : [...answers];
  return {
    posted,
    writes,
    async post({ path }: UploadRequest, body, retry) {
      const post = { path, tags: readTags(body), body, retry };
      posted.push(post);
      const answer = typeof answers === "function"
        ? await answers(post)
        : left.length > 1
        ? left.shift()
        : left[0];
      if (answer instanceof Error) throw answer;
      return { status: answer ?? 200, body: answer === 200 ? "{}" : "no such luck" };
    },
  };
}

/** An outbox in memory. */
export class FakeOutbox implements Outbox {
  /** Tags of the batches that were put together, in order. */
  readonly puts: (readonly string[])[][] = [];
  readonly acknowledged: {
    readonly id: number;
    readonly refused: readonly RefusedRecord[];
    readonly pending: readonly string[];
  }[] = [];
  #next = 1;

  /** Brings to the disk what was put; a test may hold it up, or let it fail. */
  sync: () => Promise<void> = () => Promise.resolve();

  async put(batches: readonly NewBatch[]): Promise<readonly number[]> {
    this.puts.push(batches.map(({ records }) => records.map(({ TAG }) => String(TAG))));
    const ids = batches.map(() => this.#next++);
    await this.sync();
    return ids;
  }

  acknowledge(
    id: number,
    refused: readonly RefusedRecord[],
    pending: readonly MappedRecord[],
  ): Promise<void> {
    this.acknowledged.push({ id, refused, pending: pending.map(({ TAG }) => String(TAG)) });
    return Promise.resolve();
  }

  keepAnswers(): Promise<void> {
    return this.sync();
  }
}

/** A log that keeps its lines, as `level: message`. */
export function keepLog() {
  const lines: string[] = [];
  const log = createLog("test", createRedactor(), [
    ({ level, message }) => lines.push(`${level}: ${message}`),
  ]);
  return { log, lines };
}

/** So many mapped records, with the tags T1, T2 and so on. */
export function mappedRecords(count: number): MappedRecord[] {
  return Array.from({ length: count }, (_, index) => ({ TAG: `T${index + 1}` }));
}

/** A delivery to a sink, and what it does to its account and log. */
export function startDelivery(sink: Sink, settings: Partial<DeliverySettings> = {}) {
  const account = openAccount();
  const { log, lines } = keepLog();
  const delivery = new Delivery({
    sink,
    upload,
    apiVersion: "auto",
    batchSize: 4,
    batchBytes: 1_000_000,
    workers: 1,
    account,
    identify: ({ TAG }) => String(TAG),
    log,
    redact: (text) => text,
    ...settings,
  });
  return { delivery, account, lines };
}

/** Gives all records to a delivery and waits for its end; gives what ended it. */
export async function deliverAll(
  delivery: Delivery,
  records: readonly MappedRecord[],
): Promise<unknown> {
  for (const record of records) await delivery.add(record);
  try {
    await delivery.finish();
  } catch (thrown) {
    return thrown;
  }
  return undefined;
}
