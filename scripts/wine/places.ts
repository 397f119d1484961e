/**
 * The agent as it is installed, from System32 without any flag: it finds its configuration, state and
 * logs, and runs nothing that lies in the working directory.
 *
 * @module
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Database } from "bun:sqlite";
import { windowsPath, type Wine } from "./prefix.ts";

export interface PlacesCheck {
  /** The program, as Windows names it. */
  readonly agent: string;
  readonly instance: { readonly url: string; readonly token: string };
}

const data = "drive_c/ProgramData/Oomnitza Agent";

/** Throws with what was seen when a command finds other files than the service's. */
export async function checkPlaces(wine: Wine, { agent, instance }: PlacesCheck): Promise<void> {
  const prefix = join(wine.folder, "../prefix");
  const system = join(prefix, "drive_c/windows/system32");
  await must(wine, [agent, "service", "prepare"]);
  const csv = join(wine.folder, "places.csv");
  writeFileSync(csv, "Tag\r\nIT-1\r\n");
  const ini = `[oomnitza]
url = ${instance.url}
api_token = ${instance.token}
[csv_assets]
enable = True
filename = "${windowsPath(csv)}"
sync_field = BARCODE
mapping.BARCODE = Tag
`;
  writeFileSync(join(prefix, data, "config.ini"), ini);
  const upload = await must(wine, [agent, "upload", "csv_assets"], system);
  if (!upload.includes("1 read, 1 sent")) throw new Error(`From System32: ${upload}`);
  const state = join(prefix, data, "state/agent-state.sqlite");
  if (!existsSync(state)) throw new Error(`There is no ${state}.`);
  const runs = await must(wine, [agent, "runs"], system);
  if (!/csv_assets.*1 sent[^]*State file C:\\ProgramData\\Oomnitza Agent\\state\\/i.test(runs)) {
    throw new Error(`runs reads something else:\n${runs}`);
  }
  if (existsSync(join(system, "info.log"))) throw new Error("There is a log in System32.");
  await checkTask(wine, agent, system);
  await checkProtected(wine, agent, join(prefix, data));
  await checkLock(wine, agent, state);
  await checkPlanted(wine, agent);
  console.log("wine: from System32, it finds configuration, state and logs in ProgramData");
}

/** The task for the Task Scheduler, registered by schtasks and listed. */
async function checkTask(wine: Wine, agent: string, system: string): Promise<void> {
  const xml = await must(wine, [agent, "schedule", "--task-xml"], system);
  const file = join(wine.folder, "task.xml");
  // As PowerShell writes a file, with the mark of its encoding.
  writeFileSync(file, `\ufeff${xml.replaceAll("\n", "\r\n")}`, "utf16le");
  await must(wine, ["schtasks", "/Create", "/TN", "agent", "/XML", windowsPath(file), "/F"]);
  await must(wine, ["schtasks", "/Change", "/TN", "agent", "/ENABLE"]);
  await must(wine, ["schtasks", "/Delete", "/TN", "agent", "/F"]);
}

/** A secret that Windows encrypts for the machine, written by a pipe and used by a reference. */
async function checkProtected(wine: Wine, agent: string, folder: string): Promise<void> {
  const secret = "dpapi Canary pässwörd";
  const plain = join(wine.folder, "plain.txt");
  writeFileSync(plain, secret);
  const path = "C:\\ProgramData\\Oomnitza Agent\\token.dpapi";
  const batch = join(wine.folder, "protect.cmd");
  writeFileSync(batch, `@"${agent}" secret protect "${path}" < "${windowsPath(plain)}"\r\n`);
  await must(wine, ["cmd", "/c", windowsPath(batch)]);
  const file = readFileSync(join(folder, "token.dpapi"), "utf8");
  if (!/^[\w+/]+=*\n$/.test(file) || file.includes("Canary")) {
    throw new Error(`Not encrypted: ${file}`);
  }
  const ini = readFileSync(join(folder, "config.ini"), "utf8");
  const token = /^api_token = (.*)$/m.exec(ini)?.[1] ?? "";
  writeFileSync(plain, token);
  await must(wine, ["cmd", "/c", windowsPath(batch)]);
  writeFileSync(
    join(folder, "config.ini"),
    ini.replace(/^api_token = .*$/m, "api_token = ${dpapi:token.dpapi}"),
  );
  const sent = await must(wine, [agent, "upload", "csv_assets"]);
  if (!sent.includes("1 sent")) throw new Error(`With the encrypted token: ${sent}`);
}

/** Whoever runs an upload, with whatever folder for temporary files, sees that another one runs. */
async function checkLock(wine: Wine, agent: string, state: string): Promise<void> {
  const holder = new Database(`${state}-upload.lock`);
  holder.run("PRAGMA locking_mode = EXCLUSIVE");
  holder.run("BEGIN EXCLUSIVE");
  try {
    const env = { TEMP: "C:\\other", TMP: "C:\\other" };
    const { code, stderr } = await wine.run([agent, "upload", "csv_assets"], { env });
    if (code !== 1 || !stderr.includes("Another upload with the same state file")) {
      throw new Error(`Beside another upload: exit ${code} ${stderr}`);
    }
  } finally {
    holder.close();
  }
}

/** A program and a library in the working directory, under names of Windows' own. */
async function checkPlanted(wine: Wine, agent: string): Promise<void> {
  const folder = join(wine.folder, "downloads");
  mkdirSync(folder);
  const compiler = ["x86_64-w64-mingw32-gcc", "-O1", "-o", join(folder, "rundll32.exe")];
  const { success } = Bun.spawnSync([...compiler, join(import.meta.dir, "planted.c")]);
  if (!success) throw new Error("The planted program does not compile.");
  // The GUI serves until its time is over: that it is ended is no failure.
  const ended = await wine.run([agent, "gui"], { cwd: folder, timeoutMs: 12_000 })
    .then(({ stdout }) => stdout, (error: unknown) => String(error));
  if (!ended.includes("The GUI is at")) throw new Error(`The GUI did not begin: ${ended}`);
  if (existsSync(join(wine.folder, "../prefix/drive_c/planted.txt"))) {
    throw new Error("rundll32.exe of the working directory ran.");
  }
}

async function must(wine: Wine, command: readonly string[], cwd?: string): Promise<string> {
  const { code, stdout, stderr } = await wine.run(command, cwd === undefined ? {} : { cwd });
  if (code === 0) return stdout;
  throw new Error(`${command.join(" ")}: exit ${code}\n${stdout}${stderr}`);
}
