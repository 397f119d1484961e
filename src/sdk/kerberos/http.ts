/**
 * Sign-in to an HTTP server by Kerberos: "Negotiate" (RFC 4559), with a token of its own for each
 * request, as a token is good for one.
 *
 * @module
 */

import { canonicalName } from "../../runtime/canonical_name.ts";
import type { Authenticator } from "../http/auth.ts";
import { kerberosError } from "./errors.ts";
import { type KerberosValues, openKerberos } from "./kerberos.ts";

/**
 * Signs in with tickets.
 *
 * @param target Service principal name, `HTTP/` and the host.
 */
export function kerberosAuth(target: string, values: KerberosValues): Authenticator {
  const [service = "", host = ""] = target.split(/\/(.*)/);
  const what = `Cannot log in to ${target}`;
  return {
    headers() {
      const login = { what, target: `${service}/${canonicalName(host)}` };
      const context = openKerberos({ ...login, mechanism: "negotiate", seal: false }, values);
      try {
        const token = Buffer.from(context.next()).toString("base64");
        return { Authorization: `Negotiate ${token}` };
      } catch (thrown) {
        throw kerberosError(what, thrown);
      } finally {
        context.close();
      }
    },
  };
}
