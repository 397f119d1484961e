/**
 * Sends dead letters again, once what they were refused for has been fixed.
 *
 * @module
 */

import type { Log } from "../../logging/log.ts";
import type { MappedRecord } from "../../base/record.ts";
import type { Oomnitza } from "../../oomnitza/client.ts";
import type { Upload } from "../../oomnitza/payload.ts";
import type {
  DeadLetter,
  NewBatch,
  ReceiptEnd,
  RefusedRecord,
  SectionHold,
  State,
} from "../../state/state.ts";
import { openAccount } from "../account.ts";
import {
  type ReceiptOptions,
  type ReceiptStore,
  SectionReceipts,
} from "../receipt/section_receipts.ts";
import { Delivery } from "./deliver.ts";
import type { Outbox } from "./dispatcher.ts";
import { busyError, createSink } from "./held_sink.ts";

/** What sending again needs. */
export interface ResendSettings {
  readonly store: State;
  readonly oomnitza: Pick<Oomnitza, "post" | "ask">;
  readonly apiVersion: "auto" | "v2" | "v3";
  readonly batchSize: number;
  readonly batchBytes: number;
  readonly workers: number;
  /** Version of the program that uploads. */
  readonly version: string;
  /** How Oomnitza is asked what became of the records. */
  readonly receipts: ReceiptOptions;
  readonly log: Log;
  /** Aborted when the waiting is to end. */
  readonly signal: AbortSignal;
  /** Masks the secrets in what is quoted of answers. */
  readonly redact: (text: string) => string;
}

/** What became of dead letters that were sent again. */
export interface Resent {
  accepted: number;
  /** Refused again; they stay, with the new reason. */
  refused: number;
  /** Not answered; they stay as they were. */
  unanswered: number;
  /** Taken in by Oomnitza, which has not told yet what became of them; they stay as they were. */
  processing: number;
}

/** What became of so many letters, as a phrase. */
export function describeResent(
  letters: number,
  { accepted, refused, unanswered, processing }: Resent,
): string {
  const counts = `${accepted} accepted, ${refused} refused, ${unanswered} not answered`;
  const later = processing > 0 ? `, ${processing} still processing` : "";
  return `${letters} sent again: ${counts}${later}`;
}

/**
 * The outbox of letters that are in the state file already: answers change them there. What Oomnitza took
 * in stays until it has told what became of it.
 */
class DeadLetterOutbox implements Outbox, ReceiptStore {
  readonly run = "";
  readonly started = new Date();
  readonly #store: State;
  readonly #letters: ReadonlyMap<MappedRecord, DeadLetter>;
  readonly #batches = new Map<number, readonly MappedRecord[]>();
  readonly #taken = new Set<MappedRecord>();

  constructor(store: State, letters: readonly DeadLetter[]) {
    this.#store = store;
    this.#letters = new Map(letters.map((letter) => [letter.payload, letter]));
  }

  /** The letters are on the disk since they were refused. */
  put(batches: readonly NewBatch[]): Promise<number[]> {
    return Promise.resolve(batches.map(({ records }) => {
      const id = this.#batches.size;
      this.#batches.set(id, records);
      return id;
    }));
  }

  async acknowledge(
    batchId: number,
    refused: readonly RefusedRecord[],
    pending: readonly MappedRecord[],
  ): Promise<void> {
    await this.#refuseAgain(refused);
    const others = new Set([...pending, ...refused.map(({ payload }) => payload)]);
    for (const record of this.#batches.get(batchId) ?? []) {
      if (!others.has(record)) this.#taken.add(record);
    }
    this.#batches.set(batchId, []);
  }

  /** An answer that is not kept leaves a letter, which is sent in another upload. */
  keepAnswers(): Promise<void> {
    return Promise.resolve();
  }

  async *records(): AsyncGenerator<MappedRecord> {
    yield* this.#taken;
  }

  async record({ isAwaited, failed, unnamed }: ReceiptEnd): Promise<void> {
    await this.#refuseAgain(failed);
    for (const { payload } of failed) this.#taken.delete(payload);
    // When it is not known yet, or not of which records, they are sent again rather than lost.
    if (!isAwaited && unnamed === 0) await this.accept();
  }

  /** Removes the letters that were taken in: they count as accepted. */
  async accept(): Promise<void> {
    const letters = [...this.#taken].flatMap((record) => this.#letters.get(record) ?? []);
    this.#taken.clear();
    await this.#store.deadLetters.remove(letters.map(({ id }) => id));
    for (const { section, upload, run, payload } of letters) {
      await this.#store.accepted.add(section, upload, run, [payload]);
    }
  }

  async #refuseAgain(refused: readonly RefusedRecord[]): Promise<void> {
    for (const { payload, status, reason } of refused) {
      const letter = this.#letters.get(payload);
      if (letter !== undefined) {
        await this.#store.deadLetters.refuseAgain(letter.id, status, reason);
      }
    }
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

/** @throws {AgentError} when another process has the section of the letters. */
async function resendGroup(
  letters: readonly DeadLetter[],
  settings: ResendSettings,
  resent: Resent,
): Promise<void> {
  const [first] = letters;
  if (first === undefined) return;
  const hold = await settings.store.holdSection(first.section);
  if (hold.kind === "busy") throw busyError(first.section, hold);
  const signal = AbortSignal.any([settings.signal, hold.signal]);
  try {
    await resendHeld(letters, first, { ...settings, signal, hold }, resent);
  } finally {
    await hold.release();
  }
}

async function resendHeld(
  letters: readonly DeadLetter[],
  first: DeadLetter,
  settings: ResendSettings & { readonly hold: SectionHold },
  resent: Resent,
): Promise<void> {
  const { store, oomnitza, version, hold } = settings;
  const names = new Map(letters.map(({ payload, record }) => [payload, record]));
  const account = openAccount();
  const outbox = new DeadLetterOutbox(store, letters);
  const upload = {
    ...JSON.parse(first.upload) as Upload,
    version,
    portion: crypto.randomUUID(),
  };
  const log = settings.log.named(first.section);
  const identify = (record: MappedRecord) => names.get(record) ?? "";
  const delivery = new Delivery({
    ...settings,
    sink: createSink(oomnitza, hold),
    ...{ upload, account, outbox, identify, log },
  });
  let processing = 0;
  try {
    await deliverLetters(letters, delivery, outbox);
    const { sent, kept } = account.counts;
    const isAsked = settings.receipts.mode !== "off" && delivery.protocol === "v3" && kept === 0;
    if (!isAsked || sent === 0) await outbox.accept();
    else {
      const receipts = new SectionReceipts({ ...settings.receipts, ...settings, identify, log });
      receipts.expect({ upload, sent, stored: outbox, account });
      if (!await receipts.ask()) await receipts.wait();
      const state = receipts.own?.state;
      if (state === "processing" || state === "unanswered") processing = sent;
      if (receipts.failure !== undefined) throw receipts.failure;
    }
  } finally {
    const { sent, failed } = account.counts;
    resent.accepted += sent - processing;
    resent.processing += processing;
    resent.refused += failed;
    resent.unanswered += letters.length - sent - failed;
  }
}

/** Delivers letters; throws what ended that, after what was answered is in the state file. */
async function deliverLetters(
  letters: readonly DeadLetter[],
  delivery: Delivery,
  outbox: DeadLetterOutbox,
): Promise<void> {
  try {
    for (const { payload } of letters) {
      const full = delivery.add(payload);
      if (full !== undefined) await full;
      if (delivery.isStopped) break;
    }
    await delivery.finish();
  } catch (thrown) {
    await outbox.accept();
    throw thrown;
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
