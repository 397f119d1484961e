/**
 * The inbox: events are durable before they are answered, and go when what they are about was fetched.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { AgentError, AuthError } from "../../src/base/errors.ts";
import { Skipped } from "../../src/base/record.ts";
import { defineSource, type Source } from "../../src/sdk/source.ts";
import { type InboxEntry, type InboxEvent, StateInbox } from "../../src/state/inbox.ts";
import { backoffMs, InboxBatch } from "../../src/sync/inbox/batch.ts";
import { InboxWork, type WorkSettings } from "../../src/sync/inbox/inbox.ts";
import { Intake } from "../../src/sync/inbox/intake.ts";
import { sourceContext } from "../../src/sync/read/source_context.ts";
import { keepLog } from "./support/fakes.ts";
import { describeItem, prepareTestSection, readSettings } from "./support/prepared_section.ts";
import { openTestStore } from "./support/store.ts";

const patience = { firstWaitMs: 100, longestWaitMs: 1000, giveUpMs: 60_000 };

function entry(id: number, details: Partial<InboxEntry> = {}): InboxEntry {
  return {
    id,
    key: `computer ${id}`,
    body: id,
    received: Date.now(),
    events: 1,
    tries: 0,
    ...details,
  };
}

/** A source whose webhook answers a body as told. */
function webhookSource(webhook: NonNullable<Source["webhook"]>): Source {
  return defineSource({
    name: "devices",
    title: "Devices",
    kind: "assets",
    summary: "Devices of a test.",
    mappingName: "Devices",
    options: {},
    mappings: {},
    async *records() {},
    webhook,
  });
}

async function makeContext() {
  const { prepared, lines } = await prepareTestSection([]);
  return { context: sourceContext(prepared, readSettings()), lines };
}

/** Fails for odd bodies. */
const even = webhookSource(async function* (_context, { body }) {
  if (Number(body) % 2 === 1) throw new AgentError("no such computer");
  yield { tag: `T${body}` };
});

test("an entry that fails does not stop the others, and is tried again later", async () => {
  const { context, lines } = await makeContext();
  const batch = new InboxBatch([entry(1), entry(2), entry(4)], {
    workers: 1,
    retryDelays: patience,
  });
  const read = await Array.fromAsync(batch.read(even, context));
  expect(read.flat().map((item) => describeItem(item))).toEqual(["T2", "T4"]);
  expect(lines).toEqual(["warning: computer 1 is tried again later: no such computer"]);
  const before = Date.now();
  const [again, ...done] = batch.outcomes({ error: null });
  expect(done).toEqual([{ id: 2, kind: "done" }, { id: 4, kind: "done" }]);
  expect(again).toMatchObject({ id: 1, kind: "again", tries: 1, reason: "no such computer" });
  const { due } = again as { due: number };
  expect(due).toBeGreaterThanOrEqual(before + 50);
  expect(due).toBeLessThanOrEqual(Date.now() + 101);
});

test("an entry that is too old and fails again is given up, and counts as unreadable", async () => {
  const { context } = await makeContext();
  const old = { received: Date.now() - 60_001 };
  const entries = [entry(1, { ...old, tries: 3 }), entry(3, { ...old, key: null, tries: 0 })];
  const batch = new InboxBatch(entries, { workers: 1, retryDelays: patience });
  const read = await Array.fromAsync(batch.read(even, context));
  expect(read).toEqual([new Skipped("computer 1", "no such computer. It is given up")]);
  const [dead, young] = batch.outcomes({ error: null });
  expect(dead).toEqual({ id: 1, kind: "dead", tries: 4, reason: "no such computer" });
  // What never failed before is tried once more, however long it waited.
  expect(young).toMatchObject({ id: 3, kind: "again", tries: 1 });
});

test("what a run failed for is the reason of all its entries", () => {
  const batch = new InboxBatch([entry(2), entry(4)], { workers: 1, retryDelays: patience });
  const error = { message: "Oomnitza is away", hint: null, bug: false };
  expect(batch.outcomes({ error })).toMatchObject([
    { id: 2, kind: "again", reason: "Oomnitza is away" },
    { id: 4, kind: "again", reason: "Oomnitza is away" },
  ]);
});

test("credentials that are refused concern all entries", async () => {
  const { context } = await makeContext();
  const locked = webhookSource(async function* () {
    yield* [];
    throw new AuthError("the token has expired");
  });
  const batch = new InboxBatch([entry(2)], { workers: 1, retryDelays: patience });
  await expect(Array.fromAsync(batch.read(locked, context))).rejects.toThrow(AuthError);
});

test("an entry whose record cannot be read fails as a whole", async () => {
  const { context } = await makeContext();
  const half = webhookSource(async function* () {
    yield { tag: "T1" };
    yield new Skipped("computer 1", "its details are missing");
  });
  const batch = new InboxBatch([entry(1)], { workers: 1, retryDelays: patience });
  expect(await Array.fromAsync(batch.read(half, context))).toEqual([]);
  expect(batch.outcomes({ error: null })).toMatchObject([{ reason: "its details are missing" }]);
});

test("waits double up to a limit, a random half of each left out", () => {
  for (const [tries, longest] of [[1, 100], [2, 200], [4, 800], [5, 1000], [1000, 1000]] as const) {
    for (let round = 0; round < 50; round++) {
      const wait = backoffMs(tries, patience);
      expect(wait).toBeGreaterThanOrEqual(longest / 2);
      expect(wait).toBeLessThanOrEqual(longest);
    }
  }
});

function openInbox() {
  const opened = openTestStore();
  const inbox = new StateInbox({
    path: join(opened.folder, "state.sqlite"),
    redact: (text) => text,
  });
  let isClosed = false;
  function close(): void {
    if (!isClosed) inbox.close();
    isClosed = true;
  }
  return {
    inbox,
    store: opened.store,
    close,
    [Symbol.dispose]() {
      close();
      opened[Symbol.dispose]();
    },
  };
}

function event(key: string | null, due = 0): InboxEvent {
  return { section: "devices", key, body: JSON.stringify(key), due };
}

test("events that arrive together share a transaction, and are durable once accepted", async () => {
  using opened = openInbox();
  const { inbox } = opened;
  const added: number[] = [];
  const add = inbox.add.bind(inbox);
  inbox.add = (events) => {
    added.push(events.length);
    add(events);
  };
  const intake = new Intake(inbox);
  await Promise.all(["a", "b", "c"].map((key) => intake.accept(event(key))));
  await intake.accept(event("d"));
  expect(added).toEqual([3, 1]);
  expect(inbox.sizes()).toMatchObject([{ section: "devices", waiting: 4, dead: 0 }]);
});

test("events that cannot be written are refused, and so it is known", async () => {
  using opened = openInbox();
  const { inbox } = opened;
  const { add } = inbox;
  const intake = new Intake(inbox);
  inbox.add = () => {
    throw new AgentError("the disk is full");
  };
  await expect(intake.accept(event("a"))).rejects.toThrow("the disk is full");
  expect(String(intake.failure)).toContain("the disk is full");
  inbox.add = add.bind(inbox);
  await intake.accept(event("a"));
  expect(intake.failure).toBeUndefined();
});

test("beyond a million entries, events are refused, until some were processed", async () => {
  using opened = openInbox();
  const { inbox } = opened;
  let waiting = 1_000_000;
  inbox.sizes = () => [{ section: "devices", waiting, dead: 0, oldest: undefined }];
  const intake = new Intake(inbox);
  await expect(intake.accept(event("a"))).rejects.toThrow("1000000 webhook events wait already");
  waiting = 10;
  await intake.accept(event("a"));
});

/** An inbox that is processed with runs that only note what they were to fetch. */
function start(
  opened: ReturnType<typeof openInbox>,
  settings: Partial<WorkSettings> = {},
) {
  const { log, lines } = keepLog();
  const runs: number[] = [];
  const work = new InboxWork({
    inbox: opened.inbox,
    sections: ["devices"],
    prepare: () => Promise.resolve({ section: { source: even } } as never),
    async run(_prepared, { read }) {
      const { context } = await makeContext();
      const items = await Array.fromAsync(read(context as never));
      runs.push(items.length);
      const counts = { fetched: items.length, sent: items.length, kept: 0 };
      return { counts, leftovers: { kept: 0 }, error: null } as never;
    },
    hasLeftovers: () => false,
    workers: 1,
    patience,
    log,
    signal: new AbortController().signal,
    ...settings,
  });
  work.start();
  return { work, runs, lines };
}

test("what is in the inbox is processed, and gone when its run ended", async () => {
  using opened = openInbox();
  const { inbox } = opened;
  inbox.add([0, 2, 4].map((body) => ({ ...event(`computer ${body}`), body: String(body) })));
  const { work, runs, lines } = start(opened);
  await work.end();
  expect(runs).toEqual([3]);
  expect(lines).toEqual(["info: Webhooks: 3 events, 3 read, 3 sent"]);
  expect(inbox.sizes()).toEqual([]);
});

test("at the end, also what waits for more of its kind is processed", async () => {
  using opened = openInbox();
  const { inbox } = opened;
  inbox.add([{ ...event("computer 2", Date.now() + 60_000), body: "2" }]);
  const { work, runs } = start(opened);
  await work.end();
  expect(runs).toEqual([1]);
});

test("an event that is due wakes its section", async () => {
  using opened = openInbox();
  const { inbox } = opened;
  const { work, runs } = start(opened);
  await new Promise(setImmediate);
  inbox.add([{ ...event("computer 2"), body: "2" }]);
  work.nudge("devices", Date.now());
  while (runs.length === 0) await Bun.sleep(1);
  await work.end();
  expect(runs).toEqual([1]);
});

test("a batch that fails as a whole is tried again, and says why", async () => {
  using opened = openInbox();
  const { inbox } = opened;
  inbox.add([{ ...event("computer 2"), body: "2" }]);
  const { work, lines } = start(opened, {
    prepare: () => Promise.reject(new AgentError("Oomnitza is away")),
  });
  await work.end();
  expect(lines).toEqual(["error: Oomnitza is away"]);
  expect(inbox.sizes()).toMatchObject([{ waiting: 1, dead: 0 }]);
});

test("a run that was broken off gives its entries back as they were", async () => {
  using opened = openInbox();
  const { inbox } = opened;
  inbox.add([{ ...event("computer 2"), body: "2" }]);
  const stop = new AbortController();
  const { work } = start(opened, {
    signal: stop.signal,
    run: () => {
      stop.abort();
      const error = { message: "stopped", hint: null, bug: false };
      const counts = { fetched: 0, kept: 0 };
      return Promise.resolve({ counts, leftovers: { kept: 0 }, error } as never);
    },
  });
  await work.end();
  expect(inbox.sizes()).toMatchObject([{ waiting: 1 }]);
  // Given back when the file is closed, without a failed attempt.
  opened.close();
  const again = new StateInbox({ path: opened.store.path, redact: (text) => text });
  expect(again.take("devices", 10, true)).toMatchObject([{ tries: 0 }]);
  again.close();
});

test("a state file that fails stops one round, never the service", async () => {
  using opened = openInbox();
  const { inbox } = opened;
  inbox.add([{ ...event("computer 2"), body: "2" }]);
  const { take } = inbox;
  inbox.take = () => {
    inbox.take = take.bind(inbox);
    throw new AgentError("the disk is full");
  };
  const { work, runs, lines } = start(opened, {
    patience: { ...patience, firstWaitMs: 1, longestWaitMs: 1 },
  });
  while (runs.length === 0) await Bun.sleep(1);
  await work.end();
  expect(lines[0]).toBe("error: Cannot process the webhook events: the disk is full");
  expect(runs).toEqual([1]);
});
