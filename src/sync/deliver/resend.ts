/**
 * Sends dead letters again, once what they were refused for has been fixed.
 *
 * @module
 */

import type { Log } from "../../logging/log.ts";
import type { MappedRecord } from "../../base/record.ts";
import type { Oomnitza } from "../../oomnitza/client.ts";
import type { Upload } from "../../oomnitza/payload.ts";
import type { DeadLetter } from "../../state/dead_letters.ts";
import type { StateStore } from "../../state/store.ts";
import { openAccount } from "../account.ts";
import { Delivery } from "./deliver.ts";
import type { NewBatch, RefusedRecord } from "../../state/outbox.ts";
import type { Outbox } from "./dispatcher.ts";

/** What sending again needs. */
export interface ResendSettings {
  readonly store: StateStore;
  readonly oomnitza: Pick<Oomnitza, "post">;
  readonly apiVersion: "auto" | "v2" | "v3";
  readonly batchSize: number;
  readonly batchBytes: number;
  readonly workers: number;
  /** Version of the program that uploads. */
  readonly version: string;
  readonly log: Log;
}

/** What became of dead letters that were sent again. */
export interface Resent {
  accepted: number;
  /** Refused again; they stay, with the new reason. */
  refused: number;
  /** Not answered; they stay as they were. */
  unanswered: number;
}

/** The outbox of letters that are in the state file already: answers change them there. */
class DeadLetterOutbox implements Outbox {
  readonly #store: StateStore;
  readonly #letters: ReadonlyMap<MappedRecord, DeadLetter>;
  readonly #batches = new Map<number, readonly MappedRecord[]>();

  constructor(store: StateStore, letters: readonly DeadLetter[]) {
    this.#store = store;
    this.#letters = new Map(letters.map((letter) => [letter.payload, letter]));
  }

  put(batches: readonly NewBatch[]): number[] {
    return batches.map(({ records }) => {
      const id = this.#batches.size;
      this.#batches.set(id, records);
      return id;
    });
  }

  acknowledge(
    batchId: number,
    refused: readonly RefusedRecord[],
    pending: readonly MappedRecord[],
  ): void {
    for (const { payload, status, reason } of refused) {
      for (const id of this.#letterIds([payload])) this.#store.refuseAgain(id, status, reason);
    }
    const others = new Set([...pending, ...refused.map(({ payload }) => payload)]);
    const accepted = (this.#batches.get(batchId) ?? []).filter((record) => !others.has(record));
    this.#store.removeDeadLetters(this.#letterIds(accepted));
    for (const record of accepted) {
      const letter = this.#letters.get(record);
      if (letter === undefined) continue;
      const { section, upload, run } = letter;
      this.#store.accepted.add(section, upload, run, [record]);
    }
    this.#batches.set(batchId, []);
  }

  #letterIds(records: readonly MappedRecord[]): number[] {
    return records.flatMap((record) => this.#letters.get(record)?.id ?? []);
  }
}

/** Letters that belong to one upload: of one section, and to be sent alike. */
function groupByUpload(letters: readonly DeadLetter[]): DeadLetter[][] {
  const all = new Map<string, DeadLetter[]>();
  for (const letter of letters) {
    const { portion: _portion, version: _version, ...upload } = JSON.parse(letter.upload) as Upload;
    const key = JSON.stringify([letter.section, upload]);
    all.set(key, [...all.get(key) ?? [], letter]);
  }
  return [...all.values()];
}

async function resendGroup(
  letters: readonly DeadLetter[],
  settings: ResendSettings,
  resent: Resent,
): Promise<void> {
  const { store, oomnitza, version } = settings;
  const [first] = letters;
  if (first === undefined) return;
  const names = new Map(letters.map(({ payload, record }) => [payload, record]));
  const account = openAccount();
  const delivery = new Delivery({
    ...settings,
    sink: { writes: true, post: (request, body, retry) => oomnitza.post(request, body, retry) },
    upload: { ...JSON.parse(first.upload) as Upload, version, portion: crypto.randomUUID() },
    account,
    outbox: new DeadLetterOutbox(store, letters),
    identify: (record) => names.get(record) ?? "",
    log: settings.log.named(first.section),
  });
  try {
    for (const { payload } of letters) {
      const full = delivery.add(payload);
      if (full !== undefined) await full;
      if (delivery.isStopped) break;
    }
    await delivery.finish();
  } finally {
    resent.accepted += account.counts.sent;
    resent.refused += account.counts.failed;
    resent.unanswered += letters.length - account.counts.sent - account.counts.failed;
  }
}

/**
 * Sends dead letters again, each as it was sent first, and counts what became of them.
 *
 * @throws {AgentError} what ended the sending, after all that was answered is in the state file.
 */
export async function resend(
  letters: readonly DeadLetter[],
  settings: ResendSettings,
  resent: Resent,
): Promise<void> {
  for (const group of groupByUpload(letters)) await resendGroup(group, settings, resent);
}
