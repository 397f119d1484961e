/**
 * Reads the list of employees of BambooHR: all of them, or those who changed ("Get Changed Employee IDs", and
 * `filter[ids]` of "List Employees").
 *
 * @module
 */

import { z } from "zod";
import {
  type ChangesValues,
  overlapMs,
  readByMode,
  serverTime,
  type SourceContext,
  type SourceItem,
} from "../../sdk/mod.ts";
import { listEmployees, listSome } from "./client.ts";

/** The options that reading looks at. */
interface Scope extends ChangesValues {
  readonly inactive: boolean;
}

type Context = SourceContext<Scope>;

/** People who changed, by id. Where there are none, it may be an empty list. */
const changed = z.object({
  employees: z.union([
    z.record(z.string(), z.object({ action: z.string() })),
    z.array(z.never()),
  ]),
});

/** Ids in one request: they are in its address, which should stay below 2,000 characters. */
const mostIds = 100;

function statusFilter({ options }: Context): Record<string, string> {
  return options.inactive ? {} : { "filter[status]": "active" };
}

/** A time in whole seconds, as "since" takes it. */
function toSince(time: number): string {
  return new Date(time - overlapMs).toISOString().replace(/\.\d+Z$/, "Z");
}

async function* readFull(
  context: Context,
  base: string,
): AsyncGenerator<SourceItem, string | undefined> {
  let begun: number | undefined;
  yield* listEmployees(
    context,
    base,
    statusFilter(context),
    (headers) => void (begun ??= serverTime(headers)),
  );
  return begun === undefined ? undefined : toSince(begun);
}

async function* readChanged(
  context: Context,
  base: string,
  since: string,
): AsyncGenerator<SourceItem, string> {
  const path = `${base}/employees/changed`;
  const request = { path, query: { since }, what: "changed employees" };
  const { body, headers } = await context.http.page(request, changed);
  const ids = Object.entries(body?.employees ?? {})
    .filter(([, { action }]) => action.toLowerCase() !== "deleted")
    .map(([id]) => id);
  for (let at = 0; at < ids.length; at += mostIds) {
    const chosen = ids.slice(at, at + mostIds).join(",");
    yield* listSome(context, base, { ...statusFilter(context), "filter[ids]": chosen });
  }
  const begun = serverTime(headers);
  return begun === undefined ? since : toSince(begun);
}

/** The employees, page by page: all of them, or those who changed. */
export function readEmployees(context: Context, base: string): AsyncGenerator<SourceItem> {
  return readByMode(context, {
    what: "employees",
    scope: [base, context.options.inactive],
    full: () => readFull(context, base),
    changed: (position) => readChanged(context, base, position),
  });
}
