/**
 * Names that every object of JavaScript answers to, as keys and values in whatever is read.
 *
 * @module
 */
import { afterAll, describe, expect, test } from "bun:test";
import { parseIni } from "../../src/config/ini.ts";
import { checkConfig } from "../../src/config/config.ts";
import { buildShape, toRecord } from "../../src/sdk/ldap/values.ts";
import { sqlRows } from "../../src/sdk/sql/rows.ts";
import { sources } from "../../src/sources/mod.ts";
import { columnsOf, connect } from "../support/tds/reader.ts";
import { startTdsServer } from "../support/tds/server.ts";
import { answering, peopleFrom, person, uploadHostile } from "./hostile_run.ts";

const names = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "__defineGetter__",
];
const born = JSON.stringify(Object.getOwnPropertyNames(Object.prototype).sort());

afterAll(() => {
  expect(JSON.stringify(Object.getOwnPropertyNames(Object.prototype).sort())).toBe(born);
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});

describe("the configuration", () => {
  const head = "[oomnitza]\nurl = https://example.com\napi_token = abcdef\n";
  const around = { sources, env: process.env, directory: "/" };

  test.each(names)("%s as section, option, mapping, setting, converter and parameter", (name) => {
    const alone = checkConfig(parseIni(`${head}[${name}]\nenable = True\n`, "f"), around);
    expect(alone.sections).toEqual([]);
    expect(alone.findings.map(({ severity }) => severity)).toContain("error");
    const text = `${head}${name} = 1\n[csv_assets]\nenable = True\nfilename = x\nsync_field = A\n` +
      `${name} = 2\nmapping.A = ${name}.${name}\nmapping.${name} = ${name}\n` +
      `mapping.B = {"setting": "${name}"}\nmapping.C = {"source": "x", "converter": "${name}"}\n` +
      `mapping.D = {"source": "x", "converter": "split:${name}=1|on=,"}\n` +
      `mapping.E = {"source": "x", "${name}": 1}\n[converters]\n${name}: return 1\n`;
    const plan = checkConfig(parseIni(text, "f"), around);
    expect(plan.sections.map((section) => section.name)).toEqual(["csv_assets"]);
  });

  test("as the value of every option of every source", () => {
    const common = ["env_password", "proxy", "ssl_protocol", "vault_backend", "recordfilter"];
    for (const source of sources) {
      for (const key of [...Object.keys(source.options), ...common]) {
        for (const name of names) {
          const text = `${head}[${source.name}]\nenable = True\n${key} = ${name}\n`;
          const { sections } = checkConfig(parseIni(text, "f"), around);
          const value = sections[0]?.options[key];
          expect([key, name, typeof value === "function"]).toEqual([key, name, false]);
          expect(value).not.toBe(Object.prototype);
        }
      }
    }
  });
});

/** Mappings of each name, to a field of its own. */
const mappings = names.map((name, index) => `mapping.F${index} = ${name}\n`).join("");

/** What the fields should hold when every name holds its own value. */
const expected = Object.fromEntries(names.map((name, index) => [`F${index}`, `v-${name}`]));

describe("records", () => {
  test("the header of a CSV file", async () => {
    const content = `id,${names.join(",")}\n1,${names.map((name) => `v-${name}`).join(",")}\n2\n`;
    const section = `[csv_assets]\nenable = True\nfilename = a.csv\nsync_field = ID\n` +
      `mapping.ID = id\n${mappings}`;
    const run = await uploadHostile(section, { files: { "a.csv": content } });
    expect(run.code).toBe(0);
    expect(run.records[0]).toMatchObject({ ID: "1", ...expected });
    expect(Object.values(run.records[1] ?? {}).filter((value) => value !== null)).toEqual(["2"]);
  });

  test("keys of JSON, at the top and below, with and without code that looks at the record", async () => {
    const evil = '{"id": "1", "__proto__": {"polluted": "yes"}, "constructor": {"prototype": ' +
      '{"polluted": "yes"}}, "profile": {"login": "a@example.com", "email": "a@example.com", "__proto__": {"polluted": "yes"}}}';
    await using server = answering(() =>
      new Response(`[${evil}]`, { headers: { "Content-Type": "application/json" } })
    );
    const fields = "mapping.A = polluted\nmapping.B = profile.polluted\nmapping.C = toString\n" +
      "mapping.D = profile.constructor.name\nmapping.E = constructor.prototype.polluted\n";
    for (const code of ["", 'recordfilter = return record.polluted !== "yes"\n']) {
      const run = await uploadHostile(peopleFrom(server.url, fields + code));
      expect(run.code).toBe(0);
      expect(run.records).toHaveLength(1);
      expect(run.records[0]).toMatchObject({ A: null, B: null, C: null, D: null, E: "yes" });
    }
  });

  test("fields and paths that Oomnitza maps", async () => {
    await using server = answering(() => Response.json([person(1)]));
    const kept = JSON.parse('{"profile.login": ["__proto__", "constructor"], "__proto__": "X"}');
    const run = await uploadHostile(peopleFrom(server.url), {
      instance: { mappings: { okta: kept, Okta: kept } },
    });
    expect(run.code).toBe(0);
    expect(run.records).toHaveLength(1);
    const { login } = person(1).profile;
    expect(Object.getOwnPropertyDescriptor(run.records[0], "__proto__")?.value).toBe(login);
    expect(Object.getOwnPropertyDescriptor(run.records[0], "constructor")?.value).toBe(login);
  });

  test("columns of SQL", async () => {
    const columns = columnsOf(
      Object.fromEntries(names.map((name) => [name, "nvarchar(40)"])),
    );
    const rows = [names.map((name) => `v-${name}`)];
    await using server = await startTdsServer({ tables: { t: () => ({ columns, rows }) } });
    const connection = await connect(server);
    const [row = {}] = await Array.fromAsync(sqlRows(connection, "select * from t"));
    connection.close();
    expect(Object.entries(row)).toEqual(names.map((name) => [name, `v-${name}`]));
    expect(Object.getPrototypeOf(row)).toBe(Object.prototype);
  });

  test("attributes of a directory", () => {
    const shape = buildShape({ everything: true, paths: ["constructor", "__proto__.x"] }, []);
    const attributes = names.map((type) => ({
      type,
      values: [`v-${type}`],
      parsedBuffers: [Buffer.from(`v-${type}`)],
    }));
    const record = toRecord({ name: "cn=a", attributes } as never, shape);
    for (const name of names) {
      expect(Object.getOwnPropertyDescriptor(record, name)?.value).toBe(`v-${name}`);
    }
    expect(Object.getPrototypeOf(record)).toBe(Object.prototype);
  });
});
