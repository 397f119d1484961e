/**
 * What the file of the listener decides for calls that are about no tenant.
 *
 * @module
 */

import type { AppContext } from "../app/context.ts";
import { isLoopback } from "../base/network.ts";
import type { ServeOptions } from "../settings/serve_options.ts";
import { type Admission, createAdmission, OpenCalls, type Receiver } from "./app.ts";
import { webhookSettings } from "./service.ts";

/** Who may read the metrics of all tenants: without credentials, who is on this machine. */
function watchersOf(options: ServeOptions): Admission {
  const admission = createAdmission(options);
  if (options.auth !== undefined) return admission;
  return {
    ...admission,
    isAllowed: (address) => isLoopback(address) && admission.isAllowed(address),
  };
}

/** Answers calls for tenants that there are not, as if the section were not there. */
function receiverOfNobody(options: ServeOptions, { log }: Pick<AppContext, "log">): Receiver {
  const admission = createAdmission(options);
  const { authenticator } = admission;
  return {
    // Where nobody can know credentials, nobody learns which tenants there are.
    admission: options.auth === undefined
      ? { ...admission, authenticator: { ...authenticator, admits: () => false } }
      : admission,
    webhooks: webhookSettings(
      { options, sections: [], log },
      () => Promise.reject(new Error("there is no section that takes this")),
    ),
    calls: new OpenCalls(),
  };
}

/** What `listener.ini` decides for each call. */
export function rulesOf(options: ServeOptions, app: AppContext) {
  return { watchers: watchersOf(options), nobody: receiverOfNobody(options, app) };
}
