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

function pythonVersion(document: IniDocument, section: string): 2 | 3 | undefined {
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
    python: pythonVersion(document, section),
  };
}

/**
 * The custom converters of `[converters]`, in file order; what `[DEFAULT]` holds is not among them, nor
 * is `python = 2` or `3`, which sets the version of the others.
 */
export function listUserConverters(document: IniDocument): UserCode[] {
  const section = document.sections.find(({ name }) => name === "converters");
  if (section === undefined) return [];
  const isVersion = ({ key, value }: IniOption) =>
    key === versionOption && /^\s*[23]\s*$/.test(value);
  return [...section.options.values()].filter((option) => !isVersion(option)).flatMap((option) =>
    toUserCode(document, section.name, option, option.key) ?? []
  );
}
