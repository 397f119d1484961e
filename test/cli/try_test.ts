/**
 * `agent converters` and `agent try`.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { workspace } from "../support/workspace.ts";
import { slow } from "../support/slow.ts";

const ini = `[oomnitza]
url = http://127.0.0.1:9
api_token = none-needed

[csv_assets]
enable = True
filename = assets.csv
sync_field = BARCODE
mapping.BARCODE = {"source": "tag", "converter": "split:on=-|index=1"}
mapping.POSITION = {"source": "position", "converter": "shout:mark=!"}
recordfilter:
    return record.asset_type == "computer"

[converters]
shout:
    // language: javascript
    LOG.info("shouting");
    return value.toUpperCase() + params.mark;
plain:
    return "%s" % value
`;

test("converters lists custom and built-in ones, their language and where they are used", async () => {
  using space = workspace();
  space.write("config.ini", ini);
  const run = await space.agent(["converters"]);
  expect(run.code).toBe(0);
  expect(run.stdout).toMatch(
    /^ {2}shout +JavaScript: the first line says so +ini line 15 +csv_assets: POSITION$/m,
  );
  expect(run.stdout).toMatch(
    /^ {2}plain +Python 3: nothing in it tells the version +ini line 19$/m,
  );
  expect(run.stdout).toMatch(/^ {2}split +built-in +csv_assets: BARCODE$/m);
  const json = JSON.parse((await space.agent(["converters", "--output", "json"])).stdout);
  expect(json[0]).toMatchObject({ name: "shout", language: "JavaScript", line: 15, problem: null });
  space.write("config.ini", `${ini}bad:\n    return (\n`);
  const bad = await space.agent(["converters"]);
  expect(bad.code).toBe(1);
  expect(bad.stderr).toMatch(/config\.ini:22 \[converters\] bad/);
});

slow("try runs converters and filters on saved records and shows result and log", async () => {
  using space = workspace();
  space.write("config.ini", ini);
  space.write(
    "one.json",
    JSON.stringify({ tag: "IT-7", position: "boss", asset_type: "computer" }),
  );
  space.write("two.json", JSON.stringify([{ asset_type: "phone" }, { asset_type: "computer" }]));
  const custom = await space.agent([
    "try",
    "shout:mark=?",
    "--record",
    "one.json",
    "--source",
    "position",
  ]);
  expect(custom.stdout).toBe('"BOSS?"\n');
  expect(custom.stderr).toContain("shouting");
  const built = await space.agent([
    "try",
    "split:on=-|index=1",
    "--record",
    "one.json",
    "--source",
    "tag",
  ]);
  expect(built.stdout).toBe('"7"\n');
  const filter = await space.agent(["try", "csv_assets", "--record", "two.json"]);
  expect(filter.stdout).toBe("filtered\nkept\n");
  const unknown = await space.agent(["try", "nosuch", "--record", "one.json"]);
  expect(unknown.code).toBe(2);
  const none = await space.agent(["try", "shout"]);
  expect(none.code).toBe(2);
  expect(none.stderr).toContain("--record");
});

test("without --source, the value is that of the mapping that uses the converter", async () => {
  using space = workspace();
  space.write("config.ini", ini);
  space.write("record.json", '{"tag": "a-b", "position": "boss"}');
  const custom = await space.agent(["try", "shout:mark=!", "--record", "record.json"]);
  expect(custom.stdout).toBe('"BOSS!"\n');
  expect(custom.stderr).toContain("The value is position, as in mapping.POSITION of [csv_assets]");
  const builtin = await space.agent(["try", "split:on=-", "--record", "record.json"]);
  expect(builtin.stdout).toBe('"a"\n');
  const named = await space.agent(["try", "capitalize", "--record", "record.json"]);
  expect(named.stdout).toBe("null\n");
});
