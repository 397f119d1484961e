/**
 * A folder of its own for a test that drives the agent: configuration, data and runs.
 *
 * @module
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { runAgent, type RunningAgent, startAgent, type StartOptions } from "./agent.ts";
import { runBinary, type RunOptions, type RunResult } from "./binary.ts";

/** A folder with helpers to fill it and to run the agent in it. */
export interface Workspace {
  readonly folder: string;
  /** Writes a file and gives its absolute path. */
  write(name: string, content: string | Uint8Array): string;
  read(name: string): string;
  has(name: string): boolean;
  /** Runs the agent in the folder, beside other uploads by default. */
  agent(words: readonly string[], options?: Omit<RunOptions, "program">): Promise<RunResult>;
  /** Starts the agent in the folder, for tests that end it or look at it while it works. */
  start(words: readonly string[], options?: StartOptions): Promise<RunningAgent>;
  /** As `agent`, with the compiled program, for what needs a process of its own. */
  binary(words: readonly string[], options?: RunOptions): Promise<RunResult>;
  [Symbol.dispose](): void;
}

/** Creates an empty workspace, removed at the end of its scope. */
export function workspace(): Workspace {
  const folder = mkdtempSync(join(tmpdir(), "agent-test-"));
  function path(name: string): string {
    return join(folder, name);
  }
  return {
    folder,
    write(name, content) {
      mkdirSync(dirname(path(name)), { recursive: true });
      // As generate-ini does it: the agent warns of a configuration that others can read.
      writeFileSync(path(name), content, name.endsWith(".ini") ? { mode: 0o600 } : {});
      return path(name);
    },
    read: (name) => readFileSync(path(name), "utf8"),
    has: (name) => existsSync(path(name)),
    agent: (words, options) => runAgent(besideOthers(words), { cwd: folder, ...options }),
    start: (words, options) => startAgent(besideOthers(words), { cwd: folder, ...options }),
    binary: (words, options) => runBinary(besideOthers(words), { cwd: folder, ...options }),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Only one upload at a time is usual on a machine; tests run beside each other. */
function besideOthers(words: readonly string[]): readonly string[] {
  const isUpload = words[0] === "upload" && !words.some((word) => word.startsWith("--singleton"));
  return isUpload ? [...words, "--singleton", "0"] : words;
}

/** `[oomnitza]` for an instance. */
export function oomnitzaSection(
  instance: { readonly url: string; readonly token: string },
  extra = "",
): string {
  return `[oomnitza]\nurl = ${instance.url}\napi_token = ${instance.token}\n${extra}\n`;
}

/** A section that uploads the column `tag` of assets.csv. */
export const tagsOnly = `[csv_assets]
enable = True
filename = assets.csv
sync_field = BARCODE
mapping.BARCODE = tag
`;
