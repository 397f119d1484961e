/**
 * A real KDC for tests: that of MIT Kerberos, on a loopback port, with a realm of its own.
 *
 * @module
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { needPackage } from "./apt.ts";
import { answers, freePort } from "./ports.ts";

/** The realm of every KDC. */
export const realm = "EXAMPLE.TEST";

/** A KDC at work. */
export interface Kdc {
  readonly folder: string;
  /** Environment in which Kerberos finds it. */
  readonly env: Readonly<Record<string, string>>;
  /** Makes an account with a random key; gives the keytab with it. */
  addPrincipal(name: string): string;
  [Symbol.asyncDispose](): Promise<void>;
}

function writeSettings(folder: string, port: number): Readonly<Record<string, string>> {
  const env = {
    KRB5_CONFIG: join(folder, "krb5.conf"),
    KRB5_KDC_PROFILE: join(folder, "kdc.conf"),
  };
  writeFileSync(
    env.KRB5_CONFIG,
    `[libdefaults]
default_realm = ${realm}
dns_lookup_kdc = false
dns_lookup_realm = false
rdns = false
dns_canonicalize_hostname = false
[realms]
${realm} = {
  kdc = 127.0.0.1:${port}
}
[domain_realm]
localhost = ${realm}
`,
  );
  writeFileSync(
    env.KRB5_KDC_PROFILE,
    `[realms]
${realm} = {
  database_name = ${folder}/principal
  key_stash_file = ${folder}/stash
  acl_file = ${folder}/acl
  kdc_listen = 127.0.0.1:${port}
  kdc_tcp_listen = 127.0.0.1:${port}
}
[logging]
kdc = FILE:${folder}/kdc.log
`,
  );
  return env;
}

/** Makes a realm and starts its KDC. */
export async function startKdc(): Promise<Kdc> {
  // Not at the top of the file: the fast gate leaves these tests out, and needs none of it.
  needPackage("/usr/sbin/krb5kdc", "krb5-kdc");
  needPackage("/usr/sbin/kadmin.local", "krb5-admin-server");
  const folder = mkdtempSync(join(tmpdir(), "agent-kdc-"));
  const port = await freePort();
  const env = writeSettings(folder, port);
  function execute(...words: string[]): void {
    const run = Bun.spawnSync(words, { env: { ...process.env, ...env }, stdin: "ignore" });
    if (!run.success) throw new Error(`${words.join(" ")} failed:\n${run.stdout}${run.stderr}`);
  }
  execute("/usr/sbin/kdb5_util", "create", "-s", "-r", realm, "-P", crypto.randomUUID());
  const child = Bun.spawn(["/usr/sbin/krb5kdc", "-n"], {
    env: { ...process.env, ...env },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
  });
  for (let tries = 0; !await answers(port); tries++) {
    if (tries > 500 || child.exitCode !== null) throw new Error("krb5kdc does not start");
    await Bun.sleep(20);
  }
  return {
    folder,
    env,
    addPrincipal(name) {
      const keytab = join(folder, `${name.replaceAll("/", "_")}.keytab`);
      execute("/usr/sbin/kadmin.local", "-q", `addprinc -randkey ${name}`);
      execute("/usr/sbin/kadmin.local", "-q", `ktadd -k ${keytab} ${name}`);
      return keytab;
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
