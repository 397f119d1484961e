/**
 * Delivery: batches, several at a time, repeated by one rule, split until a refused record is alone.
 *
 * @module
 */

import { messageOf, SinkError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { Outgoing } from "../base/record.ts";
import {
  finalizeV3,
  requestV2,
  requestV3,
  type Upload,
  type UploadRequest,
} from "../oomnitza/payload.ts";
import type { RetryPolicy } from "../sdk/retry.ts";
import type { Account } from "./account.ts";
import { absentError, judgeAnswer, judgeThrown, type Verdict } from "./verdict.ts";

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

/** What a delivery needs to know. */
export interface DeliverySettings {
  readonly sink: Sink;
  readonly upload: Upload;
  readonly apiVersion: "auto" | "v2" | "v3";
  /** Records in one request of API v3. */
  readonly batchSize: number;
  /** Requests under way at once; 0 and 1 send one after the other. */
  readonly workers: number;
  readonly account: Account;
  readonly identify: (record: Outgoing) => string;
  readonly log: Log;
  /** Sees every request before it is sent, for `--save-data`. */
  readonly onRequest?: ((request: UploadRequest) => void) | undefined;
}

/** After so many batches in a row that the instance could not take, the section gives up. */
const patience = 3;

/** Pieces of a batch that the instance broke on are tried less often than whole batches. */
const hasty: RetryPolicy = { attempts: 3, budgetMs: 30_000 };

/** A delivery under way. Every record that it takes ends in the account. */
export class Delivery {
  readonly #settings: DeliverySettings;
  readonly #running = new Set<Promise<void>>();
  #protocol: "v2" | "v3" | undefined;
  #batch: Outgoing[] = [];
  #requests = 0;
  /** Batches in a row to which the instance gave no useful answer. */
  #hopeless = 0;
  /** Answers that show the instance at work, good or bad. */
  #answers = 0;
  #stopped: Error | undefined;

  constructor(settings: DeliverySettings) {
    this.#settings = settings;
    this.#protocol = settings.apiVersion === "auto" ? undefined : settings.apiVersion;
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
    if (this.#stopped !== undefined) {
      this.#fail([record], this.#stopped.message);
      return undefined;
    }
    this.#batch.push(record);
    const size = this.#protocol === "v2" ? 1 : this.#settings.batchSize;
    return this.#batch.length < size ? undefined : this.#dispatch();
  }

  /** Sends what is left and waits for all answers, without a time cap. */
  async finish(): Promise<void> {
    if (this.#batch.length > 0) this.#start();
    await Promise.all(this.#running);
    if (this.#stopped !== undefined) throw this.#stopped;
    if (this.#protocol === "v3" && this.#settings.sink.writes && this.#requests > 0) {
      await this.#finalize();
    }
  }

  /** Begins to deliver the gathered batch. */
  #start(): void {
    const records = this.#batch;
    this.#batch = [];
    const task: Promise<void> = this.#deliver(records).finally(() => this.#running.delete(task));
    this.#running.add(task);
  }

  async #dispatch(): Promise<void> {
    this.#start();
    // Until it is known which protocol the instance speaks, one request finds out.
    const limit = this.#protocol === undefined ? 1 : Math.max(1, this.#settings.workers);
    if (this.#running.size >= limit) await Promise.race(this.#running);
  }

  /** Delivers a batch; never throws, so that nothing that was read is left unaccounted. */
  async #deliver(records: readonly Outgoing[]): Promise<void> {
    const answers = this.#answers;
    let open = records;
    try {
      if (this.#protocol !== "v2") {
        const verdict = await this.#post(requestV3(this.#settings.upload, records));
        open = [];
        await this.#settle(records, verdict);
      } else {
        while (open.length > 0) {
          const [record] = open as [Outgoing];
          open = open.slice(1);
          await this.#deliverV2(record);
        }
      }
    } catch (thrown) {
      this.#stop(open, thrown instanceof Error ? thrown : new Error(messageOf(thrown)));
    }
    this.#hopeless = this.#answers > answers ? 0 : this.#hopeless + 1;
    if (this.#hopeless < patience) return;
    const last = this.#settings.account.failures.at(-1)?.reason ?? "no answer";
    this.#stopped ??= new SinkError(`Oomnitza cannot take the records [oomnitza]: ${last}`, {
      hint: "Nothing more was read. Run the upload again when the instance answers.",
    });
  }

  /** Does what a verdict on some records of API v3 asks for. */
  async #settle(records: readonly Outgoing[], verdict: Verdict): Promise<void> {
    if (verdict.kind === "stop") return this.#stop(records, verdict.error);
    if (verdict.kind === "absent") {
      if (this.#settings.apiVersion === "auto" && this.#protocol !== "v3") {
        return await this.#fallBack(records);
      }
      return this.#stop(records, absentError("/api/v3/bulk"));
    }
    this.#protocol ??= "v3";
    if (verdict.kind === "accepted") return this.#accept(records);
    const splits = verdict.kind === "refused" || verdict.failed;
    if (records.length === 1 || !splits) return this.#fail(records, verdict.reason);
    const retry = verdict.kind === "refused" ? undefined : hasty;
    const halves = [records.slice(0, records.length >> 1), records.slice(records.length >> 1)];
    const verdicts: Verdict[] = [];
    for (const half of halves) {
      verdicts.push(await this.#post(requestV3(this.#settings.upload, half), retry));
    }
    // When the instance breaks on everything, it is not one record that it breaks on.
    if (verdicts.every(({ kind }) => kind === "unavailable")) {
      return this.#fail(records, verdict.reason);
    }
    for (const [index, half] of halves.entries()) {
      await this.#settle(half, verdicts[index] as Verdict);
    }
  }

  /** One record over API v2. */
  async #deliverV2(record: Outgoing): Promise<void> {
    if (this.#stopped !== undefined) return this.#stop([record], this.#stopped);
    if (this.#settings.upload.syncFields.length > 1) {
      const error = new SinkError(
        "API v2 takes one sync_field only, and this section names several",
      );
      return this.#stop([record], error);
    }
    const request = requestV2(this.#settings.upload, record);
    const verdict = await this.#post(request);
    if (verdict.kind === "accepted") return this.#accept([record]);
    if (verdict.kind === "stop") return this.#stop([record], verdict.error);
    if (verdict.kind === "absent") return this.#stop([record], absentError(request.path));
    this.#fail([record], verdict.reason);
  }

  async #fallBack(records: readonly Outgoing[]): Promise<void> {
    if (this.#protocol === undefined) {
      this.#settings.log.info("The instance has no API v3; API v2 is used, one record per request");
    }
    this.#protocol = "v2";
    for (const record of records) await this.#deliverV2(record);
  }

  async #post(request: UploadRequest, retry?: RetryPolicy): Promise<Verdict> {
    if (this.#stopped !== undefined) return { kind: "stop", error: this.#stopped };
    let body: string;
    try {
      body = JSON.stringify(request.payload);
    } catch (error) {
      return { kind: "refused", reason: `cannot be written as JSON (${messageOf(error)})` };
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

  #fail(records: readonly Outgoing[], reason: string): void {
    for (const record of records) {
      const identity = this.#settings.identify(record);
      this.#settings.log.error(`Lost ${identity}: ${reason}`);
      this.#settings.account.fail(identity, reason);
    }
  }

  #stop(records: readonly Outgoing[], error: Error): void {
    this.#stopped ??= error;
    this.#fail(records, error.message);
  }

  async #finalize(): Promise<void> {
    const verdict = await this.#post(finalizeV3(this.#settings.upload));
    if (verdict.kind === "accepted" || verdict.kind === "absent") return;
    const reason = verdict.kind === "stop" ? verdict.error.message : verdict.reason;
    throw new SinkError(`The records were sent, but the upload could not be finalized: ${reason}`);
  }
}
