/**
 * Secrets that systemd passes to a service: `${systemd:NAME}`, for `LoadCredential=` and
 * `LoadCredentialEncrypted=` of its unit (systemd.exec(5), "Credentials").
 *
 * @module
 */

import { resolve } from "node:path";
import { AgentError } from "../base/errors.ts";
import type { SecretStore } from "./store.ts";
import { readSecretFile } from "./text_file.ts";

/** Reads the credentials directory of the unit. */
export const systemd: SecretStore = {
  name: "systemd",
  form: "${systemd:NAME}",
  read(target, _place, run) {
    if (!/^[^/\\]+$/.test(target) || target === "." || target === "..") {
      throw new AgentError(`"${target}" cannot be the name of a credential`, {
        hint: "Write the name that LoadCredential= of the unit gives it",
      });
    }
    const hint = `Add LoadCredential=${target}:/path/of/the/secret to the unit`;
    const directory = run.env.CREDENTIALS_DIRECTORY ?? "";
    if (directory !== "") return readSecretFile(resolve(run.directory, directory, target), hint);
    throw new AgentError("systemd passed no credentials to the agent", {
      hint: `${hint}, and run the agent as that service`,
    });
  },
};
