/**
 * A state with something in every table, and what of it can be seen from outside.
 *
 * @module
 */
import { Fingerprints } from "../../../src/state/fingerprint.ts";
import type { Inbox, OpenRun, State } from "../../../src/state/state.ts";
import { storedSection } from "../../sync/support/store.ts";
import { acceptRecords, beginRun, giveUp, type Opened, runEnd } from "../conformance/open_state.ts";

const { upload } = storedSection;
const prints = new Fingerprints(["TAG"]);

/** The key of a record with a tag. */
export function keyOf(tag: string): string {
  return prints.keyOf({ TAG: tag }) ?? "";
}

/** A text that PostgreSQL does not keep as it is. */
export const oddText = "\u0000 \ud800 é 'x' \\ \u0001";

/** Has records accepted that stay among the answers until the section is compared. */
async function acceptWithIds(state: State, section: string, tags: readonly string[]) {
  const run = await beginRun(state, section, { counts: () => ({ sent: tags.length }) });
  run.outbox.identifyBy("s");
  const [id = 0] = await run.outbox.put([
    { records: tags.map((TAG) => ({ TAG })), text: undefined, ids: tags.map((tag) => `id ${tag}`) },
  ]);
  await run.outbox.acknowledge(id, [], []);
  await run.outbox.finish();
  await run.end(runEnd);
  return run;
}

/** A run with one batch of each kind: answered, answered in part, refused in part, and not answered. */
async function leaveOutbox(state: State, section: string): Promise<OpenRun> {
  const run = await beginRun(state, section, { counts: () => ({ sent: 3 }) });
  run.outbox.identifyBy("s");
  const batch = (...tags: readonly string[]) => ({
    records: tags.map((TAG) => ({ TAG, OS: oddText })),
    text: undefined,
    ids: tags.map((tag) => `id ${tag}`),
  });
  const [whole = 0, part = 0, refused = 0, last = 0] = await run.outbox.put([
    ...[batch("W1"), batch("P1", "P2"), batch("R1", "R2"), batch("L1"), batch("L2")],
  ]);
  await run.outbox.acknowledge(whole, [], []);
  await run.outbox.acknowledge(part, [], [{ TAG: "P2", OS: oddText }]);
  const payload = { TAG: "R1", OS: oddText };
  await run.outbox.acknowledge(
    refused,
    [{ payload, record: oddText, reason: `${section} ${oddText}`, status: null }],
    [],
  );
  await run.outbox.countAttempt(last);
  return run;
}

/** Does something of everything with a state. Its processes have to be closed, or die, afterwards. */
export async function fillState(opened: Opened): Promise<void> {
  const { state, inbox } = opened;
  const cursor = state.cursor("a");
  cursor.set("since", "2026-01-01");
  cursor.set("place", oddText);
  await cursor.commit();
  // A baseline of several sections, in turn, with ids, one that was missed, and one to be sent again.
  await acceptWithIds(state, "a", ["T1", "T2", "T3"]);
  await acceptWithIds(state, "b", ["T1", "T9"]);
  await state.accepted.openBaseline("a", upload);
  await acceptRecords(state, "a", [{ TAG: "T4", LONG: "x".repeat(5000), OS: oddText }]);
  const baseline = await state.accepted.openBaseline("a", upload);
  const [seen] = await baseline.findAll([keyOf("T1")]);
  await baseline.conclude({
    run: "0000000001",
    isSeen: (id) => id === seen?.id,
    gone: 3,
    returned: [],
  });
  const [renamed] = await (await state.accepted.openBaseline("a", upload)).findByIdentity([
    "s:id T3",
  ]);
  await baseline.noteIdentities({
    learned: [],
    renamed: [{ id: renamed?.id ?? 0, key: keyOf("T3") }],
  });
  await state.accepted.openBaseline("b", upload);
  // Answers that wait, of another destination too, and a last upload.
  await acceptWithIds(state, "a", ["T5"]);
  await state.accepted.add(
    "b",
    JSON.stringify({ ...JSON.parse(upload), mappingName: "other" }),
    "0000000002",
    [
      { TAG: "T8" },
    ],
  );
  const last = await acceptWithIds(state, "c", ["T1", "T2"]);
  await state.accepted.concludeUncompared("c", upload, last.id, 2);
  // A receipt that is awaited, a run of webhooks that failed, and two that left something.
  const awaited = await beginRun(state, "d", { awaitsReceipt: true });
  const [id = 0] = await awaited.outbox.put([{ records: [{ TAG: "D1" }], text: undefined }]);
  await awaited.outbox.acknowledge(id, [], []);
  await awaited.outbox.finish();
  await awaited.end({
    ...runEnd,
    claimed: 7,
    times: { source: 1, agent: 2, oomnitza: 3 } as never,
  });
  const hook = await state.begin({ ...storedSection, section: "a" }, "webhook", () => ({}));
  await hook.end({ ...runEnd, outcome: "failed", error: oddText, stopped_by_guard: true });
  await leaveOutbox(state, "b");
  await leaveOutbox(state, "a");
  await fillInbox(opened, inbox);
}

async function fillInbox(opened: Opened, inbox: Inbox): Promise<void> {
  await giveUp(opened, "a", ["computer 7", oddText], `gone ${oddText}`);
  const now = Date.now();
  const add = (key: string | null, due: number) =>
    inbox.add([{ section: "a", key, body: JSON.stringify({ key }), due }]);
  await add("computer 1", now - 3000);
  await add("computer 1", now - 2000);
  await add("taken", now - 5000);
  // Taken by a process that dies; of one, a newer event has come since.
  await inbox.take("a", 2, false);
  await add("taken", now - 1000);
  await add(null, now - 4000);
  await add(null, now - 4000);
  await add("later", now + 3_600_000);
}

/** What can be seen of a state that {@linkcode fillState} filled, and of its events. Nothing is changed. */
export async function lookAt({ state }: Opened) {
  const baselines: unknown[] = [];
  const waiting: unknown[] = [];
  for (const section of ["a", "b", "c"]) {
    const upload = await state.accepted.lastUpload(section, storedSection.upload);
    baselines.push([section, upload?.size, upload && (await batchesOf(upload))]);
    waiting.push(await Array.fromAsync(state.accepted.pending(section)));
  }
  const lastRuns = await state.lastRuns();
  const runs = await state.runs(99);
  const work = await state.unfinishedWork();
  return {
    baselines,
    waiting,
    letters: await state.deadLetters.find({}).then((all) => all.map(({ run: _, ...rest }) => rest)),
    events: await state.deadEvents.find(undefined),
    cursor: [await state.cursor("a").get("since"), await state.cursor("a").get("place")],
    runs: runs.map(({ id: _, ...rest }) => rest),
    lastRuns: ["a", "b", "c", "d"].map((section) => [
      ...[lastRuns.started(section), lastRuns.succeeded(section, "upload")],
      lastRuns.succeeded(section, "webhook"),
    ]),
    work: {
      refused: work.refused,
      waiting: Object.fromEntries(work.waiting),
      // Of two that wait about one thing, one goes when what dead processes took is given back.
      events: work.events.map(({ section, dead }) => [section, dead]),
    },
  };
}

async function batchesOf(
  upload: NonNullable<Awaited<ReturnType<State["accepted"]["lastUpload"]>>>,
) {
  const batches = await Array.fromAsync({ [Symbol.asyncIterator]: () => upload.batches() });
  return batches.map((batch) => [batch.text, batch.identities()]);
}

/** What a section is compared with, by what is done with it: answers that wait are taken in. */
export async function compareAll({ state }: Opened) {
  const found: unknown[] = [];
  for (const section of ["a", "b"]) {
    const baseline = await state.accepted.openBaseline(section, upload);
    const tags = Array.from({ length: 10 }, (_, at) => keyOf(`T${at}`));
    const all = await baseline.findAll(tags);
    found.push({
      ...{ section, size: baseline.size, isFull: baseline.isFull },
      records: all.map((known) => known && { ...known, id: 0 }),
      missing: await Array.fromAsync(baseline.missing(() => false)),
      renamed: (await baseline.findByIdentity(["s:id T3", "s:id T1"])).map((known) =>
        known && { ...known, id: 0 }
      ),
    });
  }
  return found;
}

/** Works off what was left: sends what waits, in its order, and processes events. */
export async function workOff({ state, inbox }: Opened) {
  const done: unknown[] = [];
  for (const section of ["a", "b"]) {
    for await (const left of state.unfinishedRuns({ section, remember: true })) {
      const pending = await left.outbox.pending();
      done.push([section, left.sent, pending.map(({ records, tries }) => [records, tries])]);
      for (const { id } of pending) await left.outbox.acknowledge(id, [], []);
      await left.outbox.finish();
    }
  }
  const awaited = await state.awaitedReceipts("d", 9);
  for (const receipt of awaited) {
    done.push([receipt.started, await Array.fromAsync(receipt.records())]);
  }
  await inbox.release();
  const taken = await inbox.take("a", 99, true);
  // One engine gives them by their numbers, the other by when they are due.
  done.push(
    taken.map(({ key, body, events, tries }) => JSON.stringify([key, body, events, tries])).sort(),
  );
  return done;
}
