/**
 * Who changed the fields of a record in Oomnitza, and when.
 *
 * The call is in Oomnitza's description of API v3: `…/{id}/changes-history`. Its answer is not described
 * in public; decision 0081 has the forms that are understood.
 *
 * @module
 */

import { z } from "zod";
import type { Kind } from "../base/record.ts";
import type { NotReported, OomnitzaReader } from "./client.ts";

/** The last change of a field. */
export interface LastChange {
  readonly by: string;
  /** When, milliseconds since 1970; absent when Oomnitza does not say. */
  readonly at: number | undefined;
}

const when = z.union([
  z.number().transform((seconds) => seconds * 1000),
  z.string().transform((text) => Date.parse(text)),
]).transform((time) => Number.isNaN(new Date(time).getTime()) ? undefined : time).optional().catch(
  undefined,
);
const word = z.string().optional().catch(undefined);

const entry = z.object({
  field: word,
  field_name: word,
  name: word,
  changed_by: word,
  user: word,
  username: word,
  change_date: when,
  date: when,
  timestamp: when,
});

/**
 * The last change of each field of a record, by the names that fields have in lists.
 *
 * @throws {AgentError} when Oomnitza cannot be reached, refuses the token or does not answer with JSON.
 */
export async function fetchLastChanges(
  client: Pick<OomnitzaReader, "ask">,
  kind: Kind,
  id: string,
): Promise<ReadonlyMap<string, LastChange> | NotReported> {
  const answer = await client.ask(`/api/v3/${kind}/${encodeURIComponent(id)}/changes-history`);
  if (answer === "not_reported") return answer;
  const parsed = z.array(entry).safeParse(answer.value);
  if (!parsed.success) return "not_reported";
  const last = new Map<string, LastChange>();
  for (const one of parsed.data) {
    const field = (one.field ?? one.field_name ?? one.name)?.toLowerCase();
    const by = one.changed_by ?? one.user ?? one.username;
    if (field === undefined || by === undefined) continue;
    const at = one.change_date ?? one.date ?? one.timestamp;
    const known = last.get(field);
    if (known === undefined || (known.at ?? 0) < (at ?? 0)) last.set(field, { by, at });
  }
  return last;
}
