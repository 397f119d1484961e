/**
 * The stores of secrets, and one run's access to them: each secret is fetched once.
 *
 * @module
 */

import { closest, distance } from "fastest-levenshtein";
import { AgentError } from "../base/errors.ts";
import { command } from "./command.ts";
import { cyberark } from "./cyberark.ts";
import { dpapi } from "./dpapi.ts";
import { env } from "./env.ts";
import { file } from "./file.ts";
import { keyring } from "./keyring.ts";
import type { SecretServers } from "./options.ts";
import type { Reference } from "./reference.ts";
import type { SecretContext, SecretRun, SecretStore, SecretUse } from "./store.ts";
import { systemd } from "./systemd.ts";
import { vault } from "./vault.ts";

export { parseReference, type Reference } from "./reference.ts";
export { cyberarkOptions, type SecretServers, vaultOptions } from "./options.ts";
export type { SecretContext, SecretStore, SecretUse } from "./store.ts";

/** Every store, in the order of the docs. */
export const stores: readonly SecretStore[] = [
  env,
  file,
  command,
  systemd,
  dpapi,
  keyring,
  vault,
  cyberark,
];

/** The store of a reference, if there is one of that name. */
export function findStore({ store }: Reference): SecretStore | undefined {
  return stores.find(({ name }) => name === store);
}

/** The store that a person may have meant. */
export function nearStore({ store }: Reference): SecretStore | undefined {
  const near = closest(store.toLowerCase(), stores.map(({ name }) => name));
  return distance(store.toLowerCase(), near) <= 2
    ? stores.find(({ name }) => name === near)
    : undefined;
}

/** The secrets of one run. */
export interface Secrets {
  /**
   * Fetches what a reference means, once however often it is needed.
   *
   * @throws {AgentError} that says why it cannot be had.
   */
  resolve(store: SecretStore, target: string, use: SecretUse): Promise<string>;
  /**
   * Fetches what a store keeps for `vault_keys`, by the first name that has it.
   *
   * @throws {AgentError} that says why it cannot be had, or that none has it.
   */
  entry(store: SecretStore, names: readonly string[], key: string): Promise<string>;
  /** Adds where a server is to those that are known already. */
  configure(servers: SecretServers): void;
  /** Ends what the stores have begun: renewal of leases, sessions. */
  close(): Promise<void>;
}

async function fetchSecret(
  store: SecretStore,
  target: string,
  use: SecretUse,
  run: SecretRun,
): Promise<string> {
  if (target === "") {
    throw new AgentError("the reference is empty", { hint: `Write ${store.form}` });
  }
  const secret = await store.read(target, use, run);
  if (secret.trim() !== "") return secret;
  throw new AgentError("the secret is empty", { hint: "Store the secret there" });
}

async function fetchEntry(
  store: SecretStore,
  names: readonly string[],
  key: string,
  run: SecretRun,
): Promise<string> {
  for (const name of names) {
    const secret = await store.entry?.(name, key, run);
    if (secret !== undefined && secret.trim() !== "") return secret;
  }
  const [name = ""] = names;
  throw new AgentError(`there is no ${key} of ${names.join(" or ")}`, {
    hint: store.entryHint?.(name, key),
  });
}

/** Opens the stores for one run. */
export function openSecrets(context: SecretContext): Secrets {
  const made = new Map<string, Promise<unknown>>();
  const endings: (() => Promise<void>)[] = [];
  let servers: SecretServers = {};
  const run: SecretRun = {
    ...context,
    once<T>(key: string, make: () => Promise<T>): Promise<T> {
      const known = made.get(key) as Promise<T> | undefined;
      if (known !== undefined) return known;
      const fresh = make();
      // Awaited by the caller; a failure until then must not count as unhandled.
      fresh.catch(() => {});
      made.set(key, fresh);
      return fresh;
    },
    servers: () => servers,
    onClose: (work) => void endings.push(work),
  };
  return {
    resolve(store, target, use) {
      const scope = store.perSection?.(target) === true ? `${use.section}:` : "";
      const key = `secret:${store.name}:${scope}${target}`;
      return run.once(key, () => fetchSecret(store, target, use, run));
    },
    entry(store, names, key) {
      const entryKey = `entry:${store.name}:${names.join("\0")}\0${key}`;
      return run.once(entryKey, () => fetchEntry(store, names, key, run));
    },
    configure: (given) => void (servers = { ...servers, ...given }),
    async close() {
      for (const work of endings.splice(0).reverse()) await work();
    },
  };
}
