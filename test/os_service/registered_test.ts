/**
 * What a registration is read back as, system by system: what it was made of.
 *
 * @module
 */
import { expect, test } from "bun:test";
import type { ServiceManager, ServiceSettings } from "../../src/os_service/manager.ts";
import { launchd } from "../../src/os_service/launchd.ts";
import { systemd } from "../../src/os_service/systemd.ts";
import { windows } from "../../src/os_service/windows.ts";
import { windowsWord, windowsWords } from "../../src/os_service/step.ts";

const settings: ServiceSettings = {
  program: "/usr/local/bin/agent",
  ini: "/etc/my agent/50% \\ <&> $HOME.ini",
  state: "/srv/state $5.sqlite",
  logging: "/etc/logging.json",
  host: "0.0.0.0",
  port: 9000,
  user: "agent",
  credentials: [],
  stopSeconds: 120,
};

/** What the system would give back of what `install` writes or runs. */
function registrationOf(manager: ServiceManager, one: ServiceSettings): string {
  const steps = manager.install(one);
  if (manager.system !== "windows") {
    const { registration } = manager;
    const path = registration.kind === "file" ? registration.path : "";
    const written = steps.find((step) => step.kind === "write" && step.path === path);
    return written?.kind === "write" ? written.text : "";
  }
  const create = steps.find((step) => step.kind === "run" && step.command[1] === "create");
  const words: readonly string[] = create?.kind === "run" ? create.command : [];
  const after = (word: string) => words[words.indexOf(word) + 1];
  return [
    "",
    String.raw`HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\OomnitzaAgent`,
    "    Type    REG_DWORD    0x10",
    `    ImagePath    REG_EXPAND_SZ    ${after("binPath=")}`,
    `    ObjectName    REG_SZ    ${after("obj=")}`,
    "",
  ].join("\r\n");
}

test.each([systemd, launchd, windows])("$system", (manager) => {
  // How long it may take to end is read from its configuration each time.
  const { program: _program, credentials, stopSeconds: _, ...rest } = settings;
  const found = manager.registered(registrationOf(manager, settings));
  expect(found).toEqual(manager.system === "systemd" ? { ...rest, credentials } : rest);
  const usual = manager.registered(registrationOf(manager, manager.defaults));
  const { program, ...wanted } = manager.defaults;
  expect(program).not.toBe("");
  expect({ ...wanted, ...usual }).toEqual(wanted);
});

test("credentials of systemd", () => {
  const credentials = [{ name: "token", path: "/root/my 5% token" }];
  const text = registrationOf(systemd, { ...settings, credentials });
  expect(systemd.registered(text)).toMatchObject({ credentials, ini: settings.ini });
});

test("what somebody else wrote is read as far as it goes", () => {
  for (const manager of [systemd, launchd, windows]) {
    const { credentials = [], ...found } = manager.registered("Nothing of ours\n");
    expect(credentials).toEqual([]);
    expect(found).toEqual({});
  }
});

test("words of Windows come back as they were", () => {
  const all = ["plain", "two words", 'q"uote', "back\\", "C:\\a b\\", 'x\\"y\\\\"', "", "tab\tin"];
  expect(windowsWords(all.map(windowsWord).join("  "))).toEqual(all);
});
