/**
 * What a delivery works with: where records go, and where they are safe until they are there.
 *
 * @module
 */

import type { Log } from "../../logging/log.ts";
import type { Outgoing } from "../../base/record.ts";
import type { Upload, UploadRequest } from "../../oomnitza/payload.ts";
import type { RetryPolicy } from "../../sdk/http/retry.ts";
import type { NewBatch, RefusedRecord } from "../../state/outbox.ts";
import type { Account } from "../account.ts";

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

/** Keeps batches until they were answered. Everything throws `AgentError` when it cannot. */
export interface Outbox {
  /** Makes batches durable, all or none, before they are sent; the tickets name them. */
  put(batches: readonly NewBatch[]): readonly number[];
  /** Takes what became of a batch: those refused, and those `open`, which were not answered. */
  settle(ticket: number, refused: readonly RefusedRecord[], open: readonly Outgoing[]): void;
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
  /** Where batches are safe from a crash; without one, what is not answered is lost. */
  readonly outbox?: Outbox | undefined;
  /** Sees every request before it is sent, for `--save-data`. */
  readonly onRequest?: ((request: UploadRequest) => void) | undefined;
}
