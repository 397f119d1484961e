/**
 * Whether a section is enabled: the one function that decides it.
 *
 * @module
 */

import type { Environment } from "../base/environment.ts";
import { ownEntry } from "../base/record.ts";
import { parseFlag } from "../sdk/option.ts";
import { findStore, parseReference } from "../secrets/mod.ts";
import { getOption, type IniDocument, type IniOption } from "./ini.ts";
import { withoutValue, withValue } from "./reference_option.ts";

/**
 * What `enable` says. `invalid` is not a boolean, `failed` a reference that leads to nothing:
 * both are errors of a section that somebody wants to run. `pending` is a reference that nobody followed.
 */
export type EnableState = "on" | "off" | "invalid" | "failed" | "pending";

/** Reads the option `enable` of a section, whose reference was followed if it has one. */
export function readEnable(option: IniOption | undefined): EnableState {
  if (option === undefined) return "off";
  if (option.reference === "pending" || option.reference === "failed") return option.reference;
  // What a template leaves of a variable that nobody has set.
  if (option.value.trim() === "") return "off";
  const flag = parseFlag(option.value);
  return flag === undefined ? "invalid" : flag ? "on" : "off";
}

/** Whether a section counts as enabled, so that it is checked and can run once it has no errors. */
export function countsAsEnabled(state: EnableState): boolean {
  return state === "on" || state === "invalid" || state === "failed";
}

/**
 * Follows a reference to the environment, which costs nothing and sends no request to a secret store; other references
 * become `pending`.
 */
export function followEnvironment(option: IniOption, env: Environment): IniOption {
  const reference = parseReference(option.value);
  const store = reference === undefined ? undefined : findStore(reference);
  if (reference === undefined || store === undefined) return option;
  if (store.name !== "env") return withoutValue(option, "pending");
  const value = ownEntry(env, reference.target)?.trim();
  return value === undefined || value === ""
    ? withoutValue(option, "failed")
    : withValue(option, value);
}

/** Whether a section of a file counts as enabled, without asking a secret store. */
export function isSectionEnabled(
  document: IniDocument,
  section: string,
  env: Environment,
): boolean {
  const option = getOption(document, section, "enable");
  return countsAsEnabled(
    readEnable(option === undefined ? undefined : followEnvironment(option, env)),
  );
}
