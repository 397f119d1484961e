/**
 * The platforms the agent is compiled for, and which of them this machine is.
 *
 * @module
 */

/** One platform: our name for it, Bun's, and the file it becomes. */
export interface Target {
  /** `<os>-<arch>`, as people type it after `--target`. */
  readonly name: string;
  /** What `bun build --target` calls it. */
  readonly bun: string;
  /** How Bun names the base executable of this platform in its cache, without the version. */
  readonly base: string;
  /** File name in dist/. */
  readonly file: string;
}

/** Every platform we ship. */
export const targets: readonly Target[] = [
  target("linux-x64", "bun-linux-x64"),
  target("linux-arm64", "bun-linux-aarch64"),
  target("darwin-x64", "bun-darwin-x64"),
  target("darwin-arm64", "bun-darwin-aarch64"),
  target("windows-x64", "bun-windows-x64"),
];

/** The target called `name`; throws with the known names when there is none. */
export function findTarget(name: string): Target {
  const found = targets.find((target) => target.name === name);
  if (found !== undefined) return found;
  const known = targets.map((target) => target.name).join(", ");
  throw new Error(`There is no target "${name}". Known targets: ${known}.`);
}

/** The platform this script runs on. */
export function hostTarget(): Target {
  const os = process.platform === "win32" ? "windows" : process.platform;
  return findTarget(`${os}-${process.arch}`);
}

function target(name: string, base: string): Target {
  const suffix = name.startsWith("windows") ? ".exe" : "";
  return { name, bun: `bun-${name}`, base, file: `agent-${name}${suffix}` };
}
