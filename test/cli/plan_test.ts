/**
 * agent plan, on the binary.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { startStandIn } from "../support/stand_in/mod.ts";
import { record } from "../support/recorder.ts";
import { oomnitzaSection, workspace } from "../support/workspace.ts";
import { numbered, onlyChanged, plan, upload } from "./delta_run.ts";
import { section } from "./state_run.ts";
import { slow } from "../support/slow.ts";

slow("a plan sends nothing, and its counts are those of the upload that follows", async () => {
  const instance = await startStandIn();
  using space = workspace();
  space.write("config.ini", oomnitzaSection(instance) + onlyChanged);
  const steps = [
    numbered(60),
    numbered(60),
    numbered(62, (row) => row < 3 ? "other" : `model ${row}`),
    numbered(58, (row) => row === 9 ? "" : row < 3 ? "other" : `model ${row}`),
  ];
  for (const step of steps) {
    space.write("assets.csv", step);
    const before = instance.state.requests.length;
    const planned = await plan(space);
    const made = instance.state.requests.slice(before).map(({ method }) => method);
    expect(made).toEqual(["GET", "GET", "GET"]);
    const { counts } = planned;
    const pending = Number(counts.new) + Number(counts.changed) + Number(counts.gone);
    expect(planned.code).toBe(pending === 0 ? 0 : 4);
    const run = await upload(space);
    expect(run.section.counts).toMatchObject({
      fetched: counts.fetched,
      unchanged: counts.unchanged,
      sent: counts.to_send,
    });
    if (run.section.changes === null) expect(counts.new).toBe(60);
    else {
      expect(run.section.changes).toMatchObject({
        new: counts.new,
        changed: counts.changed,
        unchanged: counts.unchanged,
        blanked: counts.blanked,
        gone: counts.gone,
      });
    }
    expect((await plan(space)).code).toBe(0);
  }
  await instance.stop();
}, 60_000);

test("only reading requests are made, also when signing in with a password", async () => {
  await using instance = record({
    answer: ({ path }) =>
      path === "/api/request_token" ? { status: 200, body: '{"token": "t"}' } : undefined,
  });
  using space = workspace();
  space.write("assets.csv", numbered(5));
  const login = `[oomnitza]\nurl = ${instance.url}\nusername = u\npassword = secret\n`;
  space.write("config.ini", login + section);
  expect((await plan(space)).code).toBe(4);
  expect(instance.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
    "POST /api/request_token",
    "GET /api/v2/mappings",
    "GET /api/v2/mappings",
    "GET /api/v3/assets/meta",
  ]);
  // Nothing is left behind either.
  expect(space.has("agent-state.sqlite")).toBe(false);
}, 60_000);

test("changes are shown field by field, in text, JSON and CSV", async () => {
  await using instance = record();
  using space = workspace();
  const extra = "mapping.NOTES = note\nguard = off\n";
  space.write("config.ini", oomnitzaSection(instance) + section + extra);
  space.write("assets.csv", "tag,model,note\nA,one,x\nB,two,=1+1\nC,three,\n");
  await upload(space);
  space.write("assets.csv", 'tag,model,note\nA,one,x\nB,2,=cmd\nD,"four, five",-1\n');
  const text = await space.agent(["plan", "csv_assets"]);
  expect(text.code).toBe(4);
  expect(text.stdout).toContain(
    "csv_assets: 3 read: 1 new, 1 changed, 1 unchanged, 1 gone from the source; 3 would be sent",
  );
  expect(text.stdout).toContain(
    '~ changed B\n      MODEL: "two" → "2"\n      NOTES: "=1+1" → "=cmd"',
  );
  expect(text.stdout).toContain('+ new D\n      BARCODE: "D"\n      MODEL: "four, five"');
  expect(text.stdout).toContain("- gone C");
  expect(text.stdout.indexOf("3 read")).toBeLessThan(text.stdout.indexOf("~ changed"));
  const json = await plan(space);
  expect(json.changes).toEqual([
    {
      kind: "changed",
      record: "B",
      fields: [
        { field: "MODEL", old: "two", new: "2" },
        { field: "NOTES", old: "=1+1", new: "=cmd" },
      ],
    },
    {
      kind: "new",
      record: "D",
      fields: [
        { field: "BARCODE", new: "D" },
        { field: "MODEL", new: "four, five" },
        { field: "NOTES", new: "-1" },
      ],
    },
    {
      kind: "gone",
      record: "C",
      fields: [
        { field: "BARCODE", old: "C" },
        { field: "MODEL", old: "three" },
        { field: "NOTES", old: "" },
      ],
    },
  ]);
  const table = await space.agent(["plan", "csv_assets", "--csv"]);
  expect(table.code).toBe(4);
  expect(table.stdout.split("\n")).toEqual([
    "section,change,record,field,old,new",
    "csv_assets,changed,B,MODEL,two,2",
    "csv_assets,changed,B,NOTES,'=1+1,'=cmd",
    "csv_assets,new,D,BARCODE,,D",
    'csv_assets,new,D,MODEL,,"four, five"',
    "csv_assets,new,D,NOTES,,'-1",
    "csv_assets,gone,C,BARCODE,C,",
    "csv_assets,gone,C,MODEL,three,",
    "csv_assets,gone,C,NOTES,,",
    "",
  ]);
  expect(table.stderr).toContain("1 gone from the source");
  const short = await space.agent(["plan", "csv_assets", "--limit", "1"]);
  expect(short.stdout).toContain("… and 2 more");
}, 60_000);

test("a plan shows what the guard would stop, and of what an earlier run left", async () => {
  let isDown = false;
  await using instance = record({
    answer: ({ path }) => isDown && path === "/api/v3/bulk" ? { status: 403 } : undefined,
  });
  using space = workspace();
  space.write("config.ini", oomnitzaSection(instance) + onlyChanged);
  space.write("assets.csv", numbered(100));
  await upload(space);
  space.write("assets.csv", numbered(40));
  const planned = await plan(space);
  expect(planned.guard).toContain("60 of 100 records (60 %) are gone from the source");
  expect((await space.agent(["plan", "csv_assets"])).stdout).toContain("The guard would stop it");
  space.write("assets.csv", numbered(100, (row) => row < 5 ? "new" : `model ${row}`));
  isDown = true;
  expect((await upload(space)).section.counts).toMatchObject({ kept: 5 });
  isDown = false;
  const waiting = await plan(space);
  expect(waiting).toMatchObject({ code: 4, waiting: 5, counts: { changed: 0, unchanged: 100 } });
  const run = await upload(space);
  expect(run.section).toMatchObject({ counts: { unchanged: 100 }, backlog: { sent: 5 } });
}, 60_000);

test(
  "a part or a source that fails says that records that are gone cannot be determined",
  async () => {
    await using instance = record();
    using space = workspace();
    space.write("config.ini", oomnitzaSection(instance) + onlyChanged);
    space.write("assets.csv", numbered(20));
    await upload(space);
    const part = await plan(space, ["--record-count", "5"]);
    expect(part).toMatchObject({ code: 0, counts: { fetched: 5, unchanged: 5, gone: null } });
    space.write("assets.csv", `${numbered(10)}T10,"never closed\n`);
    const broken = await plan(space);
    expect(broken).toMatchObject({ code: 3, counts: { gone: null } });
    expect(broken.error?.message).toContain("assets.csv");
  },
  60_000,
);
