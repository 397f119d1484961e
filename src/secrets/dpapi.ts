/**
 * Secrets in files that Windows has encrypted for its machine: `${dpapi:PATH}`. `agent secret protect`
 * writes them.
 *
 * @module
 */

import { AgentError } from "../base/errors.ts";
import { hasDpapi, unprotectForMachine } from "../runtime/dpapi.ts";
import type { SecretStore } from "./store.ts";
import { readSecretFile } from "./text_file.ts";

/** Reads files that hold one secret each, in base64. */
export const dpapi: SecretStore = {
  name: "dpapi",
  form: "${dpapi:PATH}",
  async read(target, _place, run) {
    if (!hasDpapi()) {
      throw new AgentError("only Windows has the Data Protection API", {
        hint: "Use ${file:PATH}, or ${systemd:NAME} for a service of systemd",
      });
    }
    const path = run.path(target);
    const hint = "The account that runs the agent must be able to read it";
    const text = await readSecretFile(path, hint);
    const bytes = unprotectForMachine(Buffer.from(text.trim(), "base64"));
    if (bytes !== undefined) return new TextDecoder().decode(bytes);
    throw new AgentError(`Windows cannot decrypt ${path}`, {
      hint: `It may be of another computer. Write it again: agent secret protect "${path}"`,
    });
  },
};
