/**
 * Checks what the account may do in Oomnitza, and at the fields that are mapped.
 *
 * @module
 */

import { AuthError, messageOf } from "../base/errors.ts";
import { isObject, type Kind } from "../base/record.ts";
import type { Oomnitza } from "../oomnitza/client.ts";
import type { FieldRule } from "../oomnitza/fields.ts";
import { listedName } from "../oomnitza/records.ts";
import { type FieldRefusal, summariseRefusal } from "../sync/field_refusals.ts";
import type { PreparedSection } from "../sync/prepare.ts";
import { about, type Check } from "./check.ts";

/** Records whose fields are read. */
const sampleSize = "20";

/** What Oomnitza tells about mapped fields, and what that means for the first records. */
interface CheckedValues {
  readonly rules: ReadonlyMap<string, Pick<FieldRule, "isUnique">>;
  readonly refusals: readonly FieldRefusal[];
  readonly records: number;
}

/** A section with its mapping, as far as fields go. */
interface MappedSection {
  readonly section: Pick<PreparedSection["section"], "name" | "kind">;
  readonly mapping: Pick<PreparedSection["mapping"], "fields">;
}

/** Whether the account may upload, as far as reading shows. */
export async function checkRights(oomnitza: Pick<Oomnitza, "get">): Promise<Check> {
  const { ok, skipped, thrown } = about("rights", "oomnitza");
  try {
    // Asks about an upload that does not exist: only whether asking is allowed matters.
    await oomnitza.get(`/api/v3/bulk/${crypto.randomUUID()}`);
    return ok("the account may use bulk uploads");
  } catch (error) {
    if (error instanceof AuthError) {
      return thrown(
        error,
        "Let an administrator of Oomnitza give its account the right to upload.",
      );
    }
    return skipped(
      "Oomnitza does not report whether the account may upload; an upload will show it",
    );
  }
}

/**
 * The names, upper-case, of the fields that records of a kind have. Documented in Oomnitza's "REST APIs (Swagger
 * Docs)": `GET /api/v3/assets` and `GET /api/v3/users` with `limit`. A text says why they are not known.
 */
export async function readFields(
  oomnitza: Pick<Oomnitza, "get">,
  kind: Kind,
): Promise<ReadonlySet<string> | string> {
  try {
    const records = await oomnitza.get(`/api/v3/${kind}`, { limit: sampleSize });
    if (!Array.isArray(records) || records.length === 0) return `Oomnitza shows no ${kind} yet`;
    const names = records.filter(isObject).flatMap((record) => Object.keys(record));
    return new Set(names.map((name) => name.toUpperCase()));
  } catch (error) {
    return `Oomnitza does not show its ${kind}: ${messageOf(error)}`;
  }
}

/** Which mapped fields no record in Oomnitza has. */
export function checkFields(
  { section, mapping }: MappedSection,
  known: ReadonlySet<string> | string,
): Check {
  const { ok, warning, skipped } = about("fields", section.name);
  if (typeof known === "string") return skipped(`fields cannot be compared: ${known}`);
  // What the instance itself maps, it knows.
  const mapped = mapping.fields.filter(({ origin }) => origin.from !== "oomnitza");
  const unknown = mapped.map(({ field }) => field)
    .filter((field) => !known.has(listedName(section.kind, field).toUpperCase()));
  if (unknown.length === 0) return ok(`Oomnitza knows all ${mapping.fields.length} mapped fields`);
  return warning(
    `no ${section.kind} in Oomnitza have ${unknown.join(", ")}`,
    "Compare with the field ids on Oomnitza's customization page, and correct mapping.… in the section.",
  );
}

/** Which values of the first records Oomnitza will refuse, and which sync fields it does not keep unique. */
export function checkValues(
  { section, upload }: Pick<PreparedSection, "section" | "upload">,
  { rules, refusals, records }: CheckedValues,
): Check[] {
  const { ok, warning } = about("values", section.name);
  const of = records === 1 ? "of 1 record" : `of the first ${records} records`;
  // The values themselves stay out of it: this may go into a support bundle.
  const checks = refusals.map((refusal) =>
    warning(
      `${of}, ${summariseRefusal(refusal)}`,
      "Add the values in Oomnitza, or change them with a converter.",
    )
  );
  const shared = upload.syncFields.filter((field) => rules.get(field)?.isUnique === false);
  if (upload.syncFields.length === 1 && shared.length > 0) {
    checks.push(warning(
      `${
        shared.join(", ")
      } is the sync field, and Oomnitza allows the same value in several records`,
      "Set the field to unique in Oomnitza, or choose another sync_field.",
    ));
  }
  return checks.length > 0 ? checks : [ok(`Oomnitza takes the values ${of}`)];
}
