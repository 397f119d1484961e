/**
 * Uploads and checks of a site database with the compiled binary.
 *
 * @module
 */
import type { SectionReport } from "../../../src/sync/report.ts";
import type { StartOptions } from "../../support/agent.ts";
import { watchMemory } from "../../support/memory.ts";
import { record, type Recorded } from "../../support/recorder.ts";
import { defaultAccount } from "../../support/tds/server.ts";
import { oomnitzaSection, workspace } from "../../support/workspace.ts";

/** Options of a section, beside `enable`. */
export type SectionOptions = Readonly<Record<string, string>>;

/** What an upload came to. */
export interface SccmUpload {
  readonly code: number;
  readonly stderr: string;
  readonly section: SectionReport;
  /** The records that arrived, in the order of their arrival. */
  readonly records: readonly Record<string, unknown>[];
  /** The most memory that the agent had at once, in bytes. */
  readonly peak: number;
}

/** The options of a section that reads from a port of this computer, which `server` may call PORT. */
export function optionsFor(
  port: number,
  { server = "127.0.0.1,PORT", ...more }: SectionOptions = {},
): SectionOptions {
  return {
    server: server.replace("PORT", String(port)),
    username: defaultAccount.name,
    password: defaultAccount.password,
    encrypt: "False",
    sync_field: "NAME",
    "mapping.NAME": "hardware.computer_name",
    ...more,
  };
}

/** A section of the ini. */
export function section(options: SectionOptions): string {
  const lines = Object.entries(options).map(([key, value]) => `${key} = ${value}`);
  return `[sccm]\nenable = True\n${lines.join("\n")}\n`;
}

/** Mappings of everything under `hardware`, by the name of the value in capitals. */
export function mapAll(keys: readonly string[]): SectionOptions {
  return Object.fromEntries(
    keys.map((key) => [`mapping.${key.toUpperCase()}`, `hardware.${key}`]),
  );
}

function recordsIn({ body }: Recorded): Record<string, unknown>[] {
  return JSON.parse(body).records;
}

/**
 * Uploads a section to its end.
 *
 * @param onRequest Is shown each request to Oomnitza before it is answered.
 * @param start Its memory can only be measured when it has a process of its own.
 */
export async function upload(
  options: SectionOptions,
  words: readonly string[] = [],
  onRequest?: (request: Recorded) => void,
  start: StartOptions = {},
): Promise<SccmUpload> {
  await using instance = record({
    answer: (request) => {
      onRequest?.(request);
      return undefined;
    },
  });
  using space = workspace();
  space.write("config.ini", oomnitzaSection(instance) + section(options));
  const agent = await space.start(["upload", "sccm", "--output", "json", ...words], start);
  const { peakBytes } = watchMemory(agent);
  const code = await agent.ended;
  const [stdout, stderr] = [agent.stdout(), agent.stderr()];
  const report = JSON.parse(stdout === "" ? "{}" : stdout) as {
    readonly sections?: readonly SectionReport[];
  };
  const [only] = report.sections ?? [];
  if (only === undefined) throw new Error(`There is no report of a section.\n${stdout}${stderr}`);
  const records = instance.uploads().filter(({ path }) => path === "/api/v3/bulk").flatMap(
    recordsIn,
  );
  return { code, stderr, section: only, records, peak: peakBytes() };
}

/** Runs `agent check` on a section. */
export async function check(options: SectionOptions) {
  await using instance = record();
  using space = workspace();
  space.write("config.ini", oomnitzaSection(instance) + section(options));
  return await space.agent(["check", "sccm"]);
}
