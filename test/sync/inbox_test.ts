/**
 * The inbox: events are durable before they are answered, and go when what they are about was fetched.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { AgentError } from "../../src/base/errors.ts";
import { StateInbox } from "../../src/state/inbox.ts";
import type { InboxEvent } from "../../src/state/state.ts";
import { InboxWork, type WorkSettings } from "../../src/sync/inbox/inbox.ts";
import { Intake } from "../../src/sync/inbox/intake.ts";
import { keepLog } from "./support/fakes.ts";
import { openTestStore } from "./support/store.ts";
import { even, makeContext, retryDelays } from "./support/webhook_source.ts";

function openInbox() {
  const opened = openTestStore();
  const inbox = new StateInbox({
    path: join(opened.folder, "state.sqlite"),
    redact: (text) => text,
  });
  let isClosed = false;
  async function close(): Promise<void> {
    if (!isClosed) await inbox.close();
    isClosed = true;
  }
  return {
    inbox,
    store: opened.store,
    close,
    async [Symbol.asyncDispose]() {
      await close();
      await opened[Symbol.asyncDispose]();
    },
  };
}

function event(key: string | null, due = 0): InboxEvent {
  return { section: "devices", key, body: JSON.stringify(key), due };
}

test("events that arrive together share a transaction, and are durable once accepted", async () => {
  await using opened = openInbox();
  const { inbox } = opened;
  const added: number[] = [];
  const add = inbox.add.bind(inbox);
  inbox.add = (events) => {
    added.push(events.length);
    return add(events);
  };
  const intake = await Intake.open(inbox);
  await Promise.all(["a", "b", "c"].map((key) => intake.accept(event(key))));
  await intake.accept(event("d"));
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
  expect(added).toEqual([3, 1]);
  expect(await inbox.sizes()).toMatchObject([{ section: "devices", waiting: 4, dead: 0 }]);
});

test("an older event about the same never takes the place of a newer one", async () => {
  await using opened = openInbox();
  const { inbox } = opened;
  const bodies: unknown[] = [];
  // Of two calls over two connections, the first one can be kept last.
  const held = Promise.withResolvers<void>();
  inbox.add = async (events) => {
    if (bodies.length === 0 && events[0]?.body === "1") await held.promise;
    bodies.push(...events.map(({ body }) => body));
  };
  const intake = await Intake.open(inbox);
  const first = intake.accept({ ...event("a"), body: "1" });
  await new Promise(setImmediate);
  const second = intake.accept({ ...event("a"), body: "2" });
  const third = intake.accept({ ...event("a"), body: "3" });
  for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
  held.resolve();
  await Promise.all([first, second, third]);
  expect(bodies).toEqual(["1", "2", "3"]);
});

test("who keeps no events finds out by itself when it can again", async () => {
  await using opened = openInbox();
  const { inbox } = opened;
  const { add } = inbox;
  const intake = await Intake.open(inbox, 5);
  const tried: number[] = [];
  inbox.add = ({ length }) => {
    tried.push(length);
    return Promise.reject(new AgentError("the disk is full"));
  };
  await expect(intake.accept(event("a"))).rejects.toThrow("the disk is full");
  while (tried.length < 2) await Bun.sleep(5);
  expect(tried.slice(0, 2)).toEqual([1, 0]);
  expect(String(intake.failure)).toContain("the disk is full");
  inbox.add = add.bind(inbox);
  while (intake.failure !== undefined) await Bun.sleep(5);
  expect(await inbox.sizes()).toEqual([]);
});

test("events that cannot be written are refused, and so it is known", async () => {
  await using opened = openInbox();
  const { inbox } = opened;
  const { add } = inbox;
  const intake = await Intake.open(inbox);
  inbox.add = () => Promise.reject(new AgentError("the disk is full"));
  await expect(intake.accept(event("a"))).rejects.toThrow("the disk is full");
  expect(String(intake.failure)).toContain("the disk is full");
  inbox.add = add.bind(inbox);
  await intake.accept(event("a"));
  expect(intake.failure).toBeUndefined();
});

test("beyond a million entries, events are refused, until some were processed", async () => {
  await using opened = openInbox();
  const { inbox } = opened;
  let waiting = 1_000_000;
  inbox.sizes = () =>
    Promise.resolve([{ section: "devices", waiting, dead: 0, oldest: undefined }]);
  const intake = await Intake.open(inbox);
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
      return { counts, backlog: { kept: 0 }, error: null } as never;
    },
    hasBacklog: () => Promise.resolve(false),
    workers: 1,
    retryDelays,
    log,
    signal: new AbortController().signal,
    ...settings,
  });
  work.start();
  return { work, runs, lines };
}

test("what is in the inbox is processed, and gone when its run ended", async () => {
  await using opened = openInbox();
  const { inbox } = opened;
  await inbox.add([0, 2, 4].map((body) => ({ ...event(`computer ${body}`), body: String(body) })));
  const { work, runs, lines } = start(opened);
  await work.end();
  expect(runs).toEqual([3]);
  expect(lines).toEqual(["info: Webhooks: 3 events, 3 read, 3 sent"]);
  expect(await inbox.sizes()).toEqual([]);
});

test("at the end, also what waits for more of its kind is processed", async () => {
  await using opened = openInbox();
  const { inbox } = opened;
  await inbox.add([{ ...event("computer 2", Date.now() + 60_000), body: "2" }]);
  const { work, runs } = start(opened);
  await work.end();
  expect(runs).toEqual([1]);
});

test("an event that is due wakes its section", async () => {
  await using opened = openInbox();
  const { inbox } = opened;
  const { work, runs } = start(opened);
  await new Promise(setImmediate);
  await inbox.add([{ ...event("computer 2"), body: "2" }]);
  work.nudge("devices", Date.now());
  while (runs.length === 0) await Bun.sleep(1);
  await work.end();
  expect(runs).toEqual([1]);
});

test("where turns are shared, a batch waits for its own, and nothing that waits needs none", async () => {
  await using opened = openInbox();
  const { inbox } = opened;
  const asked: (() => void)[] = [];
  const { work, runs } = start(opened, {
    async takeTurn(batch) {
      await new Promise<void>((resolve) => asked.push(resolve));
      return await batch();
    },
  });
  await inbox.add([{ ...event("computer 4", Date.now() + 600_000), body: "4" }]);
  work.nudge("devices", Date.now());
  for (let turns = 0; turns < 20; turns++) await new Promise(setImmediate);
  expect(asked).toHaveLength(0);
  await inbox.add([{ ...event("computer 2"), body: "2" }]);
  while (asked.length === 0) {
    work.nudge("devices", Date.now());
    await Bun.sleep(1);
  }
  expect(runs).toEqual([]);
  expect(await inbox.sizes()).toMatchObject([{ waiting: 2 }]);
  asked[0]?.();
  while (runs.length === 0) await Bun.sleep(1);
  const ended = work.end();
  while (asked.length < 2) await Bun.sleep(1);
  asked[1]?.();
  await ended;
  expect(runs).toEqual([1, 1]);
});

test("a state that is away is told once, and used soon after it is back, however long it was away", async () => {
  await using opened = openInbox();
  const { inbox } = opened;
  await inbox.add([{ ...event("computer 2"), body: "2" }]);
  const { take } = inbox;
  let times = 0;
  inbox.take = () => {
    times++;
    return Promise.reject(new AgentError("it cannot be reached", { retriable: true }));
  };
  const longer = { ...retryDelays, firstWaitMs: 10, longestWaitMs: 60_000 };
  const { work, runs, lines } = start(opened, { retryDelays: longer });
  while (times < 12) await Bun.sleep(1);
  expect(lines).toEqual(["error: Cannot process the webhook events: it cannot be reached"]);
  inbox.take = take.bind(inbox);
  while (runs.length === 0) await Bun.sleep(1);
  await work.end();
  expect(runs).toEqual([1]);
});

test("a batch that fails as a whole is tried again, and says why", async () => {
  await using opened = openInbox();
  const { inbox } = opened;
  await inbox.add([{ ...event("computer 2"), body: "2" }]);
  const { work, lines } = start(opened, {
    prepare: () => Promise.reject(new AgentError("Oomnitza is away")),
  });
  await work.end();
  expect(lines).toEqual(["error: Oomnitza is away"]);
  expect(await inbox.sizes()).toMatchObject([{ waiting: 1, dead: 0 }]);
});

test("a run that was broken off gives its entries back as they were", async () => {
  await using opened = openInbox();
  const { inbox } = opened;
  await inbox.add([{ ...event("computer 2"), body: "2" }]);
  const stop = new AbortController();
  const { work } = start(opened, {
    signal: stop.signal,
    run: () => {
      stop.abort();
      const error = { message: "stopped", hint: null, bug: false };
      const counts = { fetched: 0, kept: 0 };
      return Promise.resolve({ counts, backlog: { kept: 0 }, error } as never);
    },
  });
  await work.end();
  expect(await inbox.sizes()).toMatchObject([{ waiting: 1 }]);
  // Given back when the file is closed, without a failed attempt.
  await opened.close();
  const again = new StateInbox({ path: opened.store.path, redact: (text) => text });
  expect(await again.take("devices", 10, true)).toMatchObject([{ tries: 0 }]);
  await again.close();
});

test("a state file that fails stops one round, never the service", async () => {
  await using opened = openInbox();
  const { inbox } = opened;
  await inbox.add([{ ...event("computer 2"), body: "2" }]);
  const { take } = inbox;
  inbox.take = () => {
    inbox.take = take.bind(inbox);
    return Promise.reject(new AgentError("the disk is full"));
  };
  const { work, runs, lines } = start(opened, {
    retryDelays: { ...retryDelays, firstWaitMs: 1, longestWaitMs: 1 },
  });
  while (runs.length === 0) await Bun.sleep(1);
  await work.end();
  expect(lines[0]).toBe("error: Cannot process the webhook events: the disk is full");
  expect(runs).toEqual([1]);
});
