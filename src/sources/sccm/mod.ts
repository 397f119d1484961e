/**
 * Computers from Microsoft Configuration Manager (SCCM), read from the site's database.
 *
 * @module
 */

import { defineSource, opt, sqlOptions, sqlRule, syncField } from "../../sdk/mod.ts";
import { adminServiceAccess } from "./access.ts";

const { server, username, password, authentication, ...connection } = sqlOptions;

/** Reads the computers of a Configuration Manager site. */
export const sccm = defineSource({
  name: "sccm",
  title: "SCCM",
  kind: "assets",
  summary:
    "Computers and their installed programs from Microsoft Configuration Manager (SCCM, MECM), read from the site's SQL Server database or the administration service of the SMS Provider.",
  mappingName: "SCCM",
  options: {
    server,
    database: opt.text("Name of the site database: CM_ and the site code.", { default: "CM_DCT" }),
    username,
    password,
    authentication,
    sync_field: syncField(),
    active_only: opt.flag(
      "Whether clients that Configuration Manager marks as obsolete or inactive are skipped.",
      { default: false, advanced: true },
    ),
    api: opt.choice(
      "What is read: the site database, or the administration service of the SMS Provider, whose name is in server then.",
      ["database", "adminservice"],
      { default: "database", anyCase: true, advanced: true },
    ),
    keytab: connection.keytab,
    ccache: connection.ccache,
    principal: connection.principal,
    encrypt: connection.encrypt,
    read_only: connection.read_only,
    multi_subnet_failover: connection.multi_subnet_failover,
    server_spn: connection.server_spn,
    query_timeout: connection.query_timeout,
    driver: connection.driver,
  },
  // Decision 0121: the inventory has the time at which a client made it, not the one at which it came in.
  refused: {
    mode:
      "Configuration Manager does not tell which computers changed without leaving some out, so all are read each time",
  },
  mappings: {
    APPLICATIONS: { source: "software" },
  },
  converters: {
    "hardware.last_logon": "date_format",
  },
  fields: {
    "hardware.resource_id": "Configuration Manager's number of the computer",
    "hardware.computer_name": "name of the computer",
    "hardware.domain_name": "domain or workgroup",
    "hardware.serial_number": "serial number of the BIOS; where it has none, that of the enclosure",
    "hardware.make": "maker",
    "hardware.model": "model",
    "hardware.platform": "kind of system, for example x64-based PC",
    "hardware.user_name": "who was logged on at the last inventory, DOMAIN\\name",
    "hardware.primary_user": "the first primary user by name, DOMAIN\\name",
    "hardware.cpu": "name of the first processor",
    "hardware.memory_total_kb": "memory in KB",
    "hardware.hdd_total_mb": "size of the first disk in MB",
    "hardware.ipv4_address":
      "addresses of the first network adapter that has any, separated by commas, IPv6 among them",
    "hardware.mac_address": "MAC address of that adapter",
    "hardware.os_version": "name of the operating system",
    "hardware.last_logon": "last logon that Active Directory knows of; sent as Unix seconds",
    "hardware.c_drive_encrypted": "BitLocker on drive C: 0 off, 1 on, 2 unknown",
    "hardware.antivirus_enabled": "whether Microsoft's antivirus is on, true or false",
    "software":
      "list of installed programs, each with name, version, publisher and path (always empty)",
  },
  namedBy: ["hardware.resource_id", "hardware.computer_name"],
  vendorId: "hardware.resource_id",
  isSerial: (path) => path === "hardware.serial_number",
  limits: { concurrency: 4 },
  rule(options) {
    if (options.api === "adminservice" && options.authentication === "SQL Server") {
      return "api = adminservice needs authentication = Windows or Kerberos";
    }
    return sqlRule(options);
  },
  http: (options) => options.api === "database" ? { base: "" } : adminServiceAccess(options),
  async check(context) {
    if (context.options.api === "database") {
      await (await import("./records.ts")).checkDatabase(context);
    } else await (await import("./admin_service.ts")).checkAdminService(context);
  },
  async *records(context) {
    if (context.options.api === "database") {
      yield* (await import("./records.ts")).readComputers(context);
    } else yield* (await import("./admin_service.ts")).readByAdminService(context);
  },
});
