/**
 * Docs pages of sources: complete, and with an example that runs.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { parseIni } from "../../src/config/ini.ts";
import { checkConfig } from "../../src/config/config.ts";
import { exampleSection, sourcePage } from "../../scripts/docs/source_page.ts";
import { defineSource, opt, type Source, syncField } from "../../src/sdk/mod.ts";
import { sources } from "../../src/sources/mod.ts";
import { applyKind, mergeMappings } from "../../src/transform/mapping.ts";

const oomnitza = "[oomnitza]\nurl = https://example.com\napi_token = x\n";

/** What is wrong with the example of a source, mappings included. */
function listMistakes(source: Source): unknown[] {
  const document = parseIni(oomnitza + exampleSection(source), "config.ini");
  const plan = checkConfig(document, { sources: [source], env: {}, directory: "/" });
  const [section] = plan.sections;
  if (section === undefined) return [...plan.findings, "the section cannot be used"];
  const { builtin, mappings, kind, name, file, line, texts } = section;
  const fields = mergeMappings({ builtin, server: undefined, ini: mappings, converters: {} });
  const checked = applyKind(fields, {
    kind,
    section: name,
    file,
    line,
    syncField: texts.sync_field ?? "",
    defaultPosition: texts.default_position ?? "",
  });
  return [...plan.findings, ...checked.findings];
}

describe("exampleSection()", () => {
  for (const source of sources) {
    test(`can be enabled as it stands for ${source.name}`, () => {
      expect(listMistakes(source)).toEqual([]);
    });
  }

  test("adds options until the rule is content, and maps the sync field from a known field", () => {
    const source = defineSource({
      name: "either",
      title: "Either",
      kind: "assets",
      summary: "Either of two.",
      mappingName: "Either",
      options: {
        first: opt.text("One.", { default: "", example: "one" }),
        second: opt.text("The other.", { default: "", example: "two" }),
        third: opt.text("No example.", { default: "" }),
        sync_field: syncField("SERIAL"),
      },
      mappings: {},
      fields: { "general.serial": "Serial number." },
      rule: ({ first, second }) => (first === "") === (second === "") ? "give one" : undefined,
      async *records() {},
    });
    expect(exampleSection(source)).toBe(
      "[either]\nenable = True\nfirst = one\nsync_field = SERIAL\nmapping.SERIAL = general.serial\n",
    );
    expect(listMistakes(source)).toEqual([]);
  });
});

describe("sourcePage()", () => {
  for (const source of sources) {
    test(`has every option of ${source.name}, and the notes after the generated part`, () => {
      const page = sourcePage(source, "A note.\n");
      expect(page).toContain(`# ${source.title}\n`);
      for (const key of Object.keys(source.options)) expect(page).toContain(`| \`${key}\` |`);
      expect(page).toEndWith("<!-- end of generated -->\n\n## Notes\n\nA note.\n");
    });
  }
});
