/**
 * The certificate of the web server, from files that may be replaced while it runs.
 *
 * @module
 */

import { type CertificateFiles, readCertificate } from "../app/certificate.ts";
import { messageOf } from "../base/errors.ts";
import type { Log } from "../logging/log.ts";
import type { ServerTls } from "../runtime/serve.ts";

/** How often the files are looked at, in milliseconds. */
const lookEveryMs = 2000;

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
