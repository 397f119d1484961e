/**
 * The certificate of the web server, from files that may be replaced while it runs.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { ConfigError, messageOf } from "../base/errors.ts";
import type { Log } from "../logging/log.ts";
import type { ServerTls } from "../runtime/serve.ts";

/** How often the files are looked at, in milliseconds. */
const lookEveryMs = 2000;

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

/** Watches the files and takes up what is new, until the result is called. */
export function watchCertificate(
  files: CertificateFiles,
  take: (tls: ServerTls) => void,
  log: Log,
): () => void {
  let used = JSON.stringify(readCertificate(files));
  let lastError = "";
  function look(): void {
    try {
      const tls = readCertificate(files);
      const text = JSON.stringify(tls);
      if (tls === undefined || text === used) return;
      // Tried once: one file may be new and the other not yet.
      used = text;
      take(tls);
      lastError = "";
      log.info(`The new certificate in ${files.cert} is in use`);
    } catch (error) {
      const message = messageOf(error);
      if (message === lastError) return;
      lastError = message;
      log.warning(`The certificate in ${files.cert} is not used: ${message}`);
    }
  }
  // Polling instead of watching: files that are replaced by links or over a network cause no event.
  const timer = setInterval(look, lookEveryMs);
  return () => clearInterval(timer);
}
