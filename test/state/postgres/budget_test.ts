/**
 * What a vendor allows, kept by several processes together.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { RateLimiters } from "../../../src/sdk/http/rate_limiter.ts";
import type { SharedAccount } from "../../../src/sdk/http/shared_budget.ts";
import { slow } from "../../support/slow.ts";
import { makeHolding, openTenant, schema, withNewTenant, writeRows } from "./states.ts";
import { useServer } from "./use_server.ts";

const { server, pg } = useServer(12);

const never = new AbortController().signal;

/** Milliseconds that something takes. */
async function measure(work: Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work;
  return performance.now() - begun;
}

/** Has an account of a vendor be paused, as all processes of a tenant see it. */
async function pause(tenant: string, account: SharedAccount, milliseconds: number): Promise<void> {
  const read = async () =>
    JSON.stringify(
      await pg.rows(
        `SELECT account, paused_until::text FROM ${schema}.buckets WHERE tenant = $1 ORDER BY account`,
        [tenant],
        { tenant },
      ),
    );
  const before = await read();
  account.pause(milliseconds);
  while (await read() === before) await Bun.sleep(5);
}

const quick = { requests: 1000, intervalMs: 1000 };

test("a pause that one process is told of holds for all of the tenant, with a pace or without", () =>
  withNewTenant(pg, async ({ state, again, tenant }) => {
    const [one, other] = [await again(), await again()];
    const stranger = await openTenant(pg, "stranger");
    const [paced, unpaced] = [one, other].map((each) => each.state.budget.account("vendor"));
    await paced?.enter(quick, never);
    await pause(tenant, state.budget.account("vendor"), 600);
    const begun = performance.now();
    const free = [one.state.budget.account("another"), stranger.budget.account("vendor")];
    await Promise.all(free.map((account) => account.enter(quick, never)));
    const unheld = performance.now() - begun;
    let early = 0;
    const entering = [paced?.enter(quick, never)];
    // Those that come after the first has looked wait as well.
    for (let count = 0; count < 4; count++) {
      entering.push(unpaced?.enter(undefined, never).then(() => void early++));
      await pg.rows("SELECT pg_sleep(0.03)");
    }
    const [held] = await pg.rows(
      `SELECT bool_or(paused_until > clock_timestamp()) AS is_paused FROM ${schema}.buckets WHERE tenant = $1`,
      [tenant],
      { tenant },
    );
    // On a machine that slow, there is nothing to see.
    if (held?.is_paused === true) expect(early).toBe(0);
    await Promise.all(entering);
    // Whoever was let through before would not have waited for the rest of the pause.
    const [row] = await pg.rows(
      `SELECT bool_and(paused_until <= clock_timestamp()) AS is_over FROM ${schema}.buckets WHERE tenant = $1`,
      [tenant],
      { tenant },
    );
    expect([row?.is_over, unheld < performance.now() - begun]).toEqual([true, true]);
    expect(one.state.budget.waitedMs).toBeGreaterThan(100);
    await stranger.close();
  }));

test("who waits ends with its own signal, and the others wait on", () =>
  withNewTenant(pg, async ({ state, tenant }) => {
    const [short, long] = ["short", "long"].map((key) => state.budget.account(key));
    if (short === undefined || long === undefined) throw new Error("no accounts");
    await pause(tenant, long, 120_000);
    await pause(tenant, short, 500);
    const end = new AbortController();
    const ended = [short, long].map((account) => account.enter(quick, end.signal));
    const other = short.enter(quick, never);
    end.abort(new Error("stopped"));
    const stopped = { status: "rejected", reason: expect.objectContaining({ message: "stopped" }) };
    expect(await Promise.allSettled(ended)).toEqual([stopped, stopped] as never);
    await other;
    const rows = await pg.rows(
      `SELECT paused_until <= clock_timestamp() AS is_over FROM ${schema}.buckets
        WHERE tenant = $1 ORDER BY paused_until`,
      [tenant],
      { tenant },
    );
    expect(rows).toEqual([{ is_over: true }, { is_over: false }]);
  }));

test("a rest earns nothing that is sent later, and who is paused uses up nothing", () =>
  withNewTenant(pg, async ({ state, tenant }) => {
    const account = state.budget.account("vendor");
    const pace = { requests: 20, intervalMs: 1000 };
    await account.enter(pace, never);
    const rested = `UPDATE ${schema}.buckets SET tat = tat - interval '1 hour' WHERE tenant = $1`;
    await writeRows(pg, tenant, rested);
    const requests = Array.from({ length: 6 }, () => account.enter(pace, never));
    expect(await measure(Promise.all(requests))).toBeGreaterThan(150);
    await pause(tenant, account, 60_000);
    const read = async () => {
      const [row] = await pg.rows(
        `SELECT xmin::text AS written, tat::text AS tat FROM ${schema}.buckets WHERE tenant = $1`,
        [tenant],
        { tenant },
      );
      return row;
    };
    const before = await read();
    const end = new AbortController();
    const entering = account.enter(pace, end.signal).catch(() => undefined);
    let after = before;
    while (after?.written === before?.written) after = await read();
    expect(after?.tat).toBe(before?.tat ?? "");
    end.abort(new Error("stopped"));
    await entering;
  }));

test("requests of all processes keep to one pace, and are counted when they are sent", () =>
  withNewTenant(pg, async ({ state, again }) => {
    const other = await again();
    const accounts = [state, other.state].map(({ budget }) => budget.account("vendor"));
    const pace = { requests: 20, intervalMs: 1000 };
    const took = await measure(Promise.all(
      accounts.flatMap((account) => Array.from({ length: 6 }, () => account.enter(pace, never))),
    ));
    // The first two are sent at once, and one each 50 ms after that.
    expect(took).toBeGreaterThan(440);
  }));

test("without the server, a process has its part of the pace, by those that were at work", () =>
  withNewTenant(pg, async ({ again }) => {
    const door = makeHolding(pg);
    const own = await again(door);
    for (const each of [own, await again(), await again(), await again()]) {
      await each.state.owner.lease();
    }
    const account = own.state.budget.account("vendor");
    const pace = { requests: 100, intervalMs: 1000 };
    await account.enter(pace, never);
    expect(account.processes).toBe(4);
    door.rows = () => Promise.reject(new Error("PostgreSQL is away"));
    door.tx = () => Promise.reject(new Error("PostgreSQL is away"));
    const requests = Array.from({ length: 11 }, () => account.enter(pace, never));
    // The first is sent at once, and one each 40 ms after that.
    expect(await measure(Promise.all(requests))).toBeGreaterThan(390);
  }));

test("what headers allow one client is shared by all processes", () =>
  withNewTenant(pg, async ({ state, again }) => {
    for (const each of [state, (await again()).state]) await each.owner.lease();
    const limiters = new RateLimiters(state.budget);
    const limiter = limiters.join("account", { ownShare: 0.5 }, never, "vendor");
    const reset = new Date(Date.now() + 60_000).toUTCString();
    let sent = 0;
    const end = new AbortController();
    const headers = new Headers({
      ...{ "x-rate-limit-limit": "20", "x-rate-limit-remaining": "15" },
      "x-rate-limit-reset": String(Math.floor(Date.parse(reset) / 1000)),
    });
    const send = () => {
      sent++;
      limiter.observe({ status: 200, headers });
      return Promise.resolve();
    };
    const sending = (async () => {
      while (!end.signal.aborted) await limiter.run(send);
    })();
    while (sent < 2) await Promise.race([sending, Bun.sleep(5)]);
    await Promise.race([sending, Bun.sleep(700)]);
    // Half of 20 for all, and half of that for each of two.
    expect(sent).toBeLessThanOrEqual(6);
    end.abort();
  }));

test("the table of accounts tells nothing of them", () =>
  withNewTenant(pg, async ({ state, tenant }) => {
    await state.budget.account('["https://vendor.example.com",["canary"]]').enter(quick, never);
    const rows = await pg.rows(
      `SELECT account FROM ${schema}.buckets WHERE tenant = $1`,
      [tenant],
      { tenant },
    );
    expect(rows).toEqual([{ account: expect.stringMatching(/^[0-9a-f]{64}$/) }]);
  }));

/** What a process did. */
interface Requests {
  readonly times: readonly number[];
  readonly refusals: readonly number[];
}

/** A process that sends requests. */
async function startRequesting(tenant: string) {
  const script = join(import.meta.dir, "requesting_process.ts");
  const child = Bun.spawn([process.execPath, script, server.url(), tenant], {
    stdin: "pipe",
    stdout: "pipe",
  });
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  expect((await lines.read()).value).toBe("ready\n");
  return {
    refuse() {
      child.stdin.write("refuse\n");
      child.stdin.flush();
    },
    async end(): Promise<Requests> {
      child.stdin.end();
      let text = "";
      for (;;) {
        const { value, done } = await lines.read();
        if (done) return JSON.parse(text);
        text += value;
      }
    },
  };
}

/** The most of some times, in order, that are within so many milliseconds. */
function mostWithin(times: readonly number[], milliseconds: number): number {
  return Math.max(
    ...times.map((time, index) =>
      times.slice(index).filter((later) => later < time + milliseconds).length
    ),
  );
}

slow(
  "four processes send 50 requests a second together, and none of them once one is refused",
  async () => {
    const processes = await Promise.all(
      Array.from({ length: 4 }, () => startRequesting("budget")),
    );
    await Bun.sleep(11_000);
    processes[0]?.refuse();
    await Bun.sleep(3_000);
    const all = await Promise.all(processes.map((each) => each.end()));
    const times = all.flatMap((each) => each.times).sort((a, b) => a - b);
    const [refused = 0] = all[0]?.refusals ?? [];
    const before = times.filter((time) => time < refused);
    expect(mostWithin(before, 10_000)).toBeLessThanOrEqual(50 * 10 * 1.05);
    expect(mostWithin(before, 1_000)).toBeLessThanOrEqual(60);
    // On a machine that does little else, it is 47 a second.
    expect(before.length).toBeGreaterThan(200);
    for (const each of all) expect(each.times.length).toBeGreaterThan(20);
    expect(times.filter((time) => time > refused + 1_000)).toEqual([]);
  },
  120_000,
);
