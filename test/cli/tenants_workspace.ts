/**
 * What the tests of `serve --configs` share: a folder of tenants, with a Jamf Pro and an Oomnitza each.
 *
 * @module
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { asUser } from "../sources/casper/section.ts";
import { startJamf } from "../sources/casper/server.ts";
import { listen, type Listener, type ListenOptions } from "../support/serve.ts";
import { type StandIn, startStandIn } from "../support/stand_in/mod.ts";
import { oomnitzaSection, type Workspace, workspace } from "../support/workspace.ts";
import type { Vendor } from "../support/vendor.ts";

/** A customer with systems of its own. */
export interface TestTenant {
  readonly name: string;
  readonly secret: string;
  readonly vendor: Vendor;
  readonly standIn: StandIn;
  /** Its whole configuration. */
  ini(extra?: TenantText): string;
  /** Keys of the records that its Oomnitza got, in order of their names. */
  arrived(): string[];
}

/** Lines of a tenant's file. */
export interface TenantText {
  /** More lines of `[serve]`. */
  readonly serve?: string;
  /** More sections. */
  readonly more?: string;
}

/** A folder of tenants. */
export interface TenantsSpace extends Workspace {
  /** Starts the systems of a tenant; its file is not written. */
  tenant(name: string): Promise<TestTenant>;
  /** Writes the file of a tenant. */
  place(tenant: TestTenant, extra?: TenantText): void;
  /** Removes the file of a tenant. */
  remove(name: string): void;
  /** Starts the agent, and waits until it is ready. */
  serve(words?: readonly string[], options?: ListenOptions): Promise<Listener>;
  [Symbol.asyncDispose](): Promise<void>;
}

async function startTenant(name: string): Promise<TestTenant> {
  const vendor = startJamf({ count: 50 });
  const standIn = await startStandIn();
  const secret = `canary-secret-of-${name}`;
  return {
    ...{ name, secret, vendor, standIn },
    ini: ({ serve = "", more = "" } = {}) =>
      `${oomnitzaSection(standIn, "receipt = off")}
[serve]
auth = header
secret = ${secret}
coalesce_seconds = 0
${serve}
[casper]
enable = True
url = ${vendor.url}/jss
${asUser}sync_field = SERIAL
mapping.SERIAL = general.serial_number
${more}`,
    arrived: () => standIn.state.records({}).map(({ key }) => String(key)).sort(),
  };
}

/** Waits until all tenants were tried once. */
async function ready({ url, log }: Listener): Promise<void> {
  const deadline = Date.now() + 60_000;
  while ((await fetch(`${url}/readyz`)).status !== 200) {
    if (Date.now() > deadline) throw new Error(`It never was ready:\n${log()}`);
    await Bun.sleep(5);
  }
}

/** Opens a folder without tenants. */
export function openTenantsSpace(): TenantsSpace {
  const space = workspace();
  const tenants: TestTenant[] = [];
  space.write("tenants/readme.txt", "No tenant.\n");
  return {
    ...space,
    async tenant(name) {
      const tenant = await startTenant(name);
      tenants.push(tenant);
      return tenant;
    },
    place: (tenant, extra) => void space.write(`tenants/${tenant.name}.ini`, tenant.ini(extra)),
    remove: (name) => rmSync(join(space.folder, "tenants", `${name}.ini`)),
    async serve(words = [], options = {}) {
      const agent = await listen(space, ["--configs", "tenants", ...words], options);
      await ready(agent);
      return agent;
    },
    async [Symbol.asyncDispose]() {
      for (const { vendor, standIn } of tenants) {
        await vendor.stop();
        await standIn.stop();
      }
      space[Symbol.dispose]();
    },
  };
}
