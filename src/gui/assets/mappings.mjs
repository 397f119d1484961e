/**
 * The mapping editor: paths of the source and fields of Oomnitza as lists, the form of one mapping, and
 * what all of them give for the record that is shown. Changes are kept here until they are saved.
 *
 * @module
 */
import { byField, connect } from "./mapping_requests.mjs";
import { element, showForm } from "./mapping_form.mjs";
import { createPane } from "./mapping_list.mjs";
import { fillField, fillPath, originOf, textOf } from "./mapping_rows.mjs";

const root = document.querySelector("[data-editor]");
const save = root.querySelector("[data-save]");
const formPlace = root.querySelector("[data-form]");
const { load, post } = connect(root.dataset.editor, root.querySelector("[data-problem]"));
const work = root.querySelector("[data-work]");

/** Milliseconds of rest before values are asked for. */
const rest = 120;

let data = { fields: [], paths: [], settings: [], converters: [], notes: [], records: undefined };
/** Field → the form that it is to have; null when its mapping is to go. */
const drafts = new Map();
/** Fields that were named here and that nobody knows yet. */
const added = new Set();
/** Field → what is wrong with its mapping. */
let findings = new Map();
let values = { fields: {}, paths: {} };
let record = 0;
let recordName = "";
/** The field whose form is shown. */
let current;
/** The fields of the list with what is searched, and the fields of each path. */
let entries = [];
let fieldsOfPath = new Map();

// Fields, drafts and what follows from them

function formOf(entry) {
  return drafts.has(entry.field) ? drafts.get(entry.field) : entry.base?.form ?? null;
}

function problemsOf(entry) {
  return [...findings.get(entry.field) ?? [], ...entry.base?.warnings ?? []];
}

/** Whether a mapping cannot be as it is written: then nothing can be said of its value. */
function isWrong({ field }) {
  return findings.get(field)?.some(({ severity }) => severity === "error") ?? false;
}

/** Lists the fields anew, after data or drafts have changed. */
function gather() {
  const known = new Map(data.fields.map((field) => [field.field, field]));
  const names = new Set([...known.keys(), ...drafts.keys(), ...added]);
  entries = [...names].map((field) => ({ field, base: known.get(field) }));
  fieldsOfPath = new Map();
  for (const entry of entries) {
    const form = formOf(entry);
    const text = [entry.field, entry.base?.label, form && originOf(form), form?.converter];
    entry.text = text.filter(Boolean).join(" ").toLowerCase();
    if (form?.from !== "source") continue;
    fieldsOfPath.set(form.value, [...fieldsOfPath.get(form.value) ?? [], entry.field]);
  }
}

function isSame(a, b) {
  if (a === null || b === null || b === undefined) return a === (b ?? null);
  return ["from", "value", "converter", "isRequired"].every((key) => a[key] === b[key]);
}

/** Notes what the mapping of a field is to be; as it was before, it is no change. */
function draft(field, form) {
  const before = data.fields.find((each) => each.field === field)?.form;
  if (isSame(form, before)) drafts.delete(field);
  else drafts.set(field, form);
  delete values.fields[field];
  changed();
}

function changed() {
  gather();
  const changes = [...drafts].map(([field, form]) => ({ field, form }));
  save.elements.changes.value = JSON.stringify(changes);
  save.elements.revision.value = data.revision;
  const count = drafts.size;
  const words = count === 1 ? "1 change is not saved." : `${count} changes are not saved.`;
  save.querySelector("[data-count]").textContent = count === 0 ? "Nothing is changed." : words;
  for (const button of save.querySelectorAll("button")) button.disabled = count === 0;
  fields.apply(true);
  paths.apply(true);
  ask();
}

addEventListener("beforeunload", (event) => {
  if (drafts.size > 0) event.preventDefault();
});

// The two lists

function drawField(entry, row) {
  fillField(row, {
    entry,
    form: formOf(entry),
    isChanged: drafts.has(entry.field),
    problems: problemsOf(entry),
    isWrong: isWrong(entry),
    value: values.fields[entry.field],
    isReading: Boolean(data.records),
  });
}

function drawPath(path, row) {
  fillPath(row, {
    path,
    mapped: fieldsOfPath.get(path.path),
    value: values.paths[path.path],
  });
}

function isListedField(entry, kind) {
  if (kind === "Mapped") return formOf(entry) !== null;
  if (kind === "Not mapped") return formOf(entry) === null;
  if (kind === "Changed") return drafts.has(entry.field);
  return kind === "With problems" ? problemsOf(entry).length > 0 : true;
}

function isListedPath(path, kind) {
  if (kind === "All") return true;
  return fieldsOfPath.has(path.path) === (kind === "Mapped");
}

const paths = createPane(root.querySelector("[data-pane=paths]"), {
  all: () => data.paths,
  searched: (path) => path.text ??= `${path.path} ${path.meaning}`.toLowerCase(),
  isListed: isListedPath,
  keyOf: ({ path }) => path,
  draw: drawPath,
  seen: ask,
  choose: () => offerPath(),
  act: ({ path }) => usePath(path),
});

const fields = createPane(root.querySelector("[data-pane=fields]"), {
  all: () => entries,
  searched: ({ text }) => text,
  isListed: isListedField,
  keyOf: ({ field }) => field,
  draw: drawField,
  seen: ask,
  choose: ({ field }) => edit(field),
  act: () => formPlace.querySelector("select, input")?.focus(),
});

/** Offers a field that is searched and not listed. */
fields.onApply(() => {
  const name = fields.search().toUpperCase();
  const isNew = /^[\w-]+$/.test(name) && !entries.some(({ field }) => field === name);
  const button = element("button", { type: "button", "class": "quiet" }, `Map ${name}`);
  button.addEventListener("click", () => {
    added.add(name);
    gather();
    fields.apply();
    fields.open(name);
  });
  fields.place.replaceChildren(...(isNew ? [button] : []));
});

function offerPath() {
  const path = paths.list.chosen();
  if (path === undefined) return;
  const text = current === undefined ? "Choose a field to map it" : `Map ${current} from ${path}`;
  const button = element(
    "button",
    { type: "button", "class": "quiet", disabled: current === undefined },
    text,
  );
  button.addEventListener("click", () => usePath(path));
  paths.place.replaceChildren(button);
}

function usePath(path) {
  const entry = entries.find(({ field }) => field === current);
  if (entry === undefined || entry.base?.isMasked) return;
  const form = formOf(entry) ?? { converter: "", isRequired: false };
  draft(current, { ...form, from: "source", value: path });
  edit(current);
}

// The form of one mapping

function edit(field) {
  current = field;
  const entry = entries.find((each) => each.field === field);
  root.querySelector("#edit-title").textContent = field;
  const form = formOf(entry);
  const body = element("div");
  const notes = element("div", { "data-facts": true });
  const buttons = element("div", { "class": "actions tight" });
  if (form === null && drafts.has(field)) {
    body.append(element("p", { "class": "note" }, "The mapping in the file will be removed."));
  } else {
    showForm(body, {
      form,
      isLocked: entry.base?.isMasked ?? false,
      settings: data.settings,
      converters: data.converters,
      change: (next) => {
        draft(field, next);
        showButtons(entry, buttons);
      },
    });
  }
  formPlace.replaceChildren(notes, body, buttons);
  showFacts();
  showButtons(entry, buttons);
  offerPath();
  ask();
}

function action(label, kind, act) {
  const button = element("button", { type: "button", "class": kind }, label);
  button.addEventListener("click", act);
  return button;
}

function showButtons({ field, base }, place) {
  const undo = action("Undo", "quiet", () => {
    drafts.delete(field);
    delete values.fields[field];
    changed();
    edit(field);
  });
  const remove = action("Remove", "danger", () => {
    draft(field, null);
    edit(field);
  });
  const isRemovable = base?.isOwn === true && drafts.get(field) !== null;
  place.replaceChildren(...drafts.has(field) ? [undo] : [], ...isRemovable ? [remove] : []);
}

/** What is known of the field, and what it gets of the record. */
function showFacts() {
  const place = formPlace.querySelector("[data-facts]");
  const entry = entries.find(({ field }) => field === current);
  if (place === null || entry === undefined) return;
  const { base } = entry;
  const facts = [base?.label, base?.rule, drafts.has(current) ? "" : base?.origin].filter(Boolean);
  const lines = facts.length > 0 ? [element("p", { "class": "note" }, facts.join(" · "))] : [];
  if (base?.isMasked) {
    const text = "Its value holds a secret, which is not shown: change it in the file.";
    lines.push(element("p", { "class": "notice" }, text));
  }
  const { suggestion } = base ?? {};
  if (suggestion && formOf(entry) === null) {
    const text = `Perhaps ${suggestion.path}: ${suggestion.because}.`;
    lines.push(
      element("p", { "class": "note" }, text),
      action(`Map from ${suggestion.path}`, "quiet", () => usePath(suggestion.path)),
    );
  }
  const value = isWrong(entry) ? undefined : values.fields[current];
  if (value && formOf(entry) !== null) {
    const result = value.failed ? `failed: ${value.failed}` : value.output;
    const isSame = !value.failed && value.input === value.output;
    lines.push(
      element(
        "p",
        { "class": "live" },
        ...(isSame ? [] : [element("code", {}, value.input), " → "]),
        element("code", { "class": value.failed ? "wrong" : "" }, result),
      ),
    );
  }
  showFindings(entry, lines);
  place.replaceChildren(...lines);
}

/** Findings at the part of the form that they are about; others go to the lines above it. */
function showFindings(entry, lines) {
  for (const row of formPlace.querySelectorAll("[data-part]")) {
    row.querySelector(".finding").hidden = true;
    row.querySelector("input, select").removeAttribute("aria-invalid");
  }
  for (const finding of problemsOf(entry)) {
    const part = finding.part && formPlace.querySelector(`[data-part="${finding.part}"]`);
    const severity = finding.severity ?? "warning";
    if (!part) {
      lines.push(element("p", { "class": `finding ${severity}` }, textOf(finding)));
      continue;
    }
    const note = part.querySelector(".finding");
    note.textContent = finding.text;
    note.className = `finding ${severity}`;
    note.hidden = false;
    part.querySelector("input, select").setAttribute("aria-invalid", "true");
  }
}

// What the agent is asked

let timer;
let asked = 0;
/** The changes whose findings are known. */
let judged = "[]";

/**
 * Asks soon for the values that are seen and not known, and what is wrong with the changes. What was asked
 * before is answered in vain: it may be about what has changed since.
 */
function ask() {
  asked++;
  clearTimeout(timer);
  timer = setTimeout(look, rest);
}

async function look() {
  const changes = save.elements.changes.value;
  const hasRecord = Boolean(data.records);
  const names = new Set(
    fields.list.visible().filter((entry) => formOf(entry) !== null)
      .map(({ field }) => field),
  );
  if (current !== undefined) names.add(current);
  const wantedFields = hasRecord ? [...names].filter((name) => !(name in values.fields)) : [];
  const wantedPaths = hasRecord
    ? paths.list.visible().map(({ path }) => path).filter((path) => !(path in values.paths))
    : [];
  const isKnown = wantedFields.length + wantedPaths.length === 0 && changes === judged &&
    (recordName !== "" || !hasRecord);
  if (isKnown) return;
  const own = asked;
  const body = { changes, record, fields: JSON.stringify(wantedFields) };
  const answer = await post("try", { ...body, paths: JSON.stringify(wantedPaths) });
  if (answer === undefined || own !== asked) return;
  const missing = Object.fromEntries(wantedFields.map((name) => [name, null]));
  Object.assign(values.fields, missing, answer.fields);
  Object.assign(values.paths, answer.paths);
  judged = changes;
  recordName = answer.name || `number ${record + 1}`;
  findings = byField(answer.findings);
  showRecord();
  fields.list.redraw();
  paths.list.redraw();
  showFacts();
}

function showRecord() {
  const { records } = data;
  const place = root.querySelector("[data-record]");
  if (records) place.textContent = `Record ${record + 1} of ${records}: ${recordName}`;
  else if (records === 0) place.textContent = "The source has no records.";
  for (const button of root.querySelectorAll("[data-step]")) {
    const next = record + Number(button.dataset.step);
    button.disabled = !(next >= 0 && next < (records ?? 0));
  }
}

function goToRecord(index) {
  record = index;
  recordName = "";
  values = { fields: {}, paths: {} };
  showRecord();
  fields.list.redraw();
  paths.list.redraw();
  ask();
}

function showNotes() {
  const shown = data.notes.map(({ kind, text }) =>
    element("p", { "class": `notice ${kind}` }, text)
  );
  root.querySelector("[data-notes]").replaceChildren(...shown);
}

/** Takes what the agent knows of the section; changes that are not saved stay. */
function take(fresh) {
  data = fresh;
  const { source } = root.dataset;
  if (source !== "" && !data.paths.some(({ path }) => path === source)) {
    data.paths.push({ path: source, meaning: "", facts: "", example: "" });
  }
  for (const [field, form] of drafts) {
    if (isSame(form, data.fields.find((each) => each.field === field)?.form)) drafts.delete(field);
  }
  showNotes();
  changed();
  goToRecord(Math.min(record, Math.max(0, (data.records ?? 1) - 1)));
  if (current !== undefined && entries.some(({ field }) => field === current)) edit(current);
}

for (const button of root.querySelectorAll("[data-fetch]")) {
  button.addEventListener("click", async () => {
    button.disabled = true;
    work.textContent = "Reading…";
    const fresh = await post(button.dataset.fetch, {});
    if (fresh !== undefined) take(fresh);
    work.textContent = "";
    button.disabled = false;
  });
}

for (const button of root.querySelectorAll("[data-step]")) {
  button.addEventListener("click", () => goToRecord(record + Number(button.dataset.step)));
}

root.querySelector("[data-find]").addEventListener("submit", async (event) => {
  event.preventDefault();
  work.textContent = "Looking…";
  const answer = await post("find", { key: event.target.elements.key.value });
  work.textContent = "";
  if (answer === undefined) return;
  take(answer.data);
  goToRecord(answer.record);
});

save.querySelector("[data-discard]").addEventListener("click", () => {
  const count = drafts.size === 1 ? "the change" : `all ${drafts.size} changes`;
  if (!confirm(`Discard ${count}?`)) return;
  drafts.clear();
  values.fields = {};
  changed();
  if (current !== undefined) edit(current);
});

/** What saving came to, before `change.js` shows it. */
save.addEventListener("answered", ({ detail: { outcome, findings: found = [] } }) => {
  if (outcome === "saved") drafts.clear();
  if (outcome === "refused") {
    findings = byField(found);
    fields.list.redraw();
    const wrong = [...findings.keys()].find((field) =>
      entries.some((each) => each.field === field)
    );
    if (wrong !== undefined) fields.open(wrong);
    showFacts();
    queueMicrotask(() => summarise(found));
  }
  if (outcome === "stale") queueMicrotask(reload);
});

function summarise(found) {
  const texts = found.map(({ field = "", text }) => {
    const [, name] = field.split(".");
    return name ? `${name.toUpperCase()}: ${text}` : text;
  });
  save.querySelector("[data-summary]").textContent = ["This cannot be saved.", ...texts].join(" ");
}

/** Reads what somebody else has written meanwhile, under the changes that are kept here. */
async function reload() {
  const fresh = await load();
  if (fresh === undefined) return;
  take(fresh);
  save.querySelector("[data-summary]").textContent =
    "Somebody else has changed the file meanwhile, so nothing was saved. It was read again, and " +
    "your changes are still here: review and save them once more.";
}

/** Begins with what the address names: a field, and the path that it is to be mapped from. */
function begin({ field, source }) {
  if (source !== "") paths.open(source);
  const name = field.toUpperCase();
  if (name === "") return;
  if (!entries.some((each) => each.field === name)) {
    added.add(name);
    gather();
    fields.apply();
  }
  fields.open(name);
  if (source !== "") usePath(source);
}

const first = await load();
if (first !== undefined) {
  take(first);
  begin(root.dataset);
  root.dataset.ready = "yes";
}
