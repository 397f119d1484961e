/**
 * From the TLS options of a section to the settings of a connection.
 *
 * @module
 */

import { isIP } from "node:net";
import type { ConnectionOptions } from "node:tls";
import type { TlsSettings } from "../../runtime/fetch.ts";
import type { Values } from "../option.ts";
import type { tlsOptions } from "./options.ts";
import { tlsVersions } from "./diagnosis.ts";
import { readAuthorities, readClientCertificate } from "./files.ts";

type TlsValues = Values<typeof tlsOptions>;

const tls10 = 0x0301;
const tls12 = 0x0303;
const tls13 = 0x0304;

/** What a section's TLS options come to, and the warnings about them. */
export interface ResolvedTls {
  readonly settings: TlsSettings;
  /** Sentences to warn with, once per run. */
  readonly warnings: readonly string[];
}

function floor(protocol: TlsValues["ssl_protocol"]): number {
  if (protocol === "tls" || protocol === "tls1") return tls10;
  return protocol === "tls1.3" ? tls13 : tls12;
}

/**
 * Reads the files that the options name.
 *
 * @throws {ConfigError} when one of them cannot be read.
 */
export function resolveTls(options: TlsValues): ResolvedTls {
  const warnings: string[] = [];
  if (!options.verify_ssl) {
    warnings.push(
      "verify_ssl is off: anybody on the network path can read and change the data. Set cacert_file instead",
    );
  }
  if (options.ssl_protocol === "sslv3") {
    warnings.push("ssl_protocol = sslv3 is a broken protocol; TLS 1.2 or newer is used");
  }
  if (options.ssl_protocol === "tls" || options.ssl_protocol === "tls1") {
    warnings.push(
      `ssl_protocol = ${options.ssl_protocol} allows TLS 1.0, which is no longer safe`,
    );
  }
  const own = options.user_pem_file === ""
    ? undefined
    : readClientCertificate(options.user_pem_file);
  const settings: TlsSettings = {
    verify: options.verify_ssl,
    ca: readAuthorities(options),
    cert: own?.cert,
    key: own?.key,
    minVersion: floor(options.ssl_protocol),
  };
  return { settings, warnings };
}

/**
 * The settings of a connection as those of a socket.
 *
 * @param host Name or address of the other end.
 */
export function socketOptions(settings: TlsSettings, host: string): ConnectionOptions {
  const minVersion = tlsVersions[settings.minVersion ?? 0];
  return {
    host,
    // An address is no server name (RFC 6066, 3).
    ...(isIP(host) === 0 ? { servername: host } : {}),
    rejectUnauthorized: settings.verify,
    ...(settings.ca === undefined ? {} : { ca: [...settings.ca] }),
    ...(settings.cert === undefined ? {} : { cert: settings.cert }),
    ...(settings.key === undefined ? {} : { key: settings.key }),
    ...(minVersion === undefined ? {} : { minVersion }),
  };
}
