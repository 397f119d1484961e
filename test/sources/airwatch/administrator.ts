/**
 * An administrator of Workspace ONE UEM with a certificate, and what the server makes of requests that it signed. OpenSSL
 * reads the messages.
 *
 * @module
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { workspace } from "../../support/workspace.ts";

/** An administrator, and the server's view of it. */
export interface Administrator extends Disposable {
  /** File with certificate and key. */
  readonly pem: string;
  /** The private key without its frame, in one line. */
  readonly keyText: string;
  /** Whether a header has the administrator's signature over a path. */
  hasSigned(authorization: string, path: string): boolean;
}

/** Makes one; the console gives out RSA keys. */
export function makeAdministrator(kind: "rsa" | "ec" = "rsa"): Administrator {
  const space = workspace();
  const run = (...words: string[]) =>
    Bun.spawnSync(["openssl", ...words], { cwd: space.folder, stderr: "pipe" });
  const key = kind === "rsa"
    ? ["-newkey", "rsa:2048"]
    : ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
  const subject = ["-subj", "/CN=72548:Müller/O=Example", "-utf8"];
  const made = run(
    ...["req", "-x509", ...key, "-nodes", "-days", "2", ...subject],
    ...["-keyout", "admin.key", "-out", "admin.crt"],
  );
  if (!made.success) throw new Error(made.stderr.toString());
  const read = (name: string) => readFileSync(join(space.folder, name), "utf8");
  const pem = space.write("admin.pem", read("admin.crt") + read("admin.key"));
  return {
    pem,
    keyText: read("admin.key").split("\n")[1] ?? "",
    hasSigned(authorization, path) {
      const [, message] = /^CMSURL'1 ([A-Za-z0-9+/]+=*)$/.exec(authorization) ?? [];
      if (message === undefined) return false;
      writeFileSync(join(space.folder, "message.der"), Buffer.from(message, "base64"));
      writeFileSync(join(space.folder, "path.txt"), path);
      const files = ["-in", "message.der", "-content", "path.txt", "-CAfile", "admin.crt"];
      return run("cms", "-verify", "-inform", "DER", "-binary", "-purpose", "any", ...files)
        .success;
    },
    [Symbol.dispose]: () => space[Symbol.dispose](),
  };
}
