/**
 * Turns text areas for code into editors with highlighting and marks at faulty lines.
 *
 * The text area stays the one that is sent: it is kept up to date and says so by `input` events. What
 * is wrong comes as an event `findings` on it, `{ language, findings: [{ line, severity, text }] }`.
 *
 * @module
 */
import { closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { javascript } from "@codemirror/lang-javascript";
import { python } from "@codemirror/lang-python";
import {
  bracketMatching,
  HighlightStyle,
  indentOnInput,
  indentUnit,
  syntaxHighlighting,
} from "@codemirror/language";
import { lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { Compartment } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";

/** Colours are those of the style sheet, which knows light and dark. */
const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: "var(--code-keyword)" },
  { tag: [tags.string, tags.special(tags.string), tags.regexp], color: "var(--code-string)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--code-number)" },
  { tag: tags.comment, color: "var(--quiet)", fontStyle: "italic" },
  {
    tag: [tags.function(tags.variableName), tags.function(tags.propertyName)],
    color: "var(--accent)",
  },
  { tag: tags.invalid, color: "var(--bad)" },
]);

const look = EditorView.theme({
  "&": { color: "var(--text)", backgroundColor: "var(--panel)", fontSize: "0.875rem" },
  "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "1px" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.5", minHeight: "12rem" },
  ".cm-content": { caretColor: "var(--text)" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-gutters": {
    color: "var(--quiet)",
    backgroundColor: "var(--sunken)",
    borderRight: "1px solid var(--line)",
  },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--code-line)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground":
    { backgroundColor: "var(--code-selection)" },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--code-selection)" },
  ".cm-tooltip": {
    color: "var(--text)",
    backgroundColor: "var(--panel)",
    border: "1px solid var(--edge)",
  },
});

function languageNamed(name) {
  return name === "javascript" ? javascript() : python();
}

/** A finding covers its line without the indentation. */
function toDiagnostic(doc, { line, severity, text }) {
  const { from, to, text: whole } = doc.line(Math.min(Math.max(line, 1), doc.lines));
  const start = from + (whole.length - whole.trimStart().length);
  return { from: Math.min(start, to), to, severity, message: text };
}

/** What every editor can do, whatever the language. */
const abilities = [
  lineNumbers(),
  lintGutter(),
  highlightActiveLineGutter(),
  highlightActiveLine(),
  drawSelection(),
  history(),
  indentOnInput(),
  bracketMatching(),
  closeBrackets(),
  indentUnit.of("    "),
  EditorView.lineWrapping,
  syntaxHighlighting(colours),
  look,
  keymap.of([
    ...closeBracketsKeymap,
    ...defaultKeymap,
    ...historyKeymap,
    ...lintKeymap,
    indentWithTab,
  ]),
];

function keepCurrent(area) {
  return EditorView.updateListener.of((update) => {
    if (!update.docChanged) return;
    area.value = update.state.doc.toString();
    area.dispatchEvent(new Event("input", { bubbles: true }));
  });
}

function replace(area) {
  const language = new Compartment();
  const home = document.createElement("div");
  home.className = "editor";
  // In a shadow tree the styles of the editor need no style element, which the page's rules refuse.
  const root = home.attachShadow({ mode: "open" });
  const label = area.labels[0]?.textContent.trim() ?? "Code";
  const view = new EditorView({
    doc: area.value,
    root,
    parent: root,
    extensions: [
      abilities,
      language.of(languageNamed(area.dataset.editor)),
      EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false" }),
      keepCurrent(area),
    ],
  });
  area.addEventListener("findings", ({ detail }) => {
    view.dispatch({ effects: language.reconfigure(languageNamed(detail.language)) });
    const { doc } = view.state;
    view.dispatch(setDiagnostics(view.state, detail.findings.map((one) => toDiagnostic(doc, one))));
  });
  area.hidden = true;
  area.after(home);
}

for (const area of document.querySelectorAll("textarea[data-editor]")) replace(area);
