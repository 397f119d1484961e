/**
 * Replicas of the agent with all that is around them: Jamf Pro, Oomnitza, and the state in a file or in a
 * PostgreSQL.
 *
 * @module
 */
import { Database as Sqlite } from "bun:sqlite";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type AtWork,
  atWorkInFile,
  atWorkInPostgres,
  countSpooled,
  uploadWorkers,
} from "./at_work.ts";
import { oomnitzaSection } from "../support/workspace.ts";
import { type Postgres, startPostgres } from "../support/postgres.ts";
import { startVersionedJamf, type VersionedJamf } from "./jamf.ts";
import { Ledger } from "./ledger.ts";
import { type Line, openLine } from "./line.ts";
import { type NotingOomnitza, startNotingOomnitza } from "./oomnitza.ts";
import { Replica } from "./replica.ts";

/** What a cluster is made of. */
export interface ClusterOptions {
  /** The compiled agent. */
  readonly program: string;
  readonly replicas: number;
  /** The one that the last replica runs, when not the same. */
  readonly lastProgram?: string;
  /** Where the state is; a file can have one replica only. */
  readonly state: "file" | "postgres";
  /** Whether PgBouncer in transaction mode is between the replicas and the database. */
  readonly isPooled?: boolean | undefined;
  /** Seconds of the lease of a replica. */
  readonly leaseSeconds: number;
  /** Seconds that events wait for others of their device. */
  readonly coalesceSeconds: number;
  readonly oomnitzaLines?: string;
  readonly serveLines?: string;
  readonly stateLines?: string;
  /** Whether each replica works for {@linkcode folderTenants} instead of one tenant. */
  readonly isOfTenants?: boolean;
  /** Whether no section is due every {@linkcode tickSeconds}. */
  readonly isWithoutTicks?: boolean;
  /** Sections beside the others that are due as soon as the replicas start, and not again for an hour. */
  readonly dueSections?: number;
}

/** A section that is due every so many seconds. */
export const tickSeconds = 2;
/** The section that takes webhooks. */
export const hookSection = "casper";
const tickSection = "casper.tick";
const tenant = "chaos";
/** The tenants of a replica that works for several. */
export const folderTenants: readonly string[] = ["north", "south", "west"];
/** Connections of PgBouncer to the database: fewer than three replicas have to it. */
const pooledConnections = 6;
const isEnded = "origin = 'upload' AND outcome <> 'interrupted'";

/** The whole of it. */
export interface Cluster {
  readonly ledger: Ledger;
  readonly jamf: VersionedJamf;
  readonly oomnitza: NotingOomnitza;
  readonly replicas: readonly Replica[];
  /** The lines of the replicas to the database, in their order; none with a file. */
  readonly lines: readonly Line[];
  /** The server with the state; absent with a file. */
  readonly database: Postgres | undefined;
  readonly leaseMs: number;
  /** Whether each replica works for {@linkcode folderTenants}. */
  readonly isOfTenants: boolean;
  /** The path to which events about a device are posted: those of a device go to one tenant. */
  hookPath(device: number): string;
  /** From now on another server tells what is in the state. */
  readFrom(server: Pick<Postgres, "psql">): void;
  /**
   * When runs of the section that is due again and again began, in milliseconds since the epoch; not those
   * that were left by a replica that was killed, as another one makes up for them.
   */
  ticks(): Promise<number[]>;
  /** The sections of which a run began that were due at the start, once for each run. */
  dueRuns(): Promise<string[]>;
  /** The version of the tables in the database. */
  tablesVersion(): Promise<number>;
  /** Where the configurations and the logs of the replicas are. */
  readonly folder: string;
  /** Leaves the folder there at the end. */
  keepFolder(): void;
  /** Events that are still to be worked on, by the state. */
  waiting(): Promise<number>;
  /** Records and events that were given up, by the state. */
  givenUp(): Promise<number>;
  /** What the state says is at work of one replica, by its place, or of all. */
  atWork(number?: number): Promise<Pick<AtWork, "events" | "records">>;
  /** Events in the spool of one replica, by its place, or of all. */
  spooled(number?: number): number;
  [Symbol.asyncDispose](): Promise<void>;
}

function configuration(
  options: ClusterOptions,
  { tenant, jamf, oomnitza, stateUrl }: {
    readonly tenant: string;
    readonly jamf: VersionedJamf;
    readonly oomnitza: NotingOomnitza;
    readonly stateUrl: string | undefined;
  },
): string {
  const { leaseSeconds, coalesceSeconds, dueSections = 0 } = options;
  const { oomnitzaLines = "", serveLines = "", stateLines = "" } = options;
  const source = `enable = True
url = ${jamf.url}
username = u
password = pass-word
api = classic
sync_field = SERIAL
mapping.SERIAL = general.serial_number
mapping.NAME = general.name
mapping.APPLICATIONS = {"hardcoded": []}
`;
  const ticks = `[${tickSection}]
${source}schedule = */${tickSeconds} * * * * *
`;
  const due = Array.from(
    { length: dueSections },
    (_, at) =>
      `[casper.due${at + 1}]
${source}schedule = every 1h
`,
  );
  const state = `[state]
url = ${stateUrl}
tenant = ${tenant}
lease_seconds = ${leaseSeconds}
${stateLines}
`;
  return `${oomnitzaSection(oomnitza, oomnitzaLines)}
[serve]
coalesce_seconds = ${coalesceSeconds}
calls_per_second = 0
calls_at_once = 0
${serveLines}
${stateUrl === undefined ? "" : state}
[${hookSection}]
${source}
${options.isWithoutTicks === true ? "" : ticks}${due.join("")}`;
}

/** Reads from the state what a statement gives, one text a row. */
async function query(
  database: Pick<Postgres, "psql"> | undefined,
  file: string,
  { inPostgres, inFile }: { readonly inPostgres: string; readonly inFile: string },
): Promise<string[]> {
  if (database !== undefined) {
    const printed = await database.psql(
      `\\c agent\nSET search_path TO oomnitza_agent;\n${inPostgres};`,
    );
    return printed.split("\n").filter((line) => line !== "");
  }
  using sqlite = new Sqlite(file, { readonly: true });
  return sqlite.query(inFile).values().map(([value]) => String(value));
}

/** Writes the configuration of a replica, or those of its tenants. */
function writeConfigurations(
  folder: string,
  text: (tenant: string) => string,
  { isOfTenants = false }: ClusterOptions,
): void {
  if (!isOfTenants) return writeFileSync(join(folder, "config.ini"), text(tenant), { mode: 0o600 });
  mkdirSync(join(folder, "tenants"));
  for (const name of folderTenants) {
    writeFileSync(join(folder, "tenants", `${name}.ini`), text(name), { mode: 0o600 });
  }
}

/** Sets it all up; the replicas are not started yet. */
export async function openCluster(options: ClusterOptions): Promise<Cluster> {
  const { program, state, leaseSeconds } = options;
  const folder = mkdtempSync(join(tmpdir(), "agent-chaos-"));
  const ledger = new Ledger();
  const jamf = startVersionedJamf((device) => ledger.version(device));
  const oomnitza = await startNotingOomnitza(ledger);
  const database = state === "postgres" ? await startPostgres() : undefined;
  const pooler = options.isPooled ? await database?.bouncer(pooledConnections) : undefined;
  const pooled = pooler === undefined ? "" : "&pgbouncer=true";
  const file = join(folder, "state.sqlite");
  const replicas: Replica[] = [];
  const lines: Line[] = [];
  let isKept = false;
  for (let number = 1; number <= options.replicas; number++) {
    const own = join(folder, `replica-${number}`);
    mkdirSync(own);
    const line = database === undefined ? undefined : await openLine(pooler ?? database.port);
    if (line !== undefined) lines.push(line);
    const stateUrl = database?.url("127.0.0.1", `sslmode=disable${pooled}`)
      .replace(`:${database.port}/`, `:${line?.port}/`);
    const around = { jamf, oomnitza, stateUrl };
    const words = ["--singleton", "0", "--workers", String(uploadWorkers)];
    if (options.isOfTenants) words.push("--configs", "tenants", "--state", "states");
    writeConfigurations(own, (tenant) => configuration(options, { tenant, ...around }), options);
    if (database === undefined) words.push("--state", file);
    const isLast = number === options.replicas;
    replicas.push(
      await Replica.create({
        program: isLast ? options.lastProgram ?? program : program,
        folder: own,
        words,
      }),
    );
  }
  let server: Pick<Postgres, "psql"> | undefined = database;
  return {
    ...{ folder, ledger, jamf, oomnitza, replicas, lines, database },
    leaseMs: leaseSeconds * 1000,
    isOfTenants: options.isOfTenants === true,
    hookPath: (device) =>
      options.isOfTenants
        ? `${folderTenants[device % folderTenants.length]}/${hookSection}`
        : hookSection,
    readFrom: (other) => {
      server = other;
    },
    keepFolder: () => {
      isKept = true;
    },
    async ticks() {
      const found = await query(server, file, {
        inPostgres: `SELECT extract(epoch FROM started) * 1000 FROM runs
          WHERE tenant = '${tenant}' AND section = '${tickSection}' AND ${isEnded} ORDER BY started`,
        inFile:
          `SELECT started FROM runs WHERE section = '${tickSection}' AND ${isEnded} ORDER BY started`,
      });
      return found.map((text) => database === undefined ? Date.parse(text) : Number(text));
    },
    dueRuns: () =>
      query(server, file, {
        inPostgres:
          `SELECT section FROM runs WHERE tenant = '${tenant}' AND section LIKE 'casper.due%' AND origin = 'upload'`,
        inFile: "SELECT section FROM runs WHERE section LIKE 'casper.due%' AND origin = 'upload'",
      }),
    async tablesVersion() {
      const [version] = await query(server, file, {
        inPostgres: "SELECT version FROM meta",
        inFile: "PRAGMA user_version",
      });
      return Number(version);
    },
    async waiting() {
      const [count] = await query(server, file, {
        inPostgres: "SELECT count(*) FROM inbox WHERE NOT is_dead",
        inFile: "SELECT count(*) FROM inbox",
      });
      return Number(count);
    },
    async givenUp() {
      const counts = await query(server, file, {
        inPostgres: `SELECT count(*) FROM dead_letters WHERE tenant = '${tenant}'
          UNION ALL SELECT count(*) FROM inbox WHERE tenant = '${tenant}' AND is_dead`,
        inFile:
          "SELECT count(*) FROM dead_letters UNION ALL SELECT count(*) FROM inbox WHERE is_dead",
      });
      return counts.reduce((sum, count) => sum + Number(count), 0);
    },
    async atWork(number) {
      const process = number === undefined ? undefined : replicas[number]?.process;
      const [events, records] = await query(server, file, {
        inPostgres: atWorkInPostgres({ tenant, section: hookSection, process }),
        inFile: atWorkInFile(hookSection),
      });
      return { events: Number(events), records: Number(records) };
    },
    spooled: (number) =>
      replicas.filter((_, at) => number === undefined || at === number)
        .map(({ folder: own }) => countSpooled(join(own, "agent-spool.sqlite")))
        .reduce((sum, count) => sum + count, 0),
    async [Symbol.asyncDispose]() {
      for (const replica of replicas) await replica.kill();
      for (const line of lines) line.stop();
      await jamf.stop();
      await oomnitza.stop();
      await database?.[Symbol.asyncDispose]();
      if (!isKept) rmSync(folder, { recursive: true, force: true });
    },
  };
}
