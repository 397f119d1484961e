/**
 * Runs of the compiled binary against servers and files that mean harm.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import type { SectionReport } from "../../src/sync/report.ts";
import { binaryPath } from "../support/binary.ts";
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
  /** The most memory that the agent had at once, in megabytes. */
  readonly peak: number;
}

/** How a run is to be. */
export interface HostileOptions {
  readonly words?: readonly string[];
  /** Files beside the configuration, by name. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  readonly instance?: RecorderOptions;
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

function peakOf(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0; // It has ended.
  }
}

/** Uploads the only section of a configuration. */
export async function uploadHostile(
  section: string,
  { words = [], files = {}, instance: options = {} }: HostileOptions = {},
): Promise<HostileRun> {
  const program = await binaryPath();
  await using instance = record(options);
  using place = workspace();
  for (const [name, content] of Object.entries(files)) place.write(name, content);
  place.write("config.ini", oomnitzaSection(instance) + section);
  const [, name = ""] = /^\[(.*)\]$/m.exec(section) ?? [];
  const command = ["upload", name, "--singleton", "0", "--output", "json", ...words];
  const child = Bun.spawn([program, ...command], {
    cwd: place.folder,
    env: process.env,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: 60_000,
  });
  let peak = 0;
  const watch = setInterval(() => peak = Math.max(peak, peakOf(child.pid)), 10);
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  clearInterval(watch);
  const records = instance.uploads()
    .filter(({ path }) => path === "/api/v3/bulk")
    .flatMap(({ body }) => JSON.parse(body).records as Record<string, unknown>[]);
  const report = stdout.slice(stdout.lastIndexOf('\n{\n  "report"') + 1);
  return { code, stdout, stderr, section: JSON.parse(report).sections[0], records, peak };
}

/** What `agent check` says about the only section, with few attempts. */
export async function checkHostile(section: string, words: readonly string[] = []) {
  await using instance = record();
  using place = workspace();
  place.write("config.ini", oomnitzaSection(instance) + section);
  const [, name = ""] = /^\[(.*)\]$/m.exec(section) ?? [];
  const run = await place.agent(["check", name, ...words], { timeoutMs: 60_000 });
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
