/**
 * A real domain for tests: a Samba domain controller with its KDC, on a loopback address of its own,
 * which takes no password over a connection that is not encrypted and nothing that is not signed.
 *
 * @module
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { needPackage } from "./apt.ts";

/** The domain, as Kerberos and as LDAP write it. */
export const realm = "EXAMPLE.TEST";
export const domainDn = "DC=example,DC=test";
/** The account of the agent. */
export const account = "agent";
/** The service principal name of its LDAP. */
export const ldapService = "ldap/dc1.example.test";

/** How a domain is to be. */
export interface SambaOptions {
  /** What it holds beside what every domain has, in LDIF. */
  readonly ldif: string;
  /** How strictly it treats connections (smb.conf, "ldap server require strong auth"); `yes` by default. */
  readonly strongAuth?: "yes" | "allow_sasl_over_tls" | "no";
}

/** A domain at work. */
export interface SambaDomain {
  /** `ldap://127.…` */
  readonly plain: string;
  /** `ldaps://127.…` */
  readonly secure: string;
  /** File with the certificate of the authority that signed its certificate. */
  readonly authority: string;
  /** File with the keys of the account. */
  readonly keytab: string;
  /** Environment in which Kerberos finds the domain. */
  readonly env: Readonly<Record<string, string>>;
  readonly folder: string;
  /** Starts it again, as strict as said. */
  restart(strongAuth: NonNullable<SambaOptions["strongAuth"]>): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

function execute(words: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  const run = Bun.spawnSync([...words], {
    env: { ...process.env, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  if (!run.success) throw new Error(`${words.join(" ")} failed:\n${run.stdout}${run.stderr}`);
  return run.stdout.toString();
}

/** An address that no other test has: ports are fixed, and 127.0.0.0/8 is all this computer's. */
function loopbackAddress(): string {
  const [first = 0, second = 0] = crypto.getRandomValues(new Uint8Array(2));
  return `127.${64 + first % 64}.${second}.10`;
}

function answers(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

/** Only what is needed, on that address and in that folder only; and no waiting for the disk. */
function settings(folder: string, address: string): string[] {
  return [
    `--option=pid directory=${folder}`,
    `--option=ncalrpc dir=${folder}/ncalrpc`,
    `--option=interfaces=${address}/8`,
    "--option=bind interfaces only=yes",
    "--option=server services=ldap, kdc",
    "--option=ldb:nosync=true",
    "--option=tdb:nosync=true",
  ];
}

function provision(folder: string, address: string): void {
  execute([
    ...["samba-tool", "domain", "provision", `--targetdir=${folder}`, `--realm=${realm}`],
    ...["--domain=EXAMPLE", "--server-role=dc", "--dns-backend=NONE", "--host-name=dc1"],
    ...[
      `--host-ip=${address}`,
      `--adminpass=Adm1n-${crypto.randomUUID()}`,
      ...settings(folder, address),
    ],
  ]);
}

function krb5Config(address: string): string {
  return `[libdefaults]
default_realm = ${realm}
dns_lookup_kdc = false
dns_lookup_realm = false
rdns = false
dns_canonicalize_hostname = false
[realms]
${realm} = {
  kdc = ${address}
}
`;
}

/** Not at the top of the file: the fast gate leaves these tests out, and needs none of it. */
function needPackages(): void {
  needPackage(
    "/usr/sbin/samba",
    "samba",
    "samba-ad-provision",
    "samba-dsdb-modules",
    "samba-vfs-modules",
    "winbind",
  );
  needPackage("/usr/bin/ldbadd", "ldb-tools");
  needPackage("/usr/bin/kinit", "krb5-user");
}

/** Makes a domain and starts it. */
export async function startSamba({ ldif, strongAuth = "yes" }: SambaOptions): Promise<SambaDomain> {
  needPackages();
  const folder = mkdtempSync(join(tmpdir(), "agent-samba-"));
  const address = loopbackAddress();
  const config = join(folder, "etc/smb.conf");
  const env = { KRB5_CONFIG: join(folder, "krb5.conf") };
  const keytab = join(folder, "agent.keytab");
  let child: Bun.Subprocess | undefined;
  async function kill(): Promise<void> {
    child?.kill("SIGKILL");
    await child?.exited;
  }
  async function start(strength: string): Promise<void> {
    child = Bun.spawn([
      ...["/usr/sbin/samba", "-i", "-M", "single", "-s", config, "--debuglevel=0"],
      ...[...settings(folder, address), `--option=ldap server require strong auth=${strength}`],
    ], { env: { ...process.env, ...env }, stdin: "pipe", stdout: "ignore", stderr: "ignore" });
    for (let tries = 0; !await answers(389, address) || !await answers(88, address); tries++) {
      if (tries > 6000 || child.exitCode !== null) throw new Error("samba does not start");
      await Bun.sleep(20);
    }
  }
  try {
    writeFileSync(env.KRB5_CONFIG, krb5Config(address));
    provision(folder, address);
    writeFileSync(join(folder, "people.ldif"), ldif);
    const database = [
      ...["-H", join(folder, "private/sam.ldb"), `--configfile=${config}`],
      ...settings(folder, address),
    ];
    execute(["ldbadd", ...database, join(folder, "people.ldif")]);
    execute(["samba-tool", "user", "create", account, "--random-password", ...database]);
    // The domain controller itself does it later, in a service that is not started here.
    execute(["samba-tool", "spn", "add", ldapService, "DC1$", ...database]);
    execute([
      ...["samba-tool", "domain", "exportkeytab", keytab, `--principal=${account}@${realm}`],
      ...["-s", config],
    ], env);
    await start(strongAuth);
  } catch (error) {
    await kill();
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return {
    plain: `ldap://${address}`,
    secure: `ldaps://${address}`,
    authority: join(folder, "private/tls/ca.pem"),
    keytab,
    env,
    folder,
    async restart(strength) {
      await kill();
      await start(strength);
    },
    async [Symbol.asyncDispose]() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
