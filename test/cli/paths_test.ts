/**
 * Where configuration, state and log files are looked for, and what a relative path in the file means.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type GlobalFlags, globalFlags } from "../../src/cli/flags.ts";
import { resolveFiles } from "../../src/cli/paths.ts";
import { absolutePath, folderVariable, plainPath } from "../../src/config/reading.ts";
import { unitFile } from "../../src/os_service/systemd_unit.ts";
import { systemd } from "../../src/os_service/systemd.ts";
import { openFaces } from "../app/support/faces.ts";
import { binaryPath } from "../support/binary.ts";
import { type Workspace, workspace } from "../support/workspace.ts";

const usual = Object.fromEntries(
  Object.entries(globalFlags).map(([name, option]) => [name, option.default]),
) as unknown as GlobalFlags;

function resolveIn({ folder }: Workspace, flags: Partial<GlobalFlags> = {}) {
  const service = { ini: join(folder, "etc/config.ini"), state: join(folder, "var/state.sqlite") };
  const location = { global: { ...usual, ...flags }, env: {}, directory: join(folder, "work") };
  return resolveFiles(location, service);
}

test("the configuration of the service is used where there is none at hand, with its state", () => {
  using space = workspace();
  const own = join(space.folder, "work/config.ini");
  const service = join(space.folder, "etc/config.ini");
  expect(resolveIn(space)).toMatchObject({ ini: own, iniPlaces: [own, service] });
  space.write("etc/config.ini", "");
  const found = resolveIn(space);
  expect(found.ini).toBe(service);
  // As long as the service has not made it, it would belong to who comes first.
  expect(found.stateFile).toBe(join(space.folder, "etc/agent-state.sqlite"));
  space.write("var/state.sqlite", "");
  const state = join(space.folder, "var/state.sqlite");
  expect(resolveIn(space)).toMatchObject({
    stateFile: state,
    logFolder: join(space.folder, "var"),
  });
  expect(resolveIn(space, { ini: "../etc/config.ini" }))
    .toMatchObject({ ini: service, iniPlaces: undefined, stateFile: state });
  space.write("work/config.ini", "");
  const work = join(space.folder, "work");
  expect(resolveIn(space)).toMatchObject({
    ini: own,
    stateFile: join(work, "agent-state.sqlite"),
    logFolder: work,
  });
  expect(resolveIn(space, { "no-state": true }))
    .toMatchObject({ stateFile: undefined, logFolder: work });
});

test("on Windows the working directory is last, and the service's state is where its folder is", () => {
  using space = workspace();
  const [own, ini] = ["work/config.ini", "etc/config.ini"].map((path) => join(space.folder, path));
  const service = { ini: ini ?? "", state: join(space.folder, "var/state.sqlite") };
  const location = { global: usual, env: {}, directory: join(space.folder, "work") };
  const resolved = () => resolveFiles(location, service, "win32");
  expect(resolved().iniPlaces).toEqual([service.ini, own ?? ""]);
  space.write("work/config.ini", "");
  expect(resolved().ini).toBe(own ?? "");
  space.write("etc/config.ini", "");
  expect(resolved()).toMatchObject({
    ini,
    stateFile: join(space.folder, "etc/agent-state.sqlite"),
  });
  space.write("var/other", "");
  expect(resolved()).toMatchObject({ ini, stateFile: service.state });
});

test("a configuration of the working directory that others decide about is used only when it is named", async () => {
  using faces = openFaces();
  const ini = join(faces.folder, "config.ini");
  writeFileSync(ini, "[oomnitza]\nurl = http://127.0.0.1:9\napi_token = ${command:touch ran}\n");
  chmodSync(ini, 0o666);
  const refused = await faces.cli("upload", "csv_assets");
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain("can be changed by everyone on this computer");
  expect(refused.stderr).toContain("--ini");
  expect(existsSync(join(faces.folder, "ran"))).toBe(false);
  await faces.cli("upload", "csv_assets", "--ini", "config.ini");
  expect(existsSync(join(faces.folder, "ran"))).toBe(true);
});

test("the error and the doctor print where the configuration was looked for, in order", async () => {
  using faces = openFaces();
  const places = `${faces.folder}/config.ini, ${systemd.defaults.ini}`;
  const { code, stderr } = await faces.cli("check", "--file-only");
  expect(code).toBe(1);
  expect(stderr).toContain(`There is no configuration file: looked for ${places}`);
  const doctor = await faces.cli("doctor", "--offline");
  expect(doctor.stdout).toContain(`looked for, in this order: ${places}`);
  const named = await faces.cli("check", "--file-only", "--ini", "none.ini");
  expect(named.stderr).toContain(`Cannot read ${faces.folder}/none.ini: it does not exist\n`);
});

test("runs names its state file", async () => {
  using faces = openFaces();
  const path = join(faces.folder, "agent-state.sqlite");
  expect((await faces.cli("runs")).stdout).toBe(
    `State file ${path}: it does not exist, so there was no run yet\n`,
  );
});

test("a relative path means the same for the service, whose configuration is a copy, as by hand", () => {
  using space = workspace();
  const beside = space.write("etc/assets.csv", "");
  const here = space.write("work/assets.csv", "");
  const directory = join(space.folder, "work");
  const ini = join(space.folder, "etc/config.ini");
  expect(absolutePath(ini, { directory, env: {} }, "assets.csv")).toBe(beside);
  const copy = join(space.folder, "run/credentials/config.ini");
  const env = { [folderVariable]: join(space.folder, "etc") };
  expect(absolutePath(copy, { directory, env }, "assets.csv")).toBe(beside);
  // As in the Python connector, what is not there is looked for in the working directory.
  expect(absolutePath(copy, { directory, env: {} }, "assets.csv")).toBe(here);
  expect(absolutePath(ini, { directory, env: {} }, "none.csv"))
    .toBe(join(space.folder, "etc/none.csv"));
  expect(unitFile(systemd.defaults)).toContain(
    `\nEnvironment=${folderVariable}=/etc/oomnitza-agent\n`,
  );
});

test("quotes around a path and variables of Windows are understood", () => {
  using space = workspace();
  const file = space.write("geräte liste.csv", "");
  expect(absolutePath(join(space.folder, "config.ini"), { directory: "/", env: {} }, ` "${file}" `))
    .toBe(file);
  const env = { ProgramData: "C:\\ProgramData" };
  expect(plainPath("%PROGRAMDATA%\\a.csv", env, "win32")).toBe("C:\\ProgramData\\a.csv");
  expect(plainPath('"%programdata%\\a b.csv"', env, "win32")).toBe("C:\\ProgramData\\a b.csv");
  expect(plainPath("D:\\100%\\a%b.csv", env, "win32")).toBe("D:\\100%\\a%b.csv");
  expect(plainPath("%NOT_SET%\\a.csv", env, "win32")).toBe("%NOT_SET%\\a.csv");
  expect(plainPath("/srv/%ProgramData%/a.csv", env, "linux")).toBe("/srv/%ProgramData%/a.csv");
});

test.skipIf(process.platform === "win32")(
  "a pipe as the configuration is refused at once, whoever would read it",
  async () => {
    using space = workspace();
    Bun.spawnSync(["mkfifo", join(space.folder, "pipe.ini")]);
    const calls = [["check"], ["upload", "csv_assets"], ["serve", "--port", "0"], ["status"]];
    for (const words of [...calls, ["schedule"]]) {
      const run = await space.binary([...words, "--ini", "pipe.ini"], { timeoutMs: 20_000 });
      expect([words[0], run.code]).toEqual([words[0], 1]);
      expect(run.stderr).toContain("pipe.ini: it is a pipe or a device, and no file");
    }
    const piped = `cat pipe.ini | "${await binaryPath()}" check --ini /dev/stdin`;
    const writing = Bun.spawn(["sh", "-c", "echo '[oomnitza]' > pipe.ini"], { cwd: space.folder });
    const { exitCode, stderr } = Bun.spawnSync(["sh", "-c", piped], {
      cwd: space.folder,
      stderr: "pipe",
    });
    await writing.exited;
    expect(exitCode).toBe(1);
    expect(`${stderr}`).toContain("Cannot read /dev/stdin: it is a pipe or a device, and no file");
    expect(`${stderr}`).toContain("more than once");
  },
  60_000,
);
