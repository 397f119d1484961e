/**
 * Random edits of random ini files: the parser reads exactly the requested change and nothing else.
 *
 * @module
 */

import { describe, expect, test } from "bun:test";
import { AgentError } from "../../src/base/errors.ts";
import { parseIni } from "../../src/config/ini.ts";
import { foldKey, type IniLine, scanIni, splitOption } from "../../src/config/ini_lines.ts";
import { editIni, type IniEdit } from "../../src/config/ini_writer.ts";
import { seeded } from "./ini_noise.ts";
import { slow } from "../support/slow.ts";

const SECTIONS = ["a", "b", "A", "DEFAULT", "converters", "a.b", " c ", "[d"];
const KEYS = ["x", "Key", "my key", "mapping.A", "rem", "[k", "a#b", "a;b", "É", "new", "Other"];
const SEPARATORS = ["=", ":", " = ", " : ", "\t=  ", ": ", " ="];
const FIRSTS = ["", "1", "a b", "a;b", ";", "# a", '"a"', "a = b", "[b]", "%(x)s", "é\u00A0", "''"];
const WRITTEN = [...FIRSTS, "a ;c", '""', '"" ; c', "1  ; c ; d", "a;b ; c", "  a  ", ";a "];
const RESTS = ["  a", "\tb", "  # c", " ; d", "  [e]", "  x = 1", "    return True", "  ]"];
const LOOSE = ["", "", "  ", "# c", "# about", "; d", "rem e", "bad", "= 1", "[", "  stray", "[]"];
const REFUSED = [
  " a",
  "a ",
  '""',
  "a ;b",
  "\n",
  "a\n\n  b",
  "a\nb",
  "\n# a",
  "\n;",
  "a\tb ;",
  "\r",
];

type Random = () => number;
/** Section names in the order of their headers, `DEFAULT` among them, and what each sets itself. */
type Model = Map<string, Map<string, string>>;

function pick<Item>(random: Random, items: readonly Item[]): Item {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error("nothing to pick from");
  return item;
}

function randomText(random: Random): string {
  const lines = random() < 0.95 ? [`[${pick(random, SECTIONS)}]`] : [];
  for (let count = Math.floor(random() * 20); count > 0; count--) {
    const kind = random();
    if (kind < 0.4) {
      lines.push(pick(random, KEYS) + pick(random, SEPARATORS) + pick(random, WRITTEN));
    } else if (kind < 0.6) lines.push(pick(random, RESTS));
    else if (kind < 0.75) {
      lines.push(`[${pick(random, SECTIONS)}]${pick(random, ["", "", " tail"])}`);
    } else lines.push(pick(random, LOOSE));
  }
  const eol = pick(random, ["\n", "\n", "\r\n"]);
  return pick(random, ["", "", "\uFEFF"]) + lines.join(eol) + pick(random, [eol, eol, ""]);
}

function randomValue(random: Random): string {
  const kind = random();
  if (kind < 0.15) return pick(random, REFUSED);
  if (kind < 0.6) return pick(random, FIRSTS);
  const rest = Array.from({ length: 1 + Math.floor(random() * 4) }, () => pick(random, RESTS));
  return [random() < 0.7 ? "" : pick(random, FIRSTS), ...rest].join("\n");
}

function randomEdit(random: Random, text: string): IniEdit {
  const present = [...modelOf(text).keys()];
  const section = pick(random, random() < 0.9 && present.length > 0 ? present : SECTIONS);
  const kind = random();
  if (kind < 0.6) {
    return { kind: "set", section, key: pick(random, KEYS), value: randomValue(random) };
  }
  if (kind < 0.75) return { kind: "remove", section, key: pick(random, KEYS) };
  const other = pick(random, [...SECTIONS, "new", "n e w"]);
  if (kind < 0.8) return { kind: "add-section", section: other };
  if (kind < 0.85) return { kind: "add-section", section: other, before: section };
  if (kind < 0.92) return { kind: "remove-section", section };
  return { kind: "rename-section", section, to: other };
}

function modelOf(text: string): Model {
  const { byName, defaults } = parseIni(text, "f");
  const model: Model = new Map();
  for (const { kind, name } of scanIni(text)) {
    if (kind !== "header") continue;
    const options = name === "DEFAULT" ? defaults : byName.get(name)?.options;
    model.set(name, new Map([...options ?? []].map(([key, { value }]) => [key, value])));
  }
  return model;
}

/** What the edit asks for; undefined when it must be refused whatever key and value are. */
function expectedOf(model: Model, edit: IniEdit): Model | undefined {
  const { kind, section } = edit;
  const entries = [...model];
  const own = model.get(section);
  if (kind === "add-section") {
    const at = edit.before === undefined ? entries.length : [...model.keys()].indexOf(edit.before);
    if (own !== undefined || at < 0) return undefined;
    return new Map(entries.toSpliced(at, 0, [section, new Map()]));
  }
  if (own === undefined) return undefined;
  if (kind === "remove-section") return new Map(entries.filter(([name]) => name !== section));
  if (kind === "rename-section") {
    if (edit.to === section) return model;
    if (model.has(edit.to) || [section, edit.to].includes("DEFAULT")) return undefined;
    return new Map(entries.map(([name, options]) => [name === section ? edit.to : name, options]));
  }
  const options = new Map(own);
  if (kind === "set") options.set(foldKey(edit.key), edit.value);
  else options.delete(foldKey(edit.key));
  return new Map(entries.map(([name, other]) => [name, name === section ? options : other]));
}

function flat(model: Model): [string, [string, string][]][] {
  return [...model].map(([name, options]) => [name, [...options]]);
}

/** Whether some straightforward way to write an option is read back as just that option. */
function canBeWritten(key: string, value: string): boolean {
  if (value.includes("\r")) return false;
  return SEPARATORS.some((separator) => {
    const { byName, findings } = parseIni(`[s]\n${key}${separator}${value}\n`, "f");
    const options = byName.get("s")?.options;
    return findings.length === 0 && options?.size === 1 &&
      options.get(foldKey(key))?.value === value;
  });
}

function isSubsequence(part: readonly string[], whole: readonly string[]): boolean {
  let found = 0;
  for (const item of whole) if (found < part.length && part[found] === item) found++;
  return found === part.length;
}

/** The lines that an edit has no business with, in order. */
function untouched(text: string, edit: IniEdit): string[] {
  const lines: string[] = [];
  let section = "";
  let key = "";
  for (const line of scanIni(text)) {
    if (line.kind === "header") [section, key] = [line.name, ""];
    if (line.kind === "option") key = line.name;
    if (!concerns(edit, line, section, key)) lines.push(line.text);
  }
  // A file without final newline has none after the edit either, so no empty line can end it.
  while (!text.endsWith("\n") && lines.at(-1) === "") lines.pop();
  return lines;
}

function concerns(edit: IniEdit, { kind }: IniLine, section: string, key: string): boolean {
  if (edit.section !== section || edit.kind === "add-section") return false;
  if (edit.kind === "rename-section") return kind === "header";
  // Comments inside or above what is removed may go with it.
  const loose = kind === "comment" || kind === "blank";
  if (edit.kind === "remove-section") return true;
  if (key !== foldKey(edit.key)) return false;
  return kind === "option" || kind === "continuation" || (edit.kind === "remove" && loose);
}

function inlineComments(text: string): string[] {
  return [...scanIni(text)].filter(({ kind }) => kind === "option")
    .map(({ text: line }) => line.slice(splitOption(line).commentStart).trim())
    .filter((comment) => comment !== "");
}

/** Everything that must hold after an edit that was carried out. */
function verify(before: string, edit: IniEdit, after: string, expected: Model): void {
  expect(flat(modelOf(after))).toEqual(flat(expected));
  expect(after.startsWith("\uFEFF")).toBe(before.startsWith("\uFEFF"));
  const bare = before.replace("\uFEFF", "");
  const rest = after.replace("\uFEFF", "");
  if (bare !== "" && rest !== "" && !bare.endsWith("\n")) expect(rest).not.toMatch(/[^\n]\n$/);
  if (bare.endsWith("\n") && rest !== "") expect(rest).toEndWith("\n");
  if (!/(^|[^\r])\n/.test(bare) && bare.includes("\r\n")) expect(rest).not.toMatch(/(^|[^\r])\n/);
  if (edit.kind === "set" || edit.kind === "add-section" || edit.kind === "rename-section") {
    expect(errorsOf(after)).toEqual(errorsOf(before));
    for (const comment of inlineComments(before)) expect(after).toContain(comment);
  }
  if (edit.kind === "remove-section") return;
  const lines = [...scanIni(after)].map(({ text }) => text);
  expect(isSubsequence(untouched(before, edit), lines)).toBe(true);
  if (edit.kind === "set" || edit.kind === "remove") expect(editIni(after, [edit])).toBe(after);
}

function errorsOf(text: string): string[] {
  return parseIni(text, "f").findings.filter(({ severity }) => severity === "error")
    .map(({ message }) => message.replace(/ \(lines.*/, ""));
}

describe("20,000 random edits", () => {
  for (const seed of [1, 2, 3, 4]) {
    slow(`change what they say and nothing else, seed ${seed}`, () => {
      const random = seeded(seed);
      const done = { applied: 0, refused: 0, unwritable: 0 };
      let text = "";
      for (let count = 0; count < 5_000; count++) {
        if (count % 4 === 0) text = randomText(random);
        const edit = randomEdit(random, text);
        text = attempt(text, edit, done);
      }
      expect(Math.min(done.applied, done.refused, done.unwritable)).toBeGreaterThan(50);
      expect(done.applied).toBeGreaterThan(3_000);
    }, 60_000);
  }

  function attempt(
    text: string,
    edit: IniEdit,
    done: { applied: number; refused: number; unwritable: number },
  ): string {
    const model = modelOf(text);
    const expected = expectedOf(model, edit);
    let after: string;
    try {
      after = editIni(text, [edit]);
    } catch (thrown) {
      if (!(thrown instanceof AgentError)) throw thrown;
      if (expected === undefined) done.refused++;
      else if (edit.kind === "set" && !canBeWritten(edit.key, edit.value)) done.unwritable++;
      else throw new Error(`refused without need: ${JSON.stringify({ text, edit })}`);
      return text;
    }
    if (expected === undefined) throw new Error(`not refused: ${JSON.stringify({ text, edit })}`);
    try {
      verify(text, edit, after, expected);
    } catch (cause) {
      throw new Error(`wrong: ${JSON.stringify({ text, edit, after })}`, { cause });
    }
    done.applied++;
    return after;
  }

  test("setting what is there already gives the same text", () => {
    const random = seeded(9);
    for (let count = 0; count < 2_000; count++) {
      const text = randomText(random);
      const edits: IniEdit[] = [];
      for (const [section, options] of modelOf(text)) {
        for (const [key, value] of options) edits.push({ kind: "set", section, key, value });
      }
      expect(editIni(text, edits)).toBe(text);
    }
  });
});
