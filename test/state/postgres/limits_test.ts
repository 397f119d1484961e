/**
 * What PostgreSQL does not keep as it is, and what is forgotten of what it keeps.
 *
 * @module
 */
import { expect, test } from "bun:test";
import type { Pg, PgStatements } from "../../../src/state/postgres/pg.ts";
import { storedSection } from "../../sync/support/store.ts";
import { acceptRecords, beginRun, runEnd } from "../conformance/open_state.ts";
import {
  countRows,
  event,
  makeHolding,
  type OpenedPgState,
  schema,
  withNewTenant,
  writeRows,
} from "./states.ts";
import { useServer } from "./use_server.ts";

const { pg } = useServer(12);

const { upload } = storedSection;

/** A text that compression makes little shorter. */
function longText(length: number): string {
  let text = "";
  for (let at = 0; text.length < length; at++) text += Bun.hash(String(at)).toString(36);
  return text.slice(0, length);
}

test("keys may be longer than an index takes", () =>
  withNewTenant(pg, async ({ inbox, state }) => {
    const long = longText(9000);
    await inbox.add([event("a", long), event("a", long), event("a", `${long}!`)]);
    const taken = await inbox.take("a", 9, false);
    expect(taken.map(({ key, events }) => [key, events])).toEqual([[long, 2], [`${long}!`, 1]]);
    const fields = Array.from({ length: 40 }, (_, at) => `F${at}`);
    const record = Object.fromEntries(
      fields.map((field, at) => [field, long.slice(at * 200, (at + 1) * 200)]),
    );
    const many = JSON.stringify({ ...JSON.parse(upload), syncFields: fields });
    await state.accepted.add("a", many, "1", [record]);
    const baseline = await state.accepted.openBaseline("a", many);
    const key = JSON.stringify(fields.map((field) => record[field]));
    const [known, none] = await baseline.findAll([key, `${key} `]);
    expect([known?.values, none]).toEqual([key, undefined]);
  }));

test("texts that PostgreSQL cannot keep come back as they were", () =>
  withNewTenant(pg, async (opened) => {
    const { state, inbox } = opened;
    for (const odd of ["a\u0000b", "half \ud83d of a pair", "\u0001marked", '\u0001"as JSON"']) {
      const run = await beginRun(state, "a");
      const payload = { TAG: odd };
      const [id = 0] = await run.outbox.put([{ records: [payload], text: undefined }]);
      await run.outbox.acknowledge(id, [{ payload, record: odd, reason: odd, status: null }], []);
      await run.end({ ...runEnd, outcome: "failed", error: odd });
      expect(await state.run(run.id)).toMatchObject({ error: odd });
      const letters = await state.deadLetters.find({ reason: odd });
      expect(letters).toMatchObject([{ record: odd, reason: odd, payload }]);
      const body = `{"big":${2n ** 64n},"text":${JSON.stringify(odd)}}`;
      await inbox.add([{
        section: "a",
        key: odd,
        body: body.replace("\\ud83d", "\ud83d"),
        due: 0,
      }]);
      const [entry] = await inbox.take("a", 9, false);
      expect(entry).toMatchObject({ key: odd, body: { big: 2n ** 64n, text: odd } });
      await inbox.recordOutcomes([{ id: entry?.id ?? 0, kind: "dead", tries: 1, reason: odd }]);
      const [dead] = (await state.deadEvents.find("a")).slice(-1);
      expect(dead).toMatchObject({ record: odd, reason: odd });
      const cursor = state.cursor("a");
      cursor.set("since", odd);
      await cursor.commit();
      expect(await state.cursor("a").get("since")).toBe(odd);
    }
  }));

test("a thousand runs of a section are remembered, and all that something waits for", () =>
  withNewTenant(pg, async ({ state, tenant }) => {
    // The first waits for an answer, the second for a receipt; another section has its own thousand.
    await writeRows(
      pg,
      tenant,
      `INSERT INTO ${schema}.runs (tenant, section, origin, owner, upload, outcome, is_open, awaits_receipt)
        SELECT $1, section, 'upload', '', '{}', 'ok', n = 1, n = 2
          FROM generate_series(1, 1003) AS n, unnest('{a,b}'::text[]) AS section ORDER BY n, section`,
    );
    const left = async (section: string) => (await pg.rows(
      `SELECT row_number() OVER (ORDER BY id) AS n, is_open, awaits_receipt FROM ${schema}.runs
          WHERE tenant = $1 AND section = $2 ORDER BY id`,
      [tenant, section],
      { tenant },
    ));
    await beginRun(state, "a");
    // 1,000 with the new one, and the two older ones.
    const runs = await left("a");
    expect(runs.length).toBe(1002);
    expect(runs[0]).toMatchObject({ is_open: true });
    expect(runs[1]).toMatchObject({ awaits_receipt: true });
    expect((await left("b")).length).toBe(1003);
    await beginRun(state, "a");
    expect((await left("a")).length).toBe(1002);
  }));

test("dead letters and events that are too old or too many go, and are counted once each", () =>
  withNewTenant(pg, async ({ state, tenant }) => {
    await writeRows(
      pg,
      tenant,
      `INSERT INTO ${schema}.dead_letters (tenant, run, section, record, reason, payload, upload, at)
        SELECT $1, 1, 'a', n::text, 'no', '{}', '{}',
            clock_timestamp() - CASE WHEN n % 4 = 0 THEN 40 ELSE 20 END * interval '1 day'
          FROM generate_series(1, 12) AS n ORDER BY n + 0`,
    );
    await writeRows(
      pg,
      tenant,
      `INSERT INTO ${schema}.inbox (tenant, section, key, digest, body, is_dead, reason, due)
        SELECT $1, 'a', to_json(n::text)::text, sha256(n::text::bytea), '{}', n > 1, 'no',
            clock_timestamp() - CASE WHEN n % 4 = 0 THEN 40 ELSE 20 END * interval '1 day'
          FROM generate_series(1, 12) AS n ORDER BY n + 0`,
    );
    // 4, 8 and 12 are too old; of the nine others the oldest four are too many.
    expect(await state.deadLetters.prune(30, 5)).toBe(7);
    expect((await state.deadLetters.find({})).map(({ record }) => record))
      .toEqual(["6", "7", "9", "10", "11"]);
    expect(await state.deadEvents.prune(30, 5)).toBe(6);
    expect((await state.deadEvents.find("a")).map(({ record }) => record))
      .toEqual(["6", "7", "9", "10", "11"]);
    expect((await state.unfinishedWork()).events).toMatchObject([{ waiting: 1, dead: 5 }]);
  }));

test("webhooks take in surplus answers, a little at a time, and none while an upload is compared", () =>
  withNewTenant(pg, async ({ state, tenant }) => {
    const waiting = () => countRows(pg, "answered_batches", tenant);
    const takeIn = (origin: "upload" | "webhook", isBusy?: () => boolean) =>
      state.accepted.takeInSurplus("a", upload, { origin, isBusy });
    /** Has what was answered last be answered so many times more. */
    const repeat = (count: number) =>
      writeRows(
        pg,
        tenant,
        `INSERT INTO ${schema}.answered_batches (tenant, section, run, destination, kind, records)
          SELECT tenant, section, run, destination, kind, records FROM generate_series(1, ${count}), (
            SELECT * FROM ${schema}.answered_batches WHERE tenant = $1 ORDER BY id DESC LIMIT 1) AS last`,
      );
    await acceptRecords(state, "a", [{ TAG: "T1" }]);
    await repeat(199);
    await takeIn("webhook");
    expect(await waiting()).toBe(200);
    await repeat(1);
    await takeIn("upload");
    expect(await waiting()).toBe(201);
    const run = await beginRun(state, "a");
    await takeIn("webhook");
    expect(await waiting()).toBe(201);
    await run.outbox.finish();
    await takeIn("webhook");
    expect(await waiting()).toBe(0);
    await acceptRecords(state, "a", Array.from({ length: 100 }, (_, at) => ({ TAG: `T${at}` })));
    await repeat(259);
    await takeIn("webhook");
    expect(await waiting()).toBe(210);
    // While sections run it is one step, of 1,000 records.
    await takeIn("webhook", () => true);
    expect(await waiting()).toBe(200);
  }));

/** Adds 5,000 records with ids to a baseline, which the server has no statistics of. */
async function addManyPrints({ state, tenant }: OpenedPgState): Promise<void> {
  const parts = await pg.rows(
    "SELECT relid::regclass::text AS name FROM pg_partition_tree($1) WHERE isleaf",
    [`${schema}.fingerprints`],
  );
  for (const { name } of parts) {
    await pg.rows(`ALTER TABLE ${name} SET (autovacuum_enabled = false)`);
  }
  await state.accepted.add("a", upload, "1", [{ TAG: "T0" }]);
  await state.accepted.openBaseline("a", upload);
  await writeRows(
    pg,
    tenant,
    `INSERT INTO ${schema}.fingerprints
        (tenant, section, digest, seq, key, fields, vals, run, must_send, missed, identity)
      SELECT $1, 'a', substr(sha256(n::text::bytea), 1, 16), n + 1, n::text, '["TAG"]', repeat('v', 100), 1, false, 0,
          's:' || n
        FROM generate_series(1, 5000) AS n`,
  );
  await writeRows(
    pg,
    tenant,
    `UPDATE ${schema}.baselines SET last_seq = 5001 WHERE tenant = $1`,
  );
}

/** A door that notes the plans of all statements with lists of values. */
function explain(plans: string[]): Pg {
  const through = (rows: PgStatements["rows"]): PgStatements["rows"] => async (text, values) => {
    if (text.includes("unnest") || text.includes("ANY")) {
      const plan = await rows(`EXPLAIN ${text}`, values);
      plans.push(plan.map((row) => String(row["QUERY PLAN"])).join("\n"));
    }
    return await rows(text, values);
  };
  return {
    ...makeHolding(pg),
    rows: (text, values, call) =>
      through((given, listed) => pg.rows(given, listed, call))(text, values),
    tx: (work, call) => pg.tx((on) => work({ rows: through(on.rows) }), call),
  };
}

test("records are found by their digest, also before the server has statistics", () =>
  withNewTenant(pg, async (opened) => {
    await addManyPrints(opened);
    const plans: string[] = [];
    const other = await opened.again(explain(plans));
    const baseline = await other.state.accepted.openBaseline("a", upload);
    const keys = Array.from({ length: 256 }, (_, at) => JSON.stringify([`T${at}`]));
    const found = await baseline.findAll(keys);
    expect(found.filter((each) => each !== undefined)).toHaveLength(1);
    expect(plans).toHaveLength(1);
    expect(plans[0]).toMatch(/fingerprints_\d+_pkey/);
    expect(plans[0]).toContain("digest = wanted.digest");
  }));

test.each(["without", "with"])(
  "ids are found and written by index, %s statistics",
  (which) =>
    withNewTenant(pg, async (opened) => {
      await addManyPrints(opened);
      if (which === "with") await pg.rows(`ANALYZE ${schema}.fingerprints`);
      const plans: string[] = [];
      const other = await opened.again(explain(plans));
      const baseline = await other.state.accepted.openBaseline("a", upload);
      const identities = Array.from({ length: 500 }, (_, at) => `s:${at * 7 + 1}`);
      const found = await baseline.findByIdentity(identities);
      expect(found.map((record) => record?.id)).toEqual(identities.map((_, at) => at * 7 + 2));
      const renamed = found.map((record) => ({ id: record?.id ?? 0, key: record?.key ?? "" }));
      await baseline.noteIdentities({
        learned: renamed.map(({ key }) => [key, `t:${key}`] as const),
        renamed,
      });
      const now = await (await other.state.accepted.openBaseline("a", upload))
        .findByIdentity(renamed.map(({ key }) => `t:${key}`));
      expect(now.map((record) => record?.missed)).toEqual(renamed.map(() => 1));
      expect(plans).toHaveLength(6);
      for (const at of [0, 5]) expect(plans[at]).toMatch(/Index Cond: \(\(md5\(/);
      for (const plan of plans) {
        expect(plan).not.toMatch(/Seq Scan|Filter: .*(seq|digest)/);
      }
    }),
);
