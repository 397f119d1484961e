/**
 * `agent explain`: one record through every step, and nothing sent.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { start as startJamf } from "../sources/casper/section.ts";
import { record } from "../support/recorder.ts";
import { oomnitzaSection, workspace } from "../support/workspace.ts";
import { slow } from "../support/slow.ts";

const section = `[csv_assets]
enable = True
filename = assets.csv
sync_field = BARCODE
recordfilter = 
    # language: javascript
    return record.state !== "retired";
mapping.BARCODE = tag
mapping.OWNER = {"source": "owner", "converter": "split_email"}
mapping.TITLE = {"source": "model", "converter": "shout"}
mapping.SITE = {"hardcoded": "Berlin"}

[converters]
shout = 
    # language: javascript
    if (value === "broken") throw new Error("no such model");
    return value.toUpperCase();
`;

const csv = `tag,owner,model,state
T1,ann@example.com,air,used
T2,bob@example.com,pro,retired
T3,eve@example.com,broken,used
`;

async function explain(words: readonly string[]) {
  const instance = record();
  using space = workspace();
  space.write("assets.csv", csv);
  space.write("config.ini", oomnitzaSection(instance) + section);
  const run = await space.agent(["explain", "csv_assets", ...words]);
  const written = instance.requests.filter(({ method }) => method !== "GET").length;
  await instance[Symbol.asyncDispose]();
  return { ...run, written };
}

slow(
  "a record is shown from its source to the request, with the result of each converter",
  async () => {
    const { code, stdout, written } = await explain(["--record", "t1", "--output", "json"]);
    expect(code).toBe(0);
    expect(written).toBe(0);
    const found = JSON.parse(stdout);
    expect(found).toMatchObject({ identity: "T1", outcome: "sent", reason: null });
    expect(found.record).toEqual({
      tag: "T1",
      owner: "ann@example.com",
      model: "air",
      state: "used",
    });
    expect(found.filter).toMatchObject({ outcome: "kept", reason: null });
    const fields = Object.fromEntries(
      found.fields.map(({ mapping, ...rest }: { mapping: { field: string } }) => [
        mapping.field,
        rest,
      ]),
    );
    const plain = { ms: null, failed: null, volatile: false };
    expect(fields.BARCODE).toEqual({ input: "T1", output: "T1", ...plain });
    expect(fields.OWNER).toMatchObject({ input: "ann@example.com", output: "ann" });
    expect(fields.TITLE).toMatchObject({ input: "air", output: "AIR", failed: null });
    expect(fields.TITLE.ms).toBeGreaterThan(0);
    expect(fields.SITE).toMatchObject({ input: "Berlin", output: "Berlin" });
    expect(found.request.path).toBe("/api/v3/bulk");
    expect(found.request.payload.records).toEqual([
      { BARCODE: "T1", OWNER: "ann", TITLE: "AIR", SITE: "Berlin" },
    ]);
  },
);

slow(
  "a filtered record and a failing converter are reported, also found by a value of the source",
  async () => {
    const filtered = await explain(["--record", "owner=BOB@example.com"]);
    expect(filtered.code).toBe(0);
    expect(filtered.stdout).toContain("record filter: filtered in ");
    expect(filtered.stdout).toContain("not sent, filtered: the record filter");
    const broken = await explain(["--record", "T3"]);
    expect(broken.stdout).toMatch(/TITLE +model +"broken" +shout +failed: .*no such model/);
    expect(broken.written).toBe(0);
  },
);

test("a record that is not there, and no record named", async () => {
  const missing = await explain(["--record", "T9"]);
  expect(missing.code).toBe(3);
  expect(missing.stderr).toContain("[csv_assets] has no record T9: 3 were read");
  const unnamed = await explain([]);
  expect(unnamed.code).toBe(2);
  expect(unnamed.stderr).toContain("explain needs --record");
});

test("records that cannot be read are named with their reason", async () => {
  const { vendor, options } = startJamf({ count: 3, missing: [2] });
  await using _vendor = vendor;
  await using instance = record();
  using space = workspace();
  space.write("config.ini", `${oomnitzaSection(instance)}[casper]\nenable = True\n${options}`);
  const run = await space.agent(["explain", "casper", "--record", "SN2"]);
  expect(run.code).toBe(3);
  expect(run.stderr).toMatch(/Unreadable: computer 2 \(device-2\): .*404/);
  expect(run.stderr).toContain("[casper] has no record SN2: 2 were read, 1 could not be read");
});
