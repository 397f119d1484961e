/**
 * What a vendor tells about the credentials of a section: what they allow, and how old they are.
 *
 * @module
 */

/** What credentials allow, as far as the vendor tells. */
export interface GrantedAccess {
  /** What they are, for a sentence: `the OAuth token`. */
  readonly credentials: string;
  /** What they allow, in the vendor's own words: scopes, roles, privileges. */
  readonly rights: readonly string[];
  /** Those of the rights that allow more than to read. */
  readonly beyondReading: readonly string[];
  /** What the vendor does not tell, a sentence without a full stop; absent when it told everything. */
  readonly untold?: string;
  /** When they were created, in milliseconds since the epoch. */
  readonly created?: number | undefined;
  /** When they end, in milliseconds since the epoch. */
  readonly expires?: number | undefined;
}

/** The moment of a text in ISO 8601, for `created` and `expires`; nothing when there is none. */
export function readMoment(text: string | null | undefined): number | undefined {
  const moment = Date.parse(text ?? "");
  return Number.isNaN(moment) ? undefined : moment;
}
