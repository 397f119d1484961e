/**
 * Runs the built Windows program for real, under Wine: its version, a sample configuration, and an
 * upload of a CSV file into a stand-in for Oomnitza that runs beside it on Linux, its doctor, its
 * upgrade and its service.
 *
 * `bun scripts/wine.ts [--dist DIR]`
 *
 * @module
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { isDeepStrictEqual, parseArgs } from "node:util";
import manifest from "../package.json" with { type: "json" };
import { type StandIn, startStandIn } from "../test/support/stand_in/mod.ts";
import { bunVariables } from "./binary/base.ts";
import { root } from "./binary/compile.ts";
import { openWine, windowsPath, type Wine, type WineOptions } from "./wine/prefix.ts";
import { msiFile } from "./binary/msi.ts";
import { checkMsi } from "./wine/msi.ts";
import { checkPlaces } from "./wine/places.ts";
import { checkService } from "./wine/service.ts";
import { checkUpgrade } from "./wine/upgrade.ts";

const assets = [
  { SERIAL_NUMBER: "C02XK0AAJHD2", BARCODE: "IT-0042", ASSIGNED_TO: "jane@example.com" },
  { SERIAL_NUMBER: "C02XK0AAJHD3", BARCODE: "IT-0043", ASSIGNED_TO: "jürgen@example.com" },
];

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { dist: { type: "string", default: "dist" } } });
  const dist = resolve(root, values.dist);
  const agent = windowsPath(join(dist, "agent-windows-x64.exe"));
  const wine = await openWine();
  const instance = await startStandIn();
  console.log("wine: prefix is ready");
  try {
    await checkVersion(wine, agent);
    await checkSample(wine, agent);
    await checkUpload(wine, agent, instance);
    await checkDoctor(wine, agent);
    await checkUpgrade(wine, join(dist, "agent-windows-x64.exe"));
    await checkPlaces(wine, { agent, instance });
    const msi = join(dist, msiFile);
    if (existsSync(msi)) await checkMsi(wine, { msi, port: await freePort(), instance });
    await checkService(wine, { agent, port: await freePort(), instance });
  } finally {
    await instance.stop();
    await wine.close();
  }
}

async function checkVersion(wine: Wine, agent: string): Promise<void> {
  const version = await run(wine, [agent, "version"]);
  if (!version.includes(manifest.version)) throw new Error(`No ${manifest.version}: ${version}`);
  const env = Object.fromEntries(
    bunVariables.map(({ name }) => [name, "--preload C:\\missing.ts"]),
  );
  if (await run(wine, [agent, "version"], { env }) !== version) {
    throw new Error("A variable of Bun's changes what the agent does.");
  }
}

async function checkSample(wine: Wine, agent: string): Promise<void> {
  // A relative path on purpose: Wine refuses those in some calls, and the agent makes them absolute.
  await run(wine, [agent, "generate-ini", "--ini", "sample.ini"]);
  const path = join(wine.folder, "sample.ini");
  const sample = existsSync(path) ? readFileSync(path, "utf8") : "";
  for (const section of ["[oomnitza]", "[csv_assets]", "[csv_users]"]) {
    if (!sample.includes(section)) throw new Error(`sample.ini has no section ${section}.`);
  }
  console.log(`wine: sample.ini has ${sample.split("\n").length} lines`);
}

async function checkUpload(wine: Wine, agent: string, instance: StandIn): Promise<void> {
  writeUploadFiles(wine.folder, instance);
  const ini = windowsPath(join(wine.folder, "config.ini"));
  await run(wine, [agent, "upload", "csv_assets", "--ini", ini]);
  const got = instance.state.records().map(({ record }) => record);
  if (!isDeepStrictEqual(byBarcode(got), byBarcode(assets))) {
    throw new Error(`The stand-in got other records: ${JSON.stringify(got)}`);
  }
  console.log(`wine: the stand-in got ${got.length} records, as they were sent`);
  await checkWarning(wine, [agent, "upload", "csv_assets", "--testmode", "--ini", ini]);
}

/** Wine shows a file that everybody may read as such in its access control list. */
async function checkWarning(wine: Wine, command: readonly string[]): Promise<void> {
  const { stderr } = await wine.run(command);
  if (!/can be read by Everyone.*icacls/.test(stderr)) {
    throw new Error(`No warning that everybody can read config.ini: ${stderr}`);
  }
  console.log("wine: a file that everybody can read is warned of");
}

function writeUploadFiles(folder: string, { url, token }: StandIn): void {
  const rows = assets.map((asset) => Object.values(asset).join(","));
  const csv = ["Serial,Tag,Owner", ...rows, ""].join("\r\n");
  writeFileSync(join(folder, "assets.csv"), csv);
  const ini = [
    "[oomnitza]",
    `url = ${url}`,
    `api_token = ${token}`,
    "[csv_assets]",
    "enable = True",
    `filename = ${windowsPath(join(folder, "assets.csv"))}`,
    "sync_field = BARCODE",
    "mapping.SERIAL_NUMBER = Serial",
    "mapping.BARCODE = Tag",
    "mapping.ASSIGNED_TO = Owner",
    "",
  ];
  writeFileSync(join(folder, "config.ini"), ini.join("\r\n"));
}

async function checkDoctor(wine: Wine, agent: string): Promise<void> {
  const ini = windowsPath(join(wine.folder, "config.ini"));
  const out = windowsPath(join(wine.folder, "diag.tar.gz"));
  await run(wine, [agent, "diag", "--offline", "--ini", ini, "--out", out]);
  const folder = windowsPath(wine.folder);
  const words = ["--offline", "--log-dir", folder, "--ini", ini];
  const output = await run(wine, [agent, "doctor", ...words]);
  if (!/^ok +disk /m.test(output)) throw new Error("The doctor sees no disk.");
  if (!/^skipped service /m.test(output)) throw new Error("There is no service yet to be seen.");
}

/** Runs the Windows program, shows what it says, and gives its standard output. */
async function run(wine: Wine, command: readonly string[], options?: WineOptions) {
  const { code, stdout, stderr } = await wine.run(command, options);
  console.log(`wine: agent ${command.slice(1).join(" ")} → exit ${code}`);
  const output = `${stdout}${stderr}`.trimEnd();
  if (output !== "") console.log(output.replaceAll(/^/gm, "    "));
  if (code !== 0) throw new Error("That should have been exit code 0.");
  return stdout;
}

function byBarcode(records: readonly Readonly<Record<string, unknown>>[]) {
  return records.toSorted((a, b) => String(a["BARCODE"]).localeCompare(String(b["BARCODE"])));
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

try {
  await main();
  console.log("wine: the Windows program works");
} catch (error) {
  console.error(`wine: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
