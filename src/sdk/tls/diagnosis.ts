/**
 * Why a TLS connection does not come about: fetch reports hardly more than that it does not.
 *
 * @module
 */

import { isIP } from "node:net";
import { connect, type ConnectionOptions, type SecureVersion, type TLSSocket } from "node:tls";
import { errorCode } from "../../base/errors.ts";
import type { TlsSettings } from "../../runtime/fetch.ts";
import { withoutBrackets } from "../../base/network.ts";

/** TLS versions by their number on the wire, as Node.js calls them. */
export const tlsVersions: Readonly<Record<number, SecureVersion>> = {
  0x0301: "TLSv1",
  0x0303: "TLSv1.2",
  0x0304: "TLSv1.3",
};

/** What to do about a certificate, by the code of the error; undefined when it is about none. */
export function hintForCertificate(code: string): string | undefined {
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return "The certificate is for another name: use that name in the address.";
  }
  if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID") {
    return "Check the clock of this machine; if it is right, the server's certificate has to be renewed.";
  }
  if (code.includes("CERT") || code.includes("SELF_SIGNED") || code.includes("UNABLE_TO_")) {
    return "Name the certificate authority in cacert_file; verify_ssl = false turns the check off altogether.";
  }
  return undefined;
}

/** Whether an error, by its code or its text, says that the two sides share no TLS version. */
export function isAboutVersion(text: string): boolean {
  return text.includes("PROTOCOL_VERSION") || text.includes("UNSUPPORTED_PROTOCOL");
}

/** What to do then about `directory` or `server`. */
export function hintForVersion(what: string): string {
  return `Update the ${what}. ssl_protocol = tls1 accepts old versions of TLS, which are no longer safe.`;
}

/** What was found out, without the address. */
export interface TlsDiagnosis {
  readonly message: string;
  readonly hint: string;
}

const probeTimeoutMs = 2000;

/** How a handshake ended: the protocol that was agreed on, or the code of the error. */
type Ending = { readonly protocol: string | null } | { readonly code: string };

/** Connects once, sends nothing that matters, and looks at the answer. */
function probe(options: ConnectionOptions): Promise<Ending> {
  return new Promise((resolve) => {
    let protocol: string | null | undefined;
    const socket: TLSSocket = connect(options, () => {
      protocol = socket.getProtocol();
      // With TLS 1.3 the server looks at our certificate only after the handshake.
      if (protocol === "TLSv1.3") socket.write("\r\n");
      else finished();
    });
    function end(ending: Ending): void {
      clearTimeout(timer);
      socket.removeAllListeners();
      socket.on("error", () => {});
      socket.destroy();
      resolve(ending);
    }
    const finished = () => end(protocol === undefined ? { code: "" } : { protocol });
    const timer = setTimeout(finished, probeTimeoutMs);
    socket.on("data", finished);
    socket.on("close", finished);
    socket.on("error", (error) => end({ code: errorCode(error) }));
  });
}

function probeOptions({ hostname, port }: URL, settings: TlsSettings): ConnectionOptions {
  const host = withoutBrackets(hostname);
  return {
    host,
    port: Number(port || 443),
    ...(isIP(host) === 0 ? { servername: host } : {}),
    // Only the handshake is looked at; nothing is sent over this connection.
    rejectUnauthorized: false,
    ...(settings.cert === undefined ? {} : { cert: settings.cert }),
    ...(settings.key === undefined ? {} : { key: settings.key }),
    maxVersion: "TLSv1.3",
  };
}

const older = new Map([["TLSv1", "TLS 1.0"], ["TLSv1.1", "TLS 1.1"], ["TLSv1.2", "TLS 1.2"]]);

/** Asks once more, with old versions allowed, for what the server has to offer. */
async function diagnoseVersion(
  options: ConnectionOptions,
  floor: string,
): Promise<TlsDiagnosis> {
  const lax = await probe({ ...options, minVersion: "TLSv1" });
  const offered = "protocol" in lax ? older.get(lax.protocol ?? "") : undefined;
  const hint = offered === "TLS 1.2"
    ? "Update the server, or set ssl_protocol = tls1.2."
    : hintForVersion("server");
  const message = offered === undefined
    ? "the server supports no TLS version that this program knows"
    : `the server supports nothing newer than ${offered}, and at least ${floor} is required`;
  return { message, hint };
}

const refusals = /ALERT_(CERTIFICATE|BAD_CERTIFICATE|HANDSHAKE_FAILURE|UNKNOWN_CA|ACCESS_DENIED)/;

/**
 * Finds out why a handshake failed.
 *
 * @returns undefined when that is not known, or when a handshake comes about now.
 */
export async function diagnoseTls(
  address: string,
  settings: TlsSettings,
): Promise<TlsDiagnosis | undefined> {
  const url = new URL(address);
  const options = probeOptions(url, settings);
  const minVersion = tlsVersions[settings.minVersion ?? 0] ?? "TLSv1.2";
  const ending = await probe({ ...options, minVersion });
  if ("protocol" in ending) return undefined;
  const { code } = ending;
  if (isAboutVersion(code)) {
    return await diagnoseVersion(options, minVersion.replace("TLSv", "TLS "));
  }
  if (code.includes("WRONG_VERSION_NUMBER") || code.includes("HTTP_REQUEST")) {
    return {
      message: "the server does not speak TLS on this port",
      hint: "Check the port in the address, and whether it is http:// rather than https://.",
    };
  }
  if (!refusals.test(code)) return undefined;
  return {
    message: `the server refuses the connection [${code}]`,
    hint: settings.cert === undefined
      ? "It may require a client certificate: set user_pem_file."
      : "It may not accept the client certificate in user_pem_file.",
  };
}
