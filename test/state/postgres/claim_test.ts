/**
 * What a claim of events reads while somebody keeps a transaction open: the server then keeps all that was
 * taken since. Pages are counted, not time.
 *
 * @module
 */
import { expect, test } from "bun:test";
import type { Pg, PgStatements } from "../../../src/state/postgres/pg.ts";
import type { PgValue } from "../../../src/state/postgres/values.ts";
import type { Inbox } from "../../../src/state/state.ts";
import { slow } from "../../support/slow.ts";
import { makeHolding, schema, withNewTenant } from "./states.ts";
import { useServer } from "./use_server.ts";

const { pg } = useServer(3);

/** What a transaction was, and the pages of the inbox and its indexes that it read. */
interface Noted {
  readonly kind: "floored claim" | "claim of all" | "outcomes" | "other";
  readonly pages: number;
}

/** The pages of the inbox and its indexes that this connection has read. */
async function readPages(on: PgStatements): Promise<number> {
  const [row] = await on.rows(
    `SELECT sum(pg_stat_get_xact_blocks_fetched(oid)) AS pages FROM pg_class
      WHERE relnamespace = '${schema}'::regnamespace AND relname LIKE 'inbox%'`,
  );
  return Number(row?.pages);
}

function kindOf(text: string, values: readonly PgValue[]): Noted["kind"] {
  if (text.includes("SKIP LOCKED")) {
    return values.at(-1) === "-infinity" ? "claim of all" : "floored claim";
  }
  return text.includes("DELETE") ? "outcomes" : "other";
}

/** A door that notes the transactions that go through it. */
function makeNoting(): { readonly door: Pg; readonly noted: Noted[] } {
  const noted: Noted[] = [];
  const door: Pg = {
    ...makeHolding(pg),
    tx: (work, call) =>
      pg.tx(async (on) => {
        let kind: Noted["kind"] = "other";
        const before = await readPages(on);
        const result = await work({
          rows(text, values = []) {
            const own = kindOf(text, values);
            if (own !== "other") kind = own;
            return on.rows(text, values);
          },
        });
        noted.push({ kind, pages: await readPages(on) - before });
        return result;
      }, call),
  };
  return { door, noted };
}

/** Runs some work while a transaction of somebody else is open, which may see all that was there. */
async function withPinned(work: () => Promise<void>): Promise<void> {
  await pg.tx(async (on) => {
    await on.rows("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ");
    await on.rows("SELECT 1");
    await work();
  });
}

const batch = 10;

/** Takes some events that are due, and is done with them. */
async function takeAndFinish(
  inbox: Inbox,
  count: number,
  due: number,
  body: string,
): Promise<void> {
  await inbox.add(
    Array.from({ length: count }, () => ({ section: "a", key: crypto.randomUUID(), body, due })),
  );
  const taken = await inbox.take("a", count, false);
  expect(taken.length).toBe(count);
  await inbox.recordOutcomes(taken.map(({ id }) => ({ id, kind: "done" })));
}

test("neither claims nor outcomes pass by what was taken while a transaction is open", () =>
  withNewTenant(pg, async ({ again }) => {
    const { door, noted } = makeNoting();
    const { inbox } = await again(door);
    const lastOf = (kind: Noted["kind"]) => noted.findLast((each) => each.kind === kind)?.pages;
    const takeFew = () => takeAndFinish(inbox, batch, Date.now(), "{}");
    await withPinned(async () => {
      // After five times on a connection the server may make one plan for all values.
      for (let round = 0; round < 12; round++) await takeFew();
      const before = lastOf("outcomes") ?? 0;
      // About four of them are in a page.
      const body = JSON.stringify("x".repeat(1700));
      await takeAndFinish(inbox, 2000, Date.now() - 60_000, body);
      // Now the server believes that there is next to nothing of the tenant.
      await pg.rows(`ANALYZE ${schema}.inbox`);
      noted.length = 0;
      const claims = () => noted.filter(({ kind }) => kind.includes("claim"));
      while (claims().length < 2 || claims().at(-1)?.kind !== "floored claim") await takeFew();
      // The first begins where those began that are gone.
      expect(claims()[0]?.pages).toBeGreaterThan(500);
      expect(lastOf("floored claim")).toBeLessThan(250);
      expect(lastOf("outcomes")).toBeLessThan(2 * before);
    });
  }));

test("an event of this process that is due earlier than what was taken is taken at once", () =>
  withNewTenant(pg, async ({ inbox }) => {
    await takeAndFinish(inbox, batch, Date.now(), "{}");
    await inbox.add([{ section: "a", key: "early", body: "1", due: Date.now() - 3_600_000 }]);
    expect(await inbox.take("a", batch, false)).toMatchObject([{ key: "early" }]);
  }));

slow(
  "one of another process is taken a moment later",
  () =>
    withNewTenant(pg, async ({ inbox, again }) => {
      const other = await again();
      await takeAndFinish(inbox, batch, Date.now(), "{}");
      await other.inbox.add([{
        section: "a",
        key: "early",
        body: "1",
        due: Date.now() - 3_600_000,
      }]);
      let taken = await inbox.take("a", batch, false);
      for (const end = Date.now() + 30_000; taken.length === 0 && Date.now() < end;) {
        await Bun.sleep(50);
        taken = await inbox.take("a", batch, false);
      }
      expect(taken).toMatchObject([{ key: "early" }]);
    }),
);
