/**
 * Tokens of a response: [MS-TDS] 2.2.7.
 *
 * @module
 */
import { longText, shortText, u16, u32, u64, u8 } from "./bytes.ts";
import { collation, type Column, encodeValue, typeInfo } from "./types.ts";

/** How the server calls itself in messages. */
export const serverName = "TDS-TEST";

/** Bits of the status of a DONE token. */
export const doneStatus = { more: 1, error: 2, count: 0x10, attention: 0x20 } as const;

function sized(token: number, data: Buffer): Buffer {
  return Buffer.concat([u8(token), u16(data.length), data]);
}

/** An error or information as SQL Server sends it. */
export interface ServerMessage {
  readonly number: number;
  readonly text: string;
  /** Class: from 11 on it is an error, from 20 on the connection ends. */
  readonly severity?: number;
  readonly state?: number;
}

function messageToken(
  token: number,
  { number, text, severity = 14, state = 1 }: ServerMessage,
): Buffer {
  const head = Buffer.concat([u32(number), u8(state), u8(severity)]);
  const tail = [longText(text), shortText(serverName), shortText(""), u32(1)];
  return sized(token, Buffer.concat([head, ...tail]));
}

export function errorToken(message: ServerMessage): Buffer {
  return messageToken(0xaa, message);
}

export function infoToken(message: ServerMessage): Buffer {
  return messageToken(0xab, { severity: 0, ...message });
}

/** LOGINACK of version 7.4. */
export function loginAck(): Buffer {
  const version = Buffer.of(0x74, 0x00, 0x00, 0x04);
  const program = [shortText("Microsoft SQL Server"), Buffer.of(16, 0, 0x03, 0xe8)];
  return sized(0xad, Buffer.concat([u8(1), version, ...program]));
}

/** ENVCHANGE of a text: 1 database, 2 language, 4 packet size. */
export function environmentChange(kind: 1 | 2 | 4, now: string, before: string): Buffer {
  return sized(0xe3, Buffer.concat([u8(kind), shortText(now), shortText(before)]));
}

/** ENVCHANGE of the collation. */
export function collationChange(): Buffer {
  return sized(0xe3, Buffer.concat([u8(7), u8(collation.length), collation, u8(0)]));
}

/** ENVCHANGE that sends the client to another server. */
export function routing(host: string, port: number): Buffer {
  const value = Buffer.concat([u8(0), u16(port), longText(host)]);
  return sized(0xe3, Buffer.concat([u8(20), u16(value.length), value, u16(0)]));
}

/** A token of the SSPI exchange. */
export function sspiToken(token: Buffer): Buffer {
  return sized(0xed, token);
}

/** DONE (0xFD), DONEPROC (0xFE) or DONEINPROC (0xFF). */
export function doneToken(token: 0xfd | 0xfe | 0xff, status: number, rows = 0): Buffer {
  return Buffer.concat([u8(token), u16(status), u16(0xc1), u64(BigInt(rows))]);
}

/** RETURNSTATUS of a procedure. */
export function returnStatus(): Buffer {
  return Buffer.concat([u8(0x79), u32(0)]);
}

/** COLMETADATA. */
export function columnMetadata(columns: readonly Column[]): Buffer {
  const nullable = 1;
  const each = columns.map((column) =>
    Buffer.concat([u32(0), u16(nullable), typeInfo(column.type), shortText(column.name)])
  );
  return Buffer.concat([u8(0x81), u16(columns.length), ...each]);
}

/** A row: NBCROW when at least two values are absent, else ROW. */
export function rowToken(columns: readonly Column[], values: readonly unknown[]): Buffer {
  const absent = columns.map((_, index) => (values[index] ?? null) === null);
  if (absent.filter(Boolean).length < 2) {
    const parts = columns.map(({ type }, index) => encodeValue(type, values[index] ?? null));
    return Buffer.concat([u8(0xd1), ...parts]);
  }
  const bitmap = Buffer.alloc(Math.ceil(columns.length / 8));
  absent.forEach((isAbsent, index) => {
    if (isAbsent) bitmap[index >> 3] = (bitmap[index >> 3] ?? 0) | (1 << (index & 7));
  });
  const parts = columns.flatMap(({ type }, index) =>
    absent[index] === true ? [] : [encodeValue(type, values[index])]
  );
  return Buffer.concat([u8(0xd2), bitmap, ...parts]);
}
