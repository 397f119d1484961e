/**
 * What an answer says about the end of its endpoint: the headers Deprecation (RFC 9745, and its drafts
 * with `true` or a date as text) and Sunset (RFC 8594).
 *
 * @module
 */

/** The end of the year 9999, in milliseconds: what is later is no date that anybody meant. */
const lastMoment = 253_402_300_799_999;

/** Milliseconds of `@1767225600` or `Thu, 01 Jan 2026 00:00:00 GMT`. */
function readMoment(text: string): number | undefined {
  const seconds = /^@(-?\d+)$/.exec(text)?.[1];
  const moment = seconds === undefined ? Date.parse(text) : Number(seconds) * 1000;
  return Number.isNaN(moment) || Math.abs(moment) > lastMoment ? undefined : moment;
}

function formatDay(moment: number): string {
  return new Date(moment).toISOString().slice(0, 10);
}

function describeStart(text: string | null, now: number): string | undefined {
  if (text === null || text.trim() === "" || text.trim() === "false") return undefined;
  const moment = readMoment(text.trim());
  if (moment === undefined) return "is deprecated";
  return moment <= now
    ? `is deprecated since ${formatDay(moment)}`
    : `will be deprecated on ${formatDay(moment)}`;
}

function describeEnd(text: string | null, now: number): string | undefined {
  const moment = text === null ? undefined : readMoment(text.trim());
  if (moment === undefined) return undefined;
  return moment <= now ? `was to end on ${formatDay(moment)}` : `ends on ${formatDay(moment)}`;
}

/**
 * What the headers of an answer say, to be put behind the name of the endpoint; nothing when it is not
 * going to end. `now`: the moment that divides past and future, in milliseconds.
 */
export function describeDeprecation(headers: Headers, now: number): string | undefined {
  const parts = [
    describeStart(headers.get("deprecation"), now),
    describeEnd(headers.get("sunset"), now),
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : parts.join(" and ");
}

/** An address without what differs between requests to one endpoint: its query, and numbers in its path. */
export function nameEndpoint(path: string): string {
  return path.replace(/[?#].*$/s, "").replace(/\/\d+(?=\/|$)/g, "/N");
}
