/**
 * The form for one mapping, and the paths that can be mapped.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
// deno-lint-ignore-file jsx-key -- written out once as text: there is nothing to keep apart
import { converters } from "../../converters/mod.ts";
import type { FieldMapping } from "../transform/mapping.ts";
import { sectionPath } from "./context.ts";
import { formOfSpec, type MappingForm as Filled } from "./mapping_edit.ts";
import type { Sample, SourcePath } from "../app/source_paths.ts";

interface FormProps {
  readonly section: string;
  readonly revision: string;
  /** The mapping that is edited, when it is there already. */
  readonly edited: FieldMapping | undefined;
  /** The field to begin with, blank for a new one. */
  readonly field: string;
  /** The source path to begin with. */
  readonly source: string;
  readonly paths: readonly SourcePath[];
  readonly settings: readonly string[];
  /** Names of the custom converters. */
  readonly custom: readonly string[];
}

/** The form that sets one mapping in the ini. */
export function MappingForm(props: FormProps) {
  const { section, revision, edited, field, source } = props;
  const filled = edited === undefined
    ? formOfSpec(field, source === "" ? {} : { source })
    : formOfSpec(field, edited.spec);
  const title = edited === undefined ? "Map a field" : `Change ${field}`;
  return (
    <form
      id="edit"
      method="post"
      action={sectionPath(section, "mappings")}
      data-change
      aria-labelledby="edit-title"
    >
      <h2 id="edit-title">{title}</h2>
      <input type="hidden" name="revision" value={revision} />
      <div class="grid">
        <TextField name="field" label="Oomnitza field" value={filled.field} />
        <FromField from={source === "" && edited === undefined ? "source" : filled.from} />
        <TextField name="value" label="Value" value={filled.value} list="paths" />
        <TextField name="converter" label="Converter" value={filled.converter} list="converters" />
      </div>
      <label class="check">
        <input type="checkbox" name="required" value="yes" checked={filled.isRequired} />
        A record without it is not sent
      </label>
      <Lists {...props} />
      <div data-summary role="status" class="notice" hidden></div>
      <div class="actions">
        <button type="submit">Review and save</button>
      </div>
    </form>
  );
}

interface TextFieldProps {
  readonly name: string;
  readonly label: string;
  readonly value: string;
  readonly list?: string;
}

function TextField({ name, label, value, list }: TextFieldProps) {
  const id = `mapping-${name}`;
  return (
    <div class="field" data-field={name}>
      <label for={id}>{label}</label>
      <input
        type="text"
        id={id}
        name={name}
        value={value}
        autocomplete="off"
        spellcheck={false}
        aria-describedby={`${id}-finding`}
        {...(list === undefined ? {} : { list })}
      />
      <p class="finding" id={`${id}-finding`} hidden></p>
    </div>
  );
}

const origins = [
  { value: "source", label: "Path of the source record" },
  { value: "setting", label: "Setting of the section" },
  { value: "hardcoded", label: "Fixed value" },
] as const;

function FromField({ from }: { from: Filled["from"] }) {
  return (
    <div class="field" data-field="from">
      <label for="mapping-from">Value from</label>
      <select id="mapping-from" name="from">
        {origins.map(({ value, label }) => (
          <option value={value} selected={value === from}>{label}</option>
        ))}
      </select>
      <p class="finding" hidden></p>
    </div>
  );
}

/** What the fields suggest, and what converters there are. */
function Lists({ paths, settings, custom }: FormProps) {
  return (
    <>
      <datalist id="paths">
        {paths.map(({ path, meaning }) => <option value={path}>{meaning}</option>)}
        {settings.map((name) => <option value={name}>setting</option>)}
      </datalist>
      <datalist id="converters">
        {custom.map((name) => <option value={name}>of your own</option>)}
        {converters.map(({ name, summary }) => <option value={name}>{summary}</option>)}
      </datalist>
      <details>
        <summary>Converters and their parameters</summary>
        <dl>
          {converters.map((converter) => (
            <>
              <dt>
                <code>{converter.examples[0]?.call ?? converter.name}</code>
              </dt>
              <dd>
                {converter.summary}{" "}
                {converter.params === "any" ? "" : Object.entries(converter.params)
                  .map(([name, { help }]) => `${name}: ${help}`).join(" ")}
              </dd>
            </>
          ))}
        </dl>
      </details>
    </>
  );
}

interface PathsProps {
  readonly section: string;
  readonly paths: readonly SourcePath[];
  readonly sample: Sample | undefined;
  /** Paths that are mapped already. */
  readonly mapped: ReadonlySet<string>;
}

/** What the source gives: declared paths, and what sampled records had. */
export function SourcePaths({ section, paths, sample, mapped }: PathsProps) {
  if (paths.length === 0) {
    return <p class="note">Read some records to see which paths the source has.</p>;
  }
  const count = sample?.count ?? 0;
  return (
    <section aria-labelledby="paths-title">
      <h2 id="paths-title">What the source has</h2>
      <p class="note">
        {sample === undefined
          ? "As declared. Read some records to see how often each is filled."
          : `In ${sample.count} records. Examples show the shape of a value, not the value.`}
      </p>
      <div class="scroll" tabindex={0} role="region" aria-label="Paths of the source">
        <table>
          <thead>
            <tr>
              {["Path", "Meaning", "Filled", "Example", "Map"].map((title) => (
                <th scope="col">{title}</th>
              ))}
            </tr>
          </thead>
          <tbody>
            {paths.map((path) => (
              <PathRow
                section={section}
                path={path}
                count={count}
                isMapped={mapped.has(path.path)}
              />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

interface PathRowProps {
  readonly section: string;
  readonly path: SourcePath;
  /** Records of the sample. */
  readonly count: number;
  readonly isMapped: boolean;
}

function PathRow({ section, path, count, isMapped }: PathRowProps) {
  const { meaning, filled, example } = path;
  const target = `${sectionPath(section, "mappings")}?source=${encodeURIComponent(path.path)}#edit`;
  return (
    <tr>
      <th scope="row">
        <code>{path.path}</code>
      </th>
      <td>{meaning}</td>
      <td>{filled === undefined ? "" : rate(filled, count)}</td>
      <td>{example === undefined ? "" : <code>{example}</code>}</td>
      <td class="tight">
        <a class="button quiet" href={target}>
          {isMapped ? "Map again" : "Map"} <span class="heard">{path.path}</span>
        </a>
      </td>
    </tr>
  );
}

function rate(filled: number, count: number): string {
  return count === 0 ? "" : `${Math.round(filled / count * 100)} %`;
}
