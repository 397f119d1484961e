/**
 * The guard: an upload that would change suspiciously much stops before anything is sent, on the binary.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { startStandIn } from "../support/stand_in/mod.ts";
import { record } from "../support/recorder.ts";
import { oomnitzaSection, workspace } from "../support/workspace.ts";
import { csv, numbered, onlyChanged, upload } from "./delta_run.ts";
import { section } from "./state_run.ts";

test("a source that shrank by half is stopped before anything is sent, by default", async () => {
  await using instance = record();
  using space = workspace();
  space.write("assets.csv", numbered(100));
  space.write("config.ini", oomnitzaSection(instance) + section);
  expect((await upload(space)).code).toBe(0);
  const before = instance.uploads().length;
  space.write("assets.csv", numbered(50));
  const run = await upload(space);
  expect(run.code).toBe(5);
  expect(run.section).toMatchObject({
    outcome: "failed",
    stopped_by_guard: true,
    counts: { fetched: 50, sent: 0, held: 50 },
    changes: { new: 0, changed: 0, unchanged: 50, gone: 50 },
  });
  expect(run.section.error?.message).toContain("50 of 100 records (50 %) are gone from the source");
  expect(run.section.error?.hint).toContain("--accept");
  expect(instance.uploads()).toHaveLength(before);
  // It stays so: what was stopped is not what is expected next time.
  expect((await upload(space)).code).toBe(5);
  const accepted = await upload(space, ["--accept"]);
  expect(accepted.code).toBe(0);
  expect(accepted.section.counts).toMatchObject({ sent: 50, held: 0 });
  expect(accepted.stderr).toContain("Accepted: 50 of 100 records");
  const next = await upload(space);
  expect(next.code).toBe(0);
  expect(next.section.changes).toMatchObject({ gone: 0 });
  expect(readdirSync(space.folder).filter((name) => name.includes("spool"))).toEqual([]);
}, 60_000);

test(
  "the stand-in sees no writing request of a run that was stopped, and text says why",
  async () => {
    const instance = await startStandIn();
    using space = workspace();
    space.write("assets.csv", numbered(60));
    space.write("config.ini", oomnitzaSection(instance) + onlyChanged);
    await upload(space);
    const requests = instance.state.counters.requests;
    space.write("assets.csv", numbered(20));
    const run = await space.agent(["upload", "csv_assets"]);
    expect(run.code).toBe(5);
    expect(run.stdout).toContain("The guard stopped [csv_assets] before anything was sent");
    expect(run.stdout).toContain("agent plan csv_assets");
    expect(instance.state.records({}).every(({ times }) => times === 1)).toBe(true);
    // Credentials and mappings were asked for, no more.
    expect(instance.state.counters.requests - requests).toBe(2);
    await instance.stop();
  },
  60_000,
);

test("blanked fields are guarded by default, changes only on request", async () => {
  await using instance = record();
  using space = workspace();
  space.write("assets.csv", numbered(100));
  space.write("config.ini", oomnitzaSection(instance) + section);
  await upload(space);
  space.write("assets.csv", numbered(100, () => "all new"));
  expect((await upload(space)).code).toBe(0);
  space.write("assets.csv", numbered(100, (row) => row < 30 ? "" : "all new"));
  const blanked = await upload(space);
  expect(blanked.code).toBe(5);
  expect(blanked.section.error?.message).toContain("30 of 100 records (30 %) would lose a value");
  expect(blanked.section.error?.message).toContain("MODEL in 30");
  space.write("config.ini", `${oomnitzaSection(instance)}${section}guard = 20%\n`);
  space.write("assets.csv", numbered(100, (row) => row < 20 ? "newer" : "all new"));
  expect((await upload(space)).code).toBe(0);
  space.write("assets.csv", numbered(100, (row) => row < 41 ? "newest" : "all new"));
  const changed = await upload(space);
  expect(changed.code).toBe(5);
  expect(changed.section.error?.message).toContain("41 of 100 records (41 %) would change");
}, 60_000);

test("guard_count counts, a section outranks [oomnitza], off lets everything pass", async () => {
  await using instance = record();
  using space = workspace();
  space.write("assets.csv", numbered(100));
  space.write("config.ini", oomnitzaSection(instance) + section);
  await upload(space);
  space.write("assets.csv", numbered(94));
  const cases = [
    ["guard_count = 5\n", "", 5],
    ["guard_count = 5\n", "guard_count = 6\n", 0],
    ["", "guard = 50%\nguard_count = 5\n", 5],
    ["guard = 1%\n", "guard = off\n", 0],
    ["guard = off\n", "", 0],
  ] as const;
  for (const [general, own, code] of cases) {
    space.write("assets.csv", numbered(100));
    space.write("config.ini", `${oomnitzaSection(instance, "guard = off\n")}${section}`);
    await upload(space);
    space.write("assets.csv", numbered(94));
    space.write("config.ini", oomnitzaSection(instance, general) + section + own);
    expect([general, own, (await upload(space)).code]).toEqual([general, own, code]);
  }
  space.write("config.ini", `${oomnitzaSection(instance)}${section}guard = lots\n`);
  const wrong = await space.agent(["check"]);
  expect(wrong.code).toBe(1);
  expect(wrong.stdout + wrong.stderr).toContain('neither a share from 0% to 100% nor off: "lots"');
}, 60_000);

test("before a full run is recorded nothing is checked, and a part is no full run", async () => {
  await using instance = record();
  using space = workspace();
  space.write("assets.csv", numbered(100));
  space.write("config.ini", `${oomnitzaSection(instance)}${section}guard = 1%\n`);
  expect((await upload(space, ["--record-count", "60"])).code).toBe(0);
  space.write("assets.csv", numbered(40));
  expect((await upload(space)).code).toBe(0);
  // Of a part nothing is gone, but what it would change is checked.
  const part = await upload(space, ["--record-count", "10"]);
  expect(part.code).toBe(0);
  expect(part.section.changes).toMatchObject({ gone: null });
  space.write("assets.csv", numbered(40, () => "other"));
  expect((await upload(space, ["--record-count", "10"])).code).toBe(5);
}, 60_000);

test("of a source that fails half-way nothing is gone, and what it gave is sent", async () => {
  await using instance = record();
  using space = workspace();
  space.write("assets.csv", numbered(100));
  space.write("config.ini", `${oomnitzaSection(instance)}${section}guard = 20%\n`);
  await upload(space);
  space.write("assets.csv", `${numbered(30)}T30,"never closed\n`);
  const run = await upload(space);
  expect(run.code).toBe(3);
  expect(run.section.stopped_by_guard).toBe(false);
  expect(run.section.changes).toMatchObject({ gone: null });
  expect(run.section.counts.held).toBe(0);
  expect(run.section.counts.sent).toBeGreaterThan(0);
}, 60_000);

test(
  "who is gone is reported once, comes back unchanged, and is forgotten after five full runs",
  async () => {
    await using instance = record();
    using space = workspace();
    const all = csv([["A", "1"], ["B", "2"], ["C", "3"]]);
    const two = csv([["A", "1"], ["B", "2"]]);
    space.write("config.ini", oomnitzaSection(instance) + onlyChanged);
    space.write("assets.csv", all);
    await upload(space);
    space.write("assets.csv", two);
    const text = await space.agent(["upload", "csv_assets"]);
    expect(text.stdout).toContain("1 gone from the source: C");
    expect((await upload(space)).section.changes).toMatchObject({ gone: 0 });
    space.write("assets.csv", all);
    expect((await upload(space)).section.counts).toMatchObject({ sent: 0, unchanged: 3 });
    space.write("assets.csv", two);
    expect((await upload(space)).section.changes).toMatchObject({ gone: 1, gone_records: ["C"] });
    for (let run = 0; run < 4; run++) await upload(space);
    space.write("assets.csv", all);
    expect((await upload(space)).section.changes).toMatchObject({ new: 1, unchanged: 2 });
  },
  60_000,
);

test("a field of keep_if_empty is left out when it is empty, and is not blanked", async () => {
  await using instance = record();
  using space = workspace();
  const extra = 'mapping.PRICE = price\nmapping.NOTES = {"hardcoded": false}\n';
  space.write("assets.csv", "tag,model,price\nA,,\nB,m,5\n");
  const records = () => JSON.parse(instance.uploads().at(-2)?.body ?? "{}").records;
  space.write(
    "config.ini",
    oomnitzaSection(instance) + section + extra + "keep_if_empty = model\n",
  );
  await upload(space);
  expect(records()).toEqual([
    { BARCODE: "A", PRICE: "", NOTES: false },
    { BARCODE: "B", MODEL: "m", PRICE: "5", NOTES: false },
  ]);
  space.write("config.ini", oomnitzaSection(instance) + section + extra + "keep_if_empty = *\n");
  await upload(space);
  expect(records()[0]).toEqual({ BARCODE: "A", NOTES: false });
  const guarded = `${oomnitzaSection(instance)}${section}${extra}keep_if_empty = *\nguard = 0%\n`;
  space.write("config.ini", guarded.replace("guard = 0%", "guard = 99%"));
  space.write("assets.csv", "tag,model,price\nA,,\nB,,\n");
  const run = await upload(space);
  expect(run.section.changes).toMatchObject({ changed: 1, blanked: 0 });
  space.write("config.ini", oomnitzaSection(instance) + section + "keep_if_empty = modle\n");
  expect((await upload(space)).stderr).toContain(
    "[csv_assets] keep_if_empty: names MODLE, which is not mapped. Did you mean MODEL?",
  );
}, 60_000);

test("over API v2, only_if_filled and dont_overwrite go along with keep_if_empty", async () => {
  await using instance = record();
  using space = workspace();
  const extra = "keep_if_empty = MODEL\nonly_if_filled = MODEL\ndont_overwrite = BARCODE\n";
  space.write("assets.csv", csv([["A", ""]]));
  space.write("config.ini", oomnitzaSection(instance, "api_version = v2\n") + section + extra);
  await upload(space);
  expect(JSON.parse(instance.uploads()[0]?.body ?? "")).toMatchObject({
    computers: { BARCODE: "A" },
    only_if_filled: "MODEL",
    dont_overwrite: "BARCODE",
  });
}, 60_000);
