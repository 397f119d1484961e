/**
 * Moments, which the browser shows relative to now and in the time zone of who reads.
 *
 * @module
 */
/** @jsxImportSource hono/jsx */
import { moment } from "./format.ts";

/** A moment (ISO 8601); without scripts it is in UTC. */
export function Time({ at }: { at: string }) {
  return <time datetime={at} title={moment(at)}>{moment(at)}</time>;
}
