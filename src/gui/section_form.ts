/**
 * The options of a section as a form shows them, and what a sent form changes.
 *
 * @module
 */
import { declaredIn, sourceNamed } from "../config/declared.ts";
import { isSectionEnabled } from "../config/enabled.ts";
import { foldKey } from "../config/ini_lines.ts";
import type { IniEdit } from "../config/ini_writer.ts";
import { buildForm, type FormField } from "../describe/form.ts";
import { parseFlag } from "../sdk/option.ts";
import type { GuiContext } from "./context.ts";
import type { IniFile } from "./ini_file.ts";
import { isShowable } from "./masking.ts";

/** A field with what the file says. */
export interface FilledField extends FormField {
  /** What the control holds: always blank for a secret. */
  readonly text: string;
  /** Whether the section sets it itself, to more than nothing. */
  readonly isSet: boolean;
  /** Where its secret is, when the file only says that. */
  readonly reference: string | undefined;
  /** What `[DEFAULT]` says, when the section says nothing; never a secret. */
  readonly inherited: string | undefined;
}

/** Fields that are shown elsewhere. */
const elsewhere = new Set(["enable"]);

/** The word of a choice that means the same as the text. */
function findSameChoice(field: FormField, text: string): string {
  const isFlag = field.choices.some(({ value }) => value === "True");
  const flag = isFlag ? parseFlag(text) : undefined;
  if (flag !== undefined) return flag ? "True" : "False";
  const same = field.choices.find(({ value }) => value.toLowerCase() === text.trim().toLowerCase());
  return same?.value ?? text;
}

function fill(gui: GuiContext, file: IniFile, section: string, field: FormField): FilledField {
  const own = file.document.byName.get(section)?.options.get(foldKey(field.key))?.value;
  const fallback = own === undefined
    ? file.document.defaults.get(foldKey(field.key))?.value
    : undefined;
  const text = own ?? "";
  // A text that holds a known secret, for example an address with a password, is one itself.
  const isSecret = field.control === "secret" || gui.redactor.redact(text) !== text;
  const control = isSecret ? "secret" : text.includes("\n") ? "lines" : field.control;
  return {
    ...field,
    control,
    text: isSecret ? "" : control === "choice" ? findSameChoice(field, text) : text,
    isSet: text.trim() !== "",
    reference: isSecret && isShowable(text) ? text : undefined,
    inherited: isSecret || fallback === undefined ? undefined : gui.redactor.redact(fallback),
  };
}

/** The fields of a section of a source or of `[oomnitza]`; none for other sections. */
export function filledFields(gui: GuiContext, file: IniFile, section: string): FilledField[] {
  const own = sourceNamed(section, gui.sources)?.options ?? {};
  // What only this source has comes first, also among what few people need.
  const fields = buildForm({ ...own, ...declaredIn(section, gui.sources) });
  return fields.filter(({ key }) => !elsewhere.has(key))
    .map((field) => fill(gui, file, section, field));
}

/** What is in a section that no field shows, by key: it stays as it is. */
export function otherKeys(gui: GuiContext, file: IniFile, section: string): string[] {
  const declared = declaredIn(section, gui.sources) ?? {};
  const options = file.document.byName.get(section)?.options ?? new Map();
  return [...options.keys()].filter((key) =>
    !Object.hasOwn(declared, key) && !key.startsWith("mapping.") && !elsewhere.has(key)
  );
}

function editsForField(section: string, field: FilledField, form: URLSearchParams): IniEdit[] {
  const { key } = field;
  const sent = form.get(key);
  if (sent === null) return [];
  if (field.control === "secret") {
    if (form.get(`remove:${key}`) === "yes") return [{ kind: "set", section, key, value: "" }];
    return sent === "" ? [] : [{ kind: "set", section, key, value: sent }];
  }
  const text = sent.replaceAll("\r\n", "\n");
  const value = field.control === "lines" ? text : text.trim();
  if (value === field.text || value === field.text.trim()) return [];
  return [{ kind: "set", section, key, value }];
}

function enableEdit(
  gui: GuiContext,
  file: IniFile,
  section: string,
  form: URLSearchParams,
): IniEdit[] {
  if (!form.has("has-enable")) return [];
  const wanted = form.get("enable") === "yes";
  if (isSectionEnabled(file.document, section, gui.env) === wanted) return [];
  return [{ kind: "set", section, key: "enable", value: wanted ? "True" : "False" }];
}

/** `[oomnitza]` has to stand in front of all others. */
function placeOf(section: string, { document }: IniFile): string | undefined {
  return section === "oomnitza" ? document.sections[0]?.name : undefined;
}

/** The edits that bring a section to what a form says: only what differs. */
export function formEdits(
  gui: GuiContext,
  file: IniFile,
  section: string,
  form: URLSearchParams,
): IniEdit[] {
  const fields = filledFields(gui, file, section);
  const added: IniEdit[] = file.document.byName.has(section)
    ? []
    : [{ kind: "add-section", section, before: placeOf(section, file) }];
  const edits = [
    ...enableEdit(gui, file, section, form),
    ...fields.flatMap((field) => editsForField(section, field, form)),
  ];
  return edits.length === 0 ? [] : [...added, ...edits];
}

/** What a new section says where the default is that of older ones. */
export function recommendedEdits({ sources }: GuiContext, section: string): IniEdit[] {
  const options = Object.entries(sourceNamed(section, sources)?.options ?? {});
  return options.flatMap(([key, { recommended: value }]): IniEdit[] =>
    value === undefined ? [] : [{ kind: "set", section, key, value }]
  );
}
