/**
 * The options of a connection: certificates, TLS versions, proxy, timeout.
 *
 * @module
 */

import { opt, optional } from "../option.ts";
import { proxyOption } from "../http/proxy.ts";

/** How a connection is made and secured; valid in every section and in `[oomnitza]`. */
export const tlsOptions = {
  verify_ssl: opt.flag(
    "Whether the server's certificate is checked. To trust a private certificate authority, set cacert_file rather than turning this off.",
    {
      default: true,
      advanced: true,
    },
  ),
  cacert_file: opt.path(
    "File with certificate authorities to trust in addition to the default ones, PEM.",
    {
      default: "",
      advanced: true,
    },
  ),
  cacert_dir: opt.path("Directory of such files (*.pem, *.crt, *.cer, links of openssl rehash).", {
    default: "",
    advanced: true,
  }),
  user_pem_file: opt.path("File with a client certificate and its key, PEM.", {
    default: "",
    advanced: true,
  }),
  ssl_protocol: optional(opt.choice(
    "Lowest TLS version to accept. Default: TLS 1.2; ssl, sslv23 and sslv3 mean the same; tls and tls1 allow TLS 1.0.",
    ["ssl", "sslv23", "sslv3", "tls", "tls1", "tls1.2", "tls1.3"],
    { anyCase: true, advanced: true },
  )),
  proxy: proxyOption(),
  redirect_hosts: opt.text(
    "Host names, beside that of the address, to which redirects are followed; separated by spaces or commas. Credentials are never sent there.",
    { default: "", advanced: true },
  ),
  timeout: opt.integer("Timeout of a request in seconds.", {
    default: 60,
    minimum: 1,
    maximum: 3600,
    advanced: true,
  }),
} as const;

/** The host names of `redirect_hosts`, as addresses have them. */
export function redirectHosts(text: string): string[] {
  return text.toLowerCase().split(/[\s,]+/).filter((name) => name !== "");
}
