/**
 * The certificate of a web server, from two files.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { ConfigError, messageOf } from "../base/errors.ts";
import type { ServerTls } from "../runtime/serve.ts";

function read(option: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new ConfigError(`Cannot read ${option} of [serve]: ${messageOf(error)}`, [], {
      hint: "Name a PEM file that the agent's account may read.",
      cause: error,
    });
  }
}

/** Where certificate and key are. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** Reads both files; nothing without them. Throws `ConfigError`. */
export function readCertificate({ cert, key }: CertificateFiles): ServerTls | undefined {
  if (cert === "") return undefined;
  return { cert: read("cert", cert), key: read("key", key) };
}
