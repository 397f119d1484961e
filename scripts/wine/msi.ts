/**
 * The installer package: installed in silence, used from System32 without any flag, repaired, removed with
 * configuration and state left where they are, and installed again with its service.
 *
 * @module
 */
import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { windowsPath, type Wine } from "./prefix.ts";
import { checkSccm } from "./sccm.ts";

export interface MsiCheck {
  /** The package, a path of this machine. */
  readonly msi: string;
  /** A port that is free. */
  readonly port: number;
  readonly instance: { readonly url: string; readonly token: string };
}

/** Where things are in the prefix, as paths of this machine. */
interface Disk {
  readonly root: string;
  readonly system: string;
  readonly program: string;
  readonly data: string;
}

const agent = "C:\\Program Files\\Oomnitza Agent\\agent.exe";
const service = "OomnitzaAgent";
const uninstallKey = "HKLM\\Software\\Microsoft\\Windows\\CurrentVersion\\Uninstall";

/** Throws with what was seen when the package does not do as packages do. */
export async function checkMsi(wine: Wine, check: MsiCheck): Promise<void> {
  const root = join(wine.folder, "../prefix/drive_c");
  const disk = {
    root,
    system: join(root, "windows/system32"),
    program: join(root, "Program Files/Oomnitza Agent/agent.exe"),
    data: join(root, "ProgramData/Oomnitza Agent"),
  };
  const msi = windowsPath(check.msi);
  await msiexec(wine, ["/i", msi]);
  for (
    const file of [
      disk.program,
      ...["config.ini", "logging.json"].map((name) => join(disk.data, name)),
    ]
  ) {
    if (!existsSync(file)) throw new Error(`The package has not made ${file}.`);
  }
  await mustUpload(wine, check, disk);
  await checkSccm(wine, { ...disk, agent, instance: check.instance });
  const listed = await wine.run(["reg", "query", uninstallKey, "/s"]);
  if (!listed.stdout.includes("Oomnitza Agent")) throw new Error("No program is listed.");
  const before = readFileSync(join(disk.data, "config.ini"), "utf8");
  // As /fa does; Wine finds no product by its package.
  await msiexec(wine, ["/i", msi, "REINSTALL=ALL", "REINSTALLMODE=amus"]);
  mustBeLeft(disk, before);
  await msiexec(wine, ["/x", msi]);
  if (existsSync(disk.program)) throw new Error("The program is still there.");
  mustBeLeft(disk, before);
  await checkWithService(wine, check, disk);
  console.log("wine: the package installs and removes program and service, and leaves the data");
}

/** Whether configuration and state are as they were. */
function mustBeLeft({ data }: Disk, config: string): void {
  const state = join(data, "state/agent-state.sqlite");
  if (!existsSync(state)) throw new Error(`${state} was removed, too.`);
  if (readFileSync(join(data, "config.ini"), "utf8") !== config) {
    throw new Error("The configuration is another.");
  }
}

async function mustUpload(wine: Wine, { instance }: MsiCheck, { data, system }: Disk) {
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
  const { code, stdout, stderr } = await wine.run([agent, "upload", "csv_assets"], { cwd: system });
  if (code !== 0 || !stdout.includes("1 read, 1 sent")) {
    throw new Error(`The installed program: exit ${code}\n${stdout}${stderr}`);
  }
}

/** With SERVICE=1: registered as the command line says, started by hand, gone with the program. */
async function checkWithService(wine: Wine, check: MsiCheck, disk: Disk): Promise<void> {
  const own = join(disk.system, "sc.exe");
  const kept = join(wine.folder, "sc.exe");
  copyFileSync(own, kept);
  rmSync(own);
  const compiler = ["x86_64-w64-mingw32-gcc", "-municode", "-O1", "-o", own];
  const source = join(import.meta.dir, "sc.c");
  if (!Bun.spawnSync([...compiler, source, "-ladvapi32"]).success) {
    throw new Error("The program in place of sc.exe does not compile.");
  }
  const env = { WINEDLLOVERRIDES: "sc.exe=n" };
  try {
    const msi = windowsPath(check.msi);
    await msiexec(wine, ["/i", msi, "SERVICE=1", `PORT=${check.port}`], env);
    const calls = readFileSync(join(disk.root, "sc.log"), "utf8");
    for (const part of ["|delayed-auto|", "failure|", "failureflag|", `--port ${check.port} `]) {
      if (!calls.includes(part)) throw new Error(`sc.exe was not asked for ${part}:\n${calls}`);
    }
    const start = await wine.run([agent, "service", "start"], { env });
    if (start.code !== 0) throw new Error(`service start: ${start.stdout}${start.stderr}`);
    await mustAnswer(`http://127.0.0.1:${check.port}/healthz`);
    await msiexec(wine, ["/x", msi], env);
    if ((await wine.run(["sc", "query", service], { env })).code === 0) {
      throw new Error("The service is still there.");
    }
    if (existsSync(disk.program)) throw new Error("The program is still there.");
  } finally {
    copyFileSync(kept, own);
  }
}

/** Waits up to half a minute for the service to be there. */
async function mustAnswer(url: string): Promise<void> {
  for (let attempt = 1;; attempt++) {
    try {
      const { status } = await fetch(url);
      if (status === 200) return;
      throw new Error(`The service answers ${status}.`);
    } catch (error) {
      if (attempt === 100) throw error;
      await Bun.sleep(300);
    }
  }
}

async function msiexec(
  wine: Wine,
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const command = ["msiexec", ...words, "/qn"];
  const { code, stdout, stderr } = await wine.run(command, { timeoutMs: 180_000, env });
  if (code !== 0) throw new Error(`${command.join(" ")}: exit ${code}\n${stdout}${stderr}`);
}
