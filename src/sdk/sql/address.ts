/**
 * Where a SQL Server is, as its people write it: `host`, `host\instance`, `host,port`.
 *
 * @module
 */

export interface SqlAddress {
  readonly host: string;
  /** Absent when the instance's port must be asked for. */
  readonly port?: number | undefined;
  /** Name of a named instance. */
  readonly instance?: string | undefined;
}

/** Where SQL Server listens unless it is told otherwise. */
export const defaultPort = 1433;
/** The default instance has this name in Windows, and no name in addresses. */
const defaultInstance = "MSSQLSERVER";

/** Names that the ODBC driver takes for this computer. */
const localNames = new Set([".", "(local)"]);

/**
 * Reads an address; a port goes before an instance, as in the ODBC driver.
 *
 * @returns A text when it is none: what is wrong.
 */
export function parseSqlAddress(text: string): SqlAddress | string {
  const [, protocol, rest = ""] = /^(?:([a-z]+):)?(.*)$/is.exec(text.trim()) ?? [];
  if (protocol !== undefined && protocol.toLowerCase() !== "tcp" && rest !== "") {
    if (/^(np|lpc|admin)$/i.test(protocol)) {
      return `${protocol}: is not supported, only TCP/IP (enable it in SQL Server Configuration Manager)`;
    }
    return "is not a server name such as host, host\\instance or host,port";
  }
  const [, host = "", instance, port] = /^([^\\,\s]+)(?:\\([^\\,\s]+))?(?:\s*,\s*(\d+))?$/.exec(
    rest,
  ) ?? [];
  if (host === "" || host.includes("/")) {
    return "is not a server name such as host, host\\instance or host,port";
  }
  const number = port === undefined ? undefined : Number(port);
  if (number !== undefined && (number < 1 || number > 65_535)) {
    return `names port ${port}, which is not between 1 and 65535`;
  }
  const named = instance === undefined || instance.toUpperCase() === defaultInstance
    ? undefined
    : instance;
  return {
    host: localNames.has(host.toLowerCase()) ? "localhost" : host.replace(/^\[(.*)\]$/, "$1"),
    port: number ?? (named === undefined ? defaultPort : undefined),
    instance: named,
  };
}

/** An address for a sentence. */
export function addressText({ host, port, instance }: SqlAddress): string {
  if (instance !== undefined) return `${host}\\${instance}`;
  return port === undefined || port === defaultPort ? host : `${host},${port}`;
}
