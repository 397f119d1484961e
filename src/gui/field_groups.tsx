/**
 * The fields of a form in groups: what people need first, the rest folded by topic.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
// deno-lint-ignore-file jsx-key -- written out once as text: there is nothing to keep apart
import { groupByTopic } from "../describe/option_groups.ts";
import { Field } from "./fields.tsx";
import type { ShownFinding } from "./saving.tsx";
import type { FilledField } from "./section_form.ts";

interface GroupsProps {
  readonly fields: readonly FilledField[];
  readonly findings: readonly ShownFinding[];
}

interface GroupProps extends GroupsProps {
  readonly label: string;
}

function Group({ label, fields, findings }: GroupProps) {
  const isNoticed = fields.some(({ key }) => findings.some(({ field }) => field === key));
  const set = fields.filter(({ isSet }) => isSet).map(({ label }) => label);
  return (
    <details class="group" open={isNoticed}>
      <summary>
        {label}
        {set.length === 0 ? null : <span class="note">set: {set.join(", ")}</span>}
      </summary>
      {fields.map((field) => <Field field={field} findings={findings} />)}
    </details>
  );
}

/** The fields of a form; those that few people need are folded, by topic. */
export function FieldGroups({ fields, findings }: GroupsProps) {
  const plain = fields.filter(({ isAdvanced }) => !isAdvanced);
  const groups = groupByTopic(fields.filter(({ isAdvanced }) => isAdvanced));
  return (
    <>
      {plain.map((field) => <Field field={field} findings={findings} />)}
      {groups.length === 0 ? null : (
        <section aria-labelledby="advanced" class="groups">
          <h2 id="advanced">Advanced</h2>
          {groups.map((group) => <Group {...group} findings={findings} />)}
        </section>
      )}
    </>
  );
}
