/**
 * Uploads and checks of a directory with the compiled binary.
 *
 * @module
 */
import type { RunOptions } from "../../support/binary.ts";
import { record, type Recorded } from "../../support/recorder.ts";
import { oomnitzaSection, workspace } from "../../support/workspace.ts";
import type { SectionReport } from "../../../src/sync/report.ts";

/** What an upload came to. */
export interface LdapUpload {
  readonly code: number;
  readonly stderr: string;
  readonly section: SectionReport;
  /** The records that arrived. */
  readonly records: readonly Record<string, unknown>[];
}

/** Options of a section, beside `enable`. */
export type SectionOptions = Readonly<Record<string, string>>;

/** A section of the ini. */
export function section(name: string, options: SectionOptions): string {
  const lines = Object.entries(options).map(([key, value]) => `${key} = ${value}`);
  return `[${name}]\nenable = True\n${lines.join("\n")}\n`;
}

/**
 * Uploads a section to its end.
 *
 * @param onRequest Is shown each request to Oomnitza before it is answered.
 * @param env Variables of its environment.
 */
export async function upload(
  name: string,
  options: SectionOptions,
  words: readonly string[] = [],
  onRequest: (request: Recorded) => void | Promise<void> = () => {},
  env: NonNullable<RunOptions["env"]> = {},
): Promise<LdapUpload> {
  await using instance = record({
    answer: async (request) => {
      await onRequest(request);
      return undefined;
    },
  });
  using space = workspace();
  space.write("config.ini", oomnitzaSection(instance) + section(name, options));
  const run = await space.agent(["upload", name, "--output", "json", ...words], {
    timeoutMs: 60_000,
    env,
  });
  const report = JSON.parse(run.stdout);
  if (report.sections[0] === undefined) throw new Error(`Nothing ran: ${run.stdout}`);
  const records = instance.uploads()
    .filter(({ path }) => path === "/api/v3/bulk")
    .flatMap(({ body }) => JSON.parse(body).records as Record<string, unknown>[]);
  return { code: run.code, stderr: run.stderr, section: report.sections[0], records };
}

/** What `agent check` says about a section. */
export async function check(name: string, options: SectionOptions) {
  await using instance = record();
  using space = workspace();
  space.write("config.ini", oomnitzaSection(instance) + section(name, options));
  return await space.agent(["check", name], { timeoutMs: 60_000 });
}
