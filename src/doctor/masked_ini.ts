/**
 * A configuration file as it may be shown to others: its form, without secrets, comments and code.
 *
 * @module
 */

import { declaredIn } from "../config/declared.ts";
import { parseIni } from "../config/ini.ts";
import { type IniLine, scanIni, splitOption } from "../config/ini_lines.ts";
import { mappingField } from "../config/mapping_option.ts";
import { secretsIn } from "../config/secret_texts.ts";
import type { Option } from "../sdk/option.ts";
import type { Source } from "../sdk/source.ts";
import { parseReference } from "../secrets/mod.ts";
import { scrub } from "./scrub.ts";
import { decodeCredential } from "../sdk/http/basic.ts";

const mask = "***";
/** An undeclared value of fewer characters is a word or a number rather than a secret. */
const minSecretLength = 8;

type Treatment = "shown" | "masked" | "left out";

/** How the value of an option is shown. */
function chooseTreatment(section: string, key: string, sources: readonly Source[]): Treatment {
  if (section === "converters" || key === "recordfilter") return "left out";
  if (key === "enable" || mappingField(key) !== undefined) return "shown";
  const option: Option<unknown> | undefined = declaredIn(section, sources)?.[key];
  return option === undefined || option.kind === "secret" ? "masked" : "shown";
}

/** What the file holds that must not be shown: secrets of all sections, also of disabled ones. */
export function findIniSecrets(text: string, sources: readonly Source[]): string[] {
  const { sections, defaults } = parseIni(text, "");
  const options = [
    ...sections.flatMap(({ name, options }) =>
      [...options.values()].map((one) => ({ name, ...one }))
    ),
    ...[...defaults.values()].map((one) => ({ name: "", ...one })),
  ];
  return options.flatMap(({ name, key, value }) => {
    const url = URL.parse(value.trim());
    const inUrl = url === null ? [] : [url.password, decodeCredential(url.password)];
    if (chooseTreatment(name, key, sources) !== "masked") return inUrl;
    const isDeclared = declaredIn(name, sources)?.[key] !== undefined;
    return isDeclared || value.length >= minSecretLength ? [...secretsIn(value), ...inUrl] : inUrl;
  });
}

/** The file, masked. References stay visible as far as their store goes. */
export function maskIni(text: string, sources: readonly Source[]): string {
  let section = "";
  let treatment: Treatment = "left out";
  const shown: string[] = [];
  for (const line of scanIni(text)) {
    if (line.kind === "header") section = line.name;
    if (line.kind === "option") treatment = chooseTreatment(section, line.name, sources);
    const masked = maskLine(line, treatment);
    // A row of comments or lines of code is shown as one.
    if (masked !== undefined && masked !== shown.at(-1)) shown.push(masked);
  }
  return `${shown.join("\n")}\n`;
}

function maskLine(line: IniLine, treatment: Treatment): string | undefined {
  switch (line.kind) {
    case "blank":
      return "";
    case "comment":
      return "# (comments left out)";
    case "header":
      return `[${line.name}]`;
    case "option":
      return maskOption(line, treatment);
    case "continuation":
      return treatment === "shown" ? scrub(line.text) : `    (more lines left out)`;
    default:
      return `# (line ${line.number} cannot be read and is left out)`;
  }
}

function maskOption({ text }: IniLine, treatment: Treatment): string {
  const { rawKey, value } = splitOption(text);
  if (value === "") return `${rawKey} =`;
  if (treatment === "shown") return `${rawKey} = ${scrub(value)}`;
  const reference = parseReference(value);
  return `${rawKey} = ${reference === undefined ? mask : `\${${reference.store}:${mask}}`}`;
}
