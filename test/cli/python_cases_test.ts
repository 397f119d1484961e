/**
 * Bodies that failed in the field, through the compiled program: each field has its right value.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { binaryPath } from "../support/binary.ts";
import { record } from "../support/recorder.ts";
import { oomnitzaSection, workspace } from "../support/workspace.ts";
import { slow } from "../support/slow.ts";

await binaryPath();

interface Ran {
  readonly code: number;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly log: string;
}

/** What would be sent for a CSV file under some mappings and code. */
async function run(csv: string, section: string, converters: string, oomnitza = ""): Promise<Ran> {
  await using instance = record();
  using space = workspace();
  space.write("a.csv", csv);
  space.write(
    "config.ini",
    `${oomnitzaSection(instance, `api_version = v2\n${oomnitza}`)}
[csv_assets]
enable = True
use_server_map = False
filename = a.csv
sync_field = SERIAL
mapping.SERIAL = serial
${section}

[converters]
${converters}
`,
  );
  const result = await space.agent(["upload", "csv_assets", "--testmode", "--no-state"]);
  const rows = JSON.parse(`[${result.stdout.trim().replaceAll("\n}\n{", "\n},\n{")}]`);
  return {
    code: result.code,
    rows: rows.map(({ computers }: { computers: unknown }) => computers),
    log: result.stderr,
  };
}

const mapping = (field: string, source: string, converter: string) =>
  `mapping.${field} = {"source": "${source}", "converter": "${converter}"}`;
const people = `serial,name,first,last,groups
A1,Zoë Lee,Zoë,Lee,b;a
A-2-x,Bob Ray,Bob,Ray,c
`;

slow("Python 2 without a mark", async () => {
  const { code, rows } = await run(
    people,
    [
      mapping("NAME_ASCII", "name", "ascii_name"),
      mapping("FIRST_GROUP", "groups", "first_group"),
      mapping("KEYS", "serial", "all_keys"),
    ].join("\n"),
    `ascii_name:
  # accents break the badge printer
  if not value:
    return ""
  clean = value.strip()
  return clean.encode("ascii", "ignore")

first_group:
  parts = map(lambda g: g.strip(), value.split(";"))
  full = filter(lambda g: g != "", parts)
  if len(full) == 0:
    return None
  return full[0].upper()

all_keys:
  names = record.keys()
  names.sort()
  return ", ".join(names)`,
  );
  expect(code).toBe(0);
  expect(rows).toEqual([
    {
      SERIAL: "A1",
      NAME_ASCII: "Zo Lee",
      FIRST_GROUP: "B",
      KEYS: "first, groups, last, name, serial",
    },
    {
      SERIAL: "A-2-x",
      NAME_ASCII: "Bob Ray",
      FIRST_GROUP: "C",
      KEYS: "first, groups, last, name, serial",
    },
  ]);
});

slow("Python whose lines end in semicolons", async () => {
  const { rows, log } = await run(
    people,
    [
      mapping("UP", "name", "up"),
      mapping("TAG", "serial", "tag"),
      mapping("FULL", "serial", "full"),
    ]
      .join("\n"),
    `up:
  return value.upper();

tag:
  return value.replace("-", "");

full:
  return record["first"] + " " + record["middle"];`,
  );
  expect(rows[1]).toEqual({ SERIAL: "A-2-x", UP: "BOB RAY", TAG: "A2x", FULL: null });
  expect(log).toContain("KeyError: 'middle'");
});

slow("locals() and __class__", async () => {
  const { rows } = await run(
    people,
    [mapping("FULL", "serial", "full"), mapping("KIND", "serial", "kind")].join("\n"),
    `full:
  first = record["first"]
  last = record["last"]
  return "%(first)s %(last)s" % locals()

kind:
  return value.__class__.__name__`,
  );
  expect(rows[1]).toEqual({ SERIAL: "A-2-x", FULL: "Bob Ray", KIND: "str" });
});

slow("a missing key gives null, never the text None", async () => {
  const { rows } = await run(
    "serial,site,first,last\nA1,BER,Ann,Lee\n",
    [
      mapping("TAG", "serial", "tag"),
      mapping("FULL", "serial", "full"),
      mapping("PRICE", "serial", "price_class"),
    ]
      .join("\n"),
    `tag:
  # site and asset tag, for example BER-0042
  return "%s-%s" % (record["site"], record["asset_tag"])

full:
  return str(record["first"]) + "." + str(record["family_name"])

price_class:
  return "expensive" if record["price"] != "0" else "free"`,
  );
  expect(rows).toEqual([{ SERIAL: "A1", TAG: null, FULL: null, PRICE: null }]);
});

slow("unicodedata and string.maketrans", async () => {
  const { rows } = await run(
    people,
    [mapping("N", "name", "strip_accents"), mapping("M", "name", "old_table")].join("\n"),
    `strip_accents:
  import unicodedata
  text = unicodedata.normalize("NFKD", unicode(value))
  return u"".join([c for c in text if not unicodedata.combining(c)])

old_table:
  import string
  table = string.maketrans("-_", "  ")
  return str(value).translate(table)`,
  );
  expect(rows[0]).toEqual({ SERIAL: "A1", N: "Zoe Lee", M: "Zoë Lee" });
});

slow("str.find() in a filter and in a converter", async () => {
  const { code, rows } = await run(
    "serial,model,mail\nA1,MacBook Pro,ann@x.org\nA2,iMac,bob@x.org\n",
    `${mapping("AT", "mail", "at_sign")}
recordfilter:
  return record["model"].find("Book") >= 0`,
    `at_sign:
  at = value.find("@")
  return at`,
  );
  expect(code).toBe(0);
  expect(rows).toEqual([{ SERIAL: "A1", AT: 3 }]);
});

describe("the version where results differ", () => {
  const half = "half:\n  return [7 / 2, round(2.5)]";
  const field = mapping("HALF", "serial", "half");
  const csv = "serial\nA1\n";

  slow("is 3 with a warning for each line when nothing shows it", async () => {
    const { rows, log } = await run(csv, field, half);
    expect(rows).toEqual([{ SERIAL: "A1", HALF: [3.5, 2] }]);
    expect(log.match(/'\/' is taken as Python 3's/g)).toHaveLength(1);
    expect(log.match(/round\(\) is taken as Python 3's/g)).toHaveLength(1);
  });

  test.each([
    ["python = 2\n", "", [3, 3]],
    ["python = 3\n", "", [3.5, 2]],
    ["", "python = 2", [3, 3]],
    ["python = 3\n", "python = 2", [3.5, 2]],
  ])("follows %j in [converters] and %j in [oomnitza]", async (own, oomnitza, result) => {
    const { rows, log } = await run(csv, field, own + half, oomnitza);
    expect(rows).toEqual([{ SERIAL: "A1", HALF: result }]);
    expect(log).not.toContain("is taken as Python 3's");
  });

  slow("is shown by agent try side by side, and by agent converters with its reason", async () => {
    await using instance = record();
    using space = workspace();
    space.write("record.json", '{"n": 7}');
    const bodies = `${half}\nplain:\n  return record["n"]\nold:\n  return unicode(record["n"])`;
    space.write("config.ini", `${oomnitzaSection(instance)}\n[converters]\n${bodies}\n`);
    const tried = await space.agent(["try", "half", "--record", "record.json"]);
    expect(tried.stdout).toBe("Python 3: [3.5,2]\nPython 2: [3,3]\n");
    const same = await space.agent(["try", "plain", "--record", "record.json"]);
    expect(same.stdout).toBe("7\n");
    const listed = await space.agent(["converters", "--output", "json"]);
    const [first, second, third] = JSON.parse(listed.stdout);
    expect(first).toMatchObject({
      language: "Python 3",
      reason: "nothing in it tells the version",
    });
    expect(second.language).toBe("Python 3");
    expect(third).toMatchObject({ language: "Python 2", reason: "'unicode' in line 12" });
  });
});

test("check names code that was taken for JavaScript, and what is not supported with its line", async () => {
  await using instance = record();
  using space = workspace();
  space.write(
    "config.ini",
    `${oomnitzaSection(instance)}
[csv_assets]
enable = True
filename = a.csv
sync_field = SERIAL
mapping.SERIAL = {"source": "serial", "converter": "up"}

[converters]
up:
  return value.upper();
bad:
  x = 1
  return open(value)
`,
  );
  const checked = await space.agent(["check", "--file-only"]);
  expect(checked.code).not.toBe(0);
  expect(checked.stderr).toContain("the converter up: it is taken as Python");
  expect(checked.stdout).toContain("the built-in 'open' is not supported: code sees its record");
  expect(checked.stdout).toMatch(/config\.ini:\d+/);
});
