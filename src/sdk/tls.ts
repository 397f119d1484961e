/**
 * From the TLS options of a section to the settings of a connection.
 *
 * @module
 */

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import tls from "node:tls";
import { ConfigError, messageOf } from "../base/errors.ts";
import type { TlsSettings } from "../runtime/fetch.ts";
import type { Values } from "./option.ts";
import type { tlsOptions } from "./section_options.ts";

type TlsValues = Values<typeof tlsOptions>;

const tls10 = 0x0301;
const tls12 = 0x0303;
const tls13 = 0x0304;

/** What a section's TLS options come to, and what should be said about them. */
export interface TlsPlan {
  readonly settings: TlsSettings;
  /** Sentences to warn with, once per run. */
  readonly warnings: readonly string[];
}

function read(option: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new ConfigError(`Cannot read ${option} ${path}: ${messageOf(error)}`);
  }
}

function authorities(options: TlsValues): string[] | undefined {
  const found: string[] = [];
  if (options.cacert_file !== "") found.push(read("cacert_file", options.cacert_file));
  if (options.cacert_dir !== "") {
    if (!statSync(options.cacert_dir, { throwIfNoEntry: false })?.isDirectory()) {
      throw new ConfigError(`cacert_dir ${options.cacert_dir} is not a directory`);
    }
    for (const name of readdirSync(options.cacert_dir).sort()) {
      if (/\.(pem|crt|cer)$/i.test(name)) {
        found.push(read("cacert_dir", join(options.cacert_dir, name)));
      }
    }
  }
  // What is given replaces the bundled list, so the usual authorities are named again.
  return found.length === 0 ? undefined : [...tls.rootCertificates, ...found];
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
export function planTls(options: TlsValues): TlsPlan {
  const warnings: string[] = [];
  if (!options.verify_ssl) {
    warnings.push(
      "verify_ssl is off: anybody on the way can read and change the data. cacert_file is the better way",
    );
  }
  if (options.ssl_protocol === "sslv3") {
    warnings.push("ssl_protocol = sslv3 names a broken protocol; TLS 1.2 or newer is used");
  }
  if (options.ssl_protocol === "tls" || options.ssl_protocol === "tls1") {
    warnings.push(
      `ssl_protocol = ${options.ssl_protocol} lets TLS 1.0 pass, which is not safe any more`,
    );
  }
  const pem = options.user_pem_file === ""
    ? undefined
    : read("user_pem_file", options.user_pem_file);
  const settings: TlsSettings = {
    verify: options.verify_ssl,
    ca: authorities(options),
    cert: pem,
    key: pem,
    minVersion: floor(options.ssl_protocol),
  };
  return { settings, warnings };
}
