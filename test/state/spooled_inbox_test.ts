/**
 * The spool for webhook events while the state that agents share cannot be reached: nothing is lost, nothing
 * is overtaken by an older event, and what cannot be kept is refused.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Database } from "bun:sqlite";
import { AgentError } from "../../src/base/errors.ts";
import { StateInbox } from "../../src/state/inbox.ts";
import { SpoolFile } from "../../src/state/spool.ts";
import { SpooledInbox, SpoolIntake } from "../../src/state/spooled_inbox.ts";
import type { InboxEvent } from "../../src/state/state.ts";
import { Intake } from "../../src/sync/inbox/intake.ts";
import type { Log } from "../../src/logging/log.ts";
import { keepLog } from "../sync/support/fakes.ts";

const away = new AgentError("The server cannot be reached", { retriable: true });
const redact = (text: string) => text;

function event(key: string | null, body: unknown = key): InboxEvent {
  return { section: "devices", key, body: JSON.stringify(body), due: 0 };
}

/** A shared inbox and a spool file of one tenant as one inbox, which takes the calls. */
function openInbox(path: string, shared: StateInbox, log: Log) {
  const file = new SpoolFile({ path, isShared: false });
  const intake = new SpoolIntake({ spool: file.of("main"), log, retryMs: 5 });
  const inbox = new SpooledInbox(shared, intake);
  inbox.takeOver();
  return {
    intake,
    add: (events: readonly InboxEvent[]) => inbox.add(events),
    sizes: () => inbox.sizes(),
    get spooled() {
      return intake.spooled;
    },
    get failure() {
      return intake.failure;
    },
    async close() {
      await inbox.close();
      await intake.close();
      file.close();
    },
  };
}

/** A shared inbox that fails when it is told to, a spool beside it, and both as one. */
function openBoth(folder = mkdtempSync(join(tmpdir(), "agent-spool-"))) {
  const shared = new StateInbox({ path: join(folder, "shared.sqlite"), redact });
  const path = join(folder, "spool.sqlite");
  const add = shared.add.bind(shared);
  const control = {
    failure: undefined as Error | undefined,
    /** Called with events before they are kept. */
    before: (_events: readonly InboxEvent[]): Promise<void> => Promise.resolve(),
  };
  shared.add = async (events) => {
    if (control.failure !== undefined) throw control.failure;
    await control.before(events);
    await add(events);
  };
  const { log, lines } = keepLog();
  const open = () => openInbox(path, shared, log);
  return {
    ...{ folder, path, shared, control, lines, open },
    /** Bodies that the shared inbox has, by key. */
    async arrived() {
      const entries = await shared.take("devices", 1000, true);
      return Object.fromEntries(entries.map(({ key, body }) => [key, body]));
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function untilForwarded(inbox: Pick<SpoolIntake, "spooled" | "failure">): Promise<void> {
  while (inbox.spooled > 0 || inbox.failure !== undefined) await Bun.sleep(2);
}

test("what the shared inbox does not take is kept in the spool and forwarded, and both is told once", async () => {
  using both = openBoth();
  const { control, lines, path } = both;
  const inbox = both.open();
  await inbox.add([event("a")]);
  expect(inbox.spooled).toBe(0);
  control.failure = away;
  await inbox.add([event("b"), event("c")]);
  await inbox.add([event("b", "newer")]);
  expect(inbox.spooled).toBe(2);
  await expect(inbox.sizes()).rejects.toThrow("cannot be reached");
  await Bun.sleep(30);
  expect(lines).toEqual([
    `warning: The server cannot be reached: webhook events are kept in ${path} until it takes them`,
  ]);
  control.failure = undefined;
  await untilForwarded(inbox);
  expect(lines.slice(1)).toEqual([`info: 2 webhook events of ${path} were forwarded`]);
  expect(await both.arrived()).toEqual({ a: "a", b: "newer", c: "c" });
  await inbox.add([event("d")]);
  expect(inbox.spooled).toBe(0);
  await inbox.close();
  expect(lines.length).toBe(2);
});

test("events are forwarded in the order in which they came, each as old and as many as it was", async () => {
  using both = openBoth();
  const { control, shared } = both;
  const inbox = both.open();
  control.failure = away;
  const keys = Array.from({ length: 2400 }, (_, at) => `k${at}`);
  for (let at = 0; at < keys.length; at += 100) {
    await inbox.add(keys.slice(at, at + 100).map((key) => event(key)));
  }
  await inbox.add([{ ...event("k0", "newest"), due: 5 }]);
  const forwarded: string[] = [];
  control.before = (events) => {
    forwarded.push(...events.map(({ key }) => String(key)));
    return Promise.resolve();
  };
  const back = Date.now();
  await Bun.sleep(5);
  control.failure = undefined;
  await untilForwarded(inbox);
  expect(forwarded).toEqual(keys);
  const [first] = await shared.take("devices", 1, true);
  expect(first).toMatchObject({ key: "k0", body: "newest", events: 2 });
  expect(first?.received).toBeLessThanOrEqual(back);
  await inbox.close();
});

test("a newer event is not overtaken by the older one that is being forwarded", async () => {
  using both = openBoth();
  const { control } = both;
  const inbox = both.open();
  control.failure = away;
  await inbox.add([event("a", "older"), event("b", "only")]);
  const reached = Promise.withResolvers<void>();
  const held = Promise.withResolvers<void>();
  control.before = async () => {
    reached.resolve();
    await held.promise;
  };
  control.failure = undefined;
  await reached.promise;
  // The older body is on its way; the newer one must not be removed with it, and not go beside it.
  await inbox.add([event("a", "newer")]);
  expect(inbox.spooled).toBe(2);
  held.resolve();
  await untilForwarded(inbox);
  expect(await both.arrived()).toEqual({ a: "newer", b: "only" });
  await inbox.close();
});

test("the spool gets empty also while more events come than can be forwarded", async () => {
  using both = openBoth();
  const { control } = both;
  const inbox = both.open();
  const some = (round: number) => Array.from({ length: 500 }, (_, at) => event(`${round} ${at}`));
  control.failure = away;
  let rounds = 0;
  while (rounds < 8) await inbox.add(some(rounds++));
  control.before = () => Bun.sleep(30);
  control.failure = undefined;
  while (inbox.failure !== undefined) await inbox.add([]);
  while (inbox.spooled > 0 && rounds < 50) await inbox.add(some(rounds++));
  expect(rounds).toBeLessThan(50);
  await inbox.close();
});

test("what would fail every time is refused, and kept nowhere", async () => {
  using both = openBoth();
  const inbox = both.open();
  both.control.failure = new AgentError("It refuses the password");
  await expect(inbox.add([event("a")])).rejects.toThrow("refuses the password");
  both.control.failure = new TypeError("a bug");
  await expect(inbox.add([event("a")])).rejects.toThrow("a bug");
  expect(inbox.spooled).toBe(0);
  await inbox.close();
});

test("what is in the spool at the end stays, is told, and goes before anything new", async () => {
  using both = openBoth();
  const { control, lines, path } = both;
  const before = both.open();
  control.failure = away;
  await before.add([event("a", "older"), event("b")]);
  // As a process that is killed, which removes nothing.
  const files = ["", "-wal"].map((end) => [end, Bun.file(path + end)] as const);
  const copy = join(both.folder, "copy.sqlite");
  for (const [end, file] of files) await Bun.write(copy + end, file);
  await before.close();
  expect(lines.at(-1)).toBe(
    `warning: 2 webhook events stay in ${path}: they are forwarded after the next start`,
  );
  using again = openBoth();
  const { log, lines: said } = keepLog();
  const inbox = openInbox(copy, again.shared, log);
  await inbox.add([event("a", "newer")]);
  await untilForwarded(inbox);
  expect(await again.arrived()).toEqual({ a: "newer", b: "b" });
  expect(said[0]).toBe(`info: 2 webhook events wait in ${copy}, from before this start`);
  await inbox.close();
});

test("one spool belongs to one process", async () => {
  using both = openBoth();
  const inbox = both.open();
  expect(() => new SpoolFile({ path: both.path, isShared: false })).toThrow(
    `Cannot use ${both.path} for webhook events: another agent on this machine uses it`,
  );
  await inbox.close();
  new SpoolFile({ path: both.path, isShared: false }).close();
  const missing = join(both.folder, "none", "spool.sqlite");
  expect(() => new SpoolFile({ path: missing, isShared: false })).toThrow(missing);
});

test("when neither can keep events they are refused, and once one can again they are taken", async () => {
  using both = openBoth();
  const { control, path } = both;
  const inbox = both.open();
  const intake = await Intake.open(inbox, 5);
  control.failure = away;
  await intake.accept(event("a"));
  expect(intake.failure).toBeUndefined();
  using database = new Database(path);
  database.run("ALTER TABLE spool RENAME TO elsewhere");
  await expect(intake.accept(event("b"))).rejects.toThrow(
    `Cannot keep webhook events in ${path}: `,
  );
  await Bun.sleep(30);
  expect(intake.failure).toMatchObject({ retriable: true });
  database.run("ALTER TABLE elsewhere RENAME TO spool");
  while (intake.failure !== undefined) await Bun.sleep(2);
  await intake.accept(event("c"));
  control.failure = undefined;
  await untilForwarded(inbox);
  expect(await both.arrived()).toEqual({ a: "a", c: "c" });
  intake.end();
  await inbox.close();
});

test("what was forwarded and cannot be removed from the spool is not forwarded over and over", async () => {
  using both = openBoth();
  const { control, path, lines } = both;
  const inbox = both.open();
  control.failure = away;
  await inbox.add([event("a")]);
  using database = new Database(path);
  database.run(
    "CREATE TRIGGER full BEFORE DELETE ON spool BEGIN SELECT RAISE(ABORT, 'no room'); END",
  );
  let times = 0;
  control.before = () => Promise.resolve(void times++);
  control.failure = undefined;
  while (lines.length < 2) await Bun.sleep(2);
  await Bun.sleep(30);
  expect(times).toBe(1);
  expect(lines.slice(1)).toEqual([
    `error: Webhook events of ${path} cannot be forwarded: no room`,
  ]);
  database.run("DROP TRIGGER full");
  await untilForwarded(inbox);
  expect(await both.arrived()).toEqual({ a: "a" });
  await inbox.close();
});

test("large events are read a few at a time, and each of them", async () => {
  using both = openBoth();
  const file = new SpoolFile({ path: both.path, isShared: false });
  const spool = file.of("main");
  const body = JSON.stringify("x".repeat(1_500_000));
  await spool.add(["a", "b", "c", "d"].map((key) => ({ ...event(key), body })));
  await spool.add([{ ...event("e"), body: JSON.stringify("x".repeat(5_000_000)) }, event("f")]);
  const read: string[] = [];
  while (spool.count() > 0) {
    const events = spool.oldest(1000);
    read.push(events.map(({ key }) => key).join(""));
    spool.remove(events);
  }
  expect(read).toEqual(["abc", "de", "f"]);
  file.close();
});

const keys = (count: number) => Array.from({ length: count }, (_, at) => event(`k${at}`));

test("a full spool refuses, and says so", async () => {
  using both = openBoth();
  const file = new SpoolFile({ path: both.path, isShared: false, most: 10 });
  const spool = file.of("main");
  await spool.add(keys(10));
  await expect(spool.add([event("a")])).rejects.toThrow(
    `10 webhook events wait already in ${both.path}`,
  );
  spool.remove(spool.oldest(1));
  await spool.add([event("a")]);
  expect(spool.count()).toBe(10);
  file.close();
});

test("of many tenants, none takes the room of the others, and each has its own events", async () => {
  using both = openBoth();
  const settings = { path: both.path, isShared: true, most: 100 };
  const file = new SpoolFile(settings);
  const [loud, quiet, third] = [file.of("loud"), file.of("quiet"), file.of("third")];
  await loud.add(keys(50));
  await expect(loud.add([event("more")])).rejects.toThrow("50 webhook events wait already in ");
  await quiet.add(keys(25));
  await expect(quiet.add([event("more")])).rejects.toThrow("25 webhook events wait already in ");
  await third.add([event("k0", "of the third"), event("k0", "newer")]);
  // A trial needs no room.
  await loud.add([]);
  expect([loud, quiet, third].map((spool) => spool.count())).toEqual([50, 25, 1]);
  const [first] = loud.oldest(1);
  expect(first).toMatchObject({ key: "k0", body: '"k0"', events: 1 });
  expect(third.oldest(10)).toMatchObject([{ key: "k0", body: '"newer"', events: 2 }]);
  expect(loud.oldest(100)).toHaveLength(50);
  expect(loud.isLast(loud.oldest(50).at(-1) ?? expect.unreachable())).toBe(true);
  third.remove(third.oldest(10));
  file.close();
  const again = new SpoolFile(settings);
  expect([...again.counts()]).toEqual([["loud", 50], ["quiet", 25]]);
  again.close();
});

test("a configuration that takes over gets what waits and what comes to the one before", async () => {
  using both = openBoth();
  using next = openBoth();
  const { control, lines } = both;
  const { intake, ...inbox } = both.open();
  control.failure = away;
  await inbox.add([event("a")]);
  const successor = new SpooledInbox(next.shared, intake);
  // It is opened, and does not take the calls yet.
  await inbox.add([event("b")]);
  expect(await next.arrived()).toEqual({});
  successor.takeOver();
  await untilForwarded(intake);
  await inbox.add([event("late")]);
  expect(await next.arrived()).toEqual({ a: "a", b: "b", late: "late" });
  control.failure = undefined;
  expect(await both.arrived()).toEqual({});
  // The end of the one before takes nothing from its successor.
  await intake.leave(both.shared);
  await successor.add([event("after")]);
  expect(await next.arrived()).toEqual({ after: "after" });
  expect(lines.at(-1)).toContain("2 webhook events of ");
  await intake.leave(next.shared);
  await inbox.close();
});

test("without an inbox yet, events wait; for what does not pass by itself they are refused", async () => {
  using both = openBoth();
  const file = new SpoolFile({ path: both.path, isShared: false });
  const { log, lines } = keepLog();
  const intake = new SpoolIntake({ spool: file.of("main"), log, retryMs: 5 });
  intake.hold(away);
  await intake.add([event("a")]);
  intake.hold(new AgentError("Its tables are newer"));
  await expect(intake.add([event("b")])).rejects.toThrow("Its tables are newer");
  intake.hold(away);
  await intake.add([event("c")]);
  expect(lines).toEqual([]);
  intake.use(both.shared);
  await untilForwarded(intake);
  expect(await both.arrived()).toEqual({ a: "a", c: "c" });
  expect(lines).toEqual([`info: 2 webhook events of ${both.path} were forwarded`]);
  await intake.leave(both.shared);
  await intake.close();
  file.close();
});

test("what comes back and refuses is told, and new events are refused until it takes them", async () => {
  using both = openBoth();
  const { control, lines } = both;
  const inbox = both.open();
  control.failure = away;
  await inbox.add([event("a")]);
  control.failure = new AgentError("It refuses the password");
  while (lines.length < 2) await Bun.sleep(2);
  expect(lines[1]).toContain("cannot be forwarded: It refuses the password. New ones are refused");
  await expect(inbox.add([event("b")])).rejects.toThrow("refuses the password");
  control.failure = undefined;
  await untilForwarded(inbox);
  await inbox.add([event("c")]);
  expect(await both.arrived()).toEqual({ a: "a", c: "c" });
  await inbox.close();
});
