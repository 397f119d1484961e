/**
 * Code that admins write in the ini: `recordfilter` and the bodies under `[converters]`.
 *
 * @module
 */

import type { IniDocument, IniOption } from "./ini.ts";

/** One function body from the ini, with the lines it came from. */
export interface UserCode {
  /** Name of the converter, lower-case; for a filter the name of its section. */
  readonly name: string;
  readonly section: string;
  readonly option: string;
  readonly body: string;
  readonly file: string;
  /** Line of the option in the file. */
  readonly line: number;
  /** File line of each line of the body. */
  readonly lines: readonly number[];
  /** The version of Python when nothing in the body shows it. */
  readonly python: 2 | 3 | undefined;
}

/** The option that sets the version, in the section of the code or in `[oomnitza]`. */
const versionOption = "python";

/** The version of Python that the configuration sets for code of a section. */
export function configuredPython(document: IniDocument, section: string): 2 | 3 | undefined {
  for (const name of [section, "oomnitza"]) {
    const value = document.byName.get(name)?.options.get(versionOption)?.value.trim();
    if (value === "2" || value === "3") return value === "2" ? 2 : 3;
  }
  return undefined;
}

/** The code of an option, or nothing when the option is blank. */
export function toUserCode(
  document: IniDocument,
  section: string,
  option: IniOption | undefined,
  name: string,
): UserCode | undefined {
  if (option === undefined || option.value.trim() === "") return undefined;
  return {
    name,
    section,
    option: option.key,
    body: option.value,
    file: document.file,
    line: option.line,
    lines: option.lines,
    python: configuredPython(document, section),
  };
}

/**
 * The options of `[converters]` that are converters, in file order; what `[DEFAULT]` holds is not among
 * them, nor is `python = 2` or `3`, which sets the version of the others.
 */
export function listConverterOptions(document: IniDocument): IniOption[] {
  const section = document.sections.find(({ name }) => name === "converters");
  const isVersion = ({ key, value }: IniOption) =>
    key === versionOption && /^\s*[23]\s*$/.test(value);
  return [...section?.options.values() ?? []].filter((option) => !isVersion(option));
}

/** The custom converters of `[converters]`, in file order. */
export function listUserConverters(document: IniDocument): UserCode[] {
  return listConverterOptions(document).flatMap((option) =>
    toUserCode(document, "converters", option, option.key) ?? []
  );
}
