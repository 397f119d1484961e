/**
 * Logins of Windows accounts at an HTTP server: by Kerberos, with a name and a password by NTLM, or as the account
 * that runs the program. Each tells over which connection it is, as Extended Protection wants it.
 *
 * @module
 */

import { canonicalName } from "../../runtime/canonical_name.ts";
import { openSspi, type SecurityContext } from "../../runtime/sspi.ts";
import { kerberosError } from "../kerberos/errors.ts";
import { awaitKdc, type KerberosValues, openKerberos } from "../kerberos/kerberos.ts";
import { openNtlm } from "../ntlm.ts";
import type { ConnectionLogin } from "./login_exchange.ts";

/** Who logs in. */
export type WindowsLogin =
  | {
    readonly kind: "ntlm";
    /** Blank for a name such as `name@domain`. */
    readonly domain: string;
    readonly user: string;
    readonly password: string;
  }
  /** Whoever the tickets of Kerberos are for. */
  | { readonly kind: "kerberos"; readonly tickets: KerberosValues }
  /** Whoever runs the program. */
  | { readonly kind: "process" };

/** A context whose failures are sentences for people. */
function explained(what: string, open: () => SecurityContext): SecurityContext {
  function explain<T>(work: () => T): T {
    try {
      return work();
    } catch (thrown) {
      throw kerberosError(what, thrown);
    }
  }
  const context = explain(open);
  return {
    next: (answer) => explain(() => context.next(answer)),
    get isComplete() {
      return context.isComplete;
    },
    close: () => context.close(),
  };
}

/**
 * How somebody logs in.
 *
 * @param principal Service principal name, `HTTP/` and the host.
 */
export function windowsLogin(principal: string, who: WindowsLogin): ConnectionLogin {
  const [service = "", host = ""] = principal.split(/\/(.*)/);
  const what = `Cannot log in to ${principal}`;
  const kerberos = { what, mechanism: "negotiate", seal: false } as const;
  const targetNow = () => `${service}/${canonicalName(host)}`;
  function open(binding: Uint8Array | undefined): SecurityContext {
    const target = targetNow();
    if (who.kind === "ntlm") return openNtlm({ ...who, target, binding });
    if (who.kind === "process") return openSspi({ target, packageName: "Negotiate", binding });
    return openKerberos({ ...kerberos, target, binding }, who.tickets);
  }
  return {
    // Windows takes the messages of NTLM under either name.
    schemes: who.kind === "ntlm" ? ["NTLM", "Negotiate"] : ["Negotiate"],
    isUnasked: who.kind === "kerberos",
    async prepare() {
      if (who.kind === "kerberos") {
        await awaitKdc({ ...kerberos, target: targetNow() }, who.tickets);
      }
    },
    open: (binding) => explained(what, () => open(binding)),
  };
}
