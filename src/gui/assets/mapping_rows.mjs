/**
 * The rows of the mapping editor: two lines for a field, and two for a path.
 *
 * @module
 */
import { element } from "./mapping_form.mjs";

/** Where the value of a mapping comes from, in words. */
export function originOf({ from, value }) {
  if (from === "setting") return `setting ${value}`;
  return from === "hardcoded" ? `always ${value}` : value;
}

/** The text of a finding, or of a warning, which is one. */
export function textOf(finding) {
  return typeof finding === "string" ? finding : finding.text;
}

function span(name, text, title) {
  return element("span", { "class": name, ...(title ? { title } : {}) }, text);
}

function line(...parts) {
  return element("div", { "class": "line" }, ...parts);
}

function quietLine(...parts) {
  return element("div", { "class": "line quiet" }, ...parts);
}

/** `value`: null when it has none, undefined when it is not known yet. */
function valueOf(form, value, isReading) {
  if (form === null || value === null) return span("value", "");
  if (value === undefined) return span("value", isReading ? "…" : "");
  if (value.failed) return span("value wrong", "failed", value.failed);
  if (value.isLeftOut) return span("value", "see the preview");
  return span(value.isBlank ? "value blank" : "value", value.output, value.output);
}

/** Fills the row of a field of Oomnitza. */
export function fillField(row, { entry, form, isChanged, problems, isWrong, value, isReading }) {
  const { field, base } = entry;
  const marks = [];
  if (isChanged) marks.push(span("mark-word changed", form === null ? "removed" : "changed"));
  if (base?.isRequired || form?.isRequired) marks.push(span("mark-word", "required"));
  const origin = form === null ? base?.label || "not mapped" : originOf(form);
  const converter = form?.converter ? ` → ${form.converter}` : "";
  const words = problems.map(textOf).join(" ");
  row.replaceChildren(
    line(span("what", field, field), ...marks, valueOf(form, isWrong ? null : value, isReading)),
    quietLine(
      span("from", origin + converter, origin + converter),
      problems.length > 0
        ? span(isWrong ? "wrong" : "doubtful", words, words)
        : span("where", isChanged ? "" : base?.origin ?? ""),
    ),
  );
}

/** Fills the row of a path: its value in the record, or the shape of one. */
export function fillPath(row, { path: { path, meaning, facts, example }, mapped, value }) {
  const shown = value ?? example;
  row.replaceChildren(
    line(span("what", path, path), span(value === "null" ? "value blank" : "value", shown, shown)),
    quietLine(span("from", mapped ? `→ ${mapped.join(", ")}` : meaning), span("where", facts)),
  );
}
