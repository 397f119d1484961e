/**
 * A real PostgreSQL for tests, with its own data and certificate, and PgBouncer in front of it when asked.
 *
 * Both refuse to run as root: then they run as the user `postgres` that Debian's package brings.
 *
 * @module
 */
import { afterAll, beforeAll } from "bun:test";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { needPackage } from "./apt.ts";
import { answers, freePort } from "./ports.ts";

const versions = "/usr/lib/postgresql";
// The folder of versions is there with the client alone too; this program comes with a server.
needPackage("/usr/bin/pg_ctlcluster", "postgresql");
needPackage("/usr/sbin/pgbouncer", "pgbouncer");
needPackage("/usr/bin/openssl", "openssl");

/** The account of tests; its name also is the name of the database. */
export const account = "agent";
/** The password of {@linkcode account}. */
export const password = "canary p@ss:w/ö?rd%";

/** For how long PgBouncer gives a connection of the server to a client. */
export type PoolMode = "session" | "transaction" | "statement";

/** A cluster at work. */
export interface Postgres {
  readonly port: number;
  /** Folder of the unix socket. */
  readonly socket: string;
  /** PEM file of the authority that signed the certificate of the server. */
  readonly authority: string;
  /** A URL with the password: by default over the unix socket, else to this host. */
  url(host?: string, query?: string): string;
  /** Runs statements as superuser and gives what psql prints, unaligned. */
  psql(statements: string): Promise<string>;
  /** Ends it at once: sessions are cut off. */
  stop(): Promise<void>;
  /** Starts it again with the data that it has. */
  start(): Promise<void>;
  /** Starts PgBouncer before it, on a loopback port; in transaction mode unless another one is named. */
  bouncer(connections: number, mode?: PoolMode): Promise<number>;
  /** Starts a standby of it, for which commits wait from then on. */
  standby(): Promise<Standby>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A server that follows another one, with data of its own; nothing can be written before it is promoted. */
export interface Standby extends Pick<Postgres, "port" | "socket" | "psql" | "stop" | "start"> {
  /** Makes it the primary. */
  promote(): Promise<void>;
}

/** The programs of the newest version that is installed. */
function programs(): string {
  const [newest] = readdirSync(versions)
    .filter((version) => existsSync(join(versions, version, "bin/initdb")))
    .sort((a, b) => Number(b) - Number(a));
  return join(versions, newest ?? "", "bin");
}

function asOther(words: readonly string[]): string[] {
  if (process.getuid?.() !== 0) return [...words];
  return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", ...words];
}

async function execute(words: readonly string[], cwd: string, input = ""): Promise<string> {
  const child = Bun.spawn(asOther(words), {
    cwd,
    stdin: new TextEncoder().encode(input),
    stdout: "pipe",
    stderr: Bun.file(join(cwd, "stderr")),
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C.UTF-8" },
  });
  const printed = await new Response(child.stdout).text();
  if (await child.exited !== 0) {
    throw new Error(
      `${words.join(" ")} failed:\n${printed}${await Bun.file(join(cwd, "stderr")).text()}`,
    );
  }
  return printed.trim();
}

async function makeCertificates(folder: string): Promise<void> {
  const request = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt"];
  request.push("ec_paramgen_curve:P-256", "-nodes", "-days", "2");
  const authority = ["-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Test authority"];
  await execute([...request, ...authority], folder);
  await execute([
    ...[...request, "-keyout", "server.key", "-out", "server.pem", "-subj", "/CN=localhost"],
    ...["-CA", "ca.pem", "-CAkey", "ca.key", "-addext", "basicConstraints=critical,CA:FALSE"],
    ...["-addext", "subjectAltName=DNS:localhost"],
  ], folder);
}

/** What the server listens on and asks for: a password everywhere but for its superuser on the socket. */
function configure(folder: string, port: number): void {
  writeFileSync(
    join(folder, "data", "postgresql.auto.conf"),
    `port = ${port}
listen_addresses = '127.0.0.1'
unix_socket_directories = '${folder}'
max_connections = 60
ssl = on
ssl_cert_file = '${folder}/server.pem'
ssl_key_file = '${folder}/server.key'
timezone = 'UTC'
log_destination = 'stderr'
`,
  );
  writeFileSync(
    join(folder, "data", "pg_hba.conf"),
    "local all,replication postgres trust\nlocal all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n",
  );
}

async function startBouncer(
  folder: string,
  port: number,
  connections: number,
  mode: PoolMode,
): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const own = await freePort();
  const quoted = password.replaceAll("'", "''");
  writeFileSync(
    join(folder, "pgbouncer.ini"),
    `[databases]
${account} = host=${folder} port=${port} dbname=${account} user=${account} password='${quoted}'
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${own}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${folder}/users.txt
pool_mode = ${mode}
default_pool_size = ${connections}
server_login_retry = 1
`,
  );
  writeFileSync(join(folder, "users.txt"), `"${account}" "${password}"\n`);
  const child = Bun.spawn(asOther(["/usr/sbin/pgbouncer", "-q", "pgbouncer.ini"]), {
    cwd: folder,
    stdout: "ignore",
    stderr: Bun.file(join(folder, "pgbouncer.log")),
  });
  for (let tries = 0; !await answers(own); tries++) {
    if (tries > 500 || child.exitCode !== null) throw new Error("pgbouncer does not start");
    await Bun.sleep(20);
  }
  return {
    port: own,
    async stop() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

/** A folder for the data and the socket of a server. */
function makeFolder(): string {
  // A socket's path may have about 100 characters.
  const folder = mkdtempSync("/tmp/agent-pg-");
  chmodSync(folder, 0o700);
  if (process.getuid?.() === 0) Bun.spawnSync(["chown", "postgres:postgres", folder]);
  return folder;
}

/** What is done with the server whose data is in a folder. */
function controlServer(
  folder: string,
  port: number,
): Pick<Standby, "psql" | "stop" | "start" | "promote"> {
  const bin = programs();
  const control = [join(bin, "pg_ctl"), "-D", "data", "-s", "-w", "-t", "60"];
  return {
    psql(statements) {
      const words = ["-h", folder, "-p", String(port), "-U", "postgres", "-AtqX"];
      return execute([join(bin, "psql"), ...words, "-v", "ON_ERROR_STOP=1"], folder, statements);
    },
    start: async () => void await execute([...control, "-l", "log", "start"], folder),
    async stop() {
      if (existsSync(join(folder, "data", "postmaster.pid"))) {
        await execute([...control, "-m", "immediate", "stop"], folder);
      }
    },
    promote: async () => void await execute([...control, "promote"], folder),
  };
}

/** Copies a server that runs, and has the copy follow it. */
async function startStandby(primary: string, primaryPort: number): Promise<Standby> {
  const folder = makeFolder();
  const port = await freePort();
  const from = ["-h", primary, "-p", String(primaryPort), "-U", "postgres"];
  const how = ["-D", "data", "-R", "-X", "stream", "-c", "fast", "--no-sync"];
  await execute([join(programs(), "pg_basebackup"), ...from, ...how], folder);
  // The last line of a setting counts.
  appendFileSync(
    join(folder, "data", "postgresql.auto.conf"),
    `port = ${port}\nunix_socket_directories = '${folder}'\nsynchronous_standby_names = ''\n`,
  );
  const server = controlServer(folder, port);
  await server.start();
  return { ...server, port, socket: folder };
}

/** Makes a cluster in a temporary folder and starts it. */
export async function startPostgres(): Promise<Postgres> {
  const folder = makeFolder();
  const bin = programs();
  const port = await freePort();
  const { psql, start, stop } = controlServer(folder, port);
  await makeCertificates(folder);
  const initialize = [join(bin, "initdb"), "-D", "data", "-U", "postgres", "--no-sync"];
  await execute([...initialize, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"], folder);
  configure(folder, port);
  await start();
  const quoted = password.replaceAll("'", "''");
  await psql(`CREATE ROLE ${account} LOGIN PASSWORD '${quoted}';
CREATE DATABASE ${account} OWNER ${account};`);
  const bouncers: { stop(): Promise<void> }[] = [];
  const standbys: Standby[] = [];
  return {
    port,
    socket: folder,
    authority: join(folder, "ca.pem"),
    url(host, query) {
      const login = `${account}:${encodeURIComponent(password)}`;
      const words = [
        ...(host === undefined ? [`host=${encodeURIComponent(folder)}`] : []),
        ...(query === undefined ? [] : [query]),
      ];
      return `postgres://${login}@${host ?? ""}:${port}/${account}?${words.join("&")}`;
    },
    psql,
    stop,
    start,
    async bouncer(connections, mode = "transaction") {
      const started = await startBouncer(folder, port, connections, mode);
      bouncers.push(started);
      return started.port;
    },
    async standby() {
      const started = await startStandby(folder, port);
      standbys.push(started);
      await psql("ALTER SYSTEM SET synchronous_standby_names = '*'; SELECT pg_reload_conf();");
      return started;
    },
    async [Symbol.asyncDispose]() {
      for (const each of bouncers) await each.stop();
      for (const each of standbys) {
        await each.stop();
        rmSync(each.socket, { recursive: true, force: true });
      }
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Milliseconds that a cluster has to start or to end: only one that hangs takes as long. */
const patienceMs = 120_000;

/** A cluster that ends by itself. */
export type UsedPostgres = Omit<Postgres, typeof Symbol.asyncDispose>;

/**
 * A cluster for a test file, started before its first test and ended after its last: to be called where the file
 * begins, and used in its tests.
 */
export function usePostgres(): UsedPostgres {
  let started: Postgres | undefined;
  beforeAll(async () => void (started = await startPostgres()), patienceMs);
  afterAll(async () => await started?.[Symbol.asyncDispose](), patienceMs);
  const server = () => {
    if (started === undefined) {
      throw new Error("PostgreSQL is started before the tests, not earlier");
    }
    return started;
  };
  return {
    get port() {
      return server().port;
    },
    get socket() {
      return server().socket;
    },
    get authority() {
      return server().authority;
    },
    url: (...call) => server().url(...call),
    psql: (...call) => server().psql(...call),
    stop: () => server().stop(),
    start: () => server().start(),
    bouncer: (...call) => server().bouncer(...call),
    standby: () => server().standby(),
  };
}
