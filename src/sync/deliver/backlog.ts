/**
 * The backlog: what earlier runs of a section left in the outbox is delivered before anything new is read.
 *
 * @module
 */

import { stringifyExactJson } from "../../base/json.ts";
import { SinkError } from "../../base/errors.ts";
import { finalizeV3, type Upload } from "../../oomnitza/payload.ts";
import type {
  PendingBatch,
  RefusedRecord,
  State,
  StoredSection,
  UnfinishedRun,
} from "../../state/state.ts";
import type { Account } from "../account.ts";
import { Delivery, type DeliverySettings } from "./deliver.ts";
import { classifyError, classifyResponse, type PostOutcome } from "./response.ts";

/** The settings of a delivery, apart from what each unfinished run brings along. */
export type BacklogSettings = Omit<DeliverySettings, "upload" | "outbox" | "workers">;

/**
 * A batch that so many runs and a day could not deliver moves to the dead letters, so that it does not
 * hold up all others for good. The day is for outages: a service tries again every few minutes.
 */
const maxTries = 5;
const minAgeMs = 86_400_000;

/**
 * Delivers what earlier runs of a section left: in order, under the upload that each began. The account
 * says what became of it; its records count as fetched.
 *
 * @returns the requests that were made.
 * @throws {SinkError} when the instance cannot take it: then nothing newer may overtake it.
 */
export async function deliverBacklog(
  store: State,
  section: Omit<StoredSection, "upload">,
  settings: BacklogSettings,
): Promise<number> {
  let requests = 0;
  for await (const unfinished of store.unfinishedRuns(section)) {
    requests += await finishRun(unfinished, settings);
  }
  return requests;
}

async function finishRun(unfinished: UnfinishedRun, settings: BacklogSettings): Promise<number> {
  const { run, outbox, receipt, sent } = unfinished;
  const { log, account } = settings;
  const batches = await outbox.pending();
  const count = batches.reduce((sum, { records }) => sum + records.length, 0);
  if (count > 0) log.info(`Sending ${count} records left by run ${run}`);
  account.counts.fetched += count;
  const upload = JSON.parse(unfinished.upload) as Upload;
  const delivery = new Delivery({ ...settings, upload, workers: 1, outbox });
  try {
    for (const batch of batches) await deliverBatch(batch, unfinished, delivery, settings);
  } finally {
    delivery.summarize();
    account.counts.kept = account.counts.fetched - account.counts.sent - account.counts.failed;
  }
  const isV3 = settings.apiVersion !== "v2" && delivery.protocol !== "v2";
  const isThere = isV3 && (sent || count > 0);
  if (isThere) await finalize(upload, run, settings);
  await outbox.finish();
  // Oomnitza has no such upload: to ask about it would take until the time is over.
  if (!isThere) await receipt.close();
  return delivery.requests;
}

async function deliverBatch(
  { id, records, tries }: PendingBatch,
  { run, started, outbox }: UnfinishedRun,
  delivery: Delivery,
  settings: BacklogSettings,
): Promise<void> {
  if (tries >= maxTries && Date.now() - started.getTime() > minAgeMs) {
    const reason = `${tries} runs in more than a day could not deliver it`;
    await outbox.acknowledge(id, moveToDeadLetters(records, reason, settings), []);
    return;
  }
  await delivery.resume(id, records);
  if (settings.account.counts.kept === 0) return;
  await outbox.countAttempt(id);
  throw new SinkError(`Cannot deliver to Oomnitza the records left by run ${run} [oomnitza]`, {
    hint:
      "They stay in the state file, and nothing newer is read before they are sent. Run the upload again when " +
      "the instance answers.",
  });
}

function moveToDeadLetters(
  records: PendingBatch["records"],
  reason: string,
  { account, identify, log }: BacklogSettings,
): RefusedRecord[] {
  const count = records.length === 1 ? "1 record" : `${records.length} records`;
  log.error(`Moved to the dead letters: ${count}: ${reason}`);
  return records.map((payload) => {
    const record = identify(payload);
    account.fail(record, reason);
    return { payload, record, reason, status: null };
  });
}

/** Declares an upload complete. Its records are there, so a failure is no more than a warning. */
async function finalize(upload: Upload, run: string, settings: BacklogSettings): Promise<void> {
  const request = finalizeV3(upload);
  let outcome: PostOutcome;
  try {
    const answer = await settings.sink.post(request, stringifyExactJson(request.payload));
    outcome = classifyResponse(answer, request.path, settings.redact);
  } catch (thrown) {
    outcome = classifyError(thrown);
  }
  if (outcome.kind === "accepted" || outcome.kind === "absent") return;
  const reason = outcome.kind === "stop" ? outcome.error.message : outcome.reason;
  settings.log.warning(`The upload of run ${run} could not be finalized: ${reason}`);
}

/** The backlog as a report has it. */
export interface BacklogCounts {
  /** Records that earlier runs left. */
  readonly records: number;
  readonly sent: number;
  readonly failed: number;
  readonly kept: number;
}

/** The part of a backlog's account that a report has. */
export function countBacklog({ counts }: Account): BacklogCounts {
  const { fetched: records, sent, failed, kept } = counts;
  return { records, sent, failed, kept };
}
