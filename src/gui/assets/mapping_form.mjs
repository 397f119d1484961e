/**
 * The form of one mapping: where its value comes from, its converter and the parameters of that.
 *
 * @module
 */

/** Makes an element with attributes and children. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

/** Takes a converter call apart, as `transform/converter_call.ts` does. */
export function parseCall(call) {
  const colon = call.indexOf(":");
  if (colon === -1) return { name: call, text: "", params: new Map() };
  const text = call.slice(colon + 1);
  const params = new Map(
    text.split("|").map((part) => {
      const equals = part.indexOf("=");
      return equals === -1 ? [part, true] : [part.slice(0, equals), part.slice(equals + 1)];
    }),
  );
  return { name: call.slice(0, colon), text, params };
}

function writeCall(name, params) {
  const parts = [...params].map(([key, value]) => value === true ? key : `${key}=${value}`);
  return parts.length === 0 ? name : `${name}:${parts.join("|")}`;
}

const origins = [
  ["source", "Path of the source"],
  ["setting", "Setting of the section"],
  ["hardcoded", "Fixed value"],
];

function field(id, label, control, note) {
  const name = `mapping-${id}`;
  control.id = name;
  control.setAttribute("aria-describedby", `${name}-finding`);
  return element(
    "div",
    { "class": "field", "data-part": id },
    element("label", { "for": name }, label),
    control,
    ...(note ? [element("p", { "class": "note" }, note)] : []),
    element("p", { "class": "finding", id: `${name}-finding`, hidden: true }),
  );
}

function choice(options, value) {
  const select = element("select");
  for (const [key, label] of options) {
    select.append(element("option", { value: key, selected: key === value }, label));
  }
  return select;
}

/** The converters in two groups; one that does not exist stays what it is. */
function converterChoice(converters, name) {
  const select = element("select");
  select.append(element("option", { value: "" }, "None"));
  const groups = [["Your own", true], ["Built in", false]];
  for (const [label, isOwn] of groups) {
    const names = converters.filter((each) => each.isOwn === isOwn).map((each) => each.name);
    if (names.length === 0) continue;
    const group = element("optgroup", { label });
    group.append(...names.map((each) => element("option", { value: each }, each)));
    select.append(group);
  }
  const known = converters.find((each) => each.name.toLowerCase() === name.toLowerCase());
  if (name !== "" && known === undefined) {
    select.append(element("option", { value: name }, `${name} (does not exist)`));
  }
  select.value = known?.name ?? name;
  return select;
}

/** The inputs of a converter's parameters; `change` is called with the whole call. */
function paramFields(converters, call, change) {
  const { name, text, params } = parseCall(call);
  const known = converters.find((each) => each.name.toLowerCase() === name.toLowerCase());
  if (name === "") return [];
  if (known?.params === undefined) {
    const input = element("input", { type: "text", value: text, spellcheck: "false" });
    input.addEventListener("input", () => {
      change(input.value === "" ? name : `${name}:${input.value}`);
    });
    return [field("params", "Parameters", input, "As in the ini: on=,|index=1")];
  }
  const others = [...params.keys()].filter((key) =>
    !known.params.some((each) => each.name === key)
  );
  const all = [...known.params, ...others.map((key) => ({ name: key, help: "", default: "" }))];
  return all.map(({ name: key, help, default: usual }) => {
    const given = params.get(key);
    const input = element("input", {
      type: "text",
      value: given === true ? "" : given ?? "",
      placeholder: usual,
      spellcheck: "false",
    });
    input.addEventListener("input", () => {
      if (input.value === "") params.delete(key);
      else params.set(key, input.value.replaceAll("|", ""));
      change(writeCall(name, params));
    });
    return field(`param-${key}`, key, input, help);
  });
}

/**
 * Fills a place with the form of a mapping. `change(form)` is called with every change of it.
 *
 * @returns the places of the findings and of the value
 */
export function showForm(place, { form, isLocked, settings, converters, change }) {
  let now = { from: "source", value: "", converter: "", isRequired: false, ...form };
  function set(part) {
    now = { ...now, ...part };
    change(now);
  }
  const from = choice(origins, now.from);
  const value = element("input", {
    type: "text",
    value: now.value,
    autocomplete: "off",
    spellcheck: "false",
  });
  const setting = choice(
    [["", "Choose a setting"], ...settings.map((name) => [name, name])],
    now.value,
  );
  const valueField = field("value", "Value", value);
  const settingField = field("setting", "Setting", setting);
  function showValue() {
    valueField.hidden = now.from === "setting";
    settingField.hidden = now.from !== "setting";
    valueField.querySelector("label").textContent = now.from === "source" ? "Path" : "Value";
  }
  from.addEventListener("change", () => {
    const isKnown = settings.includes(now.value);
    set({ from: from.value, ...(from.value === "setting" && !isKnown ? { value: "" } : {}) });
    setting.value = now.value;
    value.value = now.value;
    showValue();
  });
  value.addEventListener("input", () => set({ value: value.value }));
  setting.addEventListener("change", () => set({ value: setting.value }));
  const converter = converterChoice(converters, parseCall(now.converter).name);
  const summary = element("p", { "class": "note" });
  const params = element("div", { "class": "params" });
  function showParams() {
    const { name } = parseCall(now.converter);
    summary.textContent = converters.find((each) => each.name === name)?.summary ?? "";
    params.replaceChildren(
      ...paramFields(converters, now.converter, (call) => set({ converter: call })),
    );
  }
  converter.addEventListener("change", () => {
    set({ converter: converter.value });
    showParams();
  });
  const required = element("input", { type: "checkbox", checked: now.isRequired });
  required.addEventListener("change", () => set({ isRequired: required.checked }));
  const all = element(
    "fieldset",
    { "class": "plain", disabled: isLocked },
    element("legend", { "class": "heard" }, "Where the value comes from"),
    field("from", "Value from", from),
    valueField,
    settingField,
    field("converter", "Converter", converter),
    summary,
    params,
    element("label", { "class": "check" }, required, "A record without it is not sent"),
  );
  showValue();
  showParams();
  place.replaceChildren(all);
}
