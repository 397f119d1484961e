/**
 * What the tests of the listener share: both sections of Jamf Pro, and a stand-in for Oomnitza.
 *
 * @module
 */
import { type StandIn, type StandInOptions, startStandIn } from "../support/stand_in/mod.ts";
import { asUser } from "../sources/casper/section.ts";
import { type JamfOptions, startJamf } from "../sources/casper/server.ts";
import type { Vendor } from "../support/vendor.ts";
import { oomnitzaSection, type Workspace, workspace } from "../support/workspace.ts";

/** Everything that a listener needs around it. */
export interface ServeWorkspace extends Workspace {
  readonly vendor: Vendor;
  readonly standIn: StandIn;
  /** Paths of the devices that were fetched, in order. */
  fetched(): string[];
  /** Keys of the records that arrived under a mapping name. */
  arrived(name?: string): string[];
  [Symbol.asyncDispose](): Promise<void>;
}

export interface ServeWorkspaceOptions {
  /** Lines of `[serve]`. */
  readonly serve?: string;
  /** Lines of both sections. */
  readonly extra?: string;
  /** The whole rest of the file. */
  readonly more?: string;
  readonly jamf?: Partial<JamfOptions>;
  readonly standIn?: StandInOptions;
}

/** Makes a workspace with `[casper]` and `[casper.MDM]`, against servers on loopback. */
export async function openServeWorkspace(
  options: ServeWorkspaceOptions = {},
): Promise<ServeWorkspace> {
  const vendor = startJamf({ count: 50, ...options.jamf });
  const standIn = await startStandIn(options.standIn);
  const space = workspace();
  const common = `enable = True\nurl = ${vendor.url}/jss\n${asUser}sync_field = SERIAL
mapping.SERIAL = general.serial_number\n${options.extra ?? ""}`;
  space.write(
    "config.ini",
    oomnitzaSection(standIn) + `[serve]\n${options.serve ?? "coalesce_seconds = 0\n"}
[casper]\n${common}
[casper.MDM]\nsync_type = mobiledevices\n${common}
${options.more ?? ""}`,
  );
  return {
    ...space,
    vendor,
    standIn,
    fetched: () =>
      vendor.calls.map(({ path }) => path).filter((path) => path.includes("/id/"))
        .map((path) => path.replace("/jss/JSSResource/", "")),
    arrived: (name = "Casper") =>
      standIn.state.records({ name }).map(({ key }) => String(key)).sort(),
    async [Symbol.asyncDispose]() {
      await vendor.stop();
      await standIn.stop();
      space[Symbol.dispose]();
    },
  };
}
