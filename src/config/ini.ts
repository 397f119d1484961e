/**
 * Reads config.ini in exactly the dialect of the Python connector's parser, with the line of every
 * value and with all findings at once.
 *
 * @module
 */

import type { Finding } from "../base/errors.ts";
import {
  badLine,
  characterFindings,
  headlessText,
  invisibleStart,
  lostCharacter,
  repeatedKey,
  startsInvisibly,
} from "./ini_findings.ts";
import { defaultSection, foldKey, type IniLine, scanIni, splitOption } from "./ini_lines.ts";

export { type DecodedIni, decodeIni, encodeIni, type IniEncoding } from "./ini_encoding.ts";
export { defaultSection } from "./ini_lines.ts";

/** One option as the file sets it. */
export interface IniOption {
  /** Lower-cased, as the dialect compares keys. */
  readonly key: string;
  /** As written in the file. */
  readonly rawKey: string;
  /** First line and continuation lines joined by newlines; the latter keep their indentation. */
  readonly value: string;
  /** 1-based line of the key. */
  readonly line: number;
  /** 1-based line of the last line of the value. */
  readonly lastLine: number;
  /** 1-based file line of every line of the value: `lines[i]` is that of `value.split("\n")[i]`. */
  readonly lines: readonly number[];
  /**
   * Set when the file has a reference instead of the value. `resolved`: the value is what it means.
   * `pending`: nobody has asked for it yet. `failed`: it could not be had, which is a finding.
   */
  readonly reference?: "resolved" | "pending" | "failed";
}

/** A section; a header that occurs again adds to it. */
export interface IniSection {
  /** As written between the brackets. */
  readonly name: string;
  /** 1-based line of its first header. */
  readonly line: number;
  /** The options it sets itself, by lower-cased key, without those of `[DEFAULT]`. */
  readonly options: ReadonlyMap<string, IniOption>;
}

/** All that a config.ini says, and all that is wrong with how it says it. */
export interface IniDocument {
  /** Path of the file as the person named it. */
  readonly file: string;
  /** In the order of their first headers, without `[DEFAULT]`. */
  readonly sections: readonly IniSection[];
  /** The same sections by name. */
  readonly byName: ReadonlyMap<string, IniSection>;
  /** The options of `[DEFAULT]`, which every section sees. */
  readonly defaults: ReadonlyMap<string, IniOption>;
  /** Findings about the text, in the order of their lines. */
  readonly findings: readonly Finding[];
}

/**
 * Parses the text of an ini file. Never throws: a faulty line becomes an `error` finding and all
 * that is good around it is still read.
 *
 * @param text the decoded file; a byte-order mark and CRLF line endings are fine
 * @param file the path to name in findings
 */
export function parseIni(text: string, file: string): IniDocument {
  const reading: Reading = {
    file,
    lossy: text.includes("\uFFFD") || !text.isWellFormed(),
    findings: characterFindings(text, file),
    byName: new Map(),
    defaults: new Map(),
    section: undefined,
    option: undefined,
    headless: undefined,
  };
  for (const line of scanIni(text)) readLine(reading, line);
  closeHeadless(reading);
  closeOption(reading);
  return {
    file,
    sections: [...reading.byName.values()],
    byName: reading.byName,
    defaults: reading.defaults,
    findings: reading.findings.sort((a, b) => (a.line ?? 0) - (b.line ?? 0)),
  };
}

/**
 * The option a section sees: its own, or else that of `[DEFAULT]`; undefined when neither sets it
 * or the document has no such section. The key's case does not matter.
 */
export function getOption(
  document: IniDocument,
  section: string | IniSection,
  key: string,
): IniOption | undefined {
  const found = typeof section === "string" ? document.byName.get(section) : section;
  if (found === undefined) return undefined;
  const folded = foldKey(key);
  return found.options.get(folded) ?? document.defaults.get(folded);
}

/**
 * All options a section sees, by lower-cased key: those of `[DEFAULT]` first, each replaced by the
 * section's own if it has one. Empty when the document has no such section.
 */
export function getOptions(
  document: IniDocument,
  section: string | IniSection,
): ReadonlyMap<string, IniOption> {
  const found = typeof section === "string" ? document.byName.get(section) : section;
  if (found === undefined) return new Map();
  return new Map([...document.defaults, ...found.options]);
}

interface OpenSection {
  readonly name: string;
  readonly line: number;
  readonly options: Map<string, IniOption>;
}

interface OpenOption {
  readonly key: string;
  readonly rawKey: string;
  readonly values: string[];
  readonly lines: number[];
}

interface Reading {
  readonly file: string;
  readonly lossy: boolean;
  readonly findings: Finding[];
  readonly byName: Map<string, OpenSection>;
  readonly defaults: Map<string, IniOption>;
  section: OpenSection | undefined;
  option: OpenOption | undefined;
  headless: { readonly first: number; last: number } | undefined;
}

function readLine(reading: Reading, line: IniLine): void {
  if (line.kind === "blank" || line.kind === "comment") return;
  if (line.kind === "header") openSection(reading, line);
  if (line.kind === "option") openOption(reading, line);
  if (line.kind === "continuation") {
    reading.option?.values.push(line.text);
    reading.option?.lines.push(line.number);
  }
  if (line.kind === "orphan" || line.kind === "bad") {
    reading.findings.push(badLine(currentPosition(reading), line));
  }
  if (line.kind === "headless") {
    reading.headless ??= { first: line.number, last: line.number };
    reading.headless.last = line.number;
  }
  if (reading.lossy && (line.text.includes("\uFFFD") || !line.text.isWellFormed())) {
    reading.findings.push(lostCharacter(currentPosition(reading), line.number));
  }
}

function openSection(reading: Reading, line: IniLine): void {
  closeHeadless(reading);
  closeOption(reading);
  if (line.name === defaultSection) {
    reading.section = { name: line.name, line: line.number, options: reading.defaults };
    return;
  }
  const known = reading.byName.get(line.name);
  reading.section = known ?? { name: line.name, line: line.number, options: new Map() };
  if (known === undefined) reading.byName.set(line.name, reading.section);
}

function openOption(reading: Reading, line: IniLine): void {
  closeOption(reading);
  const { rawKey, value } = splitOption(line.text);
  const earlier = reading.section?.options.get(line.name);
  if (earlier !== undefined) {
    const found = repeatedKey(currentPosition(reading), line.name, line.number, earlier.line);
    reading.findings.push(found);
  }
  if (startsInvisibly(rawKey)) {
    reading.findings.push(invisibleStart(currentPosition(reading), line.name, line.number));
  }
  reading.option = { key: line.name, rawKey, values: [value], lines: [line.number] };
}

function closeOption(reading: Reading): void {
  const { option, section } = reading;
  if (option === undefined || section === undefined) return;
  const { key, rawKey, values, lines } = option;
  const line = lines[0] ?? 0;
  section.options.set(key, {
    key,
    rawKey,
    value: values.join("\n"),
    line,
    lastLine: lines[lines.length - 1] ?? line,
    lines,
  });
  reading.option = undefined;
}

function closeHeadless(reading: Reading): void {
  if (reading.headless === undefined) return;
  const { first, last } = reading.headless;
  reading.findings.push(headlessText(reading.file, first, last));
  reading.headless = undefined;
}

function currentPosition(reading: Reading): { file: string; section?: string } {
  const { file, section } = reading;
  return section === undefined ? { file } : { file, section: section.name };
}
