/**
 * agent plan --live and agent drift: what Oomnitza holds now, beside the source and beside the state file.
 *
 * @module
 */
import { afterEach, expect, test } from "bun:test";
import { type StandIn, type StandInOptions, startStandIn } from "../support/stand_in/mod.ts";
import { oomnitzaSection, workspace } from "../support/workspace.ts";
import { numbered, plan, upload } from "./delta_run.ts";

const started: StandIn[] = [];

afterEach(async () => {
  await Promise.all(started.splice(0).map((instance) => instance.stop()));
});

const section = `[csv_assets]
enable = True
filename = assets.csv
sync_field = BARCODE
mapping.BARCODE = tag
mapping.MODEL = model
mapping.NOTES = note
only_changed = True
`;

/** An instance and a folder, with so many assets uploaded. */
async function uploaded(count: number, options: StandInOptions = {}) {
  const instance = await startStandIn({ username: "ann", ...options });
  started.push(instance);
  const space = workspace();
  space.write("config.ini", oomnitzaSection(instance) + section);
  space.write("assets.csv", `tag,model,note\n${rowsOf(count).join("\n")}\n`);
  expect((await upload(space)).code).toBe(0);
  return { instance, space };
}

function rowsOf(count: number): string[] {
  return Array.from({ length: count }, (_, row) => `T${row},model ${row},note ${row}`);
}

/** Changes fields of an asset as a person does it in Oomnitza; ids count from 1. */
async function changeByHand(instance: StandIn, id: number, fields: Record<string, unknown>) {
  const response = await fetch(`${instance.url}/api/v3/assets/${id}`, {
    method: "PATCH",
    headers: { authorization2: instance.token, "content-type": "application/json" },
    body: JSON.stringify(fields),
  });
  expect(response.status).toBe(200);
}

/** Makes five changes by hand: in four records, of two fields. */
async function changeFiveFields(instance: StandIn) {
  await changeByHand(instance, 3, { model: "by hand" });
  await changeByHand(instance, 5, { notes: "" });
  await changeByHand(instance, 7, { model: "other", notes: "two at once" });
  await changeByHand(instance, 11, { model: "last" });
  // Nobody maps these: they are none of our business.
  await changeByHand(instance, 2, { owner: "bob" });
}

const fiveFields = [
  { kind: "changed", record: "T2", fields: [["MODEL", "by hand", "model 2"]] },
  { kind: "changed", record: "T4", fields: [["NOTES", "", "note 4"]] },
  {
    kind: "changed",
    record: "T6",
    fields: [["MODEL", "other", "model 6"], ["NOTES", "two at once", "note 6"]],
  },
  { kind: "changed", record: "T10", fields: [["MODEL", "last", "model 10"]] },
];

function brief(changes: Awaited<ReturnType<typeof plan>>["changes"]) {
  return changes.map(({ kind, record, fields }) => ({
    kind,
    record,
    fields: fields.map((change) => [change.field, change.old, change.new]),
  }));
}

/** The requests of what is done, without those that every session begins with. */
async function requestsOf(instance: StandIn, work: () => Promise<unknown>) {
  const before = instance.state.requests.length;
  await work();
  return instance.state.requests.slice(before)
    .filter(({ path }) => path !== "/api/v2/mappings")
    .map(({ method, path }) => `${method} ${path}`);
}

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
  const { instance, space } = await uploaded(3, {
    fields: { assets: { NOTES: { type: "date" } } },
  });
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

test("drift shows what was sent and what is there now, without reading the source", async () => {
  const { instance, space } = await uploaded(30);
  using _ = space;
  const clean = await space.agent(["drift"]);
  expect(clean.code).toBe(0);
  expect(clean.stdout).toBe(
    "csv_assets: 30 compared: 0 changed in Oomnitza, 30 as sent\n",
  );
  await changeFiveFields(instance);
  space.write("assets.csv", numbered(1));
  const requests = await requestsOf(instance, async () => {
    const run = await space.agent(["drift", "csv_assets", "--output", "json"]);
    expect(run.code).toBe(4);
    const { drift, sections: [one] } = JSON.parse(run.stdout);
    expect(drift).toBe(1);
    expect(one.counts).toEqual({ compared: 30, changed: 4, unchanged: 26, gone: 0 });
    // The same five, seen from the other side.
    const sorted = brief(one.changes).toSorted((a, b) => a.record < b.record ? -1 : 1);
    expect(sorted).toEqual(
      fiveFields.map(({ fields, ...rest }) => ({
        ...rest,
        fields: fields.map(([field, old, now]) => [field, now, old]),
      })).toSorted((a, b) => a.record < b.record ? -1 : 1),
    );
  });
  expect(requests).toEqual(["GET /api/v3/assets", "GET /api/v3/assets"]);
  const text = await space.agent(["drift", "csv_assets", "--history", "--limit", "1"]);
  expect(text.stdout).toContain("csv_assets: 30 compared: 4 changed in Oomnitza, 26 as sent");
  expect(text.stdout).toMatch(/~ changed T2\n {6}MODEL: "model 2" → "by hand" \(ann, 20/);
  expect(text.stdout).toContain("… and 3 more");
}, 60_000);

test("drift without a state file has nothing to compare", async () => {
  const { space } = await uploaded(3);
  using _ = space;
  const run = await space.agent(["drift", "--state", "other.sqlite"]);
  expect(run.code).toBe(0);
  expect(run.stdout).toContain("remembers no record that Oomnitza accepted");
  expect(space.has("other.sqlite")).toBe(false);
}, 60_000);
