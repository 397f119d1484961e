/**
 * What earlier runs of a section left in the outbox is delivered before anything new is read.
 *
 * @module
 */

import { SinkError } from "../../base/errors.ts";
import { finalizeV3, type Upload } from "../../oomnitza/payload.ts";
import type { WaitingBatch } from "../../state/outbox.ts";
import type { Leftover, StateStore, StoredSection } from "../../state/store.ts";
import type { Account } from "../account.ts";
import { Delivery } from "./deliver.ts";
import type { DeliverySettings } from "./delivery_settings.ts";
import { judgeAnswer, judgeThrown, type Verdict } from "./response.ts";

/** What is needed to finish leftovers: the settings of a delivery, apart from what they bring along. */
export type LeftoverSettings = Omit<DeliverySettings, "upload" | "outbox" | "workers">;

/**
 * A batch that so many runs and a day could not deliver is put aside, so that it does not hold up all
 * others for good. The day is for outages: a service tries again every few minutes.
 */
const mostTries = 5;
const longestWaitMs = 86_400_000;

/**
 * Delivers what earlier runs of a section left: in order, under the upload that each began. The account
 * tells what became of it; its records count as fetched.
 *
 * @returns the requests that were made.
 * @throws {SinkError} when the instance cannot take it: then nothing newer may overtake it.
 */
export async function finishLeftovers(
  store: StateStore,
  section: Omit<StoredSection, "upload">,
  settings: LeftoverSettings,
): Promise<number> {
  let requests = 0;
  for (const leftover of store.leftovers(section)) {
    requests += await finish(leftover, settings);
  }
  return requests;
}

async function finish(leftover: Leftover, settings: LeftoverSettings): Promise<number> {
  const { run, outbox, sent } = leftover;
  const { log, account } = settings;
  const batches = outbox.waiting();
  const count = batches.reduce((sum, { records }) => sum + records.length, 0);
  if (count > 0) log.info(`Finishing what run ${run} left: ${count} records`);
  account.counts.fetched += count;
  const upload = JSON.parse(leftover.upload) as Upload;
  const delivery = new Delivery({ ...settings, upload, workers: 1, outbox });
  try {
    for (const batch of batches) await deliver(batch, leftover, delivery, settings);
  } finally {
    account.counts.kept = account.counts.fetched - account.counts.sent - account.counts.failed;
  }
  const isV3 = settings.apiVersion !== "v2" && delivery.protocol !== "v2";
  if (isV3 && (sent || count > 0)) await complete(upload, run, settings);
  outbox.finish();
  return delivery.requests;
}

async function deliver(
  { ticket, records, tries }: WaitingBatch,
  { run, started, outbox }: Leftover,
  delivery: Delivery,
  settings: LeftoverSettings,
): Promise<void> {
  if (tries >= mostTries && Date.now() - started.getTime() > longestWaitMs) {
    const reason = `${tries} runs in more than a day could not deliver it`;
    outbox.settle(ticket, putAside(records, reason, settings), []);
    return;
  }
  await delivery.resume(ticket, records);
  if (settings.account.counts.kept === 0) return;
  outbox.tried(ticket);
  throw new SinkError(`Oomnitza cannot take what run ${run} left [oomnitza]`, {
    hint:
      "It waits in the state file, and nothing newer is read before. Run the upload again when " +
      "the instance answers.",
  });
}

function putAside(
  records: WaitingBatch["records"],
  reason: string,
  { account, identify, log }: LeftoverSettings,
) {
  return records.map((payload) => {
    const record = identify(payload);
    log.error(`Put aside ${record}: ${reason}`);
    account.fail(record, reason);
    return { payload, record, reason, status: null };
  });
}

/** Declares an upload complete. Its records are there, so a failure is no more than a warning. */
async function complete(upload: Upload, run: string, settings: LeftoverSettings): Promise<void> {
  const request = finalizeV3(upload);
  let verdict: Verdict;
  try {
    const answer = await settings.sink.post(request, JSON.stringify(request.payload));
    verdict = judgeAnswer(answer.status, answer.body, request.path);
  } catch (thrown) {
    verdict = judgeThrown(thrown);
  }
  if (verdict.kind === "accepted" || verdict.kind === "absent") return;
  const reason = verdict.kind === "stop" ? verdict.error.message : verdict.reason;
  settings.log.warning(`The upload of run ${run} could not be finalized: ${reason}`);
}

/** Leftovers as a report has them. */
export interface LeftoverCounts {
  /** Records that earlier runs left. */
  readonly records: number;
  readonly sent: number;
  readonly failed: number;
  readonly kept: number;
}

/** The part of an account of leftovers that a report has. */
export function leftoverCounts({ counts }: Account): LeftoverCounts {
  const { fetched: records, sent, failed, kept } = counts;
  return { records, sent, failed, kept };
}
