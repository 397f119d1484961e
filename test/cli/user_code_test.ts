/**
 * User code on the binary: the two examples of the manual, T7 and T8, runaway code.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { record } from "../support/recorder.ts";
import { oomnitzaSection, workspace } from "../support/workspace.ts";
import { slow } from "../support/slow.ts";

const csv = "tag,position,asset_type\nA1,boss,computer\nA2,,phone\nA3,clerk,computer\nA4,,\n";

/** Uploads the four assets above with some lines and gives what was posted. */
async function posted(lines: string, content = csv) {
  await using instance = record();
  using space = workspace();
  space.write("assets.csv", content);
  space.write(
    "config.ini",
    `${oomnitzaSection(instance)}[csv_assets]
enable = True
filename = assets.csv
sync_field = BARCODE
mapping.BARCODE = tag
${lines}
`,
  );
  const run = await space.agent(["upload", "csv_assets", "--output", "json"]);
  const records = instance.uploads()
    .filter(({ path }) => path === "/api/v3/bulk")
    .flatMap(({ body }) => JSON.parse(body).records as Record<string, unknown>[]);
  const counts = JSON.parse(run.stdout).sections[0]?.counts;
  return { run, records, counts, requests: instance.requests };
}

slow("the converter of the manual runs as printed", async () => {
  const { records, run } = await posted(
    `mapping.POSITION = {"source": "position", "converter": "my_custom_converter"}
[converters]
my_custom_converter:
    return record.get("position", "Unknown position")`,
  );
  expect(records.map(({ POSITION }) => POSITION)).toEqual(["boss", "", "clerk", ""]);
  expect(run.code).toBe(0);
});

slow("T7: the filter of the manual keeps one kind, without a crash on the others", async () => {
  const { records, run, counts } = await posted(
    'recordfilter:\n    return record.asset_type == "computer"',
  );
  expect(records.map(({ BARCODE }) => BARCODE)).toEqual(["A1", "A3"]);
  expect(counts).toMatchObject({ fetched: 4, filtered: 2, sent: 2, failed: 0 });
  expect(run.code).toBe(0);
});

slow(
  "T8: a converter that throws gives null, is logged once with a count, and the record goes on",
  async () => {
    for (
      const body of [
        '    if value == "boss":\n        raise ValueError("no bosses")\n    return value.upper()',
        '    // language: javascript\n    if (value === "boss") throw new Error("no bosses"); return value.toUpperCase();',
      ]
    ) {
      const { records, run } = await posted(
        `mapping.POSITION = {"source": "position", "converter": "shout"}\n[converters]\nshout:\n${body}`,
      );
      expect(records.map(({ POSITION }) => POSITION)).toEqual([null, "", "CLERK", ""]);
      expect(run.stderr.match(/WARNING .*no bosses/g)).toHaveLength(1);
      expect(run.code).toBe(0);
    }
  },
);

slow("a filter that throws fails its record with the reason and goes on", async () => {
  const { records, run, counts } = await posted(
    'recordfilter:\n    if record.tag == "A3":\n        raise KeyError("no type")\n    return True',
  );
  expect(records.map(({ BARCODE }) => BARCODE)).toEqual(["A1", "A2", "A4"]);
  expect(counts).toMatchObject({ fetched: 4, sent: 3, failed: 1 });
  expect(run.stderr).toMatch(/Lost A3: .*no type/);
  expect(run.code).toBe(3);
});

slow("code that runs away fails its record alone, within its deadline", async () => {
  const { records, run, counts } = await posted(
    `mapping.POSITION = {"source": "position", "converter": "spin"}
[converters]
spin:
    while value == "boss":
        pass
    return value`,
  );
  expect(records.map(({ BARCODE }) => BARCODE).sort()).toEqual(["A2", "A3", "A4"]);
  expect(counts).toMatchObject({ sent: 3, failed: 1 });
  expect(run.stderr).toMatch(/Lost A1: .*100 ms/);
  expect(run.code).toBe(3);
});

test("a syntax error ends the start, naming section, option, line and column; nothing is read", async () => {
  const { run, requests } = await posted(
    `mapping.POSITION = {"source": "position", "converter": "bad"}
[converters]
bad:
    if value:
        return value +
`,
  );
  expect(run.code).toBe(1);
  expect(run.stderr).toMatch(/config\.ini:14 \[converters\] bad: .*column \d+/);
  expect(requests.some(({ path }) => path.includes("/bulk"))).toBe(false);
});

slow("custom converters win over built-in ones, take parameters and call others", async () => {
  const { records } = await posted(
    `mapping.A = {"source": "position", "converter": "capitalize"}
mapping.B = {"source": "position", "converter": "tagged:prefix=x-|loud"}
[converters]
capitalize:
    return "mine"
tagged:
    first = converter(record, "first_field", fields="position,tag")
    return "%s%s%s" % (params["prefix"], first, "!" if params.get("loud") else "")`,
  );
  expect(records.map(({ A }) => A)).toEqual(["mine", "mine", "mine", "mine"]);
  expect(records.map(({ B }) => B)).toEqual(["x-boss!", "x-A2!", "x-clerk!", "x-A4!"]);
});
