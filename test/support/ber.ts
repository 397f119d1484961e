/**
 * The little of BER (X.690) that LDAP needs, for servers and checks that must not share code with the
 * agent's own library.
 *
 * @module
 */

/** One element: its tag and what is inside. */
export interface Element {
  readonly tag: number;
  readonly bytes: Buffer;
}

/** Encodes an element; texts are UTF-8, numbers are integers below 2^31. */
export function element(tag: number, ...parts: readonly (Uint8Array | string | number)[]): Buffer {
  const content = Buffer.concat(parts.map((part) => {
    if (typeof part !== "number") return Buffer.from(part as string);
    const number = Buffer.alloc(4);
    number.writeInt32BE(part);
    return number;
  }));
  const head = Buffer.alloc(6);
  head.writeUInt8(tag);
  head.writeUInt8(0x84, 1);
  head.writeUInt32BE(content.length, 2);
  return Buffer.concat([head, content]);
}

/** The first element, and how many bytes it takes; undefined while it is not complete. */
export function firstElement(bytes: Buffer): { element: Element; size: number } | undefined {
  const [tag, short] = bytes;
  if (tag === undefined || short === undefined) return undefined;
  const more = short < 0x80 ? 0 : short & 0x7f;
  if (bytes.length < 2 + more) return undefined;
  const length = more === 0 ? short : bytes.readUIntBE(2, more);
  const size = 2 + more + length;
  if (bytes.length < size) return undefined;
  return { element: { tag, bytes: bytes.subarray(size - length, size) }, size };
}

/** The elements inside of some bytes. */
export function elements(bytes: Buffer): Element[] {
  const found: Element[] = [];
  for (let rest = bytes; rest.length > 0;) {
    const first = firstElement(rest);
    if (first === undefined) throw new Error("cut short");
    found.push(first.element);
    rest = rest.subarray(first.size);
  }
  return found;
}

/** The number that an integer or enumerated element is. */
export function numberOf({ bytes }: Element): number {
  return bytes.readIntBE(0, bytes.length);
}

const operators: Readonly<Record<number, string>> = {
  0xa3: "=",
  0xa5: ">=",
  0xa6: "<=",
  0xa8: "~=",
};

function shown(bytes: Buffer): string {
  const text = bytes.toString("utf8");
  return Buffer.from(text).equals(bytes) ? JSON.stringify(text) : `0x${bytes.toString("hex")}`;
}

/** An encoded filter (RFC 4511, 4.5.1) spelled out, each value in quotes. */
export function filterText({ tag, bytes }: Element): string {
  if (tag === 0x87) return `${bytes} present`;
  const inner = elements(bytes);
  if (tag === 0xa0) return `and(${inner.map(filterText).join(", ")})`;
  if (tag === 0xa1) return `or(${inner.map(filterText).join(", ")})`;
  if (tag === 0xa2) return `not(${inner.map(filterText).join(", ")})`;
  if (tag === 0xa9) {
    const names: Record<number, string> = { 0x81: "rule", 0x82: "type", 0x83: "value", 0x84: "dn" };
    return `match(${inner.map((one) => `${names[one.tag]} ${shown(one.bytes)}`).join(", ")})`;
  }
  const [name, value] = inner;
  if (name === undefined || value === undefined) throw new Error("a comparison needs two parts");
  if (tag !== 0xa4) return `${name.bytes} ${operators[tag]} ${shown(value.bytes)}`;
  const kinds: Record<number, string> = { 0x80: "initial", 0x81: "any", 0x82: "final" };
  const parts = elements(value.bytes).map((one) => `${kinds[one.tag]} ${shown(one.bytes)}`);
  return `${name.bytes} like ${parts.join(" ")}`;
}
