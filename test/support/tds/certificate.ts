/**
 * A certificate for a test server, and the authority that signed it.
 *
 * @module
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { needPackage } from "../apt.ts";
import type { TlsIdentity } from "./channel.ts";

needPackage("/usr/bin/openssl", "openssl");

/** What {@linkcode makeIdentity} made. */
export interface Identity extends TlsIdentity {
  /** File with the authority's certificate. */
  readonly authority: string;
  [Symbol.dispose](): void;
}

function openssl(folder: string, words: readonly string[]): void {
  const run = Bun.spawnSync(["openssl", ...words], { cwd: folder, stderr: "pipe" });
  if (!run.success) throw new Error(`openssl ${words.join(" ")} failed:\n${run.stderr}`);
}

/** Makes a certificate for some names, for example `DNS:localhost,IP:127.0.0.1`. */
export function makeIdentity(names: string, days = 2): Identity {
  const folder = mkdtempSync(join(tmpdir(), "agent-tds-"));
  const key = [
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-days",
    `${days}`,
  ];
  const request = ["req", "-x509", ...key];
  openssl(folder, [
    ...request,
    "-keyout",
    "ca.key",
    "-out",
    "ca.pem",
    "-subj",
    "/CN=Test authority",
  ]);
  openssl(folder, [
    ...[...request, "-keyout", "server.key", "-out", "server.pem", "-subj", "/CN=localhost"],
    ...["-CA", "ca.pem", "-CAkey", "ca.key", "-addext", "basicConstraints=critical,CA:FALSE"],
    ...["-addext", `subjectAltName=${names}`],
  ]);
  return {
    cert: readFileSync(join(folder, "server.pem"), "utf8"),
    key: readFileSync(join(folder, "server.key"), "utf8"),
    authority: join(folder, "ca.pem"),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
