/**
 * Where the administration service is, and as whom it is talked to.
 *
 * @module
 */

import { kerberosAuth, type SqlAddress, type SqlValues, type VendorAccess } from "../../sdk/mod.ts";

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
  return { base: serviceUrl(server), auth: kerberosAuth(target, options) };
}
