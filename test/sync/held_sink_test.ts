/**
 * What is sent while a section is held, and what no more.
 *
 * @module
 */
import { afterEach, expect, test } from "bun:test";
import { AgentError } from "../../src/base/errors.ts";
import type { SectionHold } from "../../src/state/state.ts";
import { createSink } from "../../src/sync/deliver/held_sink.ts";
import { connectTo, stopAll } from "../oomnitza/support/instance.ts";
import { deliverAll, FakeOutbox, mappedRecords, startDelivery, upload } from "./support/fakes.ts";

afterEach(stopAll);

/** A hold with so many milliseconds left, which the test changes. */
function makeHold(leftMs: number): SectionHold & { left: number; readonly lost: AbortController } {
  const lost = new AbortController();
  return {
    kind: "held",
    left: leftMs,
    lost,
    signal: lost.signal,
    leftMs() {
      return this.left;
    },
    release: () => Promise.resolve(),
  };
}

test("a section that is held for certain is sent", async () => {
  const { instance, client } = await connectTo({});
  const { delivery, account } = startDelivery(createSink(client, makeHold(10_000)), {
    outbox: new FakeOutbox(),
    upload: { ...upload, portion: crypto.randomUUID() },
  });
  expect(await deliverAll(delivery, mappedRecords(3))).toBeUndefined();
  expect(account.counts).toMatchObject({ sent: 3, kept: 0 });
  expect(instance.state.records({})).toHaveLength(3);
});

test("nothing is sent in the last moments of a lease: all of it is kept", async () => {
  const { instance, client } = await connectTo({});
  const outbox = new FakeOutbox();
  const { delivery, account } = startDelivery(createSink(client, makeHold(400)), { outbox });
  expect(String(await deliverAll(delivery, mappedRecords(3)))).toContain("about to end");
  expect(account.counts).toMatchObject({ sent: 0, kept: 3 });
  expect(instance.state.records({})).toHaveLength(0);
});

test("a hold that was lost sends nothing, and says why", async () => {
  const { instance, client } = await connectTo({});
  const hold = makeHold(10_000);
  hold.lost.abort(new AgentError("away for too long"));
  const outbox = new FakeOutbox();
  const { delivery, account } = startDelivery(createSink(client, hold), { outbox });
  expect(String(await deliverAll(delivery, mappedRecords(3)))).toContain("away for too long");
  expect(account.counts).toMatchObject({ sent: 0, kept: 3 });
  expect(instance.state.records({})).toHaveLength(0);
});

test("a request that is on its way when the hold is lost is broken off, and not repeated", async () => {
  const came = Promise.withResolvers<void>();
  const passed = Promise.withResolvers<void>();
  let uploads = 0;
  const { instance, client } = await connectTo({
    hold() {
      uploads++;
      came.resolve();
      return passed.promise;
    },
  });
  const hold = makeHold(10_000);
  const outbox = new FakeOutbox();
  const { delivery, account } = startDelivery(createSink(client, hold), { outbox });
  const delivered = deliverAll(delivery, mappedRecords(3));
  await came.promise;
  hold.lost.abort(new AgentError("away for too long"));
  expect(String(await delivered)).toContain("away for too long");
  passed.resolve();
  expect(account.counts).toMatchObject({ sent: 0, kept: 3 });
  expect(instance.state.records({})).toHaveLength(0);
  expect(uploads).toBe(1);
});

test("an attempt that is repeated asks again", async () => {
  const { instance, client } = await connectTo({ faults: { script: ["503"] } });
  const hold = makeHold(10_000);
  let attempts = 0;
  const post: typeof client.post = (request, body, retry, condition) =>
    client.post(request, body, retry, {
      signal: hold.signal,
      check() {
        condition?.check();
        attempts++;
        hold.left = 0;
      },
    });
  const outbox = new FakeOutbox();
  const { delivery, account } = startDelivery(createSink({ post }, hold), { outbox });
  expect(String(await deliverAll(delivery, mappedRecords(3)))).toContain("about to end");
  expect(attempts).toBe(1);
  expect(account.counts).toMatchObject({ sent: 0, kept: 3 });
  expect(instance.state.records({})).toHaveLength(0);
});
