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
    "Whether the server's certificate is checked. Leave it on: cacert_file is the better way.",
    {
      default: true,
      advanced: true,
    },
  ),
  cacert_file: opt.path(
    "File with the certificate authorities to trust besides the usual ones, PEM.",
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
    "Lowest TLS version to accept. Without it, TLS 1.2; ssl, sslv23 and sslv3 mean the same; tls and tls1 let TLS 1.0 pass.",
    ["ssl", "sslv23", "sslv3", "tls", "tls1", "tls1.2", "tls1.3"],
    { anyCase: true, advanced: true },
  )),
  proxy: proxyOption(),
  timeout: opt.integer("Seconds that one request may take.", {
    default: 60,
    minimum: 1,
    maximum: 3600,
    advanced: true,
  }),
} as const;
