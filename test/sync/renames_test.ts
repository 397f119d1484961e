/**
 * Renamed records: known by the vendor's id, with other sync fields than before; by both ways of comparing,
 * in this run and in those after it, whatever keeps the state.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { messageOf } from "../../src/base/errors.ts";
import type { MappedRecord } from "../../src/base/record.ts";
import { openAccount } from "../../src/sync/account.ts";
import { openChangeFilter } from "../../src/sync/changes/change_filter.ts";
import { OrderedFilter } from "../../src/sync/changes/ordered_filter.ts";
import { openNewTenant } from "../state/postgres/states.ts";
import { useServer } from "../state/postgres/use_server.ts";
import { useFolder } from "../support/folder.ts";
import { prepareTestSection } from "./support/prepared_section.ts";
import { openTestStore } from "./support/store.ts";

const { pg } = useServer();
const folder = useFolder("renames");

/** How a new state is opened, by what keeps it. */
const engines = {
  SQLite() {
    const opened = openTestStore();
    return Promise.resolve({ store: opened.store, close: () => opened[Symbol.asyncDispose]() });
  },
  async PostgreSQL() {
    const { state, close } = await openNewTenant(pg);
    return { store: state, close };
  },
} as const;
type Engine = keyof typeof engines;

/** A record of a source: its id, its key, and what else is mapped. */
type Row = readonly [id: number | undefined, tag: string, name?: string];

const base = "sync_field = TAG\nmapping.TAG = tag\nmapping.NAME = name\n";

/** Each way of comparing; `guard` compares in the order of the last upload, `only_changed` looks each up. */
const ways = { guard: "", only_changed: "only_changed = True\n" } as const;

interface RunOptions {
  /** Tags that Oomnitza refuses. */
  readonly refused?: readonly string[];
  readonly isPartial?: boolean;
  readonly isComplete?: boolean;
  readonly isAccepted?: boolean;
  readonly ini?: string;
}

/** A section and its state, whose runs get everything accepted that is not refused. */
async function openSection(engine: Engine, ini: string) {
  const { store, close } = await engines[engine]();
  let count = 0;
  return {
    async run(rows: readonly Row[], options: RunOptions = {}) {
      const { prepared, lines } = await prepareTestSection([], {
        ini: options.ini ?? `${base}${ini}`,
      });
      const upload = JSON.stringify(prepared.upload);
      const stored = { section: "devices", upload, remember: true };
      const run = await store.begin(stored, options.isPartial ? "webhook" : "upload", () => ({}));
      run.outbox.identifyBy(prepared.vendorIds?.scope ?? "");
      const account = openAccount();
      const delivered: MappedRecord[] = [];
      const ids: (string | undefined)[] = [];
      const add = (record: MappedRecord, id?: string) => {
        delivered.push(record);
        ids.push(id);
        return undefined;
      };
      const filter = await openChangeFilter(prepared, account, { isStopped: false, add }, {
        ...{ store, beside: join(folder, "state"), run: run.id, outbox: run.outbox, guard: {} },
        isFull: false,
        ...{ isPartial: options.isPartial ?? false, isAccepted: options.isAccepted ?? true },
        signal: new AbortController().signal,
      });
      let stopped: string | undefined;
      try {
        for (const [id, tag, name = "air"] of rows) {
          const record: MappedRecord = { TAG: tag, NAME: name };
          account.counts.fetched++;
          await filter.add(record, prepared.vendorIds?.find({ id, tag, name }));
        }
        await filter.release({
          ...{ isComplete: options.isComplete ?? true, lost: 0, isIncremental: false },
          ...{ emptyPaths: [], isAborted: false },
        });
        for (let at = 0; at < delivered.length; at += 3) {
          const records = delivered.slice(at, at + 3);
          const [batch = 0] = await run.outbox.put([
            { records, text: undefined, ids: ids.slice(at, at + 3) },
          ]);
          const refused = records.filter(({ TAG }) => options.refused?.includes(String(TAG)))
            .map((payload) => ({ payload, record: "", reason: "400", status: 400 }));
          await run.outbox.acknowledge(batch, refused, []);
          account.counts.sent += records.length - refused.length;
          account.counts.failed += refused.length;
        }
        await run.outbox.finish();
        await filter.conclude();
      } catch (thrown) {
        stopped = messageOf(thrown);
      } finally {
        filter.close();
      }
      count++;
      return {
        ...{ stopped, lines, isOrdered: filter instanceof OrderedFilter },
        sent: delivered.map(({ TAG }) => String(TAG)),
        changes: filter.changes(),
        runs: count,
      };
    },
    [Symbol.asyncDispose]: close,
  };
}

const first: readonly Row[] = [[1, "A"], [2, "B"], [3, "C"], [4, "D"]];

const combinations = (Object.keys(engines) as Engine[]).flatMap((engine) =>
  Object.entries(ways).map(([way, ini]) => ({ engine, way, ini }))
);

for (const { engine, way, ini } of combinations) {
  describe(`${way}, ${engine}`, () => {
    test("a known id with another key is a rename, told once", async () => {
      await using section = await openSection(engine, ini);
      await section.run(first);
      const renamed: readonly Row[] = [[1, "A2"], ...first.slice(1)];
      const { changes, sent, lines, isOrdered } = await section.run(renamed);
      expect(isOrdered).toBe(way === "guard");
      expect(changes).toMatchObject({ new: 0, renamed: 1, changed: 0, unchanged: 3, gone: 0 });
      expect(changes?.renames).toEqual([{ old: "A", new: "A2" }]);
      expect(sent).toContain("A2");
      expect(lines).toContain("warning: Renamed: A → A2");
      const none = { new: 0, renamed: 0, changed: 0, unchanged: 4, gone: 0, renames: [] };
      for (let run = 0; run < 2; run++) {
        expect((await section.run(renamed)).changes).toMatchObject(none);
      }
    });

    test("the old key comes back as another rename, and is sent", async () => {
      await using section = await openSection(engine, ini);
      await section.run(first);
      await section.run([[1, "A2"], ...first.slice(1)]);
      const { changes, sent } = await section.run(first);
      expect(changes).toMatchObject({ new: 0, renamed: 1, gone: 0 });
      expect(changes?.renames).toEqual([{ old: "A2", new: "A" }]);
      // Somebody may have merged it meanwhile.
      expect(sent).toContain("A");
      const more = await section.run([[1, "A3"], ...first.slice(1)]);
      expect(more.changes?.renames).toEqual([{ old: "A", new: "A3" }]);
    });

    test("somebody else under the old key is new", async () => {
      await using section = await openSection(engine, ini);
      await section.run(first);
      await section.run([[1, "A2"], ...first.slice(1)]);
      const { changes, sent } = await section.run([[1, "A2"], ...first.slice(1), [9, "A"]]);
      expect(changes).toMatchObject({ new: 1, renamed: 0, gone: 0, unchanged: 4 });
      expect(sent).toContain("A");
    });

    test("one that was gone for some runs is known again", async () => {
      await using section = await openSection(engine, ini);
      await section.run(first);
      expect((await section.run(first.slice(1))).changes).toMatchObject({ gone: 1 });
      await section.run(first.slice(1));
      const { changes } = await section.run([[1, "A2"], ...first.slice(1)]);
      expect(changes).toMatchObject({ new: 0, renamed: 1, gone: 0 });
      expect(changes?.renames).toEqual([{ old: "A", new: "A2" }]);
    });

    test("an id that several records have says nothing", async () => {
      const cases: (readonly [rows: readonly Row[], added: number, gone: number])[] = [
        // Two new ones have it, and the old one is gone.
        [[[1, "A2"], [1, "A3"], ...first.slice(1)], 2, 1],
        // The old one is still there, before or after the new one.
        [[...first, [1, "A2"]], 1, 0],
        [[[1, "A2"], ...first], 1, 0],
      ];
      for (const [rows, added, gone] of cases) {
        await using section = await openSection(engine, ini);
        await section.run(first);
        const { changes } = await section.run(rows);
        expect(changes).toMatchObject({ new: added, renamed: 0, gone, renames: [] });
      }
      await using section = await openSection(engine, ini);
      await section.run([[1, "A"], [1, "A1"], ...first.slice(1)]);
      const { changes } = await section.run([[1, "A2"], ...first.slice(1)]);
      expect(changes).toMatchObject({ new: 1, renamed: 0, gone: 2 });
    });

    test("two that exchange their keys are two changed ones", async () => {
      await using section = await openSection(engine, ini);
      await section.run([[1, "A", "air"], [2, "B", "pro"]]);
      const { changes } = await section.run([[1, "B", "air"], [2, "A", "pro"]]);
      expect(changes).toMatchObject({ new: 0, renamed: 0, changed: 2, gone: 0 });
      const later = await section.run([[1, "B", "air"], [2, "A2", "pro"]]);
      expect(later.changes?.renames).toEqual([{ old: "A", new: "A2" }]);
    });

    test("without an id, and with another mapping of the sync field, nothing is renamed", async () => {
      await using section = await openSection(engine, ini);
      await section.run(first);
      const nameless = await section.run([[undefined, "A2"], ...first.slice(1)]);
      expect(nameless.changes).toMatchObject({ new: 1, renamed: 0, gone: 1 });
      const other = base.replace("mapping.TAG = tag", 'mapping.TAG = {"source": "other"}');
      const remapped = await section.run([[2, "B2"], [3, "C2"]], { ini: `${other}${ini}` });
      expect(remapped.changes).toMatchObject({ new: 2, renamed: 0, gone: 4 });
    });

    test("one that was refused is told again, until it is accepted", async () => {
      await using section = await openSection(engine, ini);
      await section.run(first);
      const renamed: readonly Row[] = [[1, "A2"], ...first.slice(1)];
      for (let run = 0; run < 2; run++) {
        const { changes } = await section.run(renamed, { refused: ["A2"] });
        expect(changes).toMatchObject({ new: 0, renamed: 1, gone: 0 });
      }
      expect((await section.run(renamed)).changes).toMatchObject({ renamed: 1, new: 0, gone: 0 });
      expect((await section.run(renamed)).changes).toMatchObject({ renamed: 0, new: 0, gone: 0 });
    });

    test("the guard stops what would rename too much, and says so", async () => {
      await using section = await openSection(engine, ini);
      const many = Array.from({ length: 60 }, (_, at): Row => [at, `T${at}`]);
      await section.run(many);
      const renamed = many.map(([id, tag], at): Row => [id, at < 20 ? `${tag}X` : tag]);
      const { stopped, sent } = await section.run(renamed, { isAccepted: false });
      expect(stopped).toContain("20 of 60 records (33 %) would be renamed: T0 → T0X, T1 → T1X");
      expect(sent).toEqual([]);
      const again = await section.run(renamed);
      expect(again.changes).toMatchObject({ renamed: 20, new: 0, gone: 0 });
    });

    test("a run that reads a part tells renames, and the next full one does not miss them", async () => {
      await using section = await openSection(engine, ini);
      await section.run(first);
      // Without only_changed, what webhooks bring is not compared.
      if (way === "only_changed") {
        const part = await section.run([[2, "B2"]], { isPartial: true, isComplete: false });
        expect(part.changes).toMatchObject({ new: 0, renamed: 1, gone: null });
      }
      const cut = await section.run([[1, "A2"]], { isComplete: false });
      expect(cut.changes).toMatchObject({ new: 0, renamed: 1, gone: null });
      const b = way === "only_changed" ? "B2" : "B";
      const whole = await section.run([[1, "A2"], [2, b], ...first.slice(2)]);
      expect(whole.changes).toMatchObject({ new: 0, renamed: 0, unchanged: 4, gone: 0 });
    });
  });
}

test.each(Object.keys(engines) as Engine[])(
  "%s learns ids of records that are never sent again",
  async (engine) => {
    await using section = await openSection(engine, ways.only_changed);
    await section.run(first.map(([, tag]): Row => [undefined, tag]));
    expect((await section.run(first)).sent).toEqual([]);
    const { changes } = await section.run([[1, "A2"], ...first.slice(1)]);
    expect(changes).toMatchObject({ new: 0, renamed: 1, gone: 0 });
  },
);

/** Numbers that look random and are the same each time. */
function makeRandom(seed: number): () => number {
  let calls = 0;
  return () => Bun.hash.xxHash32(`${seed} ${calls++}`) / 2 ** 32;
}

test.each(Object.keys(engines) as Engine[])(
  "%s tells any mix of renamed, new and gone records apart",
  async (engine) => {
    let told = 0;
    for (const ini of Object.values(ways)) {
      const random = makeRandom(7);
      await using section = await openSection(engine, `${ini}guard_count = 1000\n`);
      let rows: Row[] = Array.from({ length: 30 }, (_, at) => [at, `T${at}`]);
      let next = 100;
      await section.run(rows);
      for (let run = 0; run < 5; run++) {
        const counts = { new: 0, renamed: 0, gone: 0 };
        const later: Row[] = [];
        for (const [id, tag] of rows) {
          const dice = random();
          if (dice < 0.05) counts.gone++;
          else if (dice < 0.1) later.push([id, `${tag}X`]), counts.renamed++;
          else later.push([id, tag]);
          if (random() < 0.05) later.push([next, `T${next++}`]), counts.new++;
        }
        const { changes } = await section.run(later);
        expect(changes).toMatchObject(counts);
        told += counts.renamed;
        rows = later;
      }
    }
    expect(told).toBeGreaterThan(5);
  },
);
