/**
 * Where the administration service is, and as whom it is talked to.
 *
 * @module
 */

import {
  type SqlAddress,
  sqlLogin,
  type SqlValues,
  type VendorAccess,
  windowsLogin,
} from "../../sdk/mod.ts";

/** Where SQL Server listens when `server` names no port; the service has that of HTTPS then. */
const sqlPort = 1433;
/** Address of the service on the SMS Provider. */
export function serviceUrl({ host, port = sqlPort }: SqlAddress): string {
  const name = host.includes(":") ? `[${host}]` : host;
  return `https://${name}${port === sqlPort ? "" : `:${port}`}/AdminService`;
}

/** How to talk to the service, and as whom. */
export function adminServiceAccess(options: SqlValues): VendorAccess {
  const { server, server_spn } = options;
  const target = server_spn.trim() === "" ? `HTTP/${server.host}` : server_spn.trim();
  const base = serviceUrl(server);
  const login = sqlLogin(options);
  // The rule of the source asks for a Windows account or tickets.
  return login.kind === "sql" ? { base } : { base, login: windowsLogin(target, login) };
}
