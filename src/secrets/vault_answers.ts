/**
 * What HashiCorp Vault answers, as far as it is used. From Vault's API documentation, "KV secrets
 * engine" (versions 1 and 2), "/sys/internal/ui/mounts", "/sys/leases" and "Token auth method".
 *
 * @module
 */

import { z } from "zod";
import { excerpt } from "../base/excerpt.ts";
import { parseJson } from "../base/json.ts";
import type { Redactor } from "../base/redact.ts";

const seconds = z.number().catch(0);
const isTrue = z.boolean().catch(false);
const data = z.record(z.string(), z.unknown());

/** What lies at a path, and the lease that comes with it. */
const lease = {
  lease_id: z.string().catch(""),
  lease_duration: seconds,
  renewable: isTrue,
};

/** A secret of version 1 of the key-value engine, or of any other engine. */
export const secretV1 = z.object({ ...lease, data });

/** A secret of version 2; its data are null when it was deleted. */
export const secretV2 = z.object({ ...lease, data: z.object({ data: data.nullable() }) })
  .transform(({ data, ...rest }) => ({ ...rest, data: data.data ?? undefined }));

/** Where a path is mounted, and the version of the engine. */
export const mountInfo = z.object({
  data: z.object({
    path: z.string().optional().catch(undefined),
    options: z.object({ version: z.string().optional() }).nullish().catch(undefined),
  }),
});

/** The token after a login or a renewal. */
export const loginAnswer = z.object({
  auth: z.object({
    client_token: z.string().catch(""),
    lease_duration: seconds,
    renewable: isTrue,
  }),
});

/** What a token knows about itself. */
export const tokenInfo = z.object({ data: z.object({ ttl: seconds, renewable: isTrue }) });

export const renewedLease = z.object({ lease_duration: seconds });

const errors = z.object({
  errors: z.array(z.unknown()).transform((all) => all.filter((each) => typeof each === "string")),
});

/** The errors that Vault reports, short enough for a sentence; empty when the answer has none. */
export function describeErrors(body: string, redactor: Redactor): string {
  // Of a proxy's page or the like, the status must do.
  const text = parseJson(body, errors)?.errors.join("; ") ?? "";
  return excerpt(text, { redact: (text) => redactor.redact(text) });
}
