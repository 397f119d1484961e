/**
 * The Bun executables that the agent is compiled onto: fetched by Bun itself, and closed to the
 * environment variables that would let somebody else's code into the finished program.
 *
 * @module
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { addWindowsResources } from "./windows.ts";
import { hostTarget, type Target } from "./targets.ts";

/** A variable that Bun reads, and how its executable spells the name. */
export interface BunVariable {
  readonly name: string;
  /** `closed`: between zero bytes, once. `loose`: anywhere, so often. */
  readonly spelling: "closed" | "loose";
  readonly times: number;
}

/**
 * Variables that Bun reads in every compiled executable, with no build flag against them:
 * `BUN_OPTIONS=--preload x` runs x, `BUN_BE_BUN` turns the agent into a plain Bun, `BUN_INSPECT*`
 * opens a debugger, `BUN_CONFIG_VERBOSE_FETCH` prints every request with its token. See
 * docs/decisions/0002-binary.md.
 */
export const bunVariables: readonly BunVariable[] = [
  { name: "BUN_OPTIONS", spelling: "closed", times: 1 },
  { name: "BUN_BE_BUN", spelling: "closed", times: 1 },
  { name: "BUN_INSPECT", spelling: "closed", times: 1 },
  { name: "BUN_INSPECT_PRELOAD", spelling: "closed", times: 1 },
  { name: "BUN_INSPECT_CONNECT_TO", spelling: "closed", times: 1 },
  { name: "BUN_CONFIG_VERBOSE_FETCH", spelling: "loose", times: 2 },
];

/** No variable name may begin with `=`, so a name that does is never found. */
const unsettable = "=".charCodeAt(0);

/**
 * Writes the executable to compile `target` onto as `outfile`: Bun's own of the running version,
 * with {@linkcode bunVariables} disabled and, on Windows, icon and version added.
 */
export async function prepareBase(
  target: Target,
  outfile: string,
  options: { readonly version: string; readonly cache: string },
): Promise<void> {
  const bytes = readFileSync(await fetchBase(target, options.cache));
  disableBunVariables(bytes);
  const finished = target.name.startsWith("windows")
    ? addWindowsResources(bytes, options.version)
    : bytes;
  writeFileSync(outfile, finished, { mode: 0o755 });
}

/** Disables every variable in place; throws when a name is not there as often as it should be. */
export function disableBunVariables(executable: Uint8Array): void {
  const bytes = Buffer.from(executable.buffer, executable.byteOffset, executable.byteLength);
  for (const { name, spelling, times } of bunVariables) {
    const pattern = Buffer.from(spelling === "closed" ? `\0${name}\0` : name, "latin1");
    const found = [];
    for (let at = bytes.indexOf(pattern); at >= 0; at = bytes.indexOf(pattern, at + 1)) {
      found.push(at + pattern.indexOf(name));
    }
    if (found.length !== times) {
      throw new Error(
        `The Bun executable holds the name ${name} ${found.length} times and not ${times}. ` +
          "Look at how this version of Bun reads it, then fix scripts/binary/base.ts.",
      );
    }
    for (const at of found) bytes[at] = unsettable;
  }
}

/** Path of Bun's executable for `target`; Bun downloads it into `cache` on first use. */
async function fetchBase(target: Target, cache: string): Promise<string> {
  if (isHost(target)) return process.execPath;
  mkdirSync(cache, { recursive: true });
  const path = join(cache, `${target.base}-v${Bun.version}`);
  if (existsSync(path)) return path;
  const probe = join(cache, "probe.ts");
  writeFileSync(probe, "export {};\n");
  const build = Bun.spawn(
    [process.execPath, "build", "--compile", `--target=${target.bun}`, `--outfile=${probe}.out`]
      .concat(probe),
    { env: { ...process.env, BUN_INSTALL_CACHE_DIR: resolve(cache) }, stderr: "pipe" },
  );
  const stderr = await new Response(build.stderr).text();
  if (await build.exited !== 0 || !existsSync(path)) {
    throw new Error(`Bun could not fetch its executable for ${target.name}.\n${stderr.trim()}`);
  }
  return path;
}

function isHost(target: Target): boolean {
  try {
    return hostTarget().name === target.name;
  } catch {
    return false; // a machine we do not ship for can still cross-compile
  }
}
