/**
 * The corpora of user code through the compiled program: what it gives is what the source gives, which
 * the tests of the sandbox hold against CPython and against JavaScript itself.
 *
 * @module
 */
import { expect } from "bun:test";
import { join } from "node:path";
import { createLog } from "../../src/logging/log.ts";
import { createRedactor } from "../../src/base/redact.ts";
import { createSandbox, defaultLimits, prepareUserCode } from "../../src/sandbox/mod.ts";
import { computer, javaScriptBodies } from "../sandbox/javascript_bodies.ts";
import { readCorpus } from "../support/corpus.ts";
import { slow } from "../support/slow.ts";
import { tagsOnly, workspace } from "../support/workspace.ts";

/** A body and the records that it is run on; `__value` of each is the value that a converter gets. */
interface Case {
  readonly title: string;
  readonly kind: "converter" | "filter";
  readonly body: string;
  readonly params: Readonly<Record<string, string | true>>;
  readonly records: readonly Readonly<Record<string, unknown>>[];
}

/** A body of Python in the corpus of its engine, with what each run of it is given. */
interface PythonCase {
  readonly name: string;
  readonly kind: string;
  readonly version: number;
  readonly body: string;
  readonly inputs: readonly {
    readonly value?: unknown;
    readonly record?: Readonly<Record<string, unknown>>;
    readonly params?: Readonly<Record<string, unknown>>;
  }[];
}

/** Whether a call in a mapping can say these parameters. */
function isSayable(params: object): params is Record<string, string | true> {
  return Object.entries(params).every(([key, value]) =>
    !/[|=:]/.test(key) && (value === true || (typeof value === "string" && !value.includes("|")))
  );
}

const corpus = readCorpus<readonly PythonCase[]>(
  join(import.meta.dir, "../python/corpus.json"),
);

const python: readonly Case[] = corpus.flatMap(({ name, kind, version, body, inputs }) =>
  inputs.filter(({ params }) => isSayable(params ?? {})).map((input, index) => ({
    title: `${name} ${index}`,
    kind: kind === "filter" ? "filter" as const : "converter" as const,
    body: `  # language: python${version}\n${body.replace(/^\n/, "")}`,
    params: (input.params ?? {}) as Record<string, string | true>,
    records: [{ ...input.record, __value: input.value }],
  }))
);

const javaScript: readonly Case[] = javaScriptBodies
  .filter(({ params = {} }) => isSayable(params))
  .map(({ title, body, value, params = {}, record = computer }) => ({
    title,
    kind: "converter",
    body: `  // language: javascript\n${body.split("\n").map((line) => `  ${line}`).join("\n")}`,
    params,
    records: [{ ...(record as object), __value: value ?? null }],
  }));

const log = createLog("corpus", createRedactor(), []);

/** What the sandbox gives when it runs from source; nothing for a body that it refuses. */
async function fromSource({ kind, body, params, records }: Case): Promise<unknown> {
  const space = { section: "converters", option: "c", file: "config.ini", line: 1 };
  const { programs, findings } = prepareUserCode([{ kind, name: "c", body, ...space }]);
  if (findings.length > 0) return undefined;
  const isFilter = kind === "filter";
  const sandbox = await createSandbox({
    programs: isFilter ? [] : programs,
    filter: isFilter ? programs[0] : undefined,
    calls: isFilter ? [] : [{ converter: "c", field: "__value", params }],
    limits: defaultLimits,
    log,
  });
  const outcomes = await sandbox.run(
    records.map((record) => ({ record, values: isFilter ? [] : [record.__value] })),
  );
  await sandbox.close();
  return outcomes.map((outcome) => {
    if ("failed" in outcome) return { failed: outcome.failed };
    if (isFilter) return { kept: outcome.keep };
    return { result: outcome.keep ? outcome.results[0] : null };
  });
}

/** What the compiled program gives. */
async function fromBinary({ kind, body, params, records }: Case): Promise<unknown> {
  using space = workspace();
  space.write("records.json", JSON.stringify(records));
  const text = body.split("\n").map((line) => line.trim() === "" ? "  #" : line).join("\n");
  const head = "[oomnitza]\nurl = http://127.0.0.1:9\napi_token = none-needed\n\n";
  const code = kind === "filter" ? `recordfilter:\n${text}\n` : `\n[converters]\nc:\n${text}\n`;
  space.write("config.ini", head + tagsOnly + code);
  const said = Object.entries(params).map(([key, value]) =>
    value === true ? key : `${key}=${value}`
  );
  const call = said.length === 0 ? "c" : `c:${said.join("|")}`;
  const name = kind === "filter" ? "csv_assets" : call;
  const words = [
    "try",
    name,
    "--record",
    "records.json",
    "--source",
    "__value",
    "--output",
    "json",
  ];
  const run = await space.agent(words, { timeoutMs: 60_000 });
  return run.stdout === "" ? undefined : JSON.parse(run.stdout).records;
}

/** Of all cases one in so many is tried, unless the variable `WHOLE_CORPUS` is set: all take six minutes. */
const sample = 20;

/** Whether a body survives being indented in an ini, and does not read the clock. */
function isWritable({ title, body }: Case): boolean {
  return !/^ *$/m.test(body.slice(0, -1)) && !/"""|'''/.test(body) &&
    title !== "the time of the run";
}

slow("the compiled program gives for both corpora what the source gives", async () => {
  const sayable = [...python, ...javaScript].filter(isWritable);
  expect(sayable.length).toBeGreaterThan(200);
  const cases = process.env.WHOLE_CORPUS === undefined
    ? sayable.filter((_, index) => index % sample === 0)
    : sayable;
  const wrong: unknown[] = [];
  let next = 0;
  await Promise.all(Array.from({ length: 4 }, async () => {
    for (let one = cases[next++]; one !== undefined; one = cases[next++]) {
      const [wanted, found] = await Promise.all([fromSource(one), fromBinary(one)]);
      if (!Bun.deepEquals(wanted, found)) wrong.push({ title: one.title, wanted, found });
    }
  }));
  expect(wrong).toEqual([]);
}, 400_000);
