/**
 * The controls of a form that is derived from options.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
// deno-lint-ignore-file jsx-key -- written out once as text: there is nothing to keep apart
import type { FilledField } from "./section_form.ts";
import type { ShownFinding } from "./saving.tsx";

interface FieldProps {
  readonly field: FilledField;
  readonly findings: readonly ShownFinding[];
}

/** A field: label, control, help, and room for what is wrong with it. */
export function Field({ field, findings }: FieldProps) {
  const own = findings.filter((finding) => finding.field === field.key);
  const isWrong = own.some(({ severity }) => severity === "error");
  const id = `field-${field.key}`;
  return (
    <div class="field" data-field={field.key}>
      <label for={id}>
        {field.label} <code>{field.key}</code>
        {field.isRequired ? <span class="required">required</span> : null}
      </label>
      <FieldControl field={field} id={id} isWrong={isWrong} />
      <p
        id={`${id}-finding`}
        class={isWrong ? "finding error" : "finding warning"}
        hidden={own.length === 0}
      >
        {own.map(({ text }) => text).join(" ")}
      </p>
      <p class="note" id={`${id}-help`}>
        {field.help}
        {field.inherited === undefined ? null : (
          <>
            {" "}From [DEFAULT]: <code>{field.inherited}</code>
          </>
        )}
      </p>
    </div>
  );
}

interface ControlProps {
  readonly field: FilledField;
  readonly id: string;
  readonly isWrong: boolean;
}

function FieldControl({ field, id, isWrong }: ControlProps) {
  const { key, control, text, placeholder } = field;
  const common = {
    id,
    name: key,
    "aria-describedby": `${id}-finding ${id}-help`,
    ...(isWrong ? { "aria-invalid": "true" as const } : {}),
  };
  if (control === "secret") return <Secret field={field} common={common} />;
  if (control === "choice") return <Choice field={field} common={common} />;
  if (control === "lines") {
    const rows = Math.min(16, Math.max(3, text.split("\n").length + 1));
    // A browser drops the first newline of a text area, so there is one more.
    return (
      <textarea {...common} class="code" rows={rows} spellcheck={false}>{`\n${text}`}</textarea>
    );
  }
  return (
    <input
      {...common}
      type="text"
      inputmode={control === "number" ? "numeric" : control === "url" ? "url" : "text"}
      value={text}
      placeholder={placeholder}
      autocomplete="off"
      spellcheck={false}
    />
  );
}

type Common = Record<string, string>;

function Choice({ field, common }: { field: FilledField; common: Common }) {
  const { choices, text } = field;
  const isKnown = choices.some(({ value }) => value === text);
  const shown = isKnown ? choices : [...choices, { value: text, label: text }];
  const blank = text === "" && !choices.some(({ value }) => value === "");
  return (
    <select {...common}>
      {blank ? <option value="" selected>choose one</option> : null}
      {shown.map(({ value, label }) => {
        return <option value={value} selected={value === text}>{label}</option>;
      })}
    </select>
  );
}

/** What is there is never sent: a blank field keeps it. */
function Secret({ field, common }: { field: FilledField; common: Common }) {
  const { key, isSet, reference } = field;
  return (
    <>
      <input
        {...common}
        type="password"
        value=""
        placeholder={isSet ? "set; stays as it is when left blank" : "not set"}
        autocomplete="new-password"
        spellcheck={false}
      />
      {reference === undefined ? null : (
        <p class="note">
          Kept elsewhere: <code>{reference}</code>
        </p>
      )}
      {isSet && !field.isRequired
        ? (
          <label class="check">
            <input type="checkbox" name={`remove:${key}`} value="yes" /> Remove it
          </label>
        )
        : null}
    </>
  );
}
