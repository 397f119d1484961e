/**
 * only_changed: what Oomnitza accepted already is not sent again, on the binary.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { record } from "../support/recorder.ts";
import { oomnitzaSection, workspace } from "../support/workspace.ts";
import { csv, newTags, numbered, onlyChanged, upload } from "./delta_run.ts";
import { section } from "./state_run.ts";

const noGuard = "guard = off\n";

test("a second run sends nothing, a third only what changed, --full everything", async () => {
  await using instance = record();
  using space = workspace();
  space.write("assets.csv", numbered(300));
  space.write("config.ini", oomnitzaSection(instance) + onlyChanged);
  expect((await upload(space)).section.counts).toMatchObject({ sent: 300, unchanged: 0 });
  const seen = { count: instance.uploads().length };
  const second = await upload(space);
  expect(second.code).toBe(0);
  expect(second.section.counts).toMatchObject({ fetched: 300, sent: 0, unchanged: 300 });
  expect(second.section.requests).toBe(0);
  expect(instance.uploads()).toHaveLength(seen.count);
  space.write("assets.csv", numbered(300, (row) => row % 43 === 7 ? "other" : `model ${row}`));
  const third = await upload(space);
  expect(third.section.counts).toMatchObject({ sent: 7, unchanged: 293 });
  expect(newTags(instance, seen)).toEqual(["T7", "T50", "T93", "T136", "T179", "T222", "T265"]);
  expect(third.section.changes).toMatchObject({ new: 0, changed: 7, unchanged: 293, gone: 0 });
  expect((await upload(space)).section.requests).toBe(0);
  const full = await upload(space, ["--full"]);
  expect(full.section.counts).toMatchObject({ sent: 300, unchanged: 0 });
}, 60_000);

test(
  "without only_changed everything is sent, and switched on later it knows already",
  async () => {
    await using instance = record();
    using space = workspace();
    space.write("assets.csv", numbered(20));
    space.write("config.ini", oomnitzaSection(instance) + section);
    for (let run = 0; run < 3; run++) {
      expect((await upload(space)).section.counts).toMatchObject({ sent: 20, unchanged: 0 });
    }
    space.write("config.ini", oomnitzaSection(instance) + onlyChanged);
    expect((await upload(space)).section.requests).toBe(0);
  },
  60_000,
);

test(
  "a change of mapping, of sync field, of how it is sent or of instance sends everything",
  async () => {
    await using instance = record();
    await using other = record();
    using space = workspace();
    space.write("assets.csv", numbered(20));
    const variants = [
      onlyChanged,
      `${onlyChanged}mapping.SOURCE = {"hardcoded": "list"}\n`,
      `${onlyChanged}mapping.SOURCE = {"hardcoded": "sheet"}\n`,
      onlyChanged,
      onlyChanged.replace("sync_field = BARCODE", "sync_field = MODEL"),
      `${onlyChanged}update_only = True\n`,
    ];
    for (const variant of variants) {
      space.write("config.ini", oomnitzaSection(instance) + variant + noGuard);
      expect((await upload(space)).section.counts).toMatchObject({ sent: 20, unchanged: 0 });
      expect((await upload(space)).section.counts).toMatchObject({ sent: 0, unchanged: 20 });
    }
    space.write("config.ini", oomnitzaSection(other) + (variants.at(-1) ?? "") + noGuard);
    expect((await upload(space)).section.counts).toMatchObject({ sent: 20, unchanged: 0 });
  },
  60_000,
);

test(
  "a record that was refused counts as changed, until it is accepted, also by retry",
  async () => {
    let isBad = true;
    await using instance = record({
      answer: ({ path, body }) =>
        isBad && path === "/api/v3/bulk" && body.includes('"T3"')
          ? { status: 400, body: "T3 is bad" }
          : undefined,
    });
    using space = workspace();
    space.write("assets.csv", numbered(10));
    space.write("config.ini", oomnitzaSection(instance) + onlyChanged);
    const first = await upload(space);
    expect(first.code).toBe(3);
    expect(first.section.counts).toMatchObject({ sent: 9, failed: 1 });
    const second = await upload(space);
    expect(second.code).toBe(3);
    expect(second.section.counts).toMatchObject({ unchanged: 9, failed: 1 });
    isBad = false;
    expect((await space.agent(["retry", "--singleton", "0"])).code).toBe(0);
    expect((await upload(space)).section.requests).toBe(0);
    isBad = true;
    space.write("assets.csv", numbered(10, (row) => row === 3 ? "new" : `model ${row}`));
    expect((await upload(space)).section.counts).toMatchObject({ unchanged: 9, failed: 1 });
    isBad = false;
    // It was refused, so nobody knows what Oomnitza has now, although the source is as it was.
    space.write("assets.csv", numbered(10));
    expect((await upload(space)).section.counts).toMatchObject({ unchanged: 9, sent: 1 });
    expect((await upload(space)).section.requests).toBe(0);
  },
  60_000,
);

test("records that share their sync field are all sent when they differ, in order", async () => {
  await using instance = record();
  using space = workspace();
  space.write("assets.csv", csv([["A", "one"], ["B", "x"], ["A", "two"], ["B", "x"]]));
  space.write("config.ini", oomnitzaSection(instance) + onlyChanged);
  const seen = { count: 0 };
  expect((await upload(space)).section.counts.sent).toBe(4);
  newTags(instance, seen);
  for (let run = 0; run < 3; run++) {
    expect((await upload(space)).section.counts).toMatchObject({ sent: 2, unchanged: 2 });
    expect(newTags(instance, seen)).toEqual(["A", "A"]);
  }
  space.write("assets.csv", csv([["A", "one"], ["B", "x"]]));
  expect((await upload(space)).section.counts).toMatchObject({ sent: 1, unchanged: 1 });
  expect((await upload(space)).section.requests).toBe(0);
  // The first is as it was, the second is not: the last one counts.
  space.write("assets.csv", csv([["A", "one"], ["B", "x"], ["A", "three"], ["A", "one"]]));
  newTags(instance, seen);
  expect((await upload(space)).section.counts).toMatchObject({ sent: 2, unchanged: 2 });
  expect(newTags(instance, seen)).toEqual(["A", "A"]);
}, 60_000);

test("several sync fields make one key; long values are compared, not kept", async () => {
  await using instance = record();
  using space = workspace();
  const several = onlyChanged.replace("sync_field = BARCODE", "sync_field = BARCODE, MODEL") +
    "mapping.NOTES = note\n";
  space.write("config.ini", oomnitzaSection(instance) + several);
  const long = "n".repeat(5000);
  const rows = (note: string) => `tag,model,note\nA,1,${note}\nA,2,short\n`;
  space.write("assets.csv", rows(`${long}a`));
  expect((await upload(space)).section.counts.sent).toBe(2);
  expect((await upload(space)).section.counts.unchanged).toBe(2);
  space.write("assets.csv", rows(`${long}b`));
  expect((await upload(space)).section.counts).toMatchObject({ sent: 1, unchanged: 1 });
}, 60_000);

test("over API v2 it is the same", async () => {
  await using instance = record();
  using space = workspace();
  space.write("assets.csv", numbered(12));
  space.write("config.ini", oomnitzaSection(instance, "api_version = v2\n") + onlyChanged);
  expect((await upload(space)).section.counts.sent).toBe(12);
  expect((await upload(space)).section.requests).toBe(0);
  space.write("assets.csv", numbered(12, (row) => row < 2 ? "m" : `model ${row}`));
  expect((await upload(space)).section).toMatchObject({ counts: { sent: 2 }, requests: 2 });
}, 60_000);

test("without a state file everything is sent, and the log says why", async () => {
  await using instance = record();
  using space = workspace();
  space.write("assets.csv", numbered(5));
  space.write("config.ini", oomnitzaSection(instance) + onlyChanged);
  await upload(space);
  const run = await upload(space, ["--no-state"]);
  expect(run.section.counts.sent).toBe(5);
  expect(run.stderr).toContain("only_changed needs the state file");
  const shown = await space.agent(["upload", "csv_assets", "--testmode"]);
  expect(shown.stdout.match(/"BARCODE": /g)).toHaveLength(5);
}, 60_000);

test("remember = off keeps nothing, and contradicts only_changed", async () => {
  await using instance = record();
  using space = workspace();
  space.write("assets.csv", numbered(5));
  space.write("config.ini", oomnitzaSection(instance) + onlyChanged);
  await upload(space);
  space.write("config.ini", `${oomnitzaSection(instance)}${section}remember = off\n`);
  await upload(space);
  space.write("config.ini", `${oomnitzaSection(instance)}${onlyChanged}remember = off\n`);
  const run = await space.agent(["check", "csv_assets"]);
  expect(run.code).toBe(1);
  expect(run.stdout + run.stderr).toContain("only_changed: requires remember = True");
  space.write("config.ini", oomnitzaSection(instance) + onlyChanged);
  expect((await upload(space)).section.counts.sent).toBe(5);
}, 60_000);
