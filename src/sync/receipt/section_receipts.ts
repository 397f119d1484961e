/**
 * The receipts of a section's run: of what it sent, and of what earlier runs sent and was not decided.
 *
 * @module
 */

import { SinkError } from "../../base/errors.ts";
import { sleep } from "../../base/iteration.ts";
import type { MappedRecord } from "../../base/record.ts";
import type { Log } from "../../logging/log.ts";
import type { Upload } from "../../oomnitza/payload.ts";
import type { RefusedRecord, RunReceipt } from "../../state/state.ts";
import type { Account } from "../account.ts";
import { type AskedUpload, askReceipt, type ReceiptClient, receiptWaitMs } from "./ask.ts";
import { matchTexts } from "./match.ts";
import {
  countNotStored,
  createReceipt,
  describeReceipt,
  isDecided,
  type Receipt,
  type ReceiptAnswer,
} from "./receipt.ts";

/** How receipts are asked for. */
export interface ReceiptOptions {
  readonly mode: "auto" | "require" | "off";
  /** How long is waited for what is processed, in milliseconds. */
  readonly timeoutMs: number;
}

/** What asking for receipts works with. */
export interface ReceiptSettings extends ReceiptOptions {
  readonly oomnitza: ReceiptClient;
  readonly identify: (record: MappedRecord) => string;
  readonly log: Log;
  /** Aborted when the waiting is to end. */
  readonly signal: AbortSignal;
}

/** Where what was sent is kept until its receipt. Everything throws `AgentError` when that fails. */
export type ReceiptStore = Pick<RunReceipt, "run" | "started" | "records" | "record">;

/** An upload that was declared complete. */
export interface SentPortion {
  readonly upload: Upload;
  /** Records that Oomnitza took in, at least. */
  readonly sent: number;
  /** Where its records are, and what became of them is written down; absent without a state file. */
  readonly stored: ReceiptStore | undefined;
  /** In which what failed is counted, instead of as sent. */
  readonly account: Account;
}

/** The receipt of an earlier run. */
export interface EarlierReceipt extends Receipt {
  /** Id of the run. */
  readonly run: string;
}

/** One upload that is asked for. */
interface Asked {
  readonly portion: SentPortion;
  /** Since when it is asked, in milliseconds of the process. */
  readonly since: number;
  answer: ReceiptAnswer;
  receipt: Receipt | undefined;
  /** Records that became dead letters. */
  letters: number;
}

/** An instance that has a run log has an upload in it after so many milliseconds, or never. */
const unknownMs = 30_000;

/** What was not decided after so many milliseconds is not asked for any more. */
const giveUpMs = 7 * 86_400_000;

/** Failed records that are logged by name; the report names more. */
const maxLoggedRecords = 20;

const nobodyNamed = "a record that Oomnitza does not name";

/** Asks for the receipts of one run of a section, and does what they ask for. */
export class SectionReceipts {
  readonly #settings: ReceiptSettings;
  #own: Asked | undefined;
  readonly #earlier: Asked[] = [];
  #failed = 0;

  constructor(settings: ReceiptSettings) {
    this.#settings = settings;
  }

  /** The receipt of what the run sent; null when it is not asked for, or not yet there. */
  get own(): Receipt | null {
    return this.#own?.receipt ?? null;
  }

  /** Receipts of earlier runs that were still to come. */
  get earlier(): readonly EarlierReceipt[] {
    return this.#earlier.flatMap(({ portion, receipt }) =>
      receipt === undefined ? [] : [{ run: portion.stored?.run ?? "", ...receipt }]
    );
  }

  /** Records that became dead letters by what was told. */
  get letters(): number {
    return this.#all.reduce((sum, { letters }) => sum + letters, 0);
  }

  /** What the run sent, when something is still to be asked about it. */
  get awaited(): AskedUpload | undefined {
    return this.#own?.receipt === undefined ? this.#own?.portion : undefined;
  }

  /** What is against the run when a receipt is required. */
  get failure(): SinkError | undefined {
    const receipt = this.own;
    if (this.#settings.mode !== "require" || receipt === null) return undefined;
    if (receipt.state !== "not_reported" && receipt.state !== "unanswered") return undefined;
    return new SinkError(`${describeReceipt(receipt)} [oomnitza]`, {
      hint:
        "The records were taken in. receipt = require makes this a failure; receipt = auto accepts it.",
    });
  }

  /** Takes what the run sent. */
  expect(portion: SentPortion): void {
    this.#own = createAsked(portion);
  }

  /** Notes that API v2 took the records, of which nothing is ever told. */
  async expectNothing(portion: SentPortion, reason: string): Promise<void> {
    const asked = createAsked(portion);
    this.#own = asked;
    await this.#conclude(asked, { kind: "not_reported", reason });
  }

  /** Takes what earlier runs sent, and asks about it once. */
  async askEarlier(portions: readonly SentPortion[]): Promise<void> {
    this.#earlier.push(...portions.map(createAsked));
    await this.ask();
  }

  /** Asks once about everything that is not decided; gives whether nothing is left to ask. */
  async ask(): Promise<boolean> {
    for (const asked of this.#undecided) {
      const answer = await askReceipt(this.#settings.oomnitza, asked.portion.upload);
      await this.#take(asked, answer);
    }
    return this.#undecided.length === 0;
  }

  /** Takes what was told about the portion of the run; gives whether nothing is left to ask. */
  async take(answer: ReceiptAnswer): Promise<boolean> {
    if (this.#own !== undefined) await this.#take(this.#own, answer);
    return this.#undecided.length === 0;
  }

  /** Asks until everything is decided, or the time is over. */
  async wait(): Promise<void> {
    const { timeoutMs, signal, log } = this.#settings;
    for (let round = 0; this.#undecided.length > 0 && !signal.aborted; round++) {
      if (round === 0) log.info("Waiting until Oomnitza has processed the records");
      const left = Math.max(...this.#undecided.map(({ since }) => since + timeoutMs)) -
        performance.now();
      await sleep(Math.min(receiptWaitMs(round), Math.max(0, left)), signal).catch(() => undefined);
      await this.ask();
    }
    await this.end();
  }

  /** Ends the asking: what is not decided is asked for by the next run. */
  async end(): Promise<void> {
    for (const asked of this.#undecided) {
      const { answer } = asked;
      await this.#conclude(asked, answer.kind === "unknown" ? notYet : answer);
    }
  }

  get #all(): readonly Asked[] {
    return this.#own === undefined ? this.#earlier : [...this.#earlier, this.#own];
  }

  get #undecided(): readonly Asked[] {
    return this.#all.filter(({ receipt }) => receipt === undefined);
  }

  async #take(asked: Asked, answer: ReceiptAnswer): Promise<void> {
    // What it told before says more than that it cannot be asked now.
    if (answer.kind !== "unanswered" || asked.answer.kind !== "reported") asked.answer = answer;
    const { timeoutMs } = this.#settings;
    const elapsed = performance.now() - asked.since;
    const isLost = asked.answer.kind === "unknown" && elapsed >= Math.min(unknownMs, timeoutMs);
    if (isDecided(answer, asked.portion.sent) || isLost || elapsed >= timeoutMs) {
      await this.#conclude(asked, asked.answer);
    }
  }

  async #conclude(asked: Asked, answer: ReceiptAnswer): Promise<void> {
    const { portion } = asked;
    const { stored, account } = portion;
    if (answer.kind !== "reported" || !isDecided(answer, portion.sent)) {
      const receipt = createReceipt(
        answer,
        answer.kind === "reported" ? answer.log.logs.failed : [],
        false,
      );
      asked.receipt = receipt;
      const isAgain = stored !== undefined && isAwaited(answer, stored);
      await stored?.record({ receipt: { ...receipt }, isAwaited: isAgain, ...none });
      return;
    }
    const { objects, logs } = answer.log;
    const texts = countNotStored(objects) === 0 ? [] : [...logs.failed, ...logs.canceled];
    const { named, unmatched } = await matchTexts(
      texts,
      stored?.records() ?? [],
      portion.upload.syncFields,
    );
    const failed = named.map(({ payload, texts }): RefusedRecord => ({
      payload,
      record: this.#settings.identify(payload),
      reason: texts.join("; "),
      status: null,
    }));
    const reported = Math.max(failed.length, texts.length - unmatched.length);
    const unnamed = Math.max(0, countNotStored(objects) - reported);
    const receipt = createReceipt(answer, unmatched, true);
    await stored?.record({ receipt: { ...receipt }, isAwaited: false, failed, unnamed });
    asked.receipt = receipt;
    asked.letters = stored === undefined ? 0 : failed.length;
    for (const { record, reason } of failed) this.#fail(account, record, reason);
    for (let count = 0; count < unnamed; count++) {
      this.#fail(account, nobodyNamed, unmatched[count] ?? "Oomnitza gives no reason");
    }
  }

  #fail(account: Account, record: string, reason: string): void {
    const { counts } = account;
    const level = ++this.#failed <= maxLoggedRecords ? "error" : "debug";
    this.#settings.log[level](`Failed in Oomnitza: ${record}: ${reason}`);
    if (counts.sent > 0) counts.sent--;
    else counts.fetched++;
    account.fail(record, reason);
  }
}

const notYet = {
  kind: "unanswered",
  reason: "its run log does not have this upload yet",
} as const satisfies ReceiptAnswer;

const none = { failed: [], unnamed: 0 } as const;

function createAsked(portion: SentPortion): Asked {
  return { portion, since: performance.now(), answer: notYet, receipt: undefined, letters: 0 };
}

/** Whether a later run asks again. */
function isAwaited(answer: ReceiptAnswer, stored: ReceiptStore): boolean {
  if (answer.kind === "not_reported" || answer.kind === "unknown") return false;
  return Date.now() - stored.started.getTime() < giveUpMs;
}
