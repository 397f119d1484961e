/**
 * `bun bench/sandbox.ts [records]`: user code on records of 60 nested fields, in the sandbox and natively.
 *
 * The native figure is the same work by plain functions of the host, on the same batches, without any
 * sandbox: no copy, no limits, no safety.
 *
 * @module
 */
import type { Log } from "../src/logging/log.ts";
import {
  createSandbox,
  defaultLimits,
  prepareUserCode,
  type SandboxInput,
  type UserCodeSource,
} from "../src/sandbox/mod.ts";
import { median } from "./figures.ts";

const count = Number(process.argv[2]) || 100_000;
const batchSize = 500;
const rounds = 3;

interface Computer {
  readonly id: number;
  readonly general: Readonly<Record<string, string | number>>;
  readonly [group: string]: unknown;
}

/** What is run: user code by name, and the same as host functions. */
interface Case {
  readonly title: string;
  readonly filter?: string;
  readonly converters: Readonly<Record<string, string>>;
  readonly native: (record: Computer) => unknown;
  /** Records a second that are asked for. */
  readonly target?: number;
}

const quiet: Log = {
  debug() {},
  info() {},
  warning(message) {
    throw new Error(message);
  },
  error(message) {
    throw new Error(message);
  },
  write() {},
  named: () => quiet,
};

function makeRecord(id: number): Computer {
  const record: Record<string, unknown> = { id };
  for (const group of ["hardware", "purchasing", "location", "network", "security"]) {
    record[group] = Object.fromEntries(
      Array.from({ length: 10 }, (_, field) => [`field_${field}`, `${group} ${field} of ${id}`]),
    );
  }
  const general = {
    name: `host-${id}`,
    serial_number: `C02${id}`,
    platform: id % 3 === 0 ? "Windows" : "Mac",
    asset_tag: `T-${id}`,
    site: `Site ${id % 40}`,
    last_contact: "2019-01-02T03:04:05Z",
    owner: `user${id % 5000}@example.com`,
    state: id % 10 === 0 ? "retired" : "in use",
  };
  return { ...record, id, general };
}

function label(name: string, serial: string, platform: string): string {
  const short = name.trim().split("-").slice(-1)[0] ?? "";
  return `${platform.toUpperCase()}:${short.padStart(8, "0")}:${serial.toLowerCase()}`;
}

const script = `
  const { name, serial_number: serial, platform } = record.general;
  const short = name.trim().split("-").at(-1);
  return \`\${platform.toUpperCase()}:\${short.padStart(8, "0")}:\${serial.toLowerCase()}\`;`;

const python = `
  general = record.get("general", {})
  short = general.get("name", "").strip().split("-")[-1]
  return "%s:%s:%s" % (general["platform"].upper(), short.zfill(8), general["serial_number"].lower())`;

const cases: readonly Case[] = [
  { title: "no user code", converters: {}, native: () => null },
  {
    title: "one JavaScript converter",
    converters: { label: script },
    native: ({ general: g }) => label(`${g["name"]}`, `${g["serial_number"]}`, `${g["platform"]}`),
    target: 15_000,
  },
  {
    title: "one Python converter",
    converters: { label: python },
    native: ({ general: g }) => label(`${g["name"]}`, `${g["serial_number"]}`, `${g["platform"]}`),
    target: 8000,
  },
  {
    title: "filter and three converters",
    filter: '\n  return record.general.state !== "retired";',
    converters: {
      label: script,
      owner: '\n  return record.get("general").get("owner").split("@")[0]',
      site: "\n  return Number(value.replace(/\\D+/g, ''));",
    },
    native: ({ general: g }) =>
      g["state"] === "retired" ? false : [
        label(`${g["name"]}`, `${g["serial_number"]}`, `${g["platform"]}`),
        `${g["owner"]}`.split("@")[0],
        Number(`${g["site"]}`.replace(/\D+/g, "")),
      ],
  },
  {
    title: "one JavaScript converter that may read everything",
    converters: {
      fields: "\n  return Object.keys(record).length + record.general.name.length;",
    },
    native: (record) => Object.keys(record).length + `${record.general["name"]}`.length,
  },
];

function source(kind: "converter" | "filter", name: string, body: string): UserCodeSource {
  return { kind, name, section: "bench", option: name, body, file: "config.ini", line: 1 };
}

/** Records a second through the sandbox; without user code there is none. */
async function throughSandbox(chosen: Case, batches: readonly (readonly Computer[])[]) {
  const names = Object.keys(chosen.converters);
  const { programs, findings } = prepareUserCode([
    ...names.map((name) => source("converter", name, chosen.converters[name] ?? "")),
    ...(chosen.filter === undefined ? [] : [source("filter", "bench", chosen.filter)]),
  ]);
  if (findings.length > 0) throw new Error(findings.map(({ message }) => message).join("\n"));
  const sandbox = await createSandbox({
    programs,
    calls: names.map((converter) => ({ converter, field: "general.site", params: {} })),
    filter: programs.find(({ source }) => source.kind === "filter"),
    limits: defaultLimits,
    log: quiet,
  });
  const begun = performance.now();
  let pending: Promise<unknown> = Promise.resolve();
  for (const batch of batches) {
    const inputs: SandboxInput[] = batch.map((record) => {
      return { record, values: names.map(() => record.general["site"]) };
    });
    const next = sandbox.run(inputs);
    await pending;
    pending = next;
  }
  await pending;
  const seconds = (performance.now() - begun) / 1000;
  await sandbox.close();
  return count / seconds;
}

function natively({ native }: Case, batches: readonly (readonly Computer[])[]): number {
  const begun = performance.now();
  let kept = 0;
  for (const batch of batches) {
    kept += batch.map(native).filter((result) => result !== false).length;
  }
  if (kept === 0) throw new Error("Nothing was kept");
  return count / ((performance.now() - begun) / 1000);
}

async function measure(chosen: Case, batches: readonly (readonly Computer[])[]): Promise<void> {
  const sandboxed: number[] = [];
  const native: number[] = [];
  for (let round = 0; round < rounds; round++) {
    native.push(natively(chosen, batches));
    const isEmpty = Object.keys(chosen.converters).length === 0;
    sandboxed.push(isEmpty ? native[round] ?? 0 : await throughSandbox(chosen, batches));
  }
  const [rate, reference] = [median(sandboxed), median(native)];
  const wanted = chosen.target === undefined
    ? ""
    : `, wanted ${chosen.target.toLocaleString("en")}`;
  console.log(
    `${chosen.title}: ${Math.round(rate).toLocaleString("en")} records/s, native ${
      Math.round(reference).toLocaleString("en")
    } (${(reference / rate).toFixed(1)} times as fast)${wanted}`,
  );
}

const batches = Array.from({ length: Math.ceil(count / batchSize) }, (_, batch) => {
  const size = Math.min(batchSize, count - batch * batchSize);
  return Array.from({ length: size }, (_, index) => makeRecord(batch * batchSize + index));
});
for (const chosen of cases) await measure(chosen, batches);
