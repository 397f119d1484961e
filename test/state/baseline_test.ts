/**
 * What is remembered of accepted records.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { differences, Fingerprints, parseFields } from "../../src/state/fingerprint.ts";
import { StateStore } from "../../src/state/store.ts";
import { Comparison } from "../../src/sync/changes/delta.ts";
import { slow } from "../support/slow.ts";

const upload = JSON.stringify({ syncFields: ["TAG"], portion: "p", version: "1" });

async function withStore(work: (store: StateStore) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "agent-baseline-"));
  try {
    await openFor(folder, "https://one.example.com", work);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Opens the state file of a folder for an instance. */
async function openFor(
  folder: string,
  instance: string | undefined,
  work: (store: StateStore) => Promise<void>,
): Promise<void> {
  const path = join(folder, "state.sqlite");
  const store = new StateStore({ path, instance, redact: (text) => text });
  try {
    await work(store);
  } finally {
    await store.close();
  }
}

async function compare(store: StateStore, records: readonly Record<string, unknown>[]) {
  const baseline = await store.accepted.openBaseline("s", upload);
  const comparison = new Comparison({ baseline, syncFields: ["TAG"] });
  const kinds = (await comparison.compareAll(records)).map(({ kind }) => kind);
  const gone = (await Array.fromAsync(comparison.gone())).map(({ record }) => record);
  return { kinds, gone, comparison, baseline };
}

/** A value that JSON has no form for: it holds itself. */
const ring: Record<string, unknown> = {};
ring.self = ring;

test("values that turn into the same JSON are the same", () => {
  const day = new Date("2026-01-01T00:00:00Z");
  const live = { TAG: 1, day, list: [day, undefined], none: undefined, nan: NaN };
  const read = JSON.parse(JSON.stringify(live));
  const prints = new Fingerprints(["TAG"]);
  const print = prints.create(live);
  expect(print).toBeDefined();
  expect(prints.create(read)).toEqual({ ...print as NonNullable<typeof print>, isWhole: true });
  expect(prints.create({ TAG: 1, ring })).toBeUndefined();
});

test("a long value is known by digest, shown by beginning and length", () => {
  const print = (last: string) => {
    const found = new Fingerprints(["TAG"]).create({
      TAG: "a",
      apps: [...Array(100).fill("app"), last],
    });
    if (found === undefined) throw new Error("no fingerprint");
    return found;
  };
  expect(print("x").values.length).toBeLessThan(200);
  expect(differences(print("x"), print("y"))).toEqual(["apps"]);
  expect(differences(print("x"), print("x"))).toEqual([]);
  expect(parseFields(print("x")).get("apps")).toMatch(/^\["app".*… \(605 characters\)$/);
});

test("records of different fields have fingerprints of their own", () => {
  const prints = new Fingerprints(["TAG"]);
  const all = [{ TAG: 1, a: 1 }, { TAG: 1, b: 1 }, { TAG: 1 }, { TAG: 1, a: 1 }];
  expect(all.map((record) => prints.create(record)?.fields)).toEqual([
    '["TAG","a"]',
    '["TAG","b"]',
    '["TAG"]',
    '["TAG","a"]',
  ]);
});

test("what was accepted last is what counts, also of the same run", async () => {
  await withStore(async (store) => {
    await store.accepted.add("s", upload, "r1", [{ TAG: "a", v: 1 }, { TAG: "b", v: 1 }]);
    await store.accepted.add("s", upload, "r2", [{ TAG: "a", v: 2 }]);
    const { kinds, gone } = await compare(store, [{ TAG: "a", v: 2 }, { TAG: "c" }]);
    expect(kinds).toEqual(["unchanged", "new"]);
    expect(gone).toEqual(["b"]);
  });
});

test("sections, instances and ways do not mix", async () => {
  await withStore(async (store) => {
    await store.accepted.add("s", upload, "r1", [{ TAG: "a" }]);
    expect((await compare(store, [{ TAG: "a" }])).kinds).toEqual(["unchanged"]);
    const other = await store.accepted.openBaseline("t", upload);
    expect((await other.findAll(['["a"]']))[0]).toBeUndefined();
    const folder = dirname(store.path);
    await openFor(folder, "https://two.example.com", async (two) => {
      expect(await compare(two, [{ TAG: "a" }])).toMatchObject({ kinds: ["new"], gone: [] });
      await two.accepted.add("s", upload, "r2", [{ TAG: "b" }]);
      expect(await compare(two, [{ TAG: "b" }])).toMatchObject({ kinds: ["unchanged"], gone: [] });
    });
    expect((await compare(store, [{ TAG: "a" }])).kinds).toEqual(["new"]);
    await openFor(folder, undefined, async (none) => {
      await expect(none.accepted.openBaseline("s", upload)).rejects.toThrow("for no instance");
    });
  });
});

slow(
  "more records than are worked on at once are taken in, reported as gone, and forgotten",
  async () => {
    await withStore(async (store) => {
      const all = Array.from({ length: 1300 }, (_, row) => ({ TAG: `T${row}` }));
      for (const record of all.slice(0, 505)) await store.accepted.add("s", upload, "r0", [record]);
      await store.accepted.add("s", upload, "r0", all.slice(505));
      expect((await compare(store, all)).kinds.filter((kind) => kind === "unchanged")).toHaveLength(
        1300,
      );
      for (let run = 1; run <= 5; run++) {
        const { gone, comparison, baseline } = await compare(store, all.slice(0, 10));
        expect(gone).toHaveLength(run === 1 ? 1290 : 0);
        await baseline.conclude({
          run: `r${run}`,
          isSeen: (id) => comparison.isSeen(id),
          returned: comparison.returned,
        });
      }
      expect((await compare(store, all)).kinds.filter((kind) => kind === "new")).toHaveLength(1290);
    });
  },
);

test("much that was accepted at another destination is forgotten, all of it", async () => {
  await withStore(async (store) => {
    const all = Array.from({ length: 1300 }, (_, row) => ({ TAG: `T${row}` }));
    await store.accepted.add("s", upload, "r1", all);
    await store.accepted.concludeUncompared("s", upload, "r1");
    expect((await store.accepted.openBaseline("s", upload)).isFull).toBe(true);
    const other = JSON.stringify({ ...JSON.parse(upload), updateOnly: true });
    await store.accepted.add("s", other, "r2", [{ TAG: "T1", v: 2 }]);
    const baseline = await store.accepted.openBaseline("s", other);
    expect([baseline.size, baseline.isFull]).toEqual([1, false]);
    expect((await baseline.findAll(['["T1"]']))[0]?.values).toBe('["T1",2]');
    expect((await baseline.findAll(['["T2"]']))[0]).toBeUndefined();
  });
});
