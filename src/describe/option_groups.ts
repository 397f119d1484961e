/**
 * The groups in which forms show options: what they are about, in words.
 *
 * @module
 */

import type { Options } from "../sdk/option.ts";
import { tlsOptions } from "../sdk/tls/options.ts";
import { scheduleOptions } from "../settings/schedule.ts";
import { writeModeOptions } from "../sdk/field_options.ts";
import {
  codeOptions,
  deliveryOptions,
  guardOptions,
  limitOptions,
  secretOptions,
} from "../settings/section_options.ts";

/** Options that belong together. */
export interface OptionGroup {
  /** The heading of the group. */
  readonly label: string;
  readonly keys: ReadonlySet<string>;
}

function keysOf(...all: readonly Options[]): Set<string> {
  return new Set(all.flatMap((options) => Object.keys(options)));
}

const codeLimits = Object.keys(deliveryOptions).filter((key) => key.startsWith("code_"));

/** The groups of what every section understands, in the order of the forms. */
const shared: readonly OptionGroup[] = [
  { label: "Schedule and order", keys: keysOf(scheduleOptions).add("after") },
  { label: "Guard against unexpected changes", keys: keysOf(guardOptions) },
  {
    label: "Filter and converters",
    keys: new Set([...keysOf(codeOptions), ...codeLimits, "recordfilter", "on_error"]),
  },
  {
    label: "What is sent",
    keys: keysOf(writeModeOptions).union(keysOf(deliveryOptions)).add("sync_field"),
  },
  { label: "Limits of the source", keys: keysOf(limitOptions) },
  { label: "Connection and certificates", keys: keysOf(tlsOptions) },
  { label: "Where secrets are kept", keys: keysOf(secretOptions) },
];

/** The group of what only this section has. */
const otherGroup = "More of this section";

/**
 * Sorts things that have the key of an option into groups; groups without any are left out. What is of
 * this section only comes first.
 */
export function groupByTopic<T extends { readonly key: string }>(
  fields: readonly T[],
): { readonly label: string; readonly fields: readonly T[] }[] {
  const labelOf = ({ key }: T) => shared.find(({ keys }) => keys.has(key))?.label ?? otherGroup;
  return [otherGroup, ...shared.map(({ label }) => label)]
    .map((label) => ({ label, fields: fields.filter((field) => labelOf(field) === label) }))
    .filter(({ fields }) => fields.length > 0);
}
