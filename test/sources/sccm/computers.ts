/**
 * Generated computers with programs, as rows of the views and as the records that should arrive.
 *
 * @module
 */
import type { SQLQueryBindings } from "bun:sqlite";
import type { SiteRows } from "./site_database.ts";

/** A program as a record has it. */
export interface Program {
  readonly name: string;
  readonly version: string | null;
  readonly publisher: string | null;
  readonly path: null;
}

const firstId = 16_777_220;

/** Id of a computer, from 0. */
export function idOf(index: number): number {
  return firstId + index;
}

/** The programs of a computer, in the order of their names. */
export function programsOf(index: number, count: number): Program[] {
  return Array.from({ length: count }, (_, number) => ({
    name: `Program ${String(number).padStart(2, "0")} ü`,
    version: number % 10 === 9 ? null : `${1 + index % 7}.${number}`,
    publisher: number % 10 === 8 ? null : `Publisher ${number % 5}`,
    path: null,
  }));
}

/** What should arrive of a computer under `hardware`. */
export function hardwareOf(index: number) {
  const id = idOf(index);
  return {
    resource_id: id,
    computer_name: `PC-${String(index).padStart(5, "0")}`,
    domain_name: "EXAMPLE",
    make: "Maker Ltd.",
    model: `Model ${index % 9}`,
    platform: "x64-based PC",
    user_name: index % 3 === 0 ? null : `EXAMPLE\\user${index}`,
    cpu: "Processor 3000",
    hdd_total_mb: 488_384,
    ipv4_address: `10.1.${index >> 8 & 255}.${index & 255},fe80::${index.toString(16)}`,
    mac_address: `02:00:00:00:${hex(index >> 8)}:${hex(index)}`,
    memory_total_kb: 16_651_264,
    serial_number: `SERIAL${index}`,
    os_version: "Microsoft Windows 11 Enterprise",
    last_logon: index % 4 === 0 ? null : "2026-01-04T07:12:00",
    c_drive_encrypted: index % 2,
    antivirus_enabled: index % 5 !== 0,
    primary_user: `EXAMPLE\\user${index}`,
  };
}

function hex(byte: number): string {
  return (byte & 255).toString(16).padStart(2, "0").toUpperCase();
}

type Row = readonly SQLQueryBindings[];

/** Rows of each computer, none of which is held. */
function* each(count: number, rows: (index: number) => SQLQueryBindings[][]): Iterable<Row> {
  for (let index = 0; index < count; index++) yield* rows(index);
}

/** Two disks, four adapters (of which one has no address), two enclosures and two users each. */
export function siteRows(count: number, programs: number): SiteRows {
  const fact = (index: number) => hardwareOf(index);
  return {
    v_GS_COMPUTER_SYSTEM: each(count, (index) => {
      const { resource_id, computer_name, domain_name, make, model, platform, user_name } = fact(
        index,
      );
      return [[resource_id, 1, computer_name, domain_name, make, model, platform, user_name]];
    }),
    v_GS_PROCESSOR: each(count, (index) => [
      [idOf(index), 2, "Second processor"],
      [idOf(index), 1, fact(index).cpu],
    ]),
    v_GS_DISK: each(count, (index) => [
      [idOf(index), 2, 1_907_729],
      [idOf(index), 1, fact(index).hdd_total_mb],
    ]),
    v_GS_NETWORK_ADAPTER_CONFIGURATION: each(count, (index) => [
      [idOf(index), 1, null, "02:FF:FF:FF:FF:FF"],
      [idOf(index), 3, fact(index).ipv4_address, fact(index).mac_address],
      [idOf(index), 7, "192.0.2.1", "02:FF:FF:FF:FF:FE"],
      [idOf(index), 5, "192.0.2.2", "02:FF:FF:FF:FF:FD"],
    ]),
    v_GS_X86_PC_MEMORY: each(count, (index) => [[idOf(index), 1, fact(index).memory_total_kb]]),
    v_GS_PC_BIOS: each(count, (index) => [[idOf(index), 1, fact(index).serial_number]]),
    v_GS_SYSTEM_ENCLOSURE: each(count, (index) => [
      [idOf(index), 1, `ENCLOSURE${index}`],
      [idOf(index), 2, `DOCK${index}`],
    ]),
    v_GS_OPERATING_SYSTEM: each(count, (index) => [[idOf(index), 1, fact(index).os_version]]),
    v_R_System: each(count, (index) => [
      [idOf(index), fact(index).last_logon?.replace("T", " ") ?? null, 0, 1],
    ]),
    v_GS_ENCRYPTABLE_VOLUME: each(count, (index) => [
      [idOf(index), 1, "D:", 2],
      [idOf(index), 2, "C:", fact(index).c_drive_encrypted],
    ]),
    v_GS_AntimalwareHealthStatus: each(count, (index) => [
      [idOf(index), fact(index).antivirus_enabled ? 1 : 0],
    ]),
    v_UserMachineRelationship: each(count, (index) => [
      [idOf(index), "EXAMPLE\\zzz"],
      [idOf(index), fact(index).primary_user],
    ]),
    // Half of the programs in each view, one in both, and one without a name.
    v_GS_ADD_REMOVE_PROGRAMS: each(count, (index) => {
      const own = programsOf(index, programs).filter((_, number) => number % 2 === 0);
      return [...own.map(row(index)), [idOf(index), 99, "", "1", "Nobody"]];
    }),
    v_GS_ADD_REMOVE_PROGRAMS_64: each(count, (index) => {
      const own = programsOf(index, programs).filter((_, number) =>
        number % 2 === 1 || number === 0
      );
      return [...own.map(row(index)), [idOf(index), 99, null, "1", "Nobody"]];
    }),
  };
}

function row(index: number) {
  return ({ name, version, publisher }: Program, number: number): SQLQueryBindings[] => [
    ...[idOf(index), number, name, version, publisher],
  ];
}
