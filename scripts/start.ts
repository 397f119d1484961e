/**
 * `npm start`: runs a stand-in Oomnitza, uploads the sample into it and says where to look.
 *
 * @module
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dir, "..");
const program = [process.execPath, join(root, "src/cli/main.ts")];
const token = "token-of-the-stand-in";
/** With `--once`, the stand-in is stopped after the upload. */
const once = process.argv.includes("--once");

/** Starts a stand-in on a free port and waits until it says where it listens. */
async function startStandIn() {
  const child = Bun.spawn([
    ...program,
    "stand-in",
    "--port",
    "0",
    "--token",
    token,
    "--output",
    "json",
  ], {
    stdout: "pipe",
    stderr: "inherit",
  });
  const { value } = await child.stdout.getReader().read();
  if (value === undefined) throw new Error("The stand-in did not start.");
  const { url } = JSON.parse(new TextDecoder().decode(value)) as { url: string };
  return { child, url };
}

/** The sample's configuration with the address of the stand-in, in a folder of its own. */
function writeConfiguration(url: string): { folder: string; ini: string } {
  const folder = mkdtempSync(join(tmpdir(), "agent-sample-"));
  const ini = join(folder, "config.ini");
  const sample = readFileSync(join(root, "samples/config.ini"), "utf8");
  writeFileSync(
    ini,
    sample
      .replace(/^url = .*$/m, `url = ${url}`)
      .replace(
        /^filename = (.*)$/gm,
        (_, name: string) => `filename = ${join(root, "samples", name)}`,
      ),
    // It holds a token: the agent warns of a file that others can read.
    { mode: 0o600 },
  );
  return { folder, ini };
}

const { child, url } = await startStandIn();
const { folder, ini } = writeConfiguration(url);
const upload = Bun.spawnSync([
  ...program,
  "upload",
  "csv_assets",
  "csv_users",
  "--ini",
  ini,
  "--singleton",
  "0",
], { stdout: "inherit", stderr: "inherit" });
rmSync(folder, { recursive: true });
console.log(`\nThe records are in the stand-in Oomnitza: open ${url} in a browser.`);
if (!once) {
  console.log("Stop it with Ctrl-C.");
  await child.exited;
}
child.kill();
process.exit(upload.exitCode);
