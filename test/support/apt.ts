/**
 * Programs of Debian that tests need: installed once where that can be done, else named in an error.
 *
 * @module
 */
import { existsSync } from "node:fs";

const aptGet = "/usr/bin/apt-get";
const dpkgQuery = "/usr/bin/dpkg-query";
/** Attempts, two seconds apart, while another test file installs packages. */
const maxAttempts = 150;

function apt(words: readonly string[]): string {
  const child = Bun.spawnSync([aptGet, "-o", "DPkg::Lock::Timeout=300", ...words], {
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  return child.success ? "" : `${child.stdout}${child.stderr}`.trim();
}

/** Whether the packages are in the middle of being installed: their files are there, but not all. */
function isUnfinished(packages: readonly string[]): boolean {
  if (!existsSync(dpkgQuery)) return false;
  const { stdout } = Bun.spawnSync([dpkgQuery, "-W", "-f=${Status}\n", ...packages]);
  return /unpacked|half-/.test(`${stdout}`);
}

/** Installs; the result is what went wrong, empty when nothing did. */
function install(packages: readonly string[]): string {
  for (let attempt = 1;; attempt++) {
    const words = apt(["update"]) ||
      apt(["install", "--yes", "--no-install-recommends", ...packages]);
    if (!/ lock /.test(words) || attempt === maxAttempts) return words;
    Bun.sleepSync(2000);
  }
}

/**
 * Sees to it that a file of some packages is there. As root on Debian they are installed; elsewhere, or
 * when that does not work, the error says what to install. Call it at the top of a test file, where no
 * test's time limit runs.
 *
 * @param file Absolute path that the packages bring.
 */
export function needPackage(file: string, ...packages: readonly string[]): void {
  for (let waits = 0; existsSync(file) && isUnfinished(packages) && waits < maxAttempts; waits++) {
    Bun.sleepSync(2000);
  }
  if (existsSync(file)) return;
  const advice = `Install it with: apt-get install ${packages.join(" ")}`;
  if (process.getuid?.() !== 0 || !existsSync(aptGet)) {
    throw new Error(`These tests need ${file}, which is not there. ${advice}`);
  }
  const words = install(packages);
  if (existsSync(file)) return;
  throw new Error(`These tests need ${file}, and it could not be installed. ${advice}\n${words}`);
}
