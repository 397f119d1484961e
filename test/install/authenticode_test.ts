/**
 * Authenticode: a program and a package signed with a certificate that is made here, and checked by
 * osslsigncode's own verification.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { signAuthenticode } from "../../scripts/binary/authenticode.ts";
import { root } from "../../scripts/binary/compile.ts";
import { msiFile, writeMsi } from "../../scripts/binary/msi.ts";
import { needPackage } from "../support/apt.ts";
import { type Workspace, workspace } from "../support/workspace.ts";

needPackage("/usr/bin/osslsigncode", "osslsigncode");
needPackage("/usr/bin/openssl", "openssl");
needPackage("/usr/bin/wixl", "wixl");
needPackage("/usr/bin/msibuild", "msitools");
needPackage("/usr/bin/x86_64-w64-mingw32-gcc", "gcc-mingw-w64-x86-64-win32");

const password = "pfx Canary ü";

function must(command: readonly string[], cwd: string): string {
  const { success, stdout, stderr } = Bun.spawnSync([...command], { cwd });
  if (!success) throw new Error(`${command.join(" ")}: ${stderr}${stdout}`);
  return `${stdout}${stderr}`;
}

/** A publisher: the certificate in company.pem, with its key in company.pfx. */
function makePublisher(
  { folder }: Workspace,
): { readonly file: string; readonly password: string } {
  must([
    ...["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"],
    ...["-keyout", "key.pem", "-out", "company.pem", "-subj", "/CN=Test publisher"],
    ...["-addext", "extendedKeyUsage=codeSigning", "-addext", "keyUsage=digitalSignature"],
  ], folder);
  const made = ["-inkey", "key.pem", "-in", "company.pem", "-out", "company.pfx"];
  must(["openssl", "pkcs12", "-export", ...made, "-passout", `pass:${password}`], folder);
  return { file: join(folder, "company.pfx"), password };
}

/** The smallest program of Windows. */
function makeProgram({ folder }: Workspace): string {
  writeFileSync(join(folder, "program.c"), "int main(void) { return 0; }\n");
  const out = join(folder, "agent-windows-x64.exe");
  must(["x86_64-w64-mingw32-gcc", "-o", out, "program.c"], folder);
  return out;
}

function verify({ folder }: Workspace, file: string): boolean {
  const command = ["osslsigncode", "verify", "-CAfile", join(folder, "company.pem"), "-in", file];
  return Bun.spawnSync(command).success;
}

test("program and package are signed, and a changed one is not taken", () => {
  using space = workspace();
  const certificate = makePublisher(space);
  const program = makeProgram(space);
  const msi = join(space.folder, msiFile);
  expect(verify(space, program)).toBe(false);
  signAuthenticode(program, certificate);
  writeMsi(program, msi, "1.2.3");
  expect(verify(space, msi)).toBe(false);
  signAuthenticode(msi, certificate);
  for (const file of [program, msi]) {
    expect([file, verify(space, file)]).toEqual([file, true]);
    const bytes = readFileSync(file);
    const at = file === program ? bytes.indexOf("This program") : bytes.indexOf("MSCF") + 40;
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    writeFileSync(file, bytes);
    expect([file, verify(space, file)]).toEqual([file, false]);
  }
});

test("a wrong password leaves the program as it was, and is not shown", () => {
  using space = workspace();
  const { file } = makePublisher(space);
  const program = makeProgram(space);
  const before = readFileSync(program);
  const sign = () => signAuthenticode(program, { file, password: "wrong Canary" });
  expect(sign).toThrow("osslsigncode failed");
  expect(sign).not.toThrow("Canary");
  expect(readFileSync(program).equals(before)).toBe(true);
  expect(readdirSync(space.folder).filter((name) => name.startsWith(".signing-"))).toEqual([]);
});

test("the build asks for the password by its variable", () => {
  const run = (words: readonly string[]) =>
    Bun.spawnSync([process.execPath, "scripts/build.ts", ...words], { cwd: root, env: {} });
  expect(`${run(["--certificate", "company.pfx"]).stderr}`).toContain("AGENT_CERTIFICATE_PASSWORD");
  expect(`${run(["--timestamp", "http://example.com"]).stderr}`).toContain(
    "goes with --certificate",
  );
});
