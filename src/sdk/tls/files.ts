/**
 * Reads the certificates that the TLS options name, and says what is wrong with them before a
 * connection does so in riddles.
 *
 * @module
 */

import { createPrivateKey, X509Certificate } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import tls from "node:tls";
import { ConfigError, messageOf } from "../../base/errors.ts";

const certificateBlock = /-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g;
const keyBlock = /-----BEGIN ([A-Z ]*)PRIVATE KEY-----[^]*?-----END [A-Z ]+-----/;

/** As `openssl rehash` and `c_rehash` call the links that they make. */
const hashName = /^[0-9a-f]{8}\.\d+$/;

const toPem = "openssl x509 -inform DER -in FILE -out FILE.pem converts a DER file.";

function read(option: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new ConfigError(`Cannot read ${option} ${path}: ${messageOf(error)}`);
  }
}

function readCertificates(option: string, path: string): string[] {
  const found = read(option, path).match(certificateBlock) ?? [];
  for (const [index, text] of found.entries()) {
    try {
      new X509Certificate(text);
    } catch (error) {
      const which = `${option} ${path}: certificate ${index + 1} of ${found.length}`;
      throw new ConfigError(`${which} cannot be read: ${messageOf(error)}`, [], { cause: error });
    }
  }
  return found;
}

function requireCertificates(option: string, path: string): string[] {
  const found = readCertificates(option, path);
  if (found.length > 0) return found;
  throw new ConfigError(`${option} ${path} has no certificate in PEM form`, [], { hint: toPem });
}

/** Files of other kinds may lie there too. */
function readDirectory(directory: string): string[] {
  if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory()) {
    throw new ConfigError(`cacert_dir ${directory} is not a directory`);
  }
  const found = readdirSync(directory).sort()
    .filter((name) => /\.(pem|crt|cer)$/i.test(name) || hashName.test(name))
    .flatMap((name) => readCertificates("cacert_dir", join(directory, name)));
  if (found.length > 0) return found;
  throw new ConfigError(`cacert_dir ${directory} has no certificate in PEM form`, [], {
    hint: `Files called *.pem, *.crt and *.cer are read, and links of openssl rehash. ${toPem}`,
  });
}

/** Which authorities are trusted besides the usual ones. */
export interface AuthorityOptions {
  /** Empty when there is none, as below. */
  readonly cacert_file: string;
  readonly cacert_dir: string;
}

/**
 * The authorities that a connection trusts: the bundled ones, those of the operating system and
 * those that the options name; undefined when the options name none, for then the runtime has them.
 *
 * @throws {ConfigError} when what they name cannot be read.
 */
export function readAuthorities(options: AuthorityOptions): string[] | undefined {
  const { cacert_file: file, cacert_dir: directory } = options;
  if (file === "" && directory === "") return undefined;
  const named = [
    ...(file === "" ? [] : requireCertificates("cacert_file", file)),
    ...(directory === "" ? [] : readDirectory(directory)),
  ];
  // What is given replaces the runtime's list, so all of it is named again.
  const usual = [...tls.getCACertificates("bundled"), ...tls.getCACertificates("system")];
  return [...new Set([...usual, ...named])];
}

/**
 * The certificates and the key of one file.
 *
 * @param option name of the option that has the path, for messages.
 * @throws {ConfigError} when one of them is missing, or the key cannot be used.
 */
export function readClientCertificate(
  path: string,
  option: string = "user_pem_file",
): { cert: string; key: string } {
  const cert = requireCertificates(option, path).join("\n");
  const [key, kind = ""] = keyBlock.exec(read(option, path)) ?? [];
  if (key === undefined) {
    throw new ConfigError(`${option} ${path} has a certificate, but no private key`, [], {
      hint: "Write the key into the same file, in PEM form.",
    });
  }
  if (kind.includes("ENCRYPTED") || key.includes("Proc-Type: 4,ENCRYPTED")) {
    throw new ConfigError(`The private key in ${option} ${path} is protected by a password`, [], {
      hint:
        "Remove the password (openssl pkey -in FILE -out FILE.key) and restrict access to the file.",
    });
  }
  try {
    createPrivateKey(key);
  } catch (error) {
    throw new ConfigError(
      `The private key in ${option} ${path} cannot be read: ${messageOf(error)}`,
    );
  }
  return { cert, key };
}
