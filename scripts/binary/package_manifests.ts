/**
 * What winget, Scoop and Chocolatey want to know of the Windows program. The address of the release is for
 * its publisher to fill in.
 *
 * @module
 */
import { msiFile, productCode } from "./msi.ts";
import { findTarget } from "./targets.ts";

/** What the manifests are about. */
export interface PackagedRelease {
  readonly version: string;
  /** SHA-256 of program and package, in hexadecimal. */
  readonly sums: { readonly program: string; readonly package: string };
}

/** Stands for the folder of the release on the web. */
const base = "https://example.com/agent";
const description = "Uploads IT assets and people into Oomnitza.";

function winget({ version, sums }: PackagedRelease): string {
  return `# yaml-language-server: $schema=https://aka.ms/winget-manifest.singleton.1.6.0.schema.json
PackageIdentifier: Oomnitza.Agent
PackageVersion: ${version}
PackageLocale: en-US
Publisher: Oomnitza
PackageName: Oomnitza Agent
License: Proprietary
ShortDescription: ${description}
InstallerType: msi
Scope: machine
Installers:
- Architecture: x64
  InstallerUrl: ${base}/${version}/${msiFile}
  InstallerSha256: ${sums.package.toUpperCase()}
  ProductCode: "${productCode(version)}"
ManifestType: singleton
ManifestVersion: 1.6.0
`;
}

function scoop({ version, sums }: PackagedRelease): string {
  const { file } = findTarget("windows-x64");
  const manifest = {
    version,
    description,
    homepage: "https://example.com/agent",
    license: "Proprietary",
    url: `${base}/${version}/${file}#/agent.exe`,
    hash: sums.program,
    bin: "agent.exe",
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

function nuspec({ version }: PackagedRelease): string {
  return `<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://schemas.microsoft.com/packaging/2015/06/nuspec.xsd">
  <metadata>
    <id>oomnitza-agent</id>
    <version>${version}</version>
    <title>Oomnitza Agent</title>
    <authors>Oomnitza</authors>
    <projectUrl>https://example.com/agent</projectUrl>
    <description>${description}</description>
  </metadata>
</package>
`;
}

function chocolatey({ version, sums }: PackagedRelease): string {
  return `$ErrorActionPreference = 'Stop'
Install-ChocolateyPackage -PackageName 'oomnitza-agent' -FileType 'msi' -SilentArgs '/qn /norestart' \`
  -Url64bit '${base}/${version}/${msiFile}' -Checksum64 '${sums.package}' -ChecksumType64 'sha256'
`.replaceAll("\\`", "`");
}

/** The manifests by their paths in dist/. */
export function packageManifests(release: PackagedRelease): Readonly<Record<string, string>> {
  return {
    "winget/Oomnitza.Agent.yaml": winget(release),
    "scoop/oomnitza-agent.json": scoop(release),
    "chocolatey/oomnitza-agent.nuspec": nuspec(release),
    "chocolatey/tools/chocolateyinstall.ps1": chocolatey(release),
  };
}
