/**
 * What a client asks: SQL batches, and RPC requests of sp_executesql, [MS-TDS] 2.2.6.7 and 2.2.6.6.
 *
 * @module
 */
import { ByteReader } from "./bytes.ts";
import { packetType, type TdsMessage } from "./channel.ts";

/** A question. */
export interface TdsQuery {
  readonly sql: string;
  /** Values of the parameters of sp_executesql by name, without the `@`. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Whether it came as RPC, which is answered with other DONE tokens. */
  readonly isRpc: boolean;
}

const executeSql = 10;

/** Skips ALL_HEADERS, which begins with its own length. */
function afterHeaders(data: Buffer): ByteReader {
  return new ByteReader(data, data.readUInt32LE(0));
}

function readPlp(reader: ByteReader): Buffer | null {
  if (reader.u64() === 0xffffffffffffffffn) return null;
  const chunks: Buffer[] = [];
  for (let length = reader.u32(); length > 0; length = reader.u32()) {
    chunks.push(reader.bytes(length));
  }
  return Buffer.concat(chunks);
}

function readNvarchar(reader: ByteReader): string | null {
  const size = reader.u16();
  reader.bytes(5); // the collation
  if (size === 0xffff) return readPlp(reader)?.toString("utf16le") ?? null;
  const length = reader.u16();
  return length === 0xffff ? null : reader.bytes(length).toString("utf16le");
}

function readInteger(reader: ByteReader): number | bigint | null {
  reader.u8();
  const length = reader.u8();
  if (length === 0) return null;
  const bytes = reader.bytes(length);
  return length === 8 ? bytes.readBigInt64LE() : bytes.readIntLE(0, length);
}

function readParameter(reader: ByteReader): { readonly name: string; readonly value: unknown } {
  const name = reader.utf16(reader.u8()).replace(/^@/, "");
  reader.u8(); // whether it is for output
  const type = reader.u8();
  if (type === 0xe7) return { name, value: readNvarchar(reader) };
  if (type === 0x26) return { name, value: readInteger(reader) };
  if (type !== 0x68) throw new Error(`The test server reads no parameter of type ${type}.`);
  reader.u8();
  return { name, value: reader.u8() === 0 ? null : reader.u8() === 1 };
}

function readRpc(data: Buffer): TdsQuery {
  const reader = afterHeaders(data);
  const name = reader.u16();
  const procedure = name === 0xffff ? reader.u16() : reader.utf16(name);
  if (procedure !== executeSql && procedure !== "sp_executesql") {
    throw new Error(`The test server knows no procedure ${procedure}.`);
  }
  reader.u16(); // options
  const values = [];
  while (!reader.done) values.push(readParameter(reader));
  const [sql, , ...rest] = values;
  const parameters = Object.fromEntries(rest.map((each) => [each.name, each.value]));
  return { sql: String(sql?.value), parameters, isRpc: true };
}

/** Reads a message that asks something; nothing when it is something else. */
export function readQuery({ type, data }: TdsMessage): TdsQuery | undefined {
  if (type === packetType.rpc) return readRpc(data);
  if (type !== packetType.sqlBatch) return undefined;
  const reader = afterHeaders(data);
  const sql = reader.utf16((data.length - reader.at) / 2);
  return { sql, parameters: {}, isRpc: false };
}
