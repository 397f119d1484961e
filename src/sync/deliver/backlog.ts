/**
 * The backlog: what earlier runs of a section left in the outbox is delivered before anything new is read.
 *
 * @module
 */

import { stringifyExactJson } from "../../base/json.ts";
import { SinkError } from "../../base/errors.ts";
import { finalizeV3, pathV3, type Upload } from "../../oomnitza/payload.ts";
import type {
  PendingBatch,
  RefusedRecord,
  State,
  StoredSection,
  UnfinishedRun,
} from "../../state/state.ts";
import type { Account } from "../account.ts";
import { Delivery, type DeliverySettings, type Sink } from "./deliver.ts";
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
 * When the first of it is refused, it may be the upload that is: one that was declared complete takes nothing
 * more, and a state that was restored to an earlier moment does not know that. So the rest is sent as an upload
 * of its own, and only what is refused there becomes a dead letter.
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
  const { run, outbox } = unfinished;
  const { log, account } = settings;
  const batches = await outbox.pending();
  const count = batches.reduce((sum, { records }) => sum + records.length, 0);
  if (count > 0) log.info(`Sending ${count} records left by run ${run}`);
  account.counts.fetched += count;
  const upload = JSON.parse(unfinished.upload) as Upload;
  const first = watchFirst(settings.sink);
  const attempt = new Delivery({ ...settings, sink: first, upload, workers: 1, outbox });
  try {
    await deliverAll(batches, unfinished, attempt, settings);
    await close(unfinished, count > 0, attempt, settings);
    return attempt.requests;
  } catch (thrown) {
    if (!(thrown instanceof RefusedAtFirst)) throw thrown;
  }
  log.warning(
    `The upload of run ${run} takes nothing more, or a record is refused: the rest is sent as one of its own`,
  );
  const own = await unfinished.splitOff(
    JSON.stringify({ ...upload, portion: crypto.randomUUID() } satisfies Upload),
  );
  await close(unfinished, false, attempt, settings);
  account.counts.kept = 0;
  const delivery = new Delivery({
    ...{ ...settings, upload: JSON.parse(own.upload) as Upload, workers: 1, outbox: own.outbox },
  });
  await deliverAll(await own.outbox.pending(), own, delivery, settings);
  await close(own, true, delivery, settings);
  return attempt.requests + delivery.requests;
}

/** Delivers the batches of a run. @throws {RefusedAtFirst} when nothing of them was taken. */
async function deliverAll(
  batches: readonly PendingBatch[],
  unfinished: UnfinishedRun,
  delivery: Delivery,
  settings: BacklogSettings,
): Promise<void> {
  const { counts } = settings.account;
  try {
    for (const batch of batches) await deliverBatch(batch, unfinished, delivery, settings);
  } catch (thrown) {
    if (!(thrown instanceof RefusedAtFirst)) delivery.summarize();
    throw thrown;
  } finally {
    counts.kept = counts.fetched - counts.sent - counts.failed;
  }
  delivery.summarize();
}

/** Ends the delivery of a run of which nothing is pending; `isSent` says that something of it was sent now. */
async function close(
  { run, upload, outbox, receipt, sent }: UnfinishedRun,
  isSent: boolean,
  { protocol }: Delivery,
  settings: BacklogSettings,
): Promise<void> {
  const isV3 = settings.apiVersion !== "v2" && protocol !== "v2";
  const isThere = isV3 && (sent || isSent);
  if (isThere) {
    await outbox.keepAnswers();
    await finalize(JSON.parse(upload) as Upload, run, settings);
  }
  await outbox.finish();
  // Oomnitza has no such upload: to ask about it would take until the time is over.
  if (!isThere) await receipt.close();
}

/** The first records of a run were refused, so that it is not known yet whether for what they are. */
class RefusedAtFirst extends SinkError {}

/** A sink that fails when the first request with records is refused. */
function watchFirst(sink: Sink): Sink {
  let isFirst = true;
  return {
    writes: sink.writes,
    async post(request, body, retry) {
      const answer = await sink.post(request, body, retry);
      if (!isFirst || request.path !== pathV3) return answer;
      const { kind } = classifyResponse(answer, request.path, (text) => text);
      isFirst = kind === "unavailable";
      if (kind === "refused") throw new RefusedAtFirst("The first records were refused");
      return answer;
    },
  };
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
