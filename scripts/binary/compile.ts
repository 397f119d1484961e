/**
 * One call that turns the source into one executable for one platform.
 *
 * @module
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { prepareBase } from "./base.ts";
import { signMachO } from "./macho.ts";
import type { Target } from "./targets.ts";

/** The repository. */
export const root: string = fileURLToPath(new URL("../..", import.meta.url).href);

/** The public key that releases are signed with, as minisign writes it; absent while there is none. */
export function releaseKeyFile(): string | undefined {
  const path = join(root, "assets/release.pub");
  return existsSync(path) ? path : undefined;
}

/** What the executable is made of and called. */
export interface CompileOptions {
  readonly target: Target;
  /** Where the executable goes; its file name is embedded, so it decides the checksum too. */
  readonly outfile: string;
  readonly version: string;
  /** Abbreviated git commit. */
  readonly commit: string;
  /** Public key of minisign that `agent upgrade` trusts; without one it trusts none by itself. */
  readonly publicKey?: string | undefined;
  /** Source file to start from, relative to the repository. */
  readonly entry?: string;
  /** Where to write which files went in, as JSON (esbuild's metafile format). */
  readonly metafile?: string;
}

/**
 * Measured one by one: splitting and bytecode keep the start under ten milliseconds, names are kept
 * because error names are read by code, the authorities of the operating system are trusted beside
 * the bundled ones, and the four autoload switches keep files of the working directory out of the
 * program.
 */
const flags = [
  "--compile",
  "--minify",
  "--keep-names",
  "--splitting",
  "--bytecode",
  "--format=esm",
  "--reject-unresolved",
  "--compile-exec-argv=--use-system-ca",
  "--no-compile-autoload-dotenv",
  "--no-compile-autoload-bunfig",
  "--no-compile-autoload-tsconfig",
  "--no-compile-autoload-package-json",
];

/** Compiles the agent; throws with the bundler's own words when it does not build. */
export async function compileAgent(options: CompileOptions): Promise<void> {
  const scratch = join(root, "build");
  mkdirSync(scratch, { recursive: true });
  mkdirSync(dirname(resolve(options.outfile)), { recursive: true });
  const folder = mkdtempSync(join(scratch, "base-"));
  const base = join(folder, `${options.target.base}${options.target.file.slice(-4)}`);
  try {
    const cache = join(scratch, "bases");
    await prepareBase(options.target, base, { version: options.version, cache });
    await runBundler(options, base);
    if (options.target.name.startsWith("darwin")) signMachO(options.outfile);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runBundler(options: CompileOptions, base: string): Promise<void> {
  const command = [
    process.execPath,
    "build",
    ...flags,
    `--target=${options.target.bun}`,
    `--compile-executable-path=${base}`,
    `--outfile=${resolve(options.outfile)}`,
    `--define=AGENT_VERSION=${JSON.stringify(options.version)}`,
    `--define=AGENT_COMMIT=${JSON.stringify(options.commit)}`,
    `--define=AGENT_FILE=${JSON.stringify(options.target.file)}`,
    ...(options.publicKey === undefined
      ? []
      : [`--define=AGENT_PUBLIC_KEY=${JSON.stringify(options.publicKey)}`]),
    ...(options.metafile === undefined ? [] : [`--metafile=${resolve(options.metafile)}`]),
    options.entry ?? "src/cli/main.ts",
  ];
  const build = Bun.spawn(command, { cwd: root, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr] = await Promise.all([
    new Response(build.stdout).text(),
    new Response(build.stderr).text(),
  ]);
  if (await build.exited === 0) return;
  throw new Error(`Could not compile ${options.target.file}.\n${stderr}${stdout}`.trim());
}
