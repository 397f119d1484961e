/**
 * The bill of materials that goes out with the binaries, in CycloneDX 1.6: what was bundled, and Bun.
 *
 * Format: "CycloneDX v1.6 JSON Reference". It holds no time and no random number, so that two builds
 * of one commit have the same.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { Licence } from "./licences.ts";

/** A package as `package-lock.json` knows it. */
export interface LockedPackage {
  readonly version?: string;
  /** `sha512-` and the sum of the package's archive in base64. */
  readonly integrity?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  /** A folder of this repository instead of a package. */
  readonly link?: boolean;
}

/** `package-lock.json`: packages by folder. */
export interface Lock {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

/** What the bill is of. */
export interface Product {
  readonly version: string;
  readonly commit: string;
}

/** Name of the bill in dist/. */
export const sbomFile = "agent.cdx.json";

/** The bill for a program that holds `licences`, as text. */
export function formatSbom(product: Product, licences: readonly Licence[], lock: Lock): string {
  const ref = `agent@${product.version}`;
  const bundled = new Map(licences.map((licence) => [licence.folder, licence]));
  const bun = licences.filter(({ name }) => name === "bun");
  const components = licences.map((licence) => component(licence, lock));
  const dependencies = [
    { ref, dependsOn: [...needsOf("", bundled, lock), ...bun.map(purl)].sort() },
    ...licences.map((licence) => ({
      ref: purl(licence),
      dependsOn: needsOf(licence.folder, bundled, lock),
    })),
  ];
  const body = {
    version: 1,
    metadata: {
      component: {
        "type": "application",
        "bom-ref": ref,
        name: "agent",
        version: product.version,
        description: "Uploads IT assets and people into Oomnitza",
        properties: [{ name: "commit", value: product.commit }],
      },
    },
    components,
    dependencies,
  };
  const serialNumber = serialOf(JSON.stringify(body));
  const bill = { bomFormat: "CycloneDX", specVersion: "1.6", serialNumber, ...body };
  return `${JSON.stringify(bill, null, 2)}\n`;
}

function component(licence: Licence, lock: Lock) {
  const integrity = lock.packages[licence.folder]?.integrity ?? "";
  if (!integrity.startsWith("sha512-")) {
    throw new Error(`package-lock.json knows no sum of ${licence.folder}.`);
  }
  const content = Buffer.from(integrity.slice("sha512-".length), "base64").toString("hex");
  const [scope, name] = licence.name.startsWith("@") ? licence.name.split("/") : ["", licence.name];
  return {
    "type": licence.name === "bun" ? "platform" : "library",
    "bom-ref": purl(licence),
    ...(scope === "" ? {} : { group: scope }),
    name,
    version: licence.version,
    hashes: [{ alg: "SHA-512", content }],
    licenses: [{ license: licenceChoice(licence.licence) }],
    purl: purl(licence),
  };
}

/** One word is an identifier of SPDX; anything longer is given in words. */
function licenceChoice(licence: string): { readonly id: string } | { readonly name: string } {
  return /^[A-Za-z0-9.+-]+$/.test(licence) ? { id: licence } : { name: licence };
}

/** "Package URL" specification, type npm: the @ of a scope is percent-encoded. */
function purl({ name, version }: Licence): string {
  return `pkg:npm/${name.replace("@", "%40")}@${version}`;
}

/** What a package needs, of what was bundled. */
function needsOf(folder: string, bundled: ReadonlyMap<string, Licence>, lock: Lock): string[] {
  const { dependencies, optionalDependencies } = lock.packages[folder] ?? {};
  const names = Object.keys({ ...dependencies, ...optionalDependencies });
  const needed = names.flatMap((name) => bundled.get(resolvePackage(folder, name, lock)) ?? []);
  return needed.map(purl).sort();
}

/** Node's way: the nearest node_modules, from the folder up, that has the package. */
function resolvePackage(folder: string, name: string, lock: Lock): string {
  const steps = folder.split("/node_modules/");
  for (let depth = steps.length; depth > 0; depth--) {
    const path = `${steps.slice(0, depth).join("/node_modules/")}/node_modules/${name}`;
    if (path in lock.packages) return path;
  }
  return `node_modules/${name}`;
}

/** A number as of RFC 9562, version 8, that the content decides. */
function serialOf(content: string): string {
  const hex = createHash("sha256").update(content).digest("hex");
  const parts = [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`];
  return `urn:uuid:${parts.concat(`a${hex.slice(17, 20)}`, hex.slice(20, 32)).join("-")}`;
}
