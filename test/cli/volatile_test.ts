/**
 * volatile: fields that are never alone a reason to send a record, through every command that compares.
 *
 * @module
 */
import { afterEach, expect, test } from "bun:test";
import { record } from "../support/recorder.ts";
import { oomnitzaSection, workspace } from "../support/workspace.ts";
import { plan, upload } from "./delta_run.ts";
import { changeByHand, startInstance, stopInstances } from "./live_run.ts";

afterEach(stopInstances);

const section = `[csv_assets]
enable = True
filename = assets.csv
sync_field = BARCODE
mapping.BARCODE = tag
mapping.MODEL = model
mapping.NOTES = seen
only_changed = True
volatile = notes
`;

/** Rows of tag, model and when it was seen. */
function csv(rows: readonly (readonly [string, string, string])[]): string {
  return `tag,model,seen\n${rows.map((row) => row.join(",")).join("\n")}\n`;
}

test("upload, plan and drift agree about what differs in volatile fields", async () => {
  const instance = await startInstance();
  using space = workspace();
  space.write("config.ini", oomnitzaSection(instance) + section);
  space.write("assets.csv", csv([["A", "air", "mon"], ["B", "pro", "mon"], ["C", "mini", "mon"]]));
  await upload(space);
  const stored = () =>
    instance.state.records({}).map(({ key, record }) => [key, record.NOTES ?? record.notes]);
  const before = stored();

  space.write("assets.csv", csv([["A", "air", "tue"], ["B", "pro", "tue"], ["C", "mini", "tue"]]));
  for (const words of [[], ["--live"]]) {
    const planned = await plan(space, words);
    expect(planned.code).toBe(0);
    expect(planned.counts).toMatchObject({ changed: 0, unchanged: 3, gone: 0, to_send: 0 });
    expect(planned.changes).toEqual([]);
  }
  const nothing = await upload(space);
  expect(nothing.section.counts).toMatchObject({ sent: 0, unchanged: 3 });
  expect(nothing.section.requests).toBe(0);
  expect(stored()).toEqual(before);
  // Nothing was sent, so that Oomnitza has what it had.
  expect((await space.agent(["drift"])).stdout).toContain("0 changed in Oomnitza, 3 as sent");

  await changeByHand(instance, 1, { notes: "by hand" });
  expect((await space.agent(["drift"])).stdout).toContain("0 changed in Oomnitza, 3 as sent");
  await changeByHand(instance, 1, { model: "by hand" });
  expect((await space.agent(["drift"])).stdout).toMatch(
    /~ changed A\n {6}MODEL: "air" → "by hand"\n {6}NOTES: "mon" → "by hand"/,
  );

  space.write("assets.csv", csv([["A", "air", "wed"], ["B", "max", "wed"], ["C", "mini", "wed"]]));
  const planned = await plan(space);
  expect(planned.changes).toEqual([{
    kind: "changed",
    record: "B",
    fields: [
      { field: "MODEL", old: "pro", new: "max" },
      { field: "NOTES", old: "mon", new: "wed" },
    ],
  }]);
  expect((await upload(space)).section.counts).toMatchObject({ sent: 1, unchanged: 2 });
  expect(Object.fromEntries(stored())).toMatchObject({ B: "wed", C: "mon" });
  expect((await upload(space, ["--full"])).section.counts).toMatchObject({ sent: 3 });
  expect(Object.fromEntries(stored())).toMatchObject({ A: "wed", B: "wed", C: "wed" });
}, 60_000);

test("check names a volatile field that is not mapped, and a sync field", async () => {
  await using instance = record();
  using space = workspace();
  space.write("assets.csv", csv([["A", "air", "mon"]]));
  const check = (names: string, extra = "", words: readonly string[] = []) => {
    const text = section.replace("volatile = notes", `volatile = ${names}`);
    space.write("config.ini", oomnitzaSection(instance) + text + extra);
    return space.agent(["check", "csv_assets", ...words]);
  };
  const misspelt = await check("nots");
  expect(misspelt.code).toBe(0);
  const doubt = "[csv_assets] volatile: names NOTS, which is not mapped. Did you mean NOTES?";
  expect(misspelt.stderr).toContain(doubt);
  const offline = await check("nots", "use_server_map = False\n", ["--file-only"]);
  expect(offline.stderr).toContain(doubt);
  // Oomnitza may map it.
  expect((await check("nots", "", ["--file-only"])).stderr).not.toContain("NOTS");
  for (const words of [[], ["--file-only"]]) {
    const synced = await check("notes, barcode", "", words);
    expect(synced.code).toBe(words.length === 0 ? 1 : 3);
    expect(synced.stdout + synced.stderr).toContain("volatile: names BARCODE, the sync field");
  }
});

test("explain says which fields are volatile", async () => {
  await using instance = record();
  using space = workspace();
  space.write("config.ini", oomnitzaSection(instance) + section);
  space.write("assets.csv", csv([["A", "air", "mon"]]));
  const text = await space.agent(["explain", "csv_assets", "--record", "A"]);
  expect(text.stdout).toMatch(/NOTES \(volatile\) +seen +"mon"/);
  expect(text.stdout).toMatch(/MODEL +model +"air"/);
  const json = await space.agent(["explain", "csv_assets", "--record", "A", "--output", "json"]);
  const { fields } = JSON.parse(json.stdout) as {
    fields: { mapping: { field: string }; volatile: boolean }[];
  };
  expect(fields.map(({ mapping, volatile }) => [mapping.field, volatile])).toEqual([
    ["BARCODE", false],
    ["MODEL", false],
    ["NOTES", true],
  ]);
});
