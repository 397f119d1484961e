/**
 * A section that is ready to run, made of real parts around a source whose items the test gives.
 *
 * @module
 */
import { converterNames, findConverter } from "../../../converters/mod.ts";
import { Skipped, type SourceRecord } from "../../../src/base/record.ts";
import { createRedactor } from "../../../src/base/redact.ts";
import { checkConfig } from "../../../src/config/config.ts";
import { parseIni } from "../../../src/config/ini.ts";
import { syncField, writeModeOptions } from "../../../src/sdk/field_options.ts";
import { createLog } from "../../../src/logging/log.ts";
import { defineSource, type SourceContext, type SourceItem } from "../../../src/sdk/source.ts";
import { type PreparedSection, prepareSections } from "../../../src/sync/prepare.ts";
import type { ReadSettings } from "../../../src/sync/read/source_context.ts";
import { compileUserCode } from "../../../src/sync/user_code.ts";

/** What a source gives, or how it gives it. */
export type Items =
  | readonly SourceItem[]
  | ((context: SourceContext<Record<string, unknown>>) => AsyncIterable<SourceItem>);

/** A section and the lines that it logs, as `level: message`. */
export interface TestSection {
  readonly prepared: PreparedSection;
  readonly lines: readonly string[];
}

/** The mappings that a section has unless a test says otherwise. */
const tagAndName = "sync_field = TAG\nmapping.TAG = tag\nmapping.NAME = name\n";

async function* give(items: readonly SourceItem[]): AsyncGenerator<SourceItem> {
  yield* items;
}

/** Prepares a section of the source `devices`; `ini` is what it says, `rest` other sections. */
export async function prepareTestSection(
  items: Items,
  { ini = tagAndName, rest = "" }: { readonly ini?: string; readonly rest?: string } = {},
): Promise<TestSection> {
  const source = defineSource({
    name: "devices",
    title: "Devices",
    kind: "assets",
    summary: "Devices of a test.",
    mappingName: "Devices",
    options: { sync_field: syncField(), ...writeModeOptions },
    mappings: {},
    vendorId: "id",
    records: (context) => typeof items === "function" ? items(context) : give(items),
  });
  const lines: string[] = [];
  const log = createLog("test", createRedactor(), [
    ({ level, message }) => lines.push(`${level}: ${message}`),
  ]);
  const own = "[oomnitza]\nurl = http://127.0.0.1\napi_token = x\n";
  const text = `${own}[devices]\nenable = True\nuse_server_map = False\n${ini}\n${rest}`;
  const plan = checkConfig(parseIni(text, "config.ini"), {
    sources: [source],
    env: {},
    directory: "/",
  });
  if (plan.findings.length > 0) throw new Error(JSON.stringify(plan.findings));
  const [prepared] = await prepareSections(plan.sections, {
    oomnitza: { mappings: () => Promise.resolve({}) },
    findConverter,
    converterNames,
    code: await compileUserCode(plan.converters, plan.sections),
    version: "0",
    log,
  });
  if (prepared === undefined) throw new Error("no section");
  return { prepared, lines };
}

/** How the source of a test is read. */
export function readSettings(signal = new AbortController().signal): ReadSettings {
  return { signal, redactor: createRedactor(), workers: 1 };
}

/** So many records with a tag of their own. */
export function tagged(count: number): SourceRecord[] {
  return Array.from({ length: count }, (_, index) => ({ tag: `T${index + 1}`, name: "air" }));
}

/** What an item is, in short: the tag of a record, the identity of one that could not be read. */
export function describeItem(item: SourceRecord | Skipped): string {
  return item instanceof Skipped ? `(${item.identity})` : String(item.tag);
}
