/**
 * Where the secrets of a configuration are kept: in the file, or elsewhere by a reference.
 *
 * @module
 */

import { declaredIn } from "../config/declared.ts";
import { getOptions, type IniDocument } from "../config/ini.ts";
import { keysInStore } from "../config/store_keys.ts";
import type { Source } from "../sdk/source.ts";
import { parseReference } from "../secrets/mod.ts";

/** One secret of a configuration; never its value. */
export interface SecretPlace {
  readonly section: string;
  readonly option: string;
  /** `file`: it stands in the file itself. */
  readonly kind: "file" | "reference" | "store" | "environment";
  /** The reference, the store, or the name of the variable; blank for the file. */
  readonly where: string;
}

function placesIn(document: IniDocument, section: string, sources: readonly Source[]) {
  const declared = declaredIn(section, sources) ?? {};
  const options = getOptions(document, section);
  const set = [...options.values()].filter(({ key, value }) =>
    Object.hasOwn(declared, key) && declared[key]?.kind === "secret" && value.trim() !== ""
  );
  const written = set.map(({ key, value }): SecretPlace => {
    const reference = parseReference(value);
    // The words of a command may hold a secret.
    const where = reference === undefined
      ? ""
      : reference.store === "command"
      ? "${command:…}"
      : value.trim();
    return { section, option: key, kind: reference === undefined ? "file" : "reference", where };
  });
  const stored = keysInStore(options, declared).map(({ key }): SecretPlace => {
    const where = options.get("vault_backend")?.value ?? "keyring";
    return { section, option: key, kind: "store", where };
  });
  const variable = options.get("env_password")?.value.trim() ?? "";
  const named: SecretPlace[] = variable === ""
    ? []
    : [{ section, option: "password", kind: "environment", where: variable }];
  return [...written, ...stored, ...named];
}

/** Every secret that the sections of a configuration set, in the order of the file. */
export function listSecretPlaces(
  document: IniDocument,
  sources: readonly Source[],
): SecretPlace[] {
  return document.sections.flatMap(({ name }) => placesIn(document, name, sources));
}
