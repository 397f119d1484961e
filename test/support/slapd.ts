/**
 * A real OpenLDAP server for tests, on loopback ports, with its own configuration, data and
 * certificate.
 *
 * @module
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { needPackage } from "./apt.ts";
import { answers, freePort } from "./ports.ts";

const program = "/usr/sbin/slapd";
needPackage(program, "slapd", "ldap-utils");
needPackage("/usr/bin/ldapsearch", "ldap-utils");
needPackage("/usr/bin/openssl", "openssl");

/** The entry under which everything is. */
export const suffix = "dc=example,dc=org";
/** Accounts; {@linkcode password} lets all of them in. */
export const accounts = {
  /** May read everything, as much as it likes. */
  reader: `cn=reader,${suffix}`,
  /** Is given so many entries in all by the server: see {@linkcode limit}. */
  limited: `cn=limited,${suffix}`,
  /** May log in and see nothing. */
  blind: `cn=blind,${suffix}`,
} as const;
/** The password of all accounts. */
export const password = 'slapd "Canary" p\\ss+wörd%';
/** Who may change everything. */
const manager = { dn: `cn=admin,${suffix}`, password: "manager" } as const;
/** Entries that the account `limited` is given. */
export const limit = 2500;

/** How a server is to be. */
export interface SlapdOptions {
  /** What it holds beside the suffix and the accounts, in LDIF. */
  readonly ldif: string;
  /** Lines at the top of its configuration. */
  readonly config?: string;
  /** Whom its certificate is made out to; localhost and 127.0.0.1 when absent. */
  readonly names?: string;
}

/** A server at work. */
export interface Slapd {
  /** `ldap://127.0.0.1:…` */
  readonly plain: string;
  /** `ldaps://127.0.0.1:…` */
  readonly secure: string;
  /** File with the certificate of the authority that signed the server's. */
  readonly authority: string;
  /** Its folder, for files of the test. */
  readonly folder: string;
  /** Changes what it holds, by LDIF with `changetype` (RFC 2849). */
  modify(ldif: string): void;
  /** Ends it at once, without a chance to say goodbye. */
  kill(): Promise<void>;
  /** Lets it hang: it holds its connections and says nothing any more. */
  freeze(): void;
  /** Starts it again with the data that it has. */
  start(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

function execute(words: readonly string[], cwd: string): void {
  const run = Bun.spawnSync([...words], { cwd, stdout: "pipe", stderr: "pipe" });
  if (!run.success) throw new Error(`${words.join(" ")} failed:\n${run.stdout}${run.stderr}`);
}

/** An authority and a certificate that it signed. */
function makeCertificates(folder: string, names: string): void {
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];
  const request = ["openssl", "req", "-x509", ...key];
  execute(
    [...request, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Test authority"],
    folder,
  );
  execute([
    ...[...request, "-keyout", "server.key", "-out", "server.pem", "-subj", "/CN=localhost"],
    ...["-CA", "ca.pem", "-CAkey", "ca.key", "-addext", "basicConstraints=critical,CA:FALSE"],
    ...["-addext", `subjectAltName=${names}`],
  ], folder);
}

function configOf(folder: string, extra: string): string {
  const schemas = ["core", "cosine", "inetorgperson", "nis"];
  return `${schemas.map((name) => `include /etc/ldap/schema/${name}.schema`).join("\n")}
${extra}
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
pidfile ${folder}/slapd.pid
TLSCACertificateFile ${folder}/ca.pem
TLSCertificateFile ${folder}/server.pem
TLSCertificateKeyFile ${folder}/server.key
sizelimit unlimited
database mdb
maxsize 268435456
suffix "${suffix}"
rootdn "${manager.dn}"
rootpw ${manager.password}
directory ${folder}/data
overlay memberof
limits dn.exact="${accounts.limited}" size=${limit}
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="${accounts.blind}" none by * read
`;
}

function accountLdif(dn: string): string {
  const name = /^cn=(\w+)/.exec(dn)?.[1] ?? "";
  const secret = Buffer.from(password).toString("base64");
  return `dn: ${dn}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\ncn: ${name}\nuserPassword:: ${secret}\n\n`;
}

/** Certificates, configuration and data of a server. */
function prepare(folder: string, ldif: string, config: string, names: string): void {
  mkdirSync(join(folder, "data"));
  makeCertificates(folder, names);
  writeFileSync(join(folder, "slapd.conf"), configOf(folder, config));
  const top = `dn: ${suffix}\nobjectClass: organization\nobjectClass: dcObject\no: Example\n\n`;
  const all = top + Object.values(accounts).map(accountLdif).join("") + ldif;
  writeFileSync(join(folder, "data.ldif"), all);
  const add = ["-T", "add", "-q", "-f", "slapd.conf", "-l", "data.ldif"];
  execute([program, ...add], folder);
}

/** Starts a server with some entries. */
export async function startSlapd(
  { ldif, config = "", names = "DNS:localhost,IP:127.0.0.1" }: SlapdOptions,
): Promise<Slapd> {
  const folder = mkdtempSync(join(tmpdir(), "agent-slapd-"));
  try {
    prepare(folder, ldif, config, names);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  const [port, securePort] = [await freePort(), await freePort()];
  const plain = `ldap://127.0.0.1:${port}`;
  const secure = `ldaps://127.0.0.1:${securePort}`;
  let child: Bun.Subprocess | undefined;
  async function start(): Promise<void> {
    const words = [program, "-d", "0", "-f", "slapd.conf", "-h", `${plain}/ ${secure}/`];
    child = Bun.spawn(words, { cwd: folder, stdout: "ignore", stderr: "pipe" });
    for (let tries = 0; !await answers(port); tries++) {
      if (tries > 500 || child.exitCode !== null) throw new Error("slapd does not start");
      await Bun.sleep(20);
    }
  }
  async function kill(): Promise<void> {
    child?.kill("SIGKILL");
    await child?.exited;
  }
  await start();
  return {
    plain,
    secure,
    authority: join(folder, "ca.pem"),
    folder,
    modify(text) {
      const login = ["-x", "-H", plain, "-D", manager.dn, "-w", manager.password];
      const run = Bun.spawnSync(["ldapmodify", ...login], { stdin: Buffer.from(text) });
      if (!run.success) throw new Error(`${run.stdout}${run.stderr}`);
    },
    kill,
    freeze: () => child?.kill("SIGSTOP"),
    start,
    async [Symbol.asyncDispose]() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
