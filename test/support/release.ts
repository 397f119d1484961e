/**
 * Releases for the tests of `agent upgrade`: folders with programs, sums and signatures, right or wrong.
 *
 * @module
 */
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  formatPublicKey,
  formatSignature,
  newKeyPair,
  parseSecretKey,
  type SecretKey,
} from "../../scripts/binary/minisign_key.ts";
import { hostTarget } from "../../scripts/binary/targets.ts";
import { binaryPath, runBinary, type RunOptions, type RunResult } from "./binary.ts";

/** Name of the program for this machine in a release. */
export const programFile: string = hostTarget().file;

/** A key pair for one test. */
export function testKey(): SecretKey {
  return parseSecretKey(newKeyPair().secret);
}

/** The SHA-256 sum of a file. */
export function sumOf(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

/** A program that says of itself what `agent version` would, and nothing else. */
export function sayingProgram(version: string, commit: string, before = ""): string {
  return `#!/bin/sh\n${before}\nprintf '%s' '${JSON.stringify({ version, commit })}'\n`;
}

/** What a release is to hold. */
export interface ReleaseContent {
  /** Text of the program, or the path of one. */
  readonly program: string;
  readonly version: string;
  readonly commit: string;
  readonly key: SecretKey;
  /** Name of the program in it; this machine's when absent. */
  readonly file?: string;
}

/** Writes a whole, right release into `folder`. */
export function writeRelease(folder: string, content: ReleaseContent): void {
  mkdirSync(folder, { recursive: true });
  const { program, version, commit, file = programFile } = content;
  const target = join(folder, file);
  if (program.startsWith("#!")) writeFileSync(target, program);
  else copyFileSync(program, target);
  writeFileSync(join(folder, "release.json"), JSON.stringify({ version, commit }));
  signFolder(folder, content.key);
}

/** Writes sums and signature for whatever lies in `folder`. */
export function signFolder(folder: string, key: SecretKey): void {
  const files = readdirSync(folder).filter((file) => !file.startsWith("SHA256SUMS"));
  const sums = files.map((file) => `${sumOf(join(folder, file))}  ${file}\n`).join("");
  writeFileSync(join(folder, "SHA256SUMS"), sums);
  const signature = formatSignature(Buffer.from(sums), key, "agent of a test");
  writeFileSync(join(folder, "SHA256SUMS.minisig"), signature);
}

/** The agent as it is installed somewhere, and what an upgrade makes of it. */
export interface Installation {
  readonly folder: string;
  readonly program: string;
  /** Whether the program is the file that it was, unchanged. */
  isUntouched(): boolean;
  /** Names of the files beside the program, and its own. */
  files(): string[];
  agent(words: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** Runs `agent upgrade --from … --public-key …`. */
  upgrade(from: string, key: SecretKey, ...words: readonly string[]): Promise<RunResult>;
  [Symbol.dispose](): void;
}

/** Installs the agent, or another program, as `agent` in an empty folder. */
export async function installation(program?: string): Promise<Installation> {
  const base = mkdtempSync(join(tmpdir(), "agent-installed-"));
  const folder = join(base, "bin");
  mkdirSync(folder);
  for (const path of [base, folder]) chmodSync(path, 0o755);
  const space = join(folder, "agent");
  linkOrCopy(program ?? await binaryPath(), space);
  const before = identityOf(space);
  const agent = (words: readonly string[], options: RunOptions = {}) =>
    runBinary(words, { program: space, cwd: folder, ...options });
  return {
    folder,
    program: space,
    isUntouched: () => identityOf(space) === before,
    files: () => readdirSync(folder).sort(),
    agent,
    async upgrade(from, key, ...words) {
      const file = join(base, "release.pub");
      writeFileSync(file, formatPublicKey(key));
      return await agent(["upgrade", "--from", from, "--public-key", file, ...words]);
    },
    [Symbol.dispose]: () => rmSync(base, { recursive: true, force: true }),
  };
}

/** Quicker than a sum of a hundred megabytes; any writing changes the time. */
function identityOf(path: string): string {
  const { ino, size, mtimeNs } = statSync(path, { bigint: true });
  return `${ino} ${size} ${mtimeNs}`;
}

/** A link is quick, and enough: an upgrade never writes into the file itself. */
function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to); // another file system
  }
}
