/**
 * What the declaration of Fleet says of its server: pages and errors.
 *
 * @module
 */

import { z } from "zod";
import { type Answer, type ChangesValues, parseJson, type SourceContext } from "../../sdk/mod.ts";

/** The options that reading looks at. */
export interface Access extends ChangesValues {
  readonly url: string;
  readonly page_size: number | undefined;
}

/** What the parts of this source are given. */
export type Context = SourceContext<Access>;

/** Hosts in one page: with their software, one takes 50 kB and more. */
export const pageSizes = { withSoftware: 100, plain: 500 } as const;

/** What Fleet says of an error: its reasons ("API responses"). */
export function readErrorMessage({ body }: Answer): string | undefined {
  const shape = z.object({
    message: z.string(),
    errors: z.array(z.object({ name: z.string(), reason: z.string() })).nullish(),
  });
  const found = parseJson(body, shape);
  if (found === undefined) return undefined;
  const reasons = (found.errors ?? []).map(({ name, reason }) =>
    name === "base" ? reason : `${name}: ${reason}`
  );
  return [found.message, ...reasons.filter((reason) => reason !== found.message)].join(": ");
}
