/**
 * From a `terminal` of the service to a record.
 *
 * @module
 */

import { isObject, setOwn, type SourceRecord } from "../../sdk/mod.ts";

/** "JasperAPI.xsd", TerminalType: what is no text; ids stay text, since they begin with zeros. */
const numbers: ReadonlySet<string> = new Set(
  `monthToDateUsage monthToDateDataUsage monthToDateSMSUsage monthToDateVoiceUsage accountId
  ctdSessionCount version rating.totalPrimaryIncludedData rating.primaryDataRemaining
  rating.totalPrimaryIncludedSMS rating.primarySMSRemaining`.split(/\s+/),
);
const flags: ReadonlySet<string> = new Set(["overageLimitReached"]);

/** This identifies a SIM, so that blanks around it must not make it another. */
const key = "iccid";

const attributePrefix = "_";

/** Numbers that a computer can hold exactly; others stay text. */
function parseNumber(text: string): number | string {
  const number = Number(text);
  const isExact = /^[+-]?(\d+\.?\d*|\.\d+)$/.test(text.trim()) && Math.abs(number) <= 2 ** 53;
  return isExact ? number : text;
}

function parseFlag(text: string): boolean | string {
  if (/^\s*(true|1)\s*$/.test(text)) return true;
  return /^\s*(false|0)\s*$/.test(text) ? false : text;
}

function convertValue(path: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((one) => convertValue(path, one));
  if (isObject(value)) {
    // Attributes of an element without content are remarks like xsi:type.
    const children = Object.entries(value).filter(([name]) => !name.startsWith(attributePrefix));
    if (children.length === 0) return null;
    return Object.fromEntries(
      children.map(([name, child]) => [name, convertValue(`${path}.${name}`, child)]),
    );
  }
  if (typeof value !== "string") return value;
  if (numbers.has(path)) return parseNumber(value);
  if (flags.has(path)) return parseFlag(value);
  return key === path ? value.trim() : value;
}

/**
 * The record of a SIM. `msisdn` is an attribute in the vendor's schema, which the Python connector's
 * library called `_msisdn`: it is there under both names, as all attributes are.
 */
export function toSim(terminal: SourceRecord): SourceRecord {
  const record: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(terminal)) {
    setOwn(record, name, name.startsWith(attributePrefix) ? value : convertValue(name, value));
  }
  for (const [name, value] of Object.entries(terminal)) {
    const plain = name.slice(attributePrefix.length);
    if (name.startsWith(attributePrefix) && !Object.hasOwn(record, plain)) {
      setOwn(record, plain, value);
    }
  }
  return record;
}
