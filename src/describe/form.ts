/**
 * Options as the fields of a form.
 *
 * @module
 */

import { iniText, type Option, type Options } from "../sdk/option.ts";

/** How a value is put in: `lines` is a text of several lines. */
export type Control = "text" | "url" | "secret" | "number" | "choice" | "lines";

export interface FormField {
  /** The key in the ini. */
  readonly key: string;
  /** The key in words: `API token`. */
  readonly label: string;
  readonly help: string;
  readonly control: Control;
  /** The words of a `choice` and how they are shown; the blank one stands for the default. */
  readonly choices: readonly { readonly value: string; readonly label: string }[];
  /** What is taken when it stays blank, or an example of what is required. */
  readonly placeholder: string;
  readonly isRequired: boolean;
  /** What a new section gets where the default is that of older ones. */
  readonly recommended: string | undefined;
  /** Few people need it. */
  readonly isAdvanced: boolean;
}

const capitals = new Set(["api", "id", "ip", "mb", "ms", "ssl", "tls", "url", "ca", "dn", "wsdl"]);
const spellings: Readonly<Record<string, string>> = { ldap: "LDAP", oomnitza: "Oomnitza" };

/** A key in words: `api_token` becomes `API token`. */
export function toLabel(key: string): string {
  const words = key.split("_").map((word) =>
    capitals.has(word.toLowerCase()) ? word.toUpperCase() : spellings[word] ?? word
  );
  const [first = "", ...rest] = words;
  return [first.charAt(0).toUpperCase() + first.slice(1), ...rest].join(" ");
}

function chooseControl(key: string, { kind }: Option<unknown>): Control {
  if (kind === "json" || key === "recordfilter") return "lines";
  if (kind === "flag" || kind === "choice") return "choice";
  if (kind === "integer") return "number";
  return kind === "secret" || kind === "url" ? kind : "text";
}

function listChoices(option: Option<unknown>): FormField["choices"] {
  const words = option.kind === "flag"
    ? [{ value: "True", label: "yes" }, { value: "False", label: "no" }]
    : (option.choices ?? []).map((word) => ({ value: word, label: word }));
  if (words.length === 0) return [];
  if (!option.optional) return [{ value: "", label: "choose one" }, ...words];
  const text = iniText(option.default);
  const standard = words.find(({ value }) => value === text)?.label ?? text;
  return [{ value: "", label: standard === "" ? "not set" : `default (${standard})` }, ...words];
}

function choosePlaceholder(option: Option<unknown>): string {
  if (option.kind === "secret") return "";
  if (!option.optional) return option.example === undefined ? "" : `for example ${option.example}`;
  const text = iniText(option.default);
  if (text !== "") return `default ${text}`;
  return option.example === undefined ? "" : `for example ${option.example}`;
}

/** The fields of some options, in declared order. */
export function buildForm(options: Options): FormField[] {
  return Object.entries(options).map(([key, option]) => ({
    key,
    label: toLabel(key),
    help: option.help,
    control: chooseControl(key, option),
    choices: listChoices(option),
    placeholder: choosePlaceholder(option),
    isRequired: !option.optional,
    recommended: option.recommended,
    isAdvanced: option.advanced,
  }));
}

/** A field of a section that is not there yet: left blank, it gets what is recommended. */
export function inNewSection<F extends FormField>(field: F): F {
  const { recommended, choices } = field;
  if (recommended === undefined) return field;
  const label = choices.find(({ value }) => value === recommended)?.label ?? recommended;
  return {
    ...field,
    placeholder: `recommended ${recommended}`,
    choices: choices.map((choice) =>
      choice.value === "" ? { value: "", label: `recommended (${label})` } : choice
    ),
  };
}
