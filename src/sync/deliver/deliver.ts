/**
 * Delivery: batches, several at a time, repeated by one rule, split until a refused record is alone.
 *
 * @module
 */

import { stringifyExactJson } from "../../base/json.ts";
import { messageOf, SinkError } from "../../base/errors.ts";
import type { MappedRecord } from "../../base/record.ts";
import type { Log } from "../../logging/log.ts";
import {
  createBodyWriter,
  finalizeV3,
  requestV2,
  requestV3,
  type Upload,
  type UploadRequest,
} from "../../oomnitza/payload.ts";
import { collectGarbage } from "../../runtime/memory.ts";
import { retryPolicies, type RetryPolicy } from "../../sdk/http/retry.ts";
import type { Account } from "../account.ts";
import { BatchBuilder, type BuiltBatch } from "./batch_builder.ts";
import { type Batch, createBatch, Dispatcher, type Outbox } from "./dispatcher.ts";
import { absentError, classifyError, classifyResponse, type PostOutcome } from "./response.ts";

/** Takes requests: Oomnitza itself, or the printer of test mode. */
export interface Sink {
  post(
    request: UploadRequest,
    body: string,
    retry?: RetryPolicy,
  ): Promise<{ status: number; body: string }>;
  /** Whether what it takes counts as sent. */
  readonly writes: boolean;
}

/** Where records go and how, and where they are safe until they are there. */
export interface DeliverySettings {
  readonly sink: Sink;
  readonly upload: Upload;
  readonly apiVersion: "auto" | "v2" | "v3";
  /** Records in one request of API v3. */
  readonly batchSize: number;
  /** Bytes of the records in one request; a record that has more goes alone. */
  readonly batchBytes: number;
  /** Concurrent requests; 0 and 1 send one after the other. */
  readonly workers: number;
  readonly account: Account;
  readonly identify: (record: MappedRecord) => string;
  readonly log: Log;
  /** Masks the secrets in what is quoted of answers. */
  readonly redact: (text: string) => string;
  /** Where batches are safe from a crash; without one, what is not answered is lost. */
  readonly outbox?: Outbox | undefined;
  /** How records come again that could not be put into it, a sentence. */
  readonly comesAgain?: string | undefined;
  /** Sees every request before it is sent, for `--save-data`. */
  readonly onRequest?: ((request: UploadRequest) => void) | undefined;
}

/** An outcome that leaves records undelivered. */
type Failed = Extract<PostOutcome, { readonly reason: string }>;

/** After so many batches in a row that the instance could not take, the section gives up. */
const maxConsecutiveFailures = 3;

function countRecords(count: number): string {
  return count === 1 ? "1 record" : `${count} records`;
}

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(messageOf(thrown));
}

/** Records that are logged by name; the report names more, the log of the end counts all. */
const maxLoggedRecords = 20;

/** A running delivery. Every record that it takes ends in the account. */
export class Delivery {
  readonly #settings: DeliverySettings;
  readonly #dispatcher: Dispatcher;
  #protocol: "v2" | "v3" | undefined;
  readonly #builder: BatchBuilder;
  readonly #writeBody: (records: string) => string;
  #requests = 0;
  /** Batches in a row to which the instance gave no useful answer. */
  #consecutiveFailures = 0;
  /** Answers that show the instance at work, good or bad. */
  #usefulAnswers = 0;
  #stopped: Error | undefined;
  /** Why records were lost or stay pending, the last time that some were. */
  #lastReason = "no answer";
  /** Records of each way to be not delivered, for the log. */
  #lost = 0;
  #refused = 0;
  readonly #keptBy = new Map<string, number>();
  readonly #leftBy = new Map<string, number>();

  constructor(settings: DeliverySettings) {
    this.#settings = settings;
    this.#builder = new BatchBuilder(settings.batchBytes);
    this.#writeBody = createBodyWriter(settings.upload);
    this.#protocol = settings.apiVersion === "auto" ? undefined : settings.apiVersion;
    this.#dispatcher = new Dispatcher({
      outbox: settings.outbox,
      // Until it is known which protocol the instance speaks, one request finds out.
      limit: () => this.#protocol === undefined ? 1 : Math.max(1, settings.workers),
      deliver: (batch) => this.#deliver(batch),
      onUnstored: (records, error) => {
        this.#stopped ??= error;
        this.#leave(records, error.message);
      },
    });
  }

  /** The protocol in use, once that is known. */
  get protocol(): "v2" | "v3" | undefined {
    return this.#protocol;
  }

  /** Requests made so far, repetitions not counted. */
  get requests(): number {
    return this.#requests;
  }

  /** Whether nothing more can be delivered. */
  get isStopped(): boolean {
    return this.#stopped !== undefined;
  }

  /** Refused records that are in the outbox, and so become dead letters. */
  get refused(): number {
    return this.#refused;
  }

  /** Takes a record, and the vendor's id of it; the promise, when there is one, must be awaited before the next. Never throws. */
  add(record: MappedRecord, id?: string): Promise<void> | undefined {
    const size = this.#protocol === "v2" ? 1 : this.#settings.batchSize;
    const complete = this.#builder.add(record, size, id);
    return complete.length === 0 ? undefined : this.#dispatch(complete);
  }

  /** Sends what is left and waits for all answers, without a time cap. */
  async finish(): Promise<void> {
    await this.#dispatch(this.#builder.finish());
    await this.#dispatcher.finish();
    this.summarize();
    if (this.#stopped !== undefined) throw this.#stopped;
    if (this.#settings.account.counts.kept > 0) return;
    if (this.#protocol === "v3" && this.#settings.sink.writes && this.#requests > 0) {
      await this.#settings.outbox?.keepAnswers();
      await this.#finalize();
    }
  }

  /** Delivers a batch that is in the outbox already; throws what ended the delivery. */
  async resume(batchId: number, records: readonly MappedRecord[]): Promise<void> {
    await this.#deliver(createBatch(records, batchId));
    if (this.#stopped !== undefined) throw this.#stopped;
  }

  /** Logs, once for each reason, what is kept or was not sent, and how much was refused beyond what was named. */
  summarize(): void {
    const { log } = this.#settings;
    for (const [reason, count] of this.#keptBy) {
      log.warning(`Kept for the next run: ${countRecords(count)}: ${reason}`);
    }
    this.#keptBy.clear();
    const { comesAgain } = this.#settings;
    for (const [reason, count] of this.#leftBy) {
      const again = comesAgain === undefined ? "" : `. ${comesAgain}`;
      log.error(`Not sent: ${countRecords(count)}: ${reason}${again}`);
    }
    this.#leftBy.clear();
    const more = this.#lost + this.#refused - maxLoggedRecords;
    if (more > 0) log.error(`${more} more were not accepted; the report counts them`);
  }

  /** Never throws. */
  async #dispatch(batches: readonly BuiltBatch[]): Promise<void> {
    for (const batch of batches) {
      const size = batch.text?.length ?? 0;
      const full = this.#dispatcher.add(batch);
      if (full !== undefined) await full;
      collectGarbage(batch.records.length, size);
    }
  }

  /** Delivers a batch; never throws, so that nothing that was read is left unaccounted. */
  async #deliver(batch: Batch): Promise<void> {
    const usefulAnswers = this.#usefulAnswers;
    const { records, text } = batch;
    let rest = records;
    try {
      if (this.#protocol !== "v2") {
        const { upload } = this.#settings;
        const body = text === undefined ? undefined : this.#writeBody(text);
        const outcome = await this.#post(requestV3(upload, records), undefined, body);
        rest = [];
        await this.#apply(batch, records, outcome);
      } else {
        while (rest.length > 0) {
          await this.#deliverV2(batch, rest[0] as MappedRecord);
          rest = rest.slice(1);
        }
      }
    } catch (thrown) {
      // A bug: the outcome of the batch is not known, so all of it stays in the outbox.
      this.#stop(batch, rest, toError(thrown));
      return;
    }
    if (batch.id !== undefined) await this.#acknowledge(batch.id, batch);
    const isAnswered = this.#usefulAnswers > usefulAnswers;
    this.#consecutiveFailures = isAnswered ? 0 : this.#consecutiveFailures + 1;
    if (this.#consecutiveFailures < maxConsecutiveFailures) return;
    this.#stopped ??= new SinkError(
      `Cannot deliver the records to Oomnitza [oomnitza]: ${this.#lastReason}`,
      { hint: "Nothing more was read. Run the upload again when the instance answers." },
    );
  }

  async #acknowledge(batchId: number, { refused, pending }: Batch): Promise<void> {
    try {
      await this.#settings.outbox?.acknowledge(batchId, refused, pending);
    } catch (thrown) {
      this.#stopped ??= toError(thrown);
    }
  }

  /** Does what the outcome of a request of API v3 asks for. */
  async #apply(
    batch: Batch,
    records: readonly MappedRecord[],
    outcome: PostOutcome,
  ): Promise<void> {
    if (outcome.kind === "stop") return this.#stop(batch, records, outcome.error);
    if (outcome.kind === "absent") {
      if (this.#settings.apiVersion === "auto" && this.#protocol !== "v3") {
        return await this.#fallBack(batch, records);
      }
      return this.#stop(batch, records, absentError("/api/v3/bulk"));
    }
    // What could not answer at all, or is something in front of the instance, shows nothing of its API.
    if (outcome.kind !== "unavailable" || outcome.isServerError) this.#protocol ??= "v3";
    if (outcome.kind === "accepted") return this.#accept(records);
    const splits = outcome.kind === "refused" || outcome.isServerError;
    if (records.length === 1 || !splits) return this.#fail(batch, records, outcome);
    // Pieces of a batch that the instance broke on are tried less often than whole batches.
    const retry = outcome.kind === "refused" ? undefined : retryPolicies.split;
    const halves = [records.slice(0, records.length >> 1), records.slice(records.length >> 1)];
    const outcomes: PostOutcome[] = [];
    for (const half of halves) {
      outcomes.push(await this.#post(requestV3(this.#settings.upload, half), retry));
    }
    // When the instance breaks on everything, it is not one record that it breaks on.
    if (outcomes.every(({ kind }) => kind === "unavailable")) {
      const away = outcomes.find((half) => half.kind === "unavailable" && !half.isServerError);
      return this.#fail(batch, records, away as Failed | undefined ?? outcome);
    }
    for (const [index, half] of halves.entries()) {
      await this.#apply(batch, half, outcomes[index] as PostOutcome);
    }
  }

  /** One record over API v2. */
  async #deliverV2(batch: Batch, record: MappedRecord): Promise<void> {
    if (this.#stopped !== undefined) return this.#stop(batch, [record], this.#stopped);
    const { missingForV2 = [] } = this.#settings.upload;
    if (missingForV2.length > 0) {
      const error = new SinkError(
        `This instance has API v2 only, which needs ${missingForV2.join(" and ")} of people`,
        { hint: `Map ${missingForV2.join(" and ")} in the section, or in Oomnitza.` },
      );
      return this.#stop(batch, [record], error);
    }
    if (this.#settings.upload.syncFields.length > 1) {
      const error = new SinkError(
        "API v2 takes one sync_field only, and this section names several",
      );
      return this.#stop(batch, [record], error);
    }
    const request = requestV2(this.#settings.upload, record);
    const outcome = await this.#post(request);
    if (outcome.kind === "accepted") return this.#accept([record]);
    if (outcome.kind === "stop") return this.#stop(batch, [record], outcome.error);
    if (outcome.kind === "absent") return this.#stop(batch, [record], absentError(request.path));
    this.#fail(batch, [record], outcome);
  }

  async #fallBack(batch: Batch, records: readonly MappedRecord[]): Promise<void> {
    if (this.#protocol === undefined) {
      this.#settings.log.info("The instance has no API v3; API v2 is used, one record per request");
    }
    this.#protocol = "v2";
    for (const record of records) await this.#deliverV2(batch, record);
  }

  async #post(request: UploadRequest, retry?: RetryPolicy, written?: string): Promise<PostOutcome> {
    if (this.#stopped !== undefined) return { kind: "stop", error: this.#stopped };
    let body: string;
    try {
      body = written ?? stringifyExactJson(request.payload);
    } catch (error) {
      const reason = `cannot be written as JSON (${messageOf(error)})`;
      return { kind: "refused", reason, status: null };
    }
    this.#settings.onRequest?.(request);
    this.#requests++;
    let outcome: PostOutcome;
    try {
      const answer = await this.#settings.sink.post(request, body, retry);
      outcome = classifyResponse(answer, request.path, this.#settings.redact);
    } catch (thrown) {
      outcome = classifyError(thrown);
    }
    if (outcome.kind !== "unavailable") this.#usefulAnswers++;
    return outcome;
  }

  #accept(records: readonly MappedRecord[]): void {
    const { sink, account } = this.#settings;
    account.counts[sink.writes ? "sent" : "shown"] += records.length;
  }

  /** What the instance had its say about is lost; what it could not look at stays pending. */
  #fail(batch: Batch, records: readonly MappedRecord[], outcome: Failed): void {
    const { reason, status } = outcome;
    if (outcome.kind === "unavailable" && !outcome.isServerError) {
      return this.#markPending(batch, records, reason);
    }
    const { outbox } = this.#settings;
    if (outbox === undefined || batch.id === undefined) return this.#lose(records, reason);
    this.#refuse(records, reason);
    for (const payload of records) {
      batch.refused.push({ payload, record: this.#settings.identify(payload), reason, status });
    }
  }

  #lose(records: readonly MappedRecord[], reason: string): void {
    this.#log("Lost", records, reason);
    this.#lost += records.length;
  }

  /** What cannot be stored is neither sent nor lost: its source, or its event, still has it. */
  #leave(records: readonly MappedRecord[], reason: string): void {
    this.#lastReason = reason;
    this.#leftBy.set(reason, (this.#leftBy.get(reason) ?? 0) + records.length);
    const { account, identify } = this.#settings;
    for (const record of records) account.fail(identify(record), reason);
  }

  /** What is refused stays in the state file, for `agent retry`. */
  #refuse(records: readonly MappedRecord[], reason: string): void {
    this.#log("Refused", records, reason);
    this.#refused += records.length;
  }

  #log(what: "Lost" | "Refused", records: readonly MappedRecord[], reason: string): void {
    this.#lastReason = reason;
    const { log, account, identify } = this.#settings;
    let logged = this.#lost + this.#refused;
    for (const record of records) {
      const identity = identify(record);
      log[logged++ < maxLoggedRecords ? "error" : "debug"](`${what} ${identity}: ${reason}`);
      account.fail(identity, reason);
    }
  }

  #markPending(batch: Batch, records: readonly MappedRecord[], reason: string): void {
    if (batch.id === undefined) return this.#lose(records, reason);
    if (records.length === 0) return;
    this.#lastReason = reason;
    this.#keptBy.set(reason, (this.#keptBy.get(reason) ?? 0) + records.length);
    this.#settings.account.counts.kept += records.length;
    batch.pending.push(...records);
  }

  #stop(batch: Batch, records: readonly MappedRecord[], error: Error): void {
    this.#stopped ??= error;
    this.#markPending(batch, records, error.message);
  }

  async #finalize(): Promise<void> {
    const outcome = await this.#post(finalizeV3(this.#settings.upload));
    if (outcome.kind === "accepted" || outcome.kind === "absent") return;
    const reason = outcome.kind === "stop" ? outcome.error.message : outcome.reason;
    throw new SinkError(`The records were sent, but the upload could not be finalized: ${reason}`);
  }
}
