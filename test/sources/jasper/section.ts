/**
 * A section that reads from the server, and several runs of it in one folder.
 *
 * @module
 */
import { Database } from "bun:sqlite";
import { join } from "node:path";
import type { RunOptions } from "../../support/binary.ts";
import type { VendorUnderTest } from "../../support/conformance.ts";
import { record, type RecorderOptions } from "../../support/recorder.ts";
import { oomnitzaSection, type Workspace, workspace } from "../../support/workspace.ts";
import { account, iccid, type JasperOptions, type JasperServer, startJasper } from "./server.ts";

/** The server with a section for it. */
export interface JasperUnderTest extends VendorUnderTest {
  readonly vendor: JasperServer;
}

const mappings = `sync_field = SIM
mapping.SIM = {"source": "iccid"}
mapping.PHONE = {"source": "msisdn"}
mapping.USE = {"source": "monthToDateUsage"}
mapping.CUSTOMER = {"source": "customer"}
mapping.REST = {"source": "rating.primaryDataRemaining"}
mapping.IP = {"source": "fixedIpAddress"}
mapping.OVER = {"source": "overageLimitReached"}
`;

/** Starts a server and writes a section for it. */
export function start(options: JasperOptions, extra = ""): JasperUnderTest {
  const vendor = startJasper(options);
  const common = `wsdl_path = ${vendor.wsdl}\nusername = ${account.username}\n` +
    `api_token = ${account.licenseKey}\n${mappings}${extra}`;
  return {
    vendor,
    section: "jasper",
    options: `password = ${account.password}\n${common}`,
    wrongOptions: `password = wrong-${account.password}\n${common}`,
    keys: Array.from({ length: options.count }, (_, index) => iccid(index)),
    keyField: "SIM",
    secrets: [account.password, account.licenseKey],
  };
}

/** What one of several runs came to. */
export interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The SIMs that arrived. */
  readonly sims: readonly unknown[];
  readonly section: {
    readonly outcome: string;
    readonly counts: Readonly<Record<string, number>>;
    readonly error: { readonly message: string; readonly hint: string | null } | null;
  };
}

/** A folder in which uploads follow each other. */
export interface Series extends Disposable {
  readonly space: Workspace;
  upload(
    words?: readonly string[],
    oomnitza?: RecorderOptions,
    how?: RunOptions,
  ): Promise<Run>;
  /** What the section remembers; nothing when there is no state file. */
  remembered(): string | undefined;
  /** The uploads from now on read another server. */
  readFrom(other: VendorUnderTest): void;
}

/** Opens a folder for uploads of a section. */
export function series(first: VendorUnderTest): Series {
  const { section } = first;
  let { options } = first;
  const space = workspace();
  const state = "agent-state.sqlite";
  return {
    space,
    async upload(words = [], oomnitza = {}, how = {}) {
      await using instance = record(oomnitza);
      const ini = `${oomnitzaSection(instance)}[${section}]\nenable = True\n${options}\n`;
      space.write("config.ini", ini);
      const run = await space.agent(["upload", section, "--output", "json", ...words], {
        timeoutMs: 120_000,
        ...how,
      });
      const sims = instance.uploads()
        .filter(({ path }) => path === "/api/v3/bulk")
        .flatMap(({ body }) => JSON.parse(body).records as Record<string, unknown>[])
        .map(({ SIM }) => SIM);
      const shown = words.includes("--testmode")
        ? run.stdout.slice(run.stdout.lastIndexOf('{\n  "report"'))
        : run.stdout;
      return { ...run, sims, section: JSON.parse(shown).sections[0] };
    },
    remembered() {
      if (!space.has(state)) return undefined;
      const database = new Database(join(space.folder, state), { readonly: true });
      try {
        const row = database.query<{ value: string }, [string]>(
          "SELECT value FROM cursors WHERE section = ? AND key = 'since'",
        ).get(section);
        return row?.value;
      } finally {
        database.close();
      }
    },
    readFrom: (other) => void (options = other.options),
    [Symbol.dispose]: () => space[Symbol.dispose](),
  };
}
