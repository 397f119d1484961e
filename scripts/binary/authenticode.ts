/**
 * Authenticode signatures of the Windows program and its package, by osslsigncode: without one Windows
 * warns of them, and AppLocker and WDAC refuse them.
 *
 * @module
 */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** What is signed with. */
export interface SigningCertificate {
  /** Certificate and key in a PKCS#12 file (.pfx). */
  readonly file: string;
  readonly password: string;
  /** Address of a server for time stamps (RFC 3161); without one, the signature ends with the certificate. */
  readonly timestampUrl?: string | undefined;
}

/** The variable that holds the password of the certificate: a command line is no place for it. */
export const passwordVariable = "AGENT_CERTIFICATE_PASSWORD";

/**
 * Signs a program or a package in its place.
 *
 * @throws {Error} when osslsigncode is missing or refuses; the file is as it was then.
 */
export function signAuthenticode(file: string, certificate: SigningCertificate): void {
  if (Bun.which("osslsigncode") === null) {
    throw new Error("--certificate needs osslsigncode. On Debian: apt-get install osslsigncode");
  }
  // Beside the file: it is moved over it.
  const folder = mkdtempSync(join(dirname(file), ".signing-"));
  try {
    const [signed, password] = [join(folder, "signed"), join(folder, "password")];
    writeFileSync(password, certificate.password, { mode: 0o600 });
    const { timestampUrl } = certificate;
    const run = Bun.spawnSync([
      ...["osslsigncode", "sign", "-h", "sha256", "-n", "Oomnitza Agent"],
      ...["-pkcs12", certificate.file, "-readpass", password],
      ...(timestampUrl === undefined ? [] : ["-ts", timestampUrl]),
      ...["-in", file, "-out", signed],
    ]);
    if (!run.success) throw new Error(`osslsigncode failed: ${run.stderr}${run.stdout}`.trim());
    renameSync(signed, file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
