/**
 * Secrets in the keyring of the operating system: `${keyring:NAME}`.
 *
 * @module
 */

import { AgentError } from "../base/errors.ts";
import { readKeyring } from "../runtime/keyring.ts";
import type { SecretStore } from "./store.ts";

function splitTarget(target: string, section: string): readonly [service: string, name: string] {
  const at = target.lastIndexOf("/");
  return at < 0 ? [section, target] : [target.slice(0, at), target.slice(at + 1)];
}

/** Reads the keyring: of this section, or `${keyring:SECTION/NAME}` of another. */
export const keyring: SecretStore = {
  name: "keyring",
  form: "${keyring:NAME}",
  perSection: (target) => !target.includes("/"),
  async read(target, { section }) {
    const [service, name] = splitTarget(target, section);
    const secret = await readKeyring(service, name);
    if (secret !== undefined) return secret;
    throw new AgentError(`the keyring has no ${name} of ${service}`, {
      hint: `Store it with: agent secret set ${service} ${name}`,
    });
  },
  entry: (name, key) => readKeyring(name, key),
  entryHint: (name, key) => `Store it with: agent secret set ${name} ${key}`,
};
