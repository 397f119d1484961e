/**
 * Runs against servers and files that mean harm.
 *
 * @module
 */
import type { SectionReport } from "../../src/sync/report.ts";
import { watchMemory } from "../support/memory.ts";
import { record, type RecorderOptions } from "../support/recorder.ts";
import { oomnitzaSection, workspace } from "../support/workspace.ts";

/** What a run came to. */
export interface HostileRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The report of the only section. */
  readonly section: SectionReport;
  readonly records: readonly Record<string, unknown>[];
  /** The most memory that the agent had at once, in megabytes; for a run with `ownProcess`. */
  readonly peak: number;
}

/** How a run is to be. */
export interface HostileOptions {
  readonly words?: readonly string[];
  /** Files beside the configuration, by name. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  readonly instance?: RecorderOptions;
  /** Whether its memory is looked at. */
  readonly ownProcess?: boolean;
}

/** A section that reads people from a server that answers like Okta, or does not. */
export function peopleFrom(url: string, extra = ""): string {
  return `[okta]
enable = True
url = ${url}
api_token = 00-canary-token
default_role = 25
default_position = Employee
requests_per_minute = 6000
${extra}
`;
}

/** A person as Okta gives it. */
export function person(index: number, more: Readonly<Record<string, unknown>> = {}) {
  const login = `person${index}@example.com`;
  return { id: `00u${index}`, status: "ACTIVE", profile: { login, email: login, ...more } };
}

/** Uploads the only section of a configuration. */
export async function uploadHostile(
  section: string,
  { words = [], files = {}, instance: options = {}, ownProcess = false }: HostileOptions = {},
): Promise<HostileRun> {
  await using instance = record(options);
  using space = workspace();
  for (const [name, content] of Object.entries(files)) space.write(name, content);
  space.write("config.ini", oomnitzaSection(instance) + section);
  const [, name = ""] = /^\[(.*)\]$/m.exec(section) ?? [];
  const command = ["upload", name, "--output", "json", ...words];
  const agent = await space.start(command, { ownProcess });
  const { peakBytes } = watchMemory(agent);
  const code = await agent.ended;
  const [stdout, stderr] = [agent.stdout(), agent.stderr()];
  const records = instance.uploads()
    .filter(({ path }) => path === "/api/v3/bulk")
    .flatMap(({ body }) => JSON.parse(body).records as Record<string, unknown>[]);
  const report = stdout.slice(stdout.lastIndexOf('\n{\n  "report"') + 1);
  return {
    code,
    stdout,
    stderr,
    section: JSON.parse(report).sections[0],
    records,
    peak: peakBytes() / 2 ** 20,
  };
}

/** What `agent check` says about the only section, with few attempts. */
export async function checkHostile(section: string, words: readonly string[] = []) {
  await using instance = record();
  using space = workspace();
  space.write("config.ini", oomnitzaSection(instance) + section);
  const [, name = ""] = /^\[(.*)\]$/m.exec(section) ?? [];
  const run = await space.agent(["check", name, ...words], { timeoutMs: 60_000 });
  return { ...run, output: run.stdout + run.stderr };
}

/** A request as it came, copied: the server's own object is empty once it is answered. */
export interface Asked {
  readonly url: string;
  readonly headers: Headers;
}

/** A server with one answer to everything. */
export function answering(answer: (request: Request) => Response | Promise<Response>) {
  const asked: Asked[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 60,
    fetch(request) {
      asked.push({ url: request.url, headers: new Headers(request.headers) });
      return answer(request);
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    asked,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}
