/**
 * Types of columns and their values: [MS-TDS] 2.2.5.4 and 2.2.5.5.
 *
 * @module
 */
import { u16, u32, u64, u8, utf16 } from "./bytes.ts";

/** A type as SQL spells it: `int`, `nvarchar(256)`, `decimal(28,4)`, `datetime2(7)` and so on. */
export type SqlType = string;

/** A column of a result. */
export interface Column {
  readonly name: string;
  readonly type: SqlType;
}

/** Latin1_General_CI_AS, as most site databases have it: sort order 0, locale 0x0409, code page 1252. */
export const collation = Buffer.of(0x09, 0x04, 0xd0, 0x00, 0x34);

interface ParsedType {
  readonly base: string;
  /** Characters or bytes, precision, or scale; -1 is `max`. */
  readonly size: number | undefined;
  readonly scale: number;
}

const parsed = new Map<SqlType, ParsedType>();

/** Takes a type apart. */
function parseType(type: SqlType): ParsedType {
  const known = parsed.get(type);
  if (known !== undefined) return known;
  const [, base = "", size, scale = "0"] = /^(\w+)(?:\((\w+)(?:,\s*(\d+))?\))?$/.exec(type) ?? [];
  const result = {
    base: base.toLowerCase(),
    size: size === undefined ? undefined : size.toLowerCase() === "max" ? -1 : Number(size),
    scale: Number(scale),
  };
  parsed.set(type, result);
  return result;
}

const maximum = 0xffff;

function charInfo(token: number, size: number, unit: 1 | 2): Buffer {
  return Buffer.concat([u8(token), u16(size === -1 ? maximum : size * unit), collation]);
}

/** TYPE_INFO of a column. */
export function typeInfo(type: SqlType): Buffer {
  const { base, size, scale } = parseType(type);
  switch (base) {
    case "tinyint":
      return Buffer.of(0x26, 1);
    case "smallint":
      return Buffer.of(0x26, 2);
    case "int":
      return Buffer.of(0x26, 4);
    case "bigint":
      return Buffer.of(0x26, 8);
    case "bit":
      return Buffer.of(0x68, 1);
    case "real":
      return Buffer.of(0x6d, 4);
    case "float":
      return Buffer.of(0x6d, 8);
    case "money":
      return Buffer.of(0x6e, 8);
    case "smalldatetime":
      return Buffer.of(0x6f, 4);
    case "datetime":
      return Buffer.of(0x6f, 8);
    case "date":
      return Buffer.of(0x28);
    case "time":
      return Buffer.of(0x29, size ?? 7);
    case "datetime2":
      return Buffer.of(0x2a, size ?? 7);
    case "datetimeoffset":
      return Buffer.of(0x2b, size ?? 7);
    case "uniqueidentifier":
      return Buffer.of(0x24, 16);
    case "decimal":
      return Buffer.of(0x6a, 17, size ?? 18, scale);
    case "varchar":
      return charInfo(0xa7, size ?? 1, 1);
    case "nvarchar":
      return charInfo(0xe7, size ?? 1, 2);
    case "varbinary":
      return Buffer.concat([u8(0xa5), u16(size === -1 ? maximum : size ?? 1)]);
    default:
      throw new Error(`The test server knows no type ${type}.`);
  }
}

/** Bytes of a value after its length; dates are texts such as `2026-01-04 07:12:00.123`. */
function rawValue(type: SqlType, value: unknown): Buffer {
  const { base, size, scale } = parseType(type);
  switch (base) {
    case "tinyint":
      return u8(Number(value));
    case "smallint":
      return u16(Number(value) & 0xffff);
    case "int":
      return u32(Number(value));
    case "bigint":
      return u64(BigInt(value as bigint));
    case "bit":
      return u8(value === true || Number(value) === 1 ? 1 : 0);
    case "real":
      return Buffer.from(new Float32Array([Number(value)]).buffer);
    case "float":
      return Buffer.from(new Float64Array([Number(value)]).buffer);
    case "money":
      return money(String(value));
    case "decimal":
      return decimal(String(value), scale);
    case "uniqueidentifier":
      return guid(String(value));
    case "varchar":
      return Buffer.from(String(value), "latin1");
    case "nvarchar":
      return utf16(String(value));
    case "varbinary":
      return Buffer.from(value as Uint8Array);
    default:
      return moment(base, size ?? 7, String(value));
  }
}

function digitsAt(text: string, scale: number): bigint {
  const [whole = "0", fraction = ""] = text.split(".");
  return BigInt(whole + fraction.padEnd(scale, "0").slice(0, scale));
}

function money(text: string): Buffer {
  const bytes = u64(digitsAt(text, 4));
  // The high half goes first.
  return Buffer.concat([bytes.subarray(4), bytes.subarray(0, 4)]);
}

function decimal(text: string, scale: number): Buffer {
  const value = digitsAt(text, scale);
  const size = value < 0n ? -value : value;
  const halves = [u64(size & 0xffffffffffffffffn), u64(size >> 64n)];
  return Buffer.concat([u8(value < 0n ? 0 : 1), ...halves]);
}

function guid(text: string): Buffer {
  const bytes = Buffer.from(text.replaceAll("-", ""), "hex");
  const [first, second, third] = [bytes.subarray(0, 4), bytes.subarray(4, 6), bytes.subarray(6, 8)];
  const turned = [first, second, third].map((part) => Buffer.from(part).reverse());
  return Buffer.concat([...turned, bytes.subarray(8)]);
}

const dayMs = 86_400_000;
const timeBytes = [3, 3, 3, 4, 4, 5, 5, 5];

/** Days and ticks of `date`, `time`, `datetime`, `datetime2` and `datetimeoffset`. */
function moment(base: string, scale: number, text: string): Buffer {
  const [, day = "1900-01-01", time = "00:00:00", fraction = "", zone = "+00:00"] =
    /^(?:(\d{4}-\d\d-\d\d)[ T]?)?(?:(\d\d:\d\d:\d\d)(?:\.(\d+))?)?\s*([+-]\d\d:\d\d)?$/.exec(
      text,
    ) ??
      [];
  const days = Date.parse(`${day}T00:00:00Z`) / dayMs;
  const seconds = Date.parse(`1970-01-01T${time}Z`) / 1000;
  if (base === "datetime") {
    const ticks = Math.round((seconds + Number(`0.${fraction || 0}`)) * 300);
    return Buffer.concat([u32(days + 25567), u32(ticks)]);
  }
  if (base === "smalldatetime") return Buffer.concat([u16(days + 25567), u16(seconds / 60)]);
  const date = u32(days + 719162).subarray(0, 3);
  if (base === "date") return date;
  const ticks = BigInt(seconds) * 10n ** BigInt(scale) +
    BigInt(fraction.padEnd(scale, "0").slice(0, scale) || 0);
  const clock = u64(ticks).subarray(0, timeBytes[scale]);
  if (base === "time") return clock;
  if (base === "datetime2") return Buffer.concat([clock, date]);
  if (base !== "datetimeoffset") throw new Error(`The test server writes no ${base}.`);
  const [hours = 0, minutes = 0] = zone.slice(1).split(":").map(Number);
  const offset = (hours * 60 + minutes) * (zone.startsWith("-") ? -1 : 1);
  if (offset === 0) return Buffer.concat([clock, date, u16(0)]);
  // The moment is written in UTC, the offset only says where it was.
  const utc = new Date(Date.parse(`${day}T${time}Z`) - offset * 60_000).toISOString();
  const moved = `${utc.slice(0, 10)} ${utc.slice(11, 19)}.${fraction || 0}`;
  return Buffer.concat([moment("datetime2", scale, moved), u16(offset & 0xffff)]);
}

/** A value of a column, or its absence. */
export function encodeValue(type: SqlType, value: unknown): Buffer {
  const { base, size } = parseType(type);
  const counted = ["varchar", "nvarchar", "varbinary"].includes(base);
  if (value === null || value === undefined) {
    if (!counted) return u8(0);
    return size === -1 ? Buffer.alloc(8, 0xff) : u16(maximum);
  }
  const bytes = rawValue(type, value);
  if (!counted) return Buffer.concat([u8(bytes.length), bytes]);
  if (size !== -1) return Buffer.concat([u16(bytes.length), bytes]);
  const chunk = bytes.length === 0 ? [] : [u32(bytes.length), bytes];
  return Buffer.concat([u64(BigInt(bytes.length)), ...chunk, u32(0)]);
}
