/**
 * The channel binding `tls-server-end-point`, beside what openssl says of the certificate.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serverEndPoint } from "../../src/sdk/tls/channel_binding.ts";
import { needPackage } from "../support/apt.ts";

needPackage("/usr/bin/openssl", "openssl");

function openssl(folder: string, words: readonly string[]): string {
  const run = Bun.spawnSync(["openssl", ...words], { cwd: folder, stderr: "pipe" });
  if (!run.success) throw new Error(`openssl failed: ${run.stderr}`);
  return run.stdout.toString();
}

// RFC 5929, 4.1: the hash of the signature, and SHA-256 instead of one that is too weak.
test.each([
  ["sha1", "sha256"],
  ["sha256", "sha256"],
  ["sha384", "sha384"],
  ["sha512", "sha512"],
])("a certificate that is signed with %s is bound by its %s", (signed, bound) => {
  const folder = mkdtempSync(join(tmpdir(), "agent-binding-"));
  try {
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    const names = ["-keyout", "key.pem", "-out", "cert.pem", "-subj", "/CN=dc1", "-days", "2"];
    openssl(folder, ["req", "-x509", ...key, `-${signed}`, ...names]);
    const print = ["x509", "-in", "cert.pem", "-noout", "-fingerprint", `-${bound}`];
    const fingerprint = openssl(folder, print).split("=").at(-1)?.trim().replaceAll(":", "") ?? "";
    const { raw } = new X509Certificate(readFileSync(join(folder, "cert.pem")));
    const prefix = Buffer.from("tls-server-end-point:");
    expect(Buffer.from(serverEndPoint(raw)).toString("hex")).toBe(
      Buffer.concat([prefix, Buffer.from(fingerprint, "hex")]).toString("hex"),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
