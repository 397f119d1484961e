/**
 * Icon and version of the Windows program, written into Bun's executable before compiling: Bun can
 * set them on Windows only, and in a finished program they can no longer be changed.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Data, NtExecutable, NtExecutableResource, Resource } from "resedit";

const englishUnicode = { lang: 1033, codepage: 1200 };
const iconFile = fileURLToPath(new URL("../../assets/icon.ico", import.meta.url).href);
/** The name Bun's own icon has, so that ours takes its place. */
const iconGroup = "IDI_MYICON";

/**
 * Bun's Windows executable with the agent's icon and version resource, and without Bun's signature,
 * which no longer holds. `version` is `major.minor.patch`, anything after a `-` is kept as text.
 */
export function addWindowsResources(executable: Uint8Array, version: string): Uint8Array {
  const program = NtExecutable.from(executable, { ignoreCert: true });
  const resources = NtExecutableResource.from(program);
  const icon = Data.IconFile.from(readFileSync(iconFile));
  Resource.IconGroupEntry.replaceIconsForResource(
    resources.entries,
    iconGroup,
    englishUnicode.lang,
    icon.icons.map((item) => item.data),
  );
  const info = Resource.VersionInfo.create(
    englishUnicode.lang,
    { ...fixedVersion(version), fileFlagsMask: 63, fileOS: 0x4_0004, fileType: 1 },
    [{ ...englishUnicode, values: versionTexts(version) }],
  );
  resources.entries = resources.entries.filter((entry) => entry.type !== 16);
  info.outputToResourceEntries(resources.entries);
  resources.outputResource(program);
  return new Uint8Array(program.generate());
}

function versionTexts(version: string): Record<string, string> {
  return {
    FileDescription: "Uploads IT assets and people into Oomnitza",
    FileVersion: version,
    InternalName: "agent",
    LegalCopyright: "See LICENSES.txt",
    OriginalFilename: "agent.exe",
    ProductName: "Oomnitza Agent",
    ProductVersion: version,
  };
}

function fixedVersion(version: string) {
  const [major = 0, minor = 0, patch = 0] = version.split("-", 1)[0]?.split(".").map(Number) ?? [];
  const high = major * 0x1_0000 + minor;
  const low = patch * 0x1_0000;
  return {
    fileVersionMS: high,
    fileVersionLS: low,
    productVersionMS: high,
    productVersionLS: low,
  };
}
