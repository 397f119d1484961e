/**
 * Converters that do not exist, that fail for every value, and what `on_error` makes of it.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { parseIni } from "../../src/config/ini.ts";
import { Counters } from "../../src/daemon/counters.ts";
import { Metrics, type MetricsSources } from "../../src/daemon/metrics.ts";
import { renderMetrics } from "../../src/daemon/metrics_page.ts";
import { checkMappingForm, mappingEdits } from "../../src/gui/mapping_edit.ts";
import { startStandIn } from "../support/stand_in/mod.ts";
import { oomnitzaSection, tagsOnly } from "../support/workspace.ts";
import { type Faces, openFaces } from "./support/faces.ts";

const nothingElse: MetricsSources = {
  sections: [],
  scheduled: new Set(),
  lastSuccess: () => undefined,
  inbox: [],
  accepted: 0,
  isReady: () => true,
};

const upload = ["upload", "csv_assets", "--singleton", "0"];

async function withMapping(
  more: string,
  look: (faces: Faces) => Promise<void>,
  csv = "tag,site,more\nA-1,x-y,1\nA-2,z,2\nA-3,,3\n",
): Promise<void> {
  const instance = await startStandIn();
  try {
    using faces = openFaces();
    faces.write("config.ini", `${oomnitzaSection(instance)}${tagsOnly}${more}\n`);
    faces.write("assets.csv", csv);
    await look(faces);
  } finally {
    await instance.stop();
  }
}

function site(converter: string, more = ""): string {
  return `mapping.SITE = {"source": "site", "converter": "${converter}"${more}}`;
}

test.each([
  ["splitt:on=-", 'names the converter "splitt", which does not exist. Did you mean split?'],
  [
    "split: on=-",
    'with the parameter " on", which it does not have; it has on, index. Did you mean on?',
  ],
  [
    "split:on=-|Index=1",
    'with the parameter "Index", which it does not have; it has on, index. Did you mean index?',
  ],
  [
    "concat:value=site",
    'with the parameter "value", which it does not have; it has values. Did you mean values?',
  ],
  [
    "casper_extension_attribute:name=D",
    'with the parameter "name", which it does not have; it has attr, default',
  ],
  ["capitalize:x", 'with the parameter "x", which it does not have; it has none'],
])("%s is an error everywhere", async (call, problem) => {
  await withMapping(site(call), async ({ cli }) => {
    for (const words of [upload, ["plan", "csv_assets"], ["check"]]) {
      const { code, stderr } = await cli(...words);
      expect(stderr, words.join(" ")).toMatch(
        /error: \S+config\.ini:\d+ \[csv_assets\] mapping\.site: /,
      );
      expect(stderr, words.join(" ")).toContain(problem);
      expect(code, words.join(" ")).toBe(1);
    }
    const { code, stdout } = await cli("check", "--file-only");
    expect(stdout).toMatch(
      /^FAILED \[csv_assets\] \S+config\.ini:\d+ \[csv_assets\] mapping\.site: /,
    );
    expect(stdout).toContain(problem);
    expect(code).toBe(3);
  });
});

test("check --file-only compiles every filter and converter, and says what it found", async () => {
  const code =
    "recordfilter:\n  return record['tag'] != ''\n\n[converters]\nunused:\n  return value\n";
  await withMapping(`${site("split:on=-")}\n${code}`, async ({ cli }) => {
    const { code, stdout } = await cli("check", "--file-only");
    expect(stdout).toContain("ok     [converters] 1 converter compiled");
    expect(stdout).toMatch(/ok {5}\[csv_assets\].*1 converter call and a record filter checked/);
    expect(code).toBe(0);
  });
  for (
    const broken of ["recordfilter:\n  return record['tag'", "[converters]\nunused:\n  return ((\n"]
  ) {
    await withMapping(broken, async ({ cli }) => {
      const { code, stdout } = await cli("check", "--file-only");
      expect(stdout).toMatch(/^FAILED \[\w+\] \S+config\.ini:\d+ \[/m);
      expect(code).toBe(3);
    });
  }
});

test("failures are in the text and the JSON report, by converter and field", async () => {
  await withMapping(site("split:on=-|index=1"), async ({ cli }) => {
    const text = await cli(...upload);
    expect(text.stdout).toContain(
      "Converter split of SITE failed 1 of 2 times: the text has no part 1",
    );
    expect(text.code).toBe(0);
    const { stdout } = await cli(...upload, "--output", "json");
    const metrics = new Metrics();
    metrics.report(JSON.parse(stdout).sections[0]);
    metrics.report(JSON.parse(stdout).sections[0]);
    expect(
      await renderMetrics(
        { counters: new Counters() },
        [{ metrics, sources: nothingElse }],
      ),
    ).toContain(
      'agent_converter_failures_total{section="csv_assets",converter="split"} 2\n',
    );
    expect(JSON.parse(stdout).sections[0].converter_failures).toEqual([
      { converter: "split", field: "SITE", failed: 1, tried: 2, reason: "the text has no part 1" },
    ]);
  });
});

test.each([site("split:on=-|index=9"), `${site("own")}\n[converters]\nown:\n  return 1 / 0\n`])(
  "a converter that fails for every value fails the section: %s",
  async (mapping) => {
    await withMapping(mapping, async ({ cli }) => {
      for (const words of [upload, ["plan", "csv_assets"]]) {
        const { code, stdout } = await cli(...words);
        expect(stdout).toMatch(/Converter (split|own) of SITE failed for all [23] values: /);
        expect(code).toBe(3);
      }
    });
  },
);

/** The fields SITE that would be sent, by tag. */
async function sent({ cli }: Faces): Promise<Record<string, unknown>> {
  const { stdout } = await cli(...upload, "--testmode");
  const shown = stdout.trim().split(/\n(?=\{)/).map((text) => JSON.parse(text).records[0]);
  return Object.fromEntries(shown.map((record) => [record.BARCODE, record.SITE]));
}

const python = "\n[converters]\nown:\n  if value == 'z': raise ValueError('odd')\n  return value\n";

test.each([
  ["split:on=-|index=1", "", { "A-1": "y", "A-2": "z", "A-3": "" }],
  ["own", "null", { "A-1": "x-y", "A-2": null, "A-3": "" }],
  ["split:on=-|index=1", "keep", { "A-1": "y", "A-2": undefined, "A-3": "" }],
  ["own", "keep", { "A-1": "x-y", "A-2": undefined, "A-3": "" }],
  ["split:on=-|index=1", "skip", { "A-1": "y", "A-3": "" }],
  ["own", "skip", { "A-1": "x-y", "A-3": "" }],
])("%s with on_error = %p", async (call, onError, expected) => {
  const [ofSection, ofMapping] = [`on_error = ${onError}\n`, `, "on_error": "${onError}"`];
  await withMapping(ofSection + site(call) + python, async (faces) => {
    expect(await sent(faces)).toEqual(expected);
  });
  if (onError === "") return;
  await withMapping(site(call, ofMapping) + python, async (faces) => {
    expect(await sent(faces)).toEqual(expected);
  });
});

test.each(["split:on=-|index=1", "own"])(
  "%s with on_error = fail ends the section",
  async (call) => {
    await withMapping(site(call, ', "on_error": "fail"') + python, async ({ cli }) => {
      const { code, stdout } = await cli(...upload);
      expect(stdout).toMatch(/csv_assets: failed: .*1 failed/);
      expect(stdout).toContain(`Stopped at A-2: converter ${call.split(":", 1)[0]} of SITE`);
      expect(code).toBe(3);
    });
  },
);

test("an on_error that is not one is an error", async () => {
  await withMapping(site("split", ', "on_error": "ignore"'), async ({ cli }) => {
    const { stderr } = await cli("check", "--file-only");
    expect(stderr).toContain("has an on_error that is not one of: null, keep, skip, fail");
  });
});

test("a mapping that is edited in the GUI keeps its on_error", () => {
  const text = site("split:on=-", ', "on_error": "keep"');
  const section = parseIni(`[csv_assets]\n${text}\n`, "config.ini").byName.get("csv_assets");
  const form = {
    field: "SITE",
    from: "source" as const,
    value: "site",
    converter: "capitalize",
    isRequired: false,
  };
  expect(mappingEdits("csv_assets", section, form)).toMatchObject([
    { value: '{"source": "site", "converter": "capitalize", "on_error": "keep"}' },
  ]);
  const faults = checkMappingForm({ ...form, converter: "split:of=-" }, new Set());
  expect(faults.map(({ text }) => text).join()).toContain('with the parameter "of"');
});
