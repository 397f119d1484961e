/**
 * Secrets in environment variables: `${env:NAME}`.
 *
 * @module
 */

import { AgentError } from "../base/errors.ts";
import { ownEntry } from "../base/record.ts";
import type { SecretStore } from "./store.ts";

/** Reads the environment of the agent. */
export const env: SecretStore = {
  name: "env",
  form: "${env:NAME}",
  read(target, _place, run) {
    const value = ownEntry(run.env, target);
    if (value !== undefined) return Promise.resolve(value);
    throw new AgentError(`the environment variable ${target} is not set`, {
      hint: "Set it for the account that runs the agent",
    });
  },
};
