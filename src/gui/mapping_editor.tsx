/**
 * The frame of the mapping editor; `mappings.mjs` fills it.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
import { sectionPath } from "./context.ts";

interface EditorProps {
  readonly section: string;
  readonly revision: string;
  /** Records that one sample has. */
  readonly sampleSize: number;
  /** The field and the path to begin with; blank for none. */
  readonly field: string;
  readonly source: string;
}

/** Paths of the source, fields of Oomnitza, and the form of one mapping. */
export function MappingEditor({ section, revision, sampleSize, field, source }: EditorProps) {
  const path = sectionPath(section, "mappings");
  return (
    <div data-editor={path} data-field={field} data-source={source}>
      <noscript>
        <p class="notice bad">The editor needs JavaScript.</p>
      </noscript>
      <div class="actions">
        <button type="button" class="quiet" data-fetch="sample">Read {sampleSize} records</button>
        <button type="button" class="quiet" data-fetch="told">Ask Oomnitza</button>
        <button type="button" class="quiet" data-fetch="values">
          Compare {sampleSize} records with Oomnitza's fields
        </button>
        <span class="note" role="status" data-work></span>
      </div>
      <p class="notice bad" role="alert" data-problem hidden></p>
      <div data-notes></div>
      <RecordBar />
      <div class="mapping">
        <Pane
          name="paths"
          title="Paths of the source"
          search="Search paths"
          shown={["All", "Not mapped", "Mapped"]}
        />
        <Pane
          name="fields"
          title="Fields of Oomnitza"
          search="Search fields"
          shown={["All", "Mapped", "Not mapped", "Changed", "With problems"]}
        />
        <section class="pane form" aria-labelledby="edit-title">
          <h2 id="edit-title">Mapping</h2>
          <div data-form>
            <p class="note">Choose a field.</p>
          </div>
        </section>
      </div>
      <form method="post" action={path} data-change data-save class="savebar">
        <input type="hidden" name="revision" value={revision} />
        <input type="hidden" name="changes" value="[]" />
        <div data-summary role="status" class="notice" hidden></div>
        <div class="actions tight">
          <button type="submit" disabled>Review and save</button>
          <button type="button" class="quiet" data-discard disabled>Discard the changes</button>
          <span data-count class="note">Nothing is changed.</span>
        </div>
      </form>
    </div>
  );
}

/** Which record is shown, and how to get to another one. */
function RecordBar() {
  return (
    <div class="actions recordbar">
      <button type="button" class="quiet" data-step="-1" disabled>Previous</button>
      <span data-record class="note">Read some records to see their values here.</span>
      <button type="button" class="quiet" data-step="1" disabled>Next</button>
      <form class="row tight" data-find role="search" aria-label="Records">
        <label for="key" class="heard">Key of a record, or PATH=VALUE</label>
        <input type="text" id="key" name="key" placeholder="Key, or PATH=VALUE" />
        <button type="submit" class="quiet">Show this record</button>
      </form>
    </div>
  );
}

interface PaneProps {
  readonly name: string;
  readonly title: string;
  readonly search: string;
  /** What can be listed; the first is all. */
  readonly shown: readonly string[];
}

function Pane({ name, title, search, shown }: PaneProps) {
  return (
    <section class={`pane ${name}`} aria-labelledby={`${name}-title`} data-pane={name}>
      <h2 id={`${name}-title`}>{title}</h2>
      <div class="searches">
        <input type="text" data-search aria-label={search} placeholder={search} />
        <select data-shown aria-label={`${title} to list`}>
          {shown.map((label) => <option key={label} value={label}>{label}</option>)}
        </select>
      </div>
      <div
        class="list"
        role="listbox"
        tabindex={0}
        aria-label={title}
        id={`${name}-list`}
        data-list
      >
      </div>
      <p class="note" role="status" data-listed></p>
      <div class="actions tight" data-more></div>
    </section>
  );
}
