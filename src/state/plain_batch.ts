/**
 * Reads batches of records straight from their JSON, where that is plain: no escapes, and the same fields in each
 * record with texts, numbers, truth values and nothing in them. A value is then a piece of the text.
 *
 * @module
 */

/** Records with the same fields; their values as JSON, in the order of the fields. */
export interface PlainBatch {
  readonly fields: readonly string[];
  readonly records: readonly (readonly string[])[];
}

const quote = 34;
const comma = 44;
const bracket = 91;
const brace = 123;
const endOfRecord = 125;

/** Where the value ends that begins at a place; nothing for a list or an object, or a text that is too long. */
function endOfValue(text: string, at: number, maxLength: number): number | undefined {
  const first = text.charCodeAt(at);
  if (first === quote) {
    const end = text.indexOf('"', at + 1) + 1;
    return end === 0 || end - at - 2 > maxLength ? undefined : end;
  }
  if (first === bracket || first === brace) return undefined;
  for (let end = at + 1; end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (code === comma || code === endOfRecord) return end;
  }
  return undefined;
}

/** The names of the fields of the record that begins at a place. */
function readFields(text: string, begin: number, maxLength: number): string[] | undefined {
  const fields: string[] = [];
  for (let at = begin; text.charCodeAt(at) !== endOfRecord;) {
    const end = text.indexOf('"', at + 2);
    const next = end === -1 ? undefined : endOfValue(text, end + 2, maxLength);
    if (next === undefined) return undefined;
    fields.push(text.slice(at + 2, end));
    at = next;
  }
  return fields;
}

/**
 * Reads the JSON of a list of records, as it is written without spaces.
 *
 * @param maxLength Characters of a text; one that has more is not plain.
 * @returns nothing when it is not plain.
 */
export function readPlainBatch(text: string, maxLength: number): PlainBatch | undefined {
  if (text.includes("\\") || !text.startsWith('[{"')) return undefined;
  const fields = readFields(text, 1, maxLength);
  if (fields === undefined) return undefined;
  const beforeValues = fields.map((field, index) => `${index === 0 ? "{" : ","}"${field}":`);
  const records: string[][] = [];
  let at = 0;
  do {
    at++;
    const values: string[] = [];
    for (const before of beforeValues) {
      if (!text.startsWith(before, at)) return undefined;
      const begin = at + before.length;
      const end = endOfValue(text, begin, maxLength);
      if (end === undefined) return undefined;
      values.push(text.slice(begin, end));
      at = end;
    }
    if (text.charCodeAt(at) !== endOfRecord) return undefined;
    records.push(values);
    at++;
  } while (text.charCodeAt(at) === comma);
  return text.endsWith("]") && at === text.length - 1 ? { fields, records } : undefined;
}
