/**
 * What a store of secrets is, and what it is given to work with.
 *
 * @module
 */

import type { Environment } from "../base/environment.ts";
import type { Log } from "../logging/log.ts";
import type { Redactor } from "../base/redact.ts";
import type { EvaluatePac } from "../sdk/http/pac.ts";
import type { SecretServers } from "./options.ts";

/** The option that refers to a secret. */
export interface SecretUse {
  readonly section: string;
  readonly option: string;
}

/** What the secrets of one run are fetched with. */
export interface SecretContext {
  readonly env: Environment;
  /** Working directory, absolute. */
  readonly directory: string;
  /** Makes a path absolute as for any option of the configuration file. */
  readonly path: (path: string) => string;
  readonly signal: AbortSignal;
  readonly log: Log;
  /** Runs the PAC file that `proxy` of a server may name. */
  readonly evaluatePac?: EvaluatePac | undefined;
  /** Called with the tokens that stores hand out. */
  readonly redactor: Redactor;
}

/** The context of one run, with a cache that ends with the run. */
export interface SecretRun extends SecretContext {
  /** Makes something once in a run, for all callers with the same key. */
  once<T>(key: string, make: () => Promise<T>): Promise<T>;
  /** What `[vault]` and `[cyberark]` say. */
  servers(): SecretServers;
  /** Something to do when the run ends: give leases back, stop renewing them. */
  onClose(work: () => Promise<void>): void;
}

/** Where secrets are kept. */
export interface SecretStore {
  /** What stands before the colon of a reference. */
  readonly name: string;
  /** The reference as a person writes it, for example `${env:NAME}`. */
  readonly form: string;
  /**
   * Fetches a secret; an empty one is as good as none.
   *
   * @throws {AgentError} that says why it cannot be had, without any part of it.
   */
  read(target: string, use: SecretUse, run: SecretRun): Promise<string>;
  /** Whether the same target means different secrets in different sections. */
  readonly perSection?: (target: string) => boolean;
  /**
   * For `vault_keys`: the secret that the store keeps for a section under the key of an option; nothing
   * when there is none. Throws as `read` does.
   */
  readonly entry?: (name: string, key: string, run: SecretRun) => Promise<string | undefined>;
  /** What to do about a missing one. */
  readonly entryHint?: (name: string, key: string) => string;
}
