/**
 * What the declaration of Control Center says of its services.
 *
 * @module
 */

import { z } from "zod";
import { type Answer, parseJson } from "../../sdk/mod.ts";

/** How to reach the service. */
export interface Access {
  readonly api: "soap" | "rest";
  readonly wsdl_path: string;
  readonly username: string;
  readonly password: string;
  readonly api_token: string;
}

/** The most ids that `GetTerminalDetails` takes; the REST API gives as many in one page of its list. */
export const batchSize = 50;

/** The vendor's own WSDL, and what is in it: it need not be asked for, and comes unprotected. */
export const usualWsdl = "http://api.jasperwireless.com/ws/schema/Terminal.wsdl";

/** What Control Center says of an error ("REST API Error Messages"). */
export function readErrorMessage({ body }: Answer): string | undefined {
  const shape = z.object({ errorMessage: z.string(), errorCode: z.string().nullish() });
  const found = parseJson(body, shape);
  return found === undefined ? undefined : `${found.errorCode ?? ""} ${found.errorMessage}`.trim();
}
