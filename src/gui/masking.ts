/**
 * The text of a configuration file with its secrets left out, for people to look at.
 *
 * @module
 */
import { declaredIn, optionsOfSource } from "../config/declared.ts";
import { defaultSection, scanIni } from "../config/ini_lines.ts";
import { oomnitzaOptions } from "../oomnitza/options.ts";
import type { Options } from "../sdk/option.ts";
import type { Source } from "../sdk/source.ts";
import { parseReference } from "../secrets/mod.ts";
import type { GuiContext } from "./context.ts";

/** What stands for a secret, whatever its length. */
export const mask = "•••";

/** Names that sound like a secret, for options that nobody declared. */
const suspicious = /pass|token|secret|api_?key|credential|private/i;
const commentedOption = /^(\s*[#;]+\s*([\w.-]+)\s*[:=]\s*).+$/;

function isSecretKey(key: string, options: Options | undefined): boolean {
  const option = options !== undefined && Object.hasOwn(options, key) ? options[key] : undefined;
  if (option !== undefined) return option.kind === "secret";
  return !key.startsWith("mapping.") && suspicious.test(key);
}

/** What every section sees: a key is a secret there when it is one anywhere. */
function anySection(sources: readonly Source[]): Options {
  const secrets = [oomnitzaOptions as Options, ...sources.map(optionsOfSource)]
    .flatMap((options) => Object.entries(options))
    .filter(([, { kind }]) => kind === "secret");
  return Object.fromEntries(secrets);
}

/** A reference says only where the secret is, unless it is a command, whose words may hold one. */
export function isShowable(value: string): boolean {
  const reference = parseReference(value);
  return reference !== undefined && reference.store !== "command";
}

function maskOption(text: string): string {
  const at = text.search(/[:=]/);
  const value = text.slice(at + 1);
  return value.trim() === "" || isShowable(value) ? text : `${text.slice(0, at + 1)} ${mask}`;
}

/** The lines of a file, secrets masked; as many as the file has. */
export function maskedLines({ sources, redactor }: GuiContext, text: string): string[] {
  let options: Options | undefined;
  let isSecret = false;
  return [...scanIni(text)].map((line) => {
    if (line.kind === "header") {
      options = line.name === defaultSection ? anySection(sources) : declaredIn(line.name, sources);
      isSecret = false;
    }
    if (line.kind === "option") {
      isSecret = isSecretKey(line.name, options);
      return redactor.redact(isSecret ? maskOption(line.text) : line.text);
    }
    if (line.kind === "comment") {
      const [, start = "", key = ""] = commentedOption.exec(line.text) ?? [];
      const hides = key !== "" && isSecretKey(key.toLowerCase(), options);
      return redactor.redact(hides ? start + mask : line.text);
    }
    if (line.kind !== "header" && isSecret && line.text.trim() !== "") return `  ${mask}`;
    return redactor.redact(line.text);
  });
}
