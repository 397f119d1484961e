/**
 * The licence list that goes out with the binaries: every npm package that was bundled, and Bun.
 *
 * @module
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One bundled package. */
export interface Licence {
  /** Where the package lies, relative to the repository, as in package-lock.json. */
  readonly folder: string;
  readonly name: string;
  readonly version: string;
  /** SPDX expression. */
  readonly licence: string;
  /** The licence text, as the package ships it. */
  readonly text: string;
}

/** The parts of a bundler's metafile that are read here. */
export interface Metafile {
  /** Bundled files, by path relative to the repository. */
  readonly inputs: Readonly<Record<string, unknown>>;
}

/**
 * The packages whose files are in `metafile`, and Bun, by name. Throws when one ships no licence
 * text, for then we may not pass it on.
 */
export function bundledLicences(root: string, metafile: Metafile): readonly Licence[] {
  const folders = new Set(Object.keys(metafile.inputs).flatMap(packageFolder));
  const licences = [...folders].map((folder) => readLicence(root, folder));
  return [...licences, bunLicence(root)].sort((a, b) => a.name.localeCompare(b.name, "en"));
}

/** The list as one text: an overview, then each licence in full. */
export function formatLicences(licences: readonly Licence[]): string {
  const overview = licences.map(({ name, version, licence }) => `${name} ${version}: ${licence}`);
  const texts = licences.map(({ name, version, text }) => {
    const title = `${name} ${version}`;
    return `${title}\n${"=".repeat(title.length)}\n\n${text.trim()}\n`;
  });
  const opening = "The agent contains the software listed here.";
  return `${opening}\n\n${overview.join("\n")}\n\n\n${texts.join("\n\n")}`;
}

function packageFolder(input: string): string[] {
  const found = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input);
  return found?.[1] === undefined ? [] : [found[1]];
}

/** Texts for packages that name a licence in their manifest and ship no text of it, by package. */
const texts = join(import.meta.dir, "licence_texts");

function readLicence(root: string, folder: string): Licence {
  const path = join(root, folder);
  const { name, version, license } = readManifest(path);
  const files = readdirSync(path).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file));
  const ours = join(texts, `${name.replace("/", "+")}.txt`);
  if (license === "MIT" && files.length === 0 && existsSync(ours)) {
    return { folder, name, version, licence: license, text: readFileSync(ours, "utf8").trim() };
  }
  if (license === undefined || files.length === 0) {
    throw new Error(`${name} ${version} ships no licence text: it cannot be passed on.`);
  }
  const found = files.sort().map((file) => readFileSync(join(path, file), "utf8").trim());
  return { folder, name, version, licence: license, text: found.join("\n\n") };
}

/** The npm package of Bun carries no licence file; its documentation of the same version does. */
function bunLicence(root: string): Licence {
  const path = join(root, "node_modules/bun-types/docs/project/license.mdx");
  const documented = readManifest(join(root, "node_modules/bun-types")).version;
  if (!existsSync(path) || documented !== Bun.version) {
    throw new Error(`The licence of Bun ${Bun.version} is not at hand: looked at ${path}.`);
  }
  const text = readFileSync(path, "utf8").replace(/^---\n[\s\S]*?\n---\n/, "");
  const licence = "MIT, with parts under LGPL-2.1";
  return { folder: "node_modules/bun", name: "bun", version: Bun.version, licence, text };
}

function readManifest(folder: string): { name: string; version: string; license?: string } {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}
