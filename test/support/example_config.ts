/**
 * Configurations that pages and examples show, checked as `agent check --file-only` checks them.
 *
 * @module
 */
import { checkConfig, type Config } from "../../src/config/config.ts";
import { parseIni } from "../../src/config/ini.ts";
import { leavePending } from "../../src/config/resolve.ts";
import { sources } from "../../src/sources/mod.ts";

/** Checks the text of a configuration; its references stay unresolved. */
export function checkExample(text: string): Config {
  const document = parseIni(text, "config.ini");
  return checkConfig(leavePending(document, { sources, env: {} }), {
    sources,
    env: { AGENT_PASSWORD: "x" },
    directory: "/",
  });
}
