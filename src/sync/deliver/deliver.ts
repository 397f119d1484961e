/**
 * Delivery: batches, several at a time, repeated by one rule, split until a refused record is alone.
 *
 * @module
 */

import { messageOf, SinkError } from "../../base/errors.ts";
import type { Outgoing } from "../../base/record.ts";
import {
  bodyV3,
  finalizeV3,
  requestV2,
  requestV3,
  type UploadRequest,
} from "../../oomnitza/payload.ts";
import type { RetryPolicy } from "../../sdk/http/retry.ts";
import type { DeliverySettings } from "./delivery_settings.ts";
import { type Batch, batchOf, Dispatcher } from "./dispatcher.ts";
import { absentError, judgeAnswer, judgeThrown, type Verdict } from "./response.ts";

/** A verdict that leaves records undelivered. */
type Failed = Extract<Verdict, { readonly reason: string }>;

/** After so many batches in a row that the instance could not take, the section gives up. */
const patience = 3;

/** Pieces of a batch that the instance broke on are tried less often than whole batches. */
const hasty: RetryPolicy = { attempts: 3, budgetMs: 30_000 };

function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(messageOf(thrown));
}

/** A delivery under way. Every record that it takes ends in the account. */
export class Delivery {
  readonly #settings: DeliverySettings;
  readonly #dispatcher: Dispatcher;
  #protocol: "v2" | "v3" | undefined;
  #batch: Outgoing[] = [];
  #requests = 0;
  /** Batches in a row to which the instance gave no useful answer. */
  #hopeless = 0;
  /** Answers that show the instance at work, good or bad. */
  #answers = 0;
  #stopped: Error | undefined;
  /** Why records were lost or kept last. */
  #complaint = "no answer";

  constructor(settings: DeliverySettings) {
    this.#settings = settings;
    this.#protocol = settings.apiVersion === "auto" ? undefined : settings.apiVersion;
    this.#dispatcher = new Dispatcher({
      outbox: settings.outbox,
      // Until it is known which protocol the instance speaks, one request finds out.
      limit: () => this.#protocol === undefined ? 1 : Math.max(1, settings.workers),
      deliver: (batch) => this.#deliver(batch),
      onLost: (records, error) => {
        this.#stopped ??= error;
        this.#lose(records, error.message);
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

  /** Takes a record; the promise, when there is one, must be awaited before the next. Never throws. */
  add(record: Outgoing): Promise<void> | undefined {
    this.#batch.push(record);
    const size = this.#protocol === "v2" ? 1 : this.#settings.batchSize;
    return this.#batch.length < size ? undefined : this.#dispatcher.add(this.#take());
  }

  /** Sends what is left and waits for all answers, without a time cap. */
  async finish(): Promise<void> {
    if (this.#batch.length > 0) await this.#dispatcher.add(this.#take());
    await this.#dispatcher.finish();
    if (this.#stopped !== undefined) throw this.#stopped;
    if (this.#settings.account.counts.kept > 0) return;
    if (this.#protocol === "v3" && this.#settings.sink.writes && this.#requests > 0) {
      await this.#finalize();
    }
  }

  /** Delivers a batch that an outbox kept; throws what ended the delivery. */
  async resume(ticket: number, records: readonly Outgoing[]): Promise<void> {
    await this.#deliver(batchOf(records, undefined, ticket));
    if (this.#stopped !== undefined) throw this.#stopped;
  }

  #take(): readonly Outgoing[] {
    const records = this.#batch;
    this.#batch = [];
    return records;
  }

  /** Delivers a batch; never throws, so that nothing that was read is left unaccounted. */
  async #deliver(batch: Batch): Promise<void> {
    const answers = this.#answers;
    const { records, text } = batch;
    let rest = records;
    try {
      if (this.#protocol !== "v2") {
        const { upload } = this.#settings;
        const body = text === undefined ? undefined : bodyV3(upload, text);
        const verdict = await this.#post(requestV3(upload, records), undefined, body);
        rest = [];
        await this.#settle(batch, records, verdict);
      } else {
        while (rest.length > 0) {
          await this.#deliverV2(batch, rest[0] as Outgoing);
          rest = rest.slice(1);
        }
      }
    } catch (thrown) {
      // A bug: what became of the batch is not known, so all of it stays in the outbox.
      this.#stop(batch, rest, errorOf(thrown));
      return;
    }
    if (batch.ticket !== undefined) this.#strike(batch.ticket, batch);
    this.#hopeless = this.#answers > answers ? 0 : this.#hopeless + 1;
    if (this.#hopeless < patience) return;
    this.#stopped ??= new SinkError(
      `Oomnitza cannot take the records [oomnitza]: ${this.#complaint}`,
      { hint: "Nothing more was read. Run the upload again when the instance answers." },
    );
  }

  #strike(ticket: number, { refused, open }: Batch): void {
    try {
      this.#settings.outbox?.settle(ticket, refused, open);
    } catch (thrown) {
      this.#stopped ??= errorOf(thrown);
    }
  }

  /** Does what a verdict on some records of API v3 asks for. */
  async #settle(batch: Batch, records: readonly Outgoing[], verdict: Verdict): Promise<void> {
    if (verdict.kind === "stop") return this.#stop(batch, records, verdict.error);
    if (verdict.kind === "absent") {
      if (this.#settings.apiVersion === "auto" && this.#protocol !== "v3") {
        return await this.#fallBack(batch, records);
      }
      return this.#stop(batch, records, absentError("/api/v3/bulk"));
    }
    this.#protocol ??= "v3";
    if (verdict.kind === "accepted") return this.#accept(records);
    const splits = verdict.kind === "refused" || verdict.failed;
    if (records.length === 1 || !splits) return this.#fail(batch, records, verdict);
    const retry = verdict.kind === "refused" ? undefined : hasty;
    const halves = [records.slice(0, records.length >> 1), records.slice(records.length >> 1)];
    const verdicts: Verdict[] = [];
    for (const half of halves) {
      verdicts.push(await this.#post(requestV3(this.#settings.upload, half), retry));
    }
    // When the instance breaks on everything, it is not one record that it breaks on.
    if (verdicts.every(({ kind }) => kind === "unavailable")) {
      const away = verdicts.find((half) => half.kind === "unavailable" && !half.failed);
      return this.#fail(batch, records, away as Failed | undefined ?? verdict);
    }
    for (const [index, half] of halves.entries()) {
      await this.#settle(batch, half, verdicts[index] as Verdict);
    }
  }

  /** One record over API v2. */
  async #deliverV2(batch: Batch, record: Outgoing): Promise<void> {
    if (this.#stopped !== undefined) return this.#stop(batch, [record], this.#stopped);
    if (this.#settings.upload.syncFields.length > 1) {
      const error = new SinkError(
        "API v2 takes one sync_field only, and this section names several",
      );
      return this.#stop(batch, [record], error);
    }
    const request = requestV2(this.#settings.upload, record);
    const verdict = await this.#post(request);
    if (verdict.kind === "accepted") return this.#accept([record]);
    if (verdict.kind === "stop") return this.#stop(batch, [record], verdict.error);
    if (verdict.kind === "absent") return this.#stop(batch, [record], absentError(request.path));
    this.#fail(batch, [record], verdict);
  }

  async #fallBack(batch: Batch, records: readonly Outgoing[]): Promise<void> {
    if (this.#protocol === undefined) {
      this.#settings.log.info("The instance has no API v3; API v2 is used, one record per request");
    }
    this.#protocol = "v2";
    for (const record of records) await this.#deliverV2(batch, record);
  }

  async #post(request: UploadRequest, retry?: RetryPolicy, written?: string): Promise<Verdict> {
    if (this.#stopped !== undefined) return { kind: "stop", error: this.#stopped };
    let body: string;
    try {
      body = written ?? JSON.stringify(request.payload);
    } catch (error) {
      const reason = `cannot be written as JSON (${messageOf(error)})`;
      return { kind: "refused", reason, status: null };
    }
    this.#settings.onRequest?.(request);
    this.#requests++;
    let verdict: Verdict;
    try {
      const answer = await this.#settings.sink.post(request, body, retry);
      verdict = judgeAnswer(answer.status, answer.body, request.path);
    } catch (thrown) {
      verdict = judgeThrown(thrown);
    }
    if (verdict.kind !== "unavailable") this.#answers++;
    return verdict;
  }

  #accept(records: readonly Outgoing[]): void {
    const { sink, account } = this.#settings;
    account.counts[sink.writes ? "sent" : "shown"] += records.length;
  }

  /** What the instance had its say about is lost; what it could not look at is kept. */
  #fail(batch: Batch, records: readonly Outgoing[], verdict: Failed): void {
    const { reason, status } = verdict;
    if (verdict.kind === "unavailable" && !verdict.failed) {
      return this.#keep(batch, records, reason);
    }
    this.#lose(records, reason);
    if (this.#settings.outbox === undefined) return;
    for (const payload of records) {
      batch.refused.push({ payload, record: this.#settings.identify(payload), reason, status });
    }
  }

  #lose(records: readonly Outgoing[], reason: string): void {
    this.#complaint = reason;
    for (const record of records) {
      const identity = this.#settings.identify(record);
      this.#settings.log.error(`Lost ${identity}: ${reason}`);
      this.#settings.account.fail(identity, reason);
    }
  }

  #keep(batch: Batch, records: readonly Outgoing[], reason: string): void {
    if (batch.ticket === undefined) return this.#lose(records, reason);
    if (records.length === 0) return;
    this.#complaint = reason;
    this.#settings.log.warning(`Kept for the next run: ${records.length} records: ${reason}`);
    this.#settings.account.counts.kept += records.length;
    batch.open.push(...records);
  }

  #stop(batch: Batch, records: readonly Outgoing[], error: Error): void {
    this.#stopped ??= error;
    this.#keep(batch, records, error.message);
  }

  async #finalize(): Promise<void> {
    const verdict = await this.#post(finalizeV3(this.#settings.upload));
    if (verdict.kind === "accepted" || verdict.kind === "absent") return;
    const reason = verdict.kind === "stop" ? verdict.error.message : verdict.reason;
    throw new SinkError(`The records were sent, but the upload could not be finalized: ${reason}`);
  }
}
