/**
 * The Windows program as an installer package for Intune, Configuration Manager and group policies, made
 * by wixl of GNOME's msitools. The package calls `agent service`, which is where the rules are.
 *
 * @module
 */
import {
  copyFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createHash } from "node:crypto";

/** Name of the package in dist/. */
export const msiFile = "agent-windows-x64.msi";
/** The same for all versions: by it Windows knows what an upgrade replaces. */
const upgradeCode = "6E2C2B0A-5D0C-4D0B-9C53-0A0E5B1C7F41";

/** An identifier that the content decides, so that two builds are the same. */
function guidOf(text: string): string {
  const hex = createHash("sha256").update(`oomnitza-agent ${text}`).digest("hex").toUpperCase();
  const parts = [hex.slice(0, 8), hex.slice(8, 12), `5${hex.slice(13, 16)}`];
  return [...parts, `A${hex.slice(17, 20)}`, hex.slice(20, 32)].join("-");
}

/** By it Windows knows that this version is installed, and detection rules ask for it. */
export function productCode(version: string): string {
  return `{${guidOf(version)}}`;
}

/** Windows compares three numbers only; what stands behind a `-` is left out. */
function msiVersion(version: string): string {
  return version.split("-", 1)[0] ?? version;
}

/** What is to be registered: what is not named stays as it is. */
const words = [
  ["SetWords", "service install --ini &quot;[CONFIG]&quot;", "SERVICE"],
  ["SetPort", "[WORDS] --port [PORT]", "PORT"],
  ["SetAccount", "[WORDS] --user &quot;[ACCOUNT]&quot;", "ACCOUNT"],
] as const;

/** What the command line of msiexec may set. */
const properties = ["ACCOUNT", "CONFIG", "PORT", "SERVICE"];

/** What an action does with the program, and when: its number in the sequence of installing. */
interface Action {
  readonly name: string;
  readonly command: string;
  readonly at: number;
  readonly condition: string;
  readonly mayFail: boolean;
}

/** Between InstallInitialize (1500) and RemoveFiles (3500), or after InstallFiles (4000). */
const actions: readonly Action[] = [
  {
    name: "StopService",
    command: "service stop",
    at: 1601,
    condition: 'REMOVE = "ALL" AND UPGRADINGPRODUCTCODE',
    mayFail: true,
  },
  {
    name: "UninstallService",
    command: "service uninstall",
    at: 1602,
    condition: 'REMOVE = "ALL" AND NOT UPGRADINGPRODUCTCODE',
    mayFail: true,
  },
  // Always: whoever made the folder first would own the configuration.
  {
    name: "Prepare",
    command: "service prepare",
    at: 4001,
    condition: "NOT REMOVE",
    mayFail: false,
  },
  // Upgrades and repairs come here, too.
  {
    name: "WriteConfig",
    command: "generate-ini --keep --quiet --ini &quot;[CONFIG]&quot;",
    at: 4002,
    condition: "NOT REMOVE",
    mayFail: true,
  },
  {
    name: "InstallService",
    command: "[WORDS]",
    at: 4003,
    condition: "NOT REMOVE AND SERVICE",
    mayFail: false,
  },
  {
    name: "StartService",
    command: "service start",
    at: 4004,
    condition: "WIX_UPGRADE_DETECTED",
    mayFail: true,
  },
];

/** File of the program in the folder that wixl packs. */
const packedFile = "agent.exe";
/** What the package says of times: none of a build's, so that two builds are the same. */
const packagedAt = new Date("2020-01-01T00:00:00Z");

function wixSource(version: string): string {
  const custom = [
    ...words.map(([name, value]) =>
      `<CustomAction Id="${name}" Property="WORDS" Value="${value}"/>`
    ),
    ...actions.map(({ name, command, mayFail }) =>
      `<CustomAction Id="${name}" FileKey="agent.exe" ExeCommand="${command}" Execute="deferred" ` +
      `Impersonate="no" Return="${mayFail ? "ignore" : "check"}"/>`
    ),
  ];
  const sequence = [
    ...words.map(([name, , condition], index) =>
      `<Custom Action="${name}" Sequence="${1401 + index + 1}">${condition}</Custom>`
    ),
    ...actions.map(({ name, at, condition }) =>
      `<Custom Action="${name}" Sequence="${at}">${condition}</Custom>`
    ),
  ];
  return `<?xml version="1.0" encoding="utf-8"?>
<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">
  <Product Id="${productCode(version)}" Name="Oomnitza Agent" Language="1033" Version="${
    msiVersion(version)
  }" Manufacturer="Oomnitza" UpgradeCode="${upgradeCode}">
    <Package InstallerVersion="500" Compressed="yes" InstallScope="perMachine"/>
    <Media Id="1" Cabinet="agent.cab" EmbedCab="yes"/>
    <MajorUpgrade DowngradeErrorMessage="A newer version is installed."/>
    <Property Id="CONFIG" Value="C:\\ProgramData\\Oomnitza Agent\\config.ini"/>
    <Directory Id="TARGETDIR" Name="SourceDir">
      <Directory Id="ProgramFiles64Folder">
        <Directory Id="INSTALLDIR" Name="Oomnitza Agent">
          <Component Id="Agent" Guid="${guidOf("component agent.exe")}" Win64="yes">
            <File Id="agent.exe" Name="agent.exe" Source="${packedFile}" KeyPath="yes"/>
          </Component>
        </Directory>
      </Directory>
    </Directory>
    <Feature Id="Main" Level="1">
      <ComponentRef Id="Agent"/>
    </Feature>
${custom.join("\n")}
    <InstallExecuteSequence>
${sequence.join("\n")}
    </InstallExecuteSequence>
  </Product>
</Wix>
`;
}

/** Format identifier of the summary information of a compound file, [MS-OLEPS] 3.1.2. */
const summaryFormat = Buffer.from("e0859ff2f94f6810ab9108002b27b3d9", "hex");
/** Its properties, [MS-OLEPS] 2.25.1: the package code, and two times of making. */
const summary = { packageCode: 9, created: 12, saved: 13 } as const;
/** VT_LPSTR and VT_FILETIME. */
const valueType = { text: 0x1e, time: 0x40 } as const;
/** Milliseconds between 1601, where Windows begins to count, and 1970. */
const windowsEpochMs = 11_644_473_600_000n;

/** Where the values of the summary information are, by their property; throws when it is not in one piece. */
function findSummary(msi: Buffer): Map<number, number> {
  const set = msi.indexOf(summaryFormat) - 28;
  if (set < 0 || msi.readUInt16LE(set) !== 0xfffe) throw new Error("The package has no summary.");
  const section = set + msi.readUInt32LE(set + 44);
  const count = msi.readUInt32LE(section + 4);
  return new Map(Array.from({ length: count }, (_each, index) => {
    const entry = section + 8 + 8 * index;
    return [msi.readUInt32LE(entry), section + msi.readUInt32LE(entry + 4)];
  }));
}

/** Replaces what wixl makes up for each package: its code and its times. */
function settleSummary(msi: Buffer, packageCode: string): void {
  const values = findSummary(msi);
  function valueAt(property: number, type: number): number {
    const at = values.get(property) ?? 0;
    if (at === 0 || msi.readUInt32LE(at) !== type) throw new Error("The summary is another.");
    return at + 4;
  }
  const time = (BigInt(packagedAt.getTime()) + windowsEpochMs) * 10_000n;
  msi.writeBigUInt64LE(time, valueAt(summary.created, valueType.time));
  msi.writeBigUInt64LE(time, valueAt(summary.saved, valueType.time));
  const code = valueAt(summary.packageCode, valueType.text);
  if (msi.readUInt32LE(code) !== packageCode.length + 1) throw new Error("The code is another.");
  msi.write(packageCode, code + 4, "latin1");
}

function runTool(command: readonly string[], cwd: string): void {
  const run = Bun.spawnSync([...command], { cwd });
  if (!run.success) throw new Error(`${command[0]} failed: ${run.stderr}${run.stdout}`);
}

/** Names of the properties that the service of Windows Installer is told; wixl knows no `Secure`. */
function secureProperties(msi: string, folder: string): void {
  const names = ["WIX_UPGRADE_DETECTED", "WIX_DOWNGRADE_DETECTED", ...properties];
  const value = names.toSorted().join(";");
  runTool(
    ["msibuild", msi, "-q", "DELETE FROM Property WHERE Property = 'SecureCustomProperties'"],
    folder,
  );
  runTool([
    ...["msibuild", msi, "-q"],
    `INSERT INTO Property (Property, Value) VALUES ('SecureCustomProperties', '${value}')`,
  ], folder);
}

/**
 * Writes the package. Two packages of the same program are the same.
 *
 * @param program the Windows program
 * @param out the package to write
 * @throws {Error} when wixl is missing or refuses.
 */
export function writeMsi(program: string, out: string, version: string): void {
  for (const [tool, debian] of [["wixl", "wixl"], ["msibuild", "msitools"]] as const) {
    if (Bun.which(tool) !== null) continue;
    throw new Error(`--msi needs ${tool}. On Debian: apt-get install ${debian}`);
  }
  const folder = mkdtempSync(join(tmpdir(), "agent-msi-"));
  try {
    const packed = join(folder, packedFile);
    copyFileSync(program, packed);
    utimesSync(packed, packagedAt, packagedAt);
    const source = join(folder, "agent.wxs");
    writeFileSync(source, wixSource(version));
    // wixl looks for files relative to the folder that it runs in.
    runTool(["wixl", "--arch", "x64", "--output", resolve(out), source], folder);
    secureProperties(resolve(out), folder);
    const bytes = readFileSync(out);
    const content = createHash("sha256").update(readFileSync(packed)).digest("hex");
    settleSummary(bytes, `{${guidOf(`package ${version} ${content}`)}}`);
    writeFileSync(out, bytes);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
