/**
 * What Oomnitza tells about its fields: refusals that a plan and the doctor know before anything is sent,
 * and dates that are sent in UTC.
 *
 * @module
 */
import { afterEach, expect, test } from "bun:test";
import type { FieldDefinitions } from "../../src/stand_in/fields.ts";
import { type StandIn, type StandInOptions, startStandIn } from "../support/stand_in/mod.ts";
import { oomnitzaSection, workspace } from "../support/workspace.ts";
import { plan, upload } from "./delta_run.ts";

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
mapping.SEEN = seen
mapping.NOTES = seen
`;

const fields: FieldDefinitions = {
  assets: {
    BARCODE: { type: "text", unique: false },
    MODEL: {
      type: "dropdown",
      values: Array.from({ length: 212 }, (_, index) => `model ${index}`),
    },
    SEEN: { type: "date" },
  },
};

async function prepare(options: StandInOptions, rows: string) {
  const instance = await startStandIn(options);
  started.push(instance);
  const space = workspace();
  space.write("config.ini", oomnitzaSection(instance) + section);
  space.write("assets.csv", `tag,model,seen\n${rows}`);
  return { instance, space };
}

const rows = Array.from(
  { length: 100 },
  (_, row) => `T${row},${row < 37 ? `tablet ${row}` : `model ${row}`},2026-03-01T12:00:00+02:00\n`,
);

const refusal = {
  field: "MODEL",
  problem: "not_in_list",
  records: 37,
  allowed: 212,
  examples: ["tablet 0", "tablet 1", "tablet 2", "tablet 3", "tablet 4"],
};

test("a plan says which values Oomnitza will refuse, and it does", async () => {
  const { instance, space } = await prepare({ fields }, rows.join(""));
  using _ = space;
  expect(await plan(space)).toMatchObject({ code: 4, refusals: [refusal] });
  const text = await space.agent(["plan", "csv_assets"]);
  expect(text.stdout).toContain(
    'MODEL: 37 records have values that are not in the list of 212: "tablet 0", ',
  );
  await upload(space);
  expect(instance.state.portions[0]?.counts).toMatchObject({ added: 63, failed: 37 });
}, 60_000);

test.each(["denied", "absent"] as const)(
  "a plan says nothing of values where fields are %s",
  async (access) => {
    const { space } = await prepare({ fields, access: { fields: access } }, rows.join(""));
    using _ = space;
    expect(await plan(space)).toMatchObject({ code: 4, refusals: [], error: null });
  },
  60_000,
);

test("a date with an offset is sent in UTC to a date field, and as it is to others", async () => {
  const { instance, space } = await prepare({ fields }, rows.slice(40).join(""));
  using _ = space;
  await upload(space);
  // The stand-in ignores the offset, as Oomnitza does.
  expect(instance.state.assets[0]?.record).toMatchObject({
    SEEN: Date.UTC(2026, 2, 1, 10) / 1000,
    NOTES: "2026-03-01T12:00:00+02:00",
  });
  const asked = instance.state.requests.filter(({ path }) => path.endsWith("/meta"));
  expect(asked).toHaveLength(1);
  expect(await plan(space, ["--live"])).toMatchObject({ code: 0, counts: { unchanged: 60 } });
  const shown = await space.agent(["explain", "csv_assets", "--record", "T40", "--output", "json"]);
  expect(JSON.parse(shown.stdout).request.payload.records).toMatchObject([
    { SEEN: "2026-03-01T10:00:00Z", NOTES: "2026-03-01T12:00:00+02:00" },
  ]);
}, 60_000);

test("an upload without such dates does not ask", async () => {
  const { instance, space } = await prepare({ fields }, "T1,model 1,2026-03-01T12:00:00Z\n");
  using _ = space;
  await upload(space);
  expect(instance.state.requests.map(({ path }) => path)).not.toContain("/api/v3/assets/meta");
}, 60_000);

test("the doctor looks at the first records, and at the sync field", async () => {
  const { space } = await prepare({ fields }, rows.join(""));
  using _ = space;
  const run = await space.agent(["doctor", "--output", "json"]);
  const checks = JSON.parse(run.stdout).checks as { area: string; state: string; found: string }[];
  expect(checks.filter(({ area }) => area === "values")).toEqual([
    expect.objectContaining({
      state: "warning",
      // No values: this goes into support bundles.
      found:
        "of the first 50 records, MODEL: 37 records have values that are not in the list of 212",
    }),
    expect.objectContaining({
      state: "warning",
      found: "BARCODE is the sync field, and Oomnitza allows the same value in several records",
    }),
  ]);
}, 60_000);

test(
  "the doctor is content with values that Oomnitza takes, and silent where it does not tell",
  async () => {
    const unique = {
      assets: { ...fields.assets, BARCODE: { type: "text", unique: true } },
    } as const;
    const { space } = await prepare({ fields: unique }, rows.slice(40, 60).join(""));
    using _ = space;
    const run = await space.agent(["doctor"]);
    expect(run.stdout).toContain("Oomnitza takes the values of the first 20 records");
    const { space: other } = await prepare({}, rows.join(""));
    using _other = other;
    expect((await other.agent(["doctor"])).stdout).not.toContain("takes the values");
  },
  60_000,
);
