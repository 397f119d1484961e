/**
 * Secrets in files: `${file:PATH}`, as Docker and Kubernetes mount them.
 *
 * @module
 */

import type { SecretStore } from "./store.ts";
import { readSecretFile } from "./text_file.ts";

/** Reads files that hold one secret each. */
export const file: SecretStore = {
  name: "file",
  form: "${file:PATH}",
  read: (target, _place, run) =>
    readSecretFile(run.path(target), "The account that runs the agent must be able to read it"),
};
