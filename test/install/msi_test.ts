/**
 * The installer package, read by msitools, and the manifests of package managers.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { readFileSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { msiFile, productCode, writeMsi } from "../../scripts/binary/msi.ts";
import { packageManifests } from "../../scripts/binary/package_manifests.ts";
import { needPackage } from "../support/apt.ts";
import { workspace } from "../support/workspace.ts";

needPackage("/usr/bin/wixl", "wixl");
needPackage("/usr/bin/msiinfo", "msitools");

/** The rows of a table, without its three lines of names and types. */
function tableOf(msi: string, name: string): string[][] {
  const { stdout } = Bun.spawnSync(["msiinfo", "export", msi, name]);
  return `${stdout}`.split(/\r?\n/).slice(3).filter((line) => line !== "")
    .map((line) => line.split("\t"));
}

test("the package prepares the folder, then registers, between the limits of an installation", () => {
  using space = workspace();
  const program = space.write("agent-windows-x64.exe", "MZ");
  const msi = join(space.folder, msiFile);
  writeMsi(program, msi, "1.2.3-rc.1");
  const properties = Object.fromEntries(tableOf(msi, "Property"));
  expect(properties).toMatchObject({
    ProductVersion: "1.2.3",
    ProductCode: productCode("1.2.3-rc.1"),
    CONFIG: "C:\\ProgramData\\Oomnitza Agent\\config.ini",
    ALLUSERS: "1",
  });
  expect(properties["SecureCustomProperties"]?.split(";")).toEqual([
    ...["ACCOUNT", "CONFIG", "PORT", "SERVICE"],
    ...["WIX_DOWNGRADE_DETECTED", "WIX_UPGRADE_DETECTED"],
  ]);
  const sequence = tableOf(msi, "InstallExecuteSequence")
    .toSorted((a, b) => Number(a[2]) - Number(b[2])).map(([name]) => name ?? "");
  const order = [
    ...["SetWords", "SetPort", "SetAccount", "InstallInitialize", "StopService"],
    ...["UninstallService", "RemoveFiles", "InstallFiles", "Prepare", "WriteConfig"],
    ...["InstallService", "StartService", "InstallFinalize"],
  ];
  expect(sequence.filter((name) => order.includes(name))).toEqual(order);
  const kinds = tableOf(msi, "CustomAction").map(([name, type]) => [name, Number(type)]);
  const [deferred, asSystem, mayFail] = [0x400, 0x800, 0x40];
  for (const [name, type] of kinds) {
    if (`${name}`.startsWith("Set")) continue;
    expect([name, Number(type) & (deferred | asSystem)]).toEqual([name, deferred | asSystem]);
  }
  // An upgrade, too, comes to a configuration that is in use.
  const writing = tableOf(msi, "CustomAction").find(([name]) => name === "WriteConfig");
  expect(writing?.join(" ")).toContain("generate-ini --keep ");
  const mustSucceed = kinds.filter(([, type]) => (Number(type) & mayFail) === 0);
  expect(mustSucceed.map(([name]) => name)).toEqual(
    expect.arrayContaining(["Prepare", "InstallService"]),
  );
});

/** The summary information of a package, as a second reader sees it. */
function summaryOf(msi: string): string {
  return `${Bun.spawnSync(["msiinfo", "suminfo", msi], { env: { TZ: "UTC" } }).stdout}`;
}

test("two packages of one program are the same, and another program makes another package", () => {
  using space = workspace();
  const program = space.write("agent-windows-x64.exe", "MZ one");
  const [first, second, other] = ["1.msi", "2.msi", "3.msi"].map((name) =>
    join(space.folder, name)
  ) as [string, string, string];
  writeMsi(program, first, "1.2.3");
  utimesSync(program, new Date(0), new Date(1_000_000_000_000));
  writeMsi(program, second, "1.2.3");
  expect(readFileSync(second).equals(readFileSync(first))).toBe(true);
  space.write("agent-windows-x64.exe", "MZ two");
  writeMsi(program, other, "1.2.3");
  const codes = [first, other].map((msi) => /\{[0-9A-F-]{36}\}/.exec(summaryOf(msi))?.[0]);
  expect(new Set(codes).size).toBe(2);
  expect(summaryOf(first)).toMatch(
    /Created: Wed Jan +1 00:00:00 2020\nLast saved: Wed Jan +1 00:00:00 2020/,
  );
});

test("two versions have two product codes, and one has the same each time", () => {
  expect(productCode("1.0.0")).toBe(productCode("1.0.0"));
  expect(productCode("1.0.0")).not.toBe(productCode("1.0.1"));
  expect(productCode("1.0.0")).toMatch(/^\{[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}\}$/);
});

test("the manifests name version, sums and product code", () => {
  const sums = { program: "a".repeat(64), package: "b".repeat(64) };
  const texts = packageManifests({ version: "1.0.0", sums });
  const { hash, version } = JSON.parse(texts["scoop/oomnitza-agent.json"] ?? "{}");
  expect([hash, version]).toEqual([sums.program, "1.0.0"]);
  expect(texts["winget/Oomnitza.Agent.yaml"]).toContain(`InstallerSha256: ${"B".repeat(64)}\n`);
  expect(texts["winget/Oomnitza.Agent.yaml"]).toContain(`ProductCode: "${productCode("1.0.0")}"`);
  expect(texts["chocolatey/tools/chocolateyinstall.ps1"]).toContain(sums.package);
});
