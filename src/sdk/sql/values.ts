/**
 * Values of SQL Server as JSON has them.
 *
 * @module
 */

/** A column as the driver describes it. */
export interface SqlColumn {
  readonly colName: string;
  readonly type: { readonly name: string };
}

/** Digits that a number of JavaScript holds whatever they are. */
const safeDigits = 15;

/** What is thrown for a value that cannot be given as it is. */
export class InexactValue extends Error {
  override name = "InexactValue";
}

function exact(value: number, column: string): number {
  const digits = String(Math.abs(value)).replace(/e.*$/, "").replace(".", "").replace(/^0+/, "");
  if (digits.length <= safeDigits) return value;
  throw new InexactValue(
    `Column ${column} has a number of more than ${safeDigits} digits. ` +
      `Cast it to text in the query: CAST(${column} AS nvarchar(50)).`,
  );
}

function dateText(type: string, value: Date): string {
  const text = value.toISOString();
  if (type === "Date") return text.slice(0, 10);
  if (type === "Time") return text.slice(11, -1);
  if (type === "DateTimeOffset") return text;
  // The other types know no zone; whole seconds are written without a fraction.
  return text.slice(0, -1).replace(/\.000$/, "");
}

/**
 * A value as it goes into a record: dates as ISO 8601 text (without a zone where the database has
 * none), integers as numbers and as text beyond 2^53, bytes as base64.
 *
 * @throws {InexactValue} For a decimal or an amount of money whose digits a number cannot hold.
 */
export function sqlValue({ colName, type }: SqlColumn, value: unknown): unknown {
  if (value === undefined || value === null) return null;
  if (value instanceof Date) return dateText(type.name, value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (typeof value === "string" && (type.name === "IntN" || type.name === "BigInt")) {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }
  if (typeof value === "number" && /^(Decimal|Numeric|Money)/.test(type.name)) {
    return exact(value, colName);
  }
  return value;
}
