/**
 * The examples of deployments, and what the agent says about itself that they have to fit.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { commands } from "../../src/cli/commands.ts";
import { parseLine } from "../../src/cli/parse.ts";
import { getOption, parseIni } from "../../src/config/ini.ts";
import { serveOptions } from "../../src/settings/serve_options.ts";

/** Where the examples are. */
export const folder = join(import.meta.dir, "../../deploy");

/** Reads an example by its path under `deploy`. */
export function readExample(path: string): string {
  return readFileSync(join(folder, path), "utf8");
}

/** What is at a path in something that YAML says: `spec.ports.0.name`. Undefined when there is nothing. */
export function at(yaml: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((value, name) => {
    if (typeof value !== "object" || value === null) return undefined;
    return (value as Readonly<Record<string, unknown>>)[name];
  }, yaml);
}

/** The list at a path; empty when there is none. */
export function listAt(yaml: unknown, path: string): readonly unknown[] {
  const found = at(yaml, path);
  return Array.isArray(found) ? found : [];
}

/** The names of an object at a path, sorted; none when there is none. */
export function namesAt(yaml: unknown, path: string): string[] {
  const found = at(yaml, path);
  return typeof found === "object" && found !== null ? Object.keys(found).sort() : [];
}

/** The value of an option as it is written in a configuration. */
export function written(ini: string, section: string, option: string): string | undefined {
  return getOption(parseIni(ini, "config.ini"), section, option)?.value;
}

/** Seconds that `agent serve` may take to end, by the `[serve]` of a configuration. */
export function secondsToEnd(ini: string): { readonly delay: number; readonly all: number } {
  const seconds = (name: "drain_delay" | "drain_seconds") =>
    Number(written(ini, "serve", name) ?? serveOptions[name].default);
  return { delay: seconds("drain_delay"), all: seconds("drain_delay") + seconds("drain_seconds") };
}

/** What the references of a configuration with a beginning go on with: of `file:/run/secrets/` the names. */
export function referenced(ini: string, beginning: string): string[] {
  const found = ini.split(`\${${beginning}`).slice(1).map((rest) => rest.split("}", 1)[0] ?? "");
  return [...new Set(found)].sort();
}

/** The port and files that a command line of `agent serve` names; fails when it would not be understood. */
export function serveLine(words: readonly string[]) {
  const { command, flags, global } = parseLine(words, commands);
  if (command?.name !== "serve") throw new Error(`${words.join(" ")} is not agent serve`);
  return { host: flags.host, port: flags.port, ini: global.ini, state: global.state };
}
