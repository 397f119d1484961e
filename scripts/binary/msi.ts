/**
 * The Windows program as an installer package for Intune, Configuration Manager and group policies, made
 * by wixl of GNOME's msitools. The package calls `agent service`, which is where the rules are.
 *
 * @module
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
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
  // It leaves a file that is there.
  {
    name: "WriteConfig",
    command: "generate-ini --quiet --ini &quot;[CONFIG]&quot;",
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

function wixSource(program: string, version: string): string {
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
            <File Id="agent.exe" Name="agent.exe" Source="${program}" KeyPath="yes"/>
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

/**
 * Writes the package.
 *
 * @param program the Windows program
 * @param out the package to write
 * @throws {Error} when wixl is missing or refuses.
 */
export function writeMsi(program: string, out: string, version: string): void {
  if (Bun.which("wixl") === null) {
    throw new Error("--msi needs wixl. On Debian: apt-get install wixl");
  }
  const folder = mkdtempSync(join(tmpdir(), "agent-msi-"));
  try {
    const source = join(folder, "agent.wxs");
    writeFileSync(source, wixSource(basename(program), version));
    // wixl looks for files relative to the folder that it runs in.
    const run = Bun.spawnSync(["wixl", "--arch", "x64", "--output", out, source], {
      cwd: dirname(program),
    });
    if (!run.success) throw new Error(`wixl failed: ${run.stderr}${run.stdout}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
