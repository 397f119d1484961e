/**
 * `vault_keys`: options whose values a store keeps under the name of the section, as for the Python
 * connector.
 *
 * @module
 */

import { AgentError } from "../base/errors.ts";
import type { Options } from "../sdk/option.ts";
import { stores } from "../secrets/mod.ts";
import type { IniOption, IniSection } from "./ini.ts";
import {
  isMasked,
  maskValue,
  reportOption,
  withoutValue,
  withValue,
  type Work,
} from "./reference_option.ts";

/** The option that a key in a store stands for, at the line of `vault_keys`. */
function optionFor(key: string, vaultKeys: IniOption): IniOption {
  const { line, lastLine } = vaultKeys;
  return { key, rawKey: key, value: "", line, lastLine, lines: [line] };
}

function keysIn(vaultKeys: IniOption | undefined): string[] {
  const words = vaultKeys?.reference === "failed" ? [] : vaultKeys?.value.split(/[\s,]+/) ?? [];
  return [...new Set(words.filter((word) => word !== "").map((word) => word.toLowerCase()))];
}

/** The declared options whose values are in a store, without values. */
export function keysInStore(
  options: ReadonlyMap<string, IniOption>,
  declared: Options,
): IniOption[] {
  const vaultKeys = options.get("vault_keys");
  if (vaultKeys === undefined) return [];
  return keysIn(vaultKeys).filter((key) => Object.hasOwn(declared, key)).map((key) =>
    optionFor(key, vaultKeys)
  );
}

/** Names under which the store may know a section: `vault_alias` wins. */
function listNames(section: IniSection, options: ReadonlyMap<string, IniOption>): string[] {
  const alias = options.get("vault_alias")?.value.trim() ?? "";
  return alias === "" || alias === section.name ? [section.name] : [alias, section.name];
}

/**
 * Fetches what `vault_keys` names. What cannot be had is a finding.
 *
 * @param options the options of the section, references resolved
 */
export async function fetchKeys(
  work: Work,
  section: IniSection,
  options: ReadonlyMap<string, IniOption>,
  declared: Options,
): Promise<IniOption[]> {
  const vaultKeys = options.get("vault_keys");
  if (vaultKeys === undefined) return [];
  for (const key of keysIn(vaultKeys).filter((key) => !Object.hasOwn(declared, key))) {
    const message = `names ${key}, which is not an option of this section`;
    reportOption(work, section, vaultKeys, {
      code: "unknown_option",
      severity: "warning",
      message,
    });
  }
  const backend = options.get("vault_backend")?.value.trim() || "keyring";
  const store = stores.find(({ name, entry }) => name === backend && entry !== undefined);
  const names = listNames(section, options);
  return await Promise.all(
    keysInStore(options, declared).map(async (option) => {
      // That there is no such store is a finding of vault_backend itself.
      if (store === undefined) return withoutValue(option, "failed");
      try {
        if (work.broken.has(backend)) throw new AgentError(`[${backend}] has errors`);
        const value = await work.secrets.entry(store, names, option.key);
        if (isMasked(option.key, declared[option.key])) maskValue(work, section, option.key, value);
        return withValue(option, value);
      } catch (error) {
        if (!(error instanceof AgentError)) throw error;
        const message = `${option.key} cannot be read from ${backend}: ${error.message}`;
        reportOption(work, section, vaultKeys, { code: "unresolved", message, hint: error.hint });
        return withoutValue(option, "failed");
      }
    }),
  );
}
