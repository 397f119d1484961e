/**
 * A section that reads from the server, and several uploads of it in one folder.
 *
 * @module
 */
import type { VendorUnderTest } from "../../support/conformance.ts";
import { record } from "../../support/recorder.ts";
import { oomnitzaSection, workspace } from "../../support/workspace.ts";
import { type FleetOptions, type FleetServer, serial, startFleet, token } from "./server.ts";

/** The server with a section for it. */
export interface FleetUnderTest extends VendorUnderTest {
  readonly vendor: FleetServer;
}

/** Starts a server and writes a section for it. */
export function start(options: FleetOptions, extra = ""): FleetUnderTest {
  const vendor = startFleet(options);
  const common = `url = ${vendor.url}\nsync_field = SERIAL\n` +
    `mapping.SERIAL = {"source": "hardware_serial"}\n${extra}`;
  return {
    vendor,
    section: "fleet",
    options: `api_token = ${token}\n${common}`,
    wrongOptions: `api_token = wrong-token\n${common}`,
    keys: Array.from({ length: options.count }, (_, index) => serial(index + 1)),
    keyField: "SERIAL",
    secrets: [token],
  };
}

/** What one of several uploads came to. */
export interface Upload {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The serial numbers that arrived. */
  readonly serials: readonly unknown[];
}

/** Uploads of one section to one instance, one after the other, in one folder. */
export interface Series extends AsyncDisposable {
  upload(...words: string[]): Promise<Upload>;
}

/** Opens a folder for uploads of a section. */
export function series({ section, options }: FleetUnderTest): Series {
  const space = workspace();
  const instance = record();
  space.write(
    "config.ini",
    `${oomnitzaSection(instance)}[${section}]\nenable = True\n${options}\n`,
  );
  return {
    async upload(...words) {
      const before = instance.uploads().length;
      const run = await space.agent(["upload", section, ...words], { timeoutMs: 120_000 });
      const serials = instance.uploads().slice(before)
        .filter(({ path }) => path === "/api/v3/bulk")
        .flatMap(({ body }) => JSON.parse(body).records as Record<string, unknown>[])
        .map(({ SERIAL }) => SERIAL);
      return { ...run, serials };
    },
    async [Symbol.asyncDispose]() {
      await instance.stop();
      space[Symbol.dispose]();
    },
  };
}
