/**
 * The installer package: installed in silence, used from System32 without any flag, and removed with
 * configuration and state left where they are.
 *
 * @module
 */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { windowsPath, type Wine } from "./prefix.ts";

export interface MsiCheck {
  /** The package, a path of this machine. */
  readonly msi: string;
  readonly instance: { readonly url: string; readonly token: string };
}

/** Throws with what was seen when the package does not do as packages do. */
export async function checkMsi(wine: Wine, { msi, instance }: MsiCheck): Promise<void> {
  const disk = join(wine.folder, "../prefix/drive_c");
  const program = join(disk, "Program Files/Oomnitza Agent/agent.exe");
  const data = join(disk, "ProgramData/Oomnitza Agent");
  await msiexec(wine, "/i", windowsPath(msi));
  for (const file of [program, join(data, "config.ini"), join(data, "logging.json")]) {
    if (!existsSync(file)) throw new Error(`The package has not made ${file}.`);
  }
  const csv = join(wine.folder, "msi.csv");
  writeFileSync(csv, "Tag\r\nIT-2\r\n");
  const ini = `[oomnitza]
url = ${instance.url}
api_token = ${instance.token}
[csv_assets]
enable = True
filename = ${windowsPath(csv)}
sync_field = BARCODE
mapping.BARCODE = Tag
`;
  writeFileSync(join(data, "config.ini"), ini);
  const agent = "C:\\Program Files\\Oomnitza Agent\\agent.exe";
  const cwd = join(disk, "windows/system32");
  const { code, stdout, stderr } = await wine.run([agent, "upload", "csv_assets"], { cwd });
  if (code !== 0 || !stdout.includes("1 read, 1 sent")) {
    throw new Error(`The installed program: exit ${code}\n${stdout}${stderr}`);
  }
  const listed = await wine.run(["reg", "query", uninstallKey, "/s"]);
  if (!listed.stdout.includes("Oomnitza Agent")) throw new Error("No program is listed.");
  await msiexec(wine, "/x", windowsPath(msi));
  if (existsSync(program)) throw new Error("The program is still there.");
  for (const file of ["config.ini", "state/agent-state.sqlite"]) {
    if (!existsSync(join(data, file))) throw new Error(`${file} was removed, too.`);
  }
  console.log("wine: the package installs and removes the program, and leaves the data");
}

const uninstallKey = "HKLM\\Software\\Microsoft\\Windows\\CurrentVersion\\Uninstall";

async function msiexec(wine: Wine, action: string, what: string): Promise<void> {
  const command = ["msiexec", action, what, "/qn"];
  const { code, stdout, stderr } = await wine.run(command, { timeoutMs: 180_000 });
  if (code !== 0) throw new Error(`${command.join(" ")}: exit ${code}\n${stdout}${stderr}`);
}
