/**
 * Adds to differences who made them in Oomnitza, and when.
 *
 * @module
 */

import type { Kind } from "../../base/record.ts";
import type { Log } from "../../logging/log.ts";
import { fetchLastChanges } from "../../oomnitza/change_history.ts";
import type { OomnitzaReader } from "../../oomnitza/client.ts";
import { listedName } from "../../oomnitza/records.ts";
import type { FieldChange } from "./delta.ts";

/** Gives the fields of a record with who changed them last; `ident` names it in calls. */
export type ChangedBy = (
  fields: readonly FieldChange[],
  ident: string,
) => Promise<readonly FieldChange[]>;

/** Asks an instance who changed its records; one that does not tell is asked once. */
export function createChangedBy(
  oomnitza: Pick<OomnitzaReader, "ask">,
  kind: Kind,
  log: Log,
): ChangedBy {
  let isReported = true;
  return async (fields, ident) => {
    if (!isReported) return fields;
    const changes = await fetchLastChanges(oomnitza, kind, ident);
    if (changes === "not_reported") {
      isReported = false;
      log.warning("Oomnitza does not show to this account who changed its records");
      return fields;
    }
    return fields.map((change) => {
      const last = changes.get(listedName(kind, change.field));
      if (last === undefined) return change;
      const at = last.at === undefined ? undefined : new Date(last.at).toISOString();
      return { ...change, changed_by: last.by, changed_at: at };
    });
  };
}
