/**
 * Makes a fresh clone ready to run: installs the pinned packages, sees to it that Bun and Deno really
 * start, and makes the bundles that the program embeds. Needs only Node.js and npm; does nothing when
 * it is already done.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const modules = join(root, "node_modules");
const stampFile = join(modules, ".setup-done");

/** What is made from sources and not kept in the repository. */
const bundles = [
  { script: "editor.ts", file: "src/gui/assets/editor.bundle", sources: ["src/gui/editor"] },
  {
    script: "sandbox_images.ts",
    file: "src/sandbox/guest/python.image",
    sources: ["src/sandbox", "src/python/runtime", "scripts/binary"],
  },
];
const windows = process.platform === "win32";
const oldestNode = 18;

/** The tools that npm delivers as a placeholder which an install script must replace. */
const tools = [
  { name: "bun", program: "bun/bin/bun.exe", install: "bun/install.js" },
  { name: "deno", program: windows ? "deno/deno.exe" : "deno/deno", install: "deno/install.cjs" },
];

/** A sentence for the person at the terminal, shown without a stack. */
class SetupError extends Error {}

function main() {
  const node = Number(process.versions.node.split(".")[0]);
  if (node < oldestNode) {
    throw new SetupError(`Node.js ${process.versions.node} is too old: ${oldestNode} is needed.`);
  }
  const stamp = currentStamp();
  const isThere = tools.every(isInstalled) &&
    bundles.every(({ file }) => existsSync(join(root, file)));
  if (isThere && readIfThere(stampFile) === stamp) return;
  if (!packagesMatchLock()) installPackages();
  tools.forEach(makeStart);
  bundles.forEach(makeBundle);
  writeFileSync(stampFile, stamp);
}

/** Changes whenever the packages or the bundles would, or the machine that they are for. */
function currentStamp() {
  const hash = createHash("sha256");
  const sources = bundles.flatMap(({ sources }) => sources).flatMap(listFiles);
  for (const path of ["package-lock.json", ...sources]) hash.update(readFileSync(join(root, path)));
  return `${hash.digest("hex")} ${process.platform}-${process.arch}\n`;
}

/** The files of a folder, also of those in it, but for bundles. */
function listFiles(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return listFiles(path);
    return /\.(bundle|image)$/.test(path) ? [] : path;
  });
}

/** Whether node_modules already is what package-lock.json says, as after a plain `npm install`. */
function packagesMatchLock() {
  const installed = readPackages(join(modules, ".package-lock.json"));
  const locked = readPackages(join(root, "package-lock.json"));
  if (installed === undefined || locked === undefined) return false;
  const stray = Object.entries(installed)
    .some(([path, { integrity }]) => integrity !== locked[path]?.integrity);
  const missing = Object.entries(locked)
    .some(([path, { optional }]) => path !== "" && !optional && installed[path] === undefined);
  return !stray && !missing;
}

function readPackages(path) {
  const text = readIfThere(path);
  return text === undefined ? undefined : JSON.parse(text).packages;
}

function installPackages() {
  console.error("Installing the pinned packages (once, some seconds) …");
  // The tools are development dependencies: NODE_ENV=production must not leave them out.
  const args = ["ci", "--include=dev", "--include=optional", "--no-audit", "--no-fund"];
  const npm = process.env.npm_execpath;
  const run = npm?.endsWith(".js")
    ? start(process.execPath, [npm, ...args])
    : start("npm", args, { shell: windows });
  if (run.error !== undefined) {
    throw new SetupError(`npm does not start (${run.error.message}). Install Node.js with npm.`);
  }
  if (run.status === 0) return;
  process.stderr.write(run.output.join(""));
  throw new SetupError(
    "npm could not install the packages; its words are above. " +
      "Check that this machine reaches its npm registry, then try again.",
  );
}

/** Runs the package's install script when npm did not, as its newer versions may not. */
function makeStart(tool) {
  const wanted = JSON.parse(readFileSync(join(modules, tool.name, "package.json"))).version;
  if (answers(tool, wanted)) return;
  console.error(`Finishing the installation of ${tool.name} …`);
  const run = start(process.execPath, [join(modules, tool.install)], {
    cwd: join(modules, tool.name),
  });
  if (answers(tool, wanted)) return;
  process.stderr.write(run.output?.join("") ?? "");
  rmSync(stampFile, { force: true });
  throw new SetupError(
    `${tool.name} ${wanted} does not start on ${process.platform}-${process.arch}. ` +
      "Delete the folder node_modules and try again.",
  );
}

function makeBundle({ script, file }) {
  const [bun] = tools;
  const run = start(join(modules, bun.program), [join(root, "scripts", script)]);
  if (run.status === 0) return;
  process.stderr.write(run.output?.join("") ?? "");
  throw new SetupError(`${file} could not be made; the reason is above.`);
}

function answers(tool, version) {
  if (!isInstalled(tool)) return false;
  const run = start(join(modules, tool.program), ["--version"]);
  return run.status === 0 && run.stdout.includes(version);
}

function isInstalled(tool) {
  return existsSync(join(modules, tool.program));
}

function start(command, args, options = {}) {
  const quiet = { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] };
  return spawnSync(command, args, { ...quiet, ...options });
}

function readIfThere(path) {
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}

try {
  main();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`Setup: ${error.message}`);
  process.exitCode = 1;
}
