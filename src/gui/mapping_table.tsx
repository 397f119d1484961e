/**
 * The merged mapping table of a section.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
// deno-lint-ignore-file jsx-key -- written out once as text: there is nothing to keep apart
import { stringifyExactJson } from "../base/json.ts";
import type { FieldRule } from "../oomnitza/fields.ts";
import { describeOrigins, type FieldMapping } from "../transform/mapping.ts";
import { sectionPath } from "./context.ts";

interface TableProps {
  readonly section: string;
  readonly revision: string;
  readonly fields: readonly FieldMapping[];
  /** The key under which the section's own ini maps a field; nothing when it does not. */
  readonly keyOf: (field: string) => string | undefined;
  readonly redact: (text: string) => string;
  /** What Oomnitza tells about fields, when that was fetched. */
  readonly rules?: ReadonlyMap<string, FieldRule> | undefined;
}

/** What a field takes, in words; blank when it takes everything. */
function describeRule(rule: FieldRule | undefined): string {
  if (rule === undefined) return "";
  const { type, values, isUnique } = rule;
  const words = [
    ...values === undefined ? [] : [`one of ${values.size} values`],
    ...type === "date" || type === "number" ? [type] : [],
    ...isUnique === true ? ["unique"] : [],
  ];
  return words.join(", ");
}

/** Field, where its value comes from, converter, and who says so. */
export function MappingTable({ fields, ...row }: TableProps) {
  if (fields.length === 0) return <p class="notice">Nothing is mapped yet.</p>;
  return (
    <div class="scroll" tabindex={0} role="region" aria-label="Mappings">
      <table>
        <thead>
          <tr>
            <th scope="col">Oomnitza field</th>
            <th scope="col">Value from</th>
            <th scope="col">Converter</th>
            <th scope="col">Origin</th>
            <th scope="col">
              <span class="heard">Change</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {fields.map((mapping) => <Row mapping={mapping} {...row} />)}
        </tbody>
      </table>
    </div>
  );
}

function Row(
  { mapping, section, revision, keyOf, redact, rules }: Omit<TableProps, "fields"> & {
    readonly mapping: FieldMapping;
  },
) {
  const { field, spec } = mapping;
  const path = sectionPath(section, "mappings");
  const key = keyOf(field);
  const rule = describeRule(rules?.get(field));
  return (
    <tr>
      <th scope="row">
        {field}
        {spec.required === true ? <span class="required">required</span> : null}
        {rule === "" ? null : <div class="note">{rule}</div>}
      </th>
      <td>
        <MappingValue mapping={mapping} redact={redact} />
      </td>
      <td>{spec.converter === undefined ? "" : <code>{spec.converter}</code>}</td>
      <td>{describeOrigins(mapping)}</td>
      <td>
        <div class="row tight">
          <a class="button quiet" href={`${path}?field=${encodeURIComponent(field)}#edit`}>
            Edit <span class="heard">{field}</span>
          </a>
          {key === undefined ? null : (
            <form method="post" action={`${path}/remove`} data-change>
              <input type="hidden" name="revision" value={revision} />
              <input type="hidden" name="key" value={key} />
              <button type="submit" class="danger">
                Remove <span class="heard">{field}</span>
              </button>
              <div data-summary role="status" class="notice" hidden></div>
            </form>
          )}
        </div>
      </td>
    </tr>
  );
}

function MappingValue(
  { mapping, redact }: { mapping: FieldMapping; redact: (text: string) => string },
) {
  const { source, setting, hardcoded } = mapping.spec;
  if (source !== undefined) return <code>{source}</code>;
  if (setting !== undefined) {
    return (
      <>
        setting <code>{setting}</code>
      </>
    );
  }
  if (hardcoded === undefined) return <>nothing</>;
  return (
    <>
      always <code>{redact(stringifyExactJson(hardcoded))}</code>
    </>
  );
}
