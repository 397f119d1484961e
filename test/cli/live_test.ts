/**
 * agent plan --live: what Oomnitza holds now, beside the source.
 *
 * @module
 */
import { afterEach, expect, test } from "bun:test";
import { plan, upload } from "./delta_run.ts";
import {
  brief,
  changeFiveFields,
  fiveFields,
  requestsOf,
  stopInstances,
  uploaded,
} from "./live_run.ts";

afterEach(stopInstances);

test("plan --live shows what was changed by hand, and only reads", async () => {
  const { instance, space } = await uploaded(30);
  using _ = space;
  expect(await plan(space)).toMatchObject({ code: 0 });
  expect(await plan(space, ["--live"])).toMatchObject({ code: 0, counts: { unchanged: 30 } });
  await changeFiveFields(instance);
  // The state file cannot know.
  expect(await plan(space)).toMatchObject({ code: 0, compared_with: "accepted" });
  const requests = await requestsOf(instance, async () => {
    const live = await plan(space, ["--live"]);
    expect(live).toMatchObject({
      code: 4,
      compared_with: "live",
      not_compared: [],
      counts: { new: 0, changed: 4, unchanged: 26, gone: 0, to_send: 4 },
    });
    expect(brief(live.changes)).toEqual(fiveFields);
  });
  expect(requests).toEqual([
    "GET /api/v3/assets",
    "GET /api/v3/assets",
    "GET /api/v3/assets/meta",
  ]);
}, 60_000);

test("a plan that was saved with --live repairs what was changed", async () => {
  const { instance, space } = await uploaded(30);
  using _ = space;
  await changeFiveFields(instance);
  expect((await plan(space, ["--live", "--save", "repair.plan"])).code).toBe(4);
  const run = await space.agent(["upload", "--plan", "repair.plan", "--output", "json"]);
  expect(run.code).toBe(0);
  expect(JSON.parse(run.stdout).sections[0].counts).toMatchObject({ sent: 4 });
  expect(await plan(space, ["--live"])).toMatchObject({ code: 0, counts: { unchanged: 30 } });
}, 60_000);

test("what is new in the source and what is gone from it, as Oomnitza has it", async () => {
  const { instance, space } = await uploaded(3);
  using _ = space;
  space.write("assets.csv", "tag,model,note\nT0,model 0,note 0\nT1,model 1,note 1\nT9,mini,x\n");
  const live = await plan(space, ["--live"]);
  expect(live).toMatchObject({ code: 4, counts: { new: 1, changed: 0, unchanged: 2, gone: 1 } });
  expect(live.changes.map(({ kind, record }) => [kind, record])).toEqual([
    ["new", "T9"],
    ["gone", "T2"],
  ]);
  // What other sources brought is not gone from this one.
  expect(instance.state.assets).toHaveLength(3);
  space.write(
    "config.ini",
    space.read("config.ini").replace("only_changed", "remember = False\n#"),
  );
  expect((await plan(space, ["--live", "--no-state"])).changes.map(({ kind }) => kind)).toEqual([
    "new",
  ]);
}, 60_000);

test("--history says who changed what, with one request for each record", async () => {
  const { instance, space } = await uploaded(12);
  using _ = space;
  await changeFiveFields(instance);
  const requests = await requestsOf(instance, async () => {
    const live = await plan(space, ["--live", "--history"]);
    expect(live.changes[2]?.fields).toEqual(
      ["MODEL", "NOTES"].map((field) =>
        expect.objectContaining({
          field,
          changed_by: "ann",
          changed_at: expect.stringMatching(/^20\d\d-\d\d-\d\dT/),
        })
      ),
    );
  });
  expect(requests.slice(3)).toEqual(
    [3, 5, 7, 11].map((id) => `GET /api/v3/assets/${id}/changes-history`),
  );
  const text = await space.agent(["plan", "csv_assets", "--live", "--history", "--limit", "1"]);
  expect(text.stdout).toMatch(/MODEL: "by hand" → "model 2" \(ann, 20\d\d-/);
  const table = await space.agent(["plan", "csv_assets", "--live", "--history", "--csv"]);
  expect(table.stdout).toMatch(/^section,change,record,field,old,new,changed_by,changed_at$/m);
  expect(table.stdout).toMatch(/^csv_assets,changed,T2,MODEL,by hand,model 2,ann,20\d\d-/m);
}, 60_000);

test("an instance that does not show its history is asked once", async () => {
  const { instance, space } = await uploaded(12, { access: { history: "denied" } });
  using _ = space;
  await changeFiveFields(instance);
  const requests = await requestsOf(instance, async () => {
    const run = await space.agent(["plan", "csv_assets", "--live", "--history"]);
    expect(run.code).toBe(4);
    expect(run.stdout).toContain('MODEL: "by hand" → "model 2"');
    expect(run.stderr).toContain("does not show to this account who changed its records");
  });
  expect(requests.filter((line) => line.endsWith("changes-history"))).toHaveLength(1);
}, 60_000);

test.each(["denied", "absent"] as const)(
  "an instance whose assets are %s cannot be compared with",
  async (records) => {
    const { space } = await uploaded(3, { access: { records } });
    using _ = space;
    const live = await plan(space, ["--live"]);
    expect(live).toMatchObject({
      code: 3,
      error: { message: expect.stringContaining("does not show its assets to this account") },
    });
    const drift = await space.agent(["drift", "csv_assets"]);
    expect(drift.code).toBe(3);
    expect(drift.stdout).toContain("does not show its assets to this account");
  },
  60_000,
);

test("a field that Oomnitza does not show is not compared, and that is said", async () => {
  const { space } = await uploaded(3);
  using _ = space;
  space.write("config.ini", `${space.read("config.ini")}mapping.EXTRA = model\n`);
  expect(await plan(space, ["--live"])).toMatchObject({
    code: 0,
    not_compared: ["EXTRA"],
    counts: { unchanged: 3 },
  });
  const text = await space.agent(["plan", "csv_assets", "--live"]);
  expect(text.stdout).toContain("Oomnitza does not show EXTRA: not compared");
}, 60_000);

test("a date that Oomnitza stores in another form is the same date", async () => {
  const fields = { assets: { NOTES: { type: "date" } } } as const;
  const { instance, space } = await uploaded(3, { fields }, () => "2026-02-01T10:00:00Z");
  using _ = space;
  space.write("assets.csv", "tag,model,note\nT0,model 0,2026-03-01T10:00:00Z\n");
  expect((await upload(space, ["--accept"])).section.counts).toMatchObject({ sent: 1 });
  expect(instance.state.assets[0]?.record).toMatchObject({
    NOTES: Date.UTC(2026, 2, 1, 10) / 1000,
  });
  expect(await plan(space, ["--live"])).toMatchObject({ counts: { unchanged: 1, changed: 0 } });
}, 60_000);

test("--history needs --live", async () => {
  const { space } = await uploaded(1);
  using _ = space;
  const run = await space.agent(["plan", "csv_assets", "--history"]);
  expect(run.code).toBe(2);
  expect(run.stderr).toContain("--history needs --live");
}, 60_000);
