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
import { Spool } from "../../src/state/spool.ts";
import { SpooledInbox } from "../../src/state/spooled_inbox.ts";
import type { InboxEvent } from "../../src/state/state.ts";
import { Intake } from "../../src/sync/inbox/intake.ts";
import { keepLog } from "../sync/support/fakes.ts";

const away = new AgentError("The server cannot be reached", { retriable: true });
const redact = (text: string) => text;

function event(key: string | null, body: unknown = key): InboxEvent {
  return { section: "devices", key, body: JSON.stringify(body), due: 0 };
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
  const open = () =>
    new SpooledInbox({ shared, spool: new Spool({ path, redact }), log, retryMs: 5 });
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

async function untilForwarded(inbox: SpooledInbox): Promise<void> {
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
  const spool = new Spool({ path: copy, redact });
  const { log, lines: said } = keepLog();
  const inbox = new SpooledInbox({ shared: again.shared, spool, log, retryMs: 5 });
  await inbox.add([event("a", "newer")]);
  await untilForwarded(inbox);
  expect(await again.arrived()).toEqual({ a: "newer", b: "b" });
  expect(said[0]).toBe(`info: 2 webhook events wait in ${copy}, from before this start`);
  await inbox.close();
});

test("one spool belongs to one process", async () => {
  using both = openBoth();
  const inbox = both.open();
  expect(() => new Spool({ path: both.path, redact })).toThrow(
    `Cannot use ${both.path} for webhook events: another agent on this machine uses it`,
  );
  await inbox.close();
  await new Spool({ path: both.path, redact }).close();
  const missing = join(both.folder, "none", "spool.sqlite");
  expect(() => new Spool({ path: missing, redact })).toThrow(missing);
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
  database.run("ALTER TABLE inbox RENAME TO elsewhere");
  await expect(intake.accept(event("b"))).rejects.toThrow(
    `Cannot keep webhook events in ${path}: `,
  );
  await Bun.sleep(30);
  expect(intake.failure).toMatchObject({ retriable: true });
  database.run("ALTER TABLE elsewhere RENAME TO inbox");
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
    "CREATE TRIGGER full BEFORE DELETE ON inbox BEGIN SELECT RAISE(ABORT, 'no room'); END",
  );
  let times = 0;
  control.before = () => Promise.resolve(void times++);
  control.failure = undefined;
  while (lines.length < 2) await Bun.sleep(2);
  await Bun.sleep(30);
  expect(times).toBe(1);
  expect(lines.slice(1)).toEqual([`error: Webhook events of ${path} cannot be forwarded: no room`]);
  database.run("DROP TRIGGER full");
  await untilForwarded(inbox);
  expect(await both.arrived()).toEqual({ a: "a" });
  await inbox.close();
});

test("large events are read a few at a time, and each of them", async () => {
  using both = openBoth();
  const spool = new Spool({ path: both.path, redact });
  const body = JSON.stringify("x".repeat(1_500_000));
  await spool.add(["a", "b", "c", "d"].map((key) => ({ ...event(key), body })));
  await spool.add([{ ...event("e"), body: JSON.stringify("x".repeat(5_000_000)) }, event("f")]);
  const read: string[] = [];
  while (!spool.isEmpty) {
    const events = spool.oldest(1000);
    read.push(events.map(({ key }) => key).join(""));
    spool.remove(events);
  }
  expect(read).toEqual(["abc", "de", "f"]);
  await spool.close();
});

test("a full spool refuses, and says so", async () => {
  using both = openBoth();
  class FullSpool extends Spool {
    override count(): number {
      return 1_000_000;
    }
  }
  const spool = new FullSpool({ path: both.path, redact });
  await expect(spool.add([event("a")])).rejects.toThrow(
    `1000000 webhook events wait already in ${both.path}`,
  );
  await spool.close();
});
