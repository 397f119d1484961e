/**
 * What the credentials of a section allow beyond reading, how old they are, and when they end.
 *
 * @module
 */

import { AuthError, messageOf } from "../base/errors.ts";
import type { GrantedAccess } from "../sdk/granted_access.ts";
import { about, type Check } from "./check.ts";

const dayMs = 86_400_000;

/** Days before their end in which credentials are a finding. */
const warningDays = 30;

/** Rights that a sentence names; the others are counted. */
const mostNamed = 5;

function list(rights: readonly string[]): string {
  const named = rights.slice(0, mostNamed).join(", ");
  const more = rights.length - mostNamed;
  return more > 0 ? `${named} and ${more} more` : named;
}

function describeAge({ created, expires }: GrantedAccess, now: number): string {
  const day = (moment: number) => new Date(moment).toISOString().slice(0, 10);
  const parts = [
    ...(created === undefined
      ? []
      : [`created on ${day(created)}, ${Math.floor((now - created) / dayMs)} days ago`]),
    ...(expires === undefined
      ? []
      : [`${expires < now ? "ended" : "will end"} on ${day(expires)}`]),
  ];
  return parts.join("; ");
}

/** What the vendor told, as checks; `now` is a moment in milliseconds. */
export function checkAccess(section: string, access: GrantedAccess, now: number): Check[] {
  const { ok, warning, skipped } = about("access", section);
  const { credentials, rights, beyondReading, untold, expires } = access;
  const rest = untold === undefined ? "" : `; ${untold}`;
  const readOnly = "Use credentials that may read only: the docs page of the source has the steps.";
  const first = beyondReading.length > 0
    ? warning(`${credentials} may also write: ${list(beyondReading)}${rest}`, readOnly)
    : rights.length > 0
    ? ok(`${credentials} may read only: ${list(rights)}${rest}`)
    : skipped(`what ${credentials} may do is not told${rest}`);
  const age = describeAge(access, now);
  if (age === "") return [first];
  const isShort = expires !== undefined && expires - now < warningDays * dayMs;
  const found = `${credentials}: ${age}`;
  return [first, isShort ? warning(found, "Replace the credentials before they end.") : ok(found)];
}

/** The vendor did not answer, or does not let these credentials ask. */
export function accessUntold(section: string, thrown: unknown): Check {
  const { skipped } = about("access", section);
  const reason = thrown instanceof AuthError
    ? "the vendor does not let them ask"
    : messageOf(thrown);
  return skipped(`what the credentials may do is not told: ${reason}`);
}
