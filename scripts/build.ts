/**
 * Compiles the agent for every platform into dist/, with checksums, the licence list and the bill of
 * materials. Two builds of one commit are the same, byte by byte.
 *
 * `bun scripts/build.ts [--target linux-x64]… [--out dist] [--public-key assets/release.pub] [--msi]`
 *
 * `--msi` also makes the installer package of the Windows program and the manifests of package managers.
 * `--certificate company.pfx` signs program and package (Authenticode), with the password in
 * AGENT_CERTIFICATE_PASSWORD, and with `--timestamp URL` by the clock of a server.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import manifest from "../package.json" with { type: "json" };
import lock from "../package-lock.json" with { type: "json" };
import { releaseFiles } from "../src/release/manifest.ts";
import { parsePublicKey } from "../src/release/minisign.ts";
import { compileAgent, releaseKeyFile, root } from "./binary/compile.ts";
import {
  passwordVariable,
  signAuthenticode,
  type SigningCertificate,
} from "./binary/authenticode.ts";
import { bundledLicences, formatLicences, type Metafile } from "./binary/licences.ts";
import { msiFile, writeMsi } from "./binary/msi.ts";
import { packageManifests } from "./binary/package_manifests.ts";
import { formatSbom, sbomFile } from "./binary/sbom.ts";
import { writeEditor } from "./editor.ts";
import { writeSandboxImages } from "./sandbox_images.ts";
import { findTarget, type Target, targets } from "./binary/targets.ts";

/** The commit checked out, abbreviated, with `-dirty` when the tree differs; `unknown` without git. */
export function currentCommit(): string {
  const commit = git("rev-parse", "--short=12", "HEAD");
  if (commit === undefined) return "unknown";
  return git("status", "--porcelain") === "" ? commit : `${commit}-dirty`;
}

function git(...args: string[]): string | undefined {
  const run = Bun.spawnSync(["git", ...args], { cwd: root, stderr: "ignore" });
  return run.success ? run.stdout.toString().trim() : undefined;
}

/** What all programs of a build have in common. */
interface Build {
  readonly folder: string;
  readonly commit: string;
  readonly publicKey: string | undefined;
  readonly certificate: SigningCertificate | undefined;
}

/** Compiles one program; the result is the files that went into it. */
async function buildOne(
  target: Target,
  { folder, certificate, ...rest }: Build,
): Promise<Metafile["inputs"]> {
  const started = performance.now();
  const outfile = join(folder, target.file);
  const metafile = join(folder, ".metafile.json");
  await compileAgent({ target, outfile, version: manifest.version, metafile, ...rest });
  const { inputs }: Metafile = JSON.parse(readFileSync(metafile, "utf8"));
  rmSync(metafile);
  if (certificate !== undefined && target.name.startsWith("windows")) {
    signAuthenticode(outfile, certificate);
  }
  const megabytes = (statSync(outfile).size / 1e6).toFixed(1);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${target.file.padEnd(24)} ${megabytes.padStart(6)} MB  ${seconds} s`);
  return inputs;
}

/** The text of the public key that the programs are to trust. */
function readPublicKey(path: string | undefined): string | undefined {
  if (path === undefined) {
    console.log("No key in assets/release.pub: agent upgrade will need --public-key.");
    return undefined;
  }
  const text = readFileSync(path, "utf8");
  console.log(`agent upgrade will trust the key ${parsePublicKey(text, path).id}`);
  return text;
}

/** The installer package and what winget, Scoop and Chocolatey want to know of it; gives the files. */
function writeWindowsPackages(
  { folder, certificate }: Build,
  version: string,
): readonly string[] {
  const program = join(folder, findTarget("windows-x64").file);
  if (!existsSync(program)) throw new Error("--msi needs the program: --target windows-x64");
  writeMsi(program, join(folder, msiFile), version);
  if (certificate !== undefined) signAuthenticode(join(folder, msiFile), certificate);
  const sums = {
    program: sha256Of(program),
    package: sha256Of(join(folder, msiFile)),
  };
  const texts = packageManifests({ version, sums });
  for (const [file, text] of Object.entries(texts)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  }
  return [msiFile, ...Object.keys(texts)];
}

function sha256Of(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

function checksums(folder: string, files: readonly string[]): string {
  return files.map((file) => {
    return `${sha256Of(join(folder, file))}  ${file}\n`;
  }).join("");
}

/** What to sign with, when a certificate is named. */
function readCertificate(file: string | undefined, timestampUrl: string | undefined) {
  if (file === undefined) {
    if (timestampUrl !== undefined) throw new Error("--timestamp goes with --certificate.");
    return undefined;
  }
  const password = process.env[passwordVariable];
  if (password === undefined) {
    throw new Error(`Put the password of ${file} into ${passwordVariable}.`);
  }
  return { file: resolve(file), password, timestampUrl };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      target: { type: "string", multiple: true },
      out: { type: "string", default: "dist" },
      "public-key": { type: "string" },
      "msi": { type: "boolean", default: false },
      "certificate": { type: "string" },
      "timestamp": { type: "string" },
    },
  });
  const wanted = values.target?.map(findTarget) ?? targets;
  const folder = resolve(root, values.out);
  const commit = currentCommit();
  const publicKey = readPublicKey(values["public-key"] ?? releaseKeyFile());
  const certificate = readCertificate(values.certificate, values.timestamp);
  const build = { folder, commit, publicKey, certificate };
  mkdirSync(folder, { recursive: true });
  // The editor of the GUI is in the programs as a text, and its packages with it.
  const inputs: Record<string, unknown> = { ...await writeEditor() };
  await writeSandboxImages();
  for (const target of wanted) {
    Object.assign(inputs, await buildOne(target, build));
  }
  const licences = bundledLicences(root, { inputs });
  const { version } = manifest;
  const texts = {
    "LICENSES.txt": formatLicences(licences),
    [sbomFile]: formatSbom({ version, commit }, licences, lock),
    [releaseFiles.release]: `${JSON.stringify({ version, commit })}\n`,
  };
  for (const [file, text] of Object.entries(texts)) writeFileSync(join(folder, file), text);
  const packages = values.msi ? writeWindowsPackages(build, version) : [];
  const files = [...wanted.map((target) => target.file), ...Object.keys(texts), ...packages];
  writeFileSync(join(folder, releaseFiles.sums), checksums(folder, files));
  rmSync(join(folder, releaseFiles.signature), { force: true }); // of an earlier build
  console.log(`${version} (${commit}) in ${folder}, ${licences.length} licences`);
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
