/**
 * XML as plain values, for the few vendors that answer in nothing else.
 *
 * @module
 */

import { excerpt } from "../base/excerpt.ts";
import { messageOf, SourceError } from "../base/errors.ts";

/** What an element holds: text, its children, or nothing. A name that repeats gives a list. */
export type XmlValue = string | null | readonly XmlValue[] | XmlElement;

/** The children of an element by their local names, in document order. */
export interface XmlElement {
  readonly [name: string]: XmlValue;
}

export interface XmlOptions {
  /**
   * Before the names of attributes, which are kept under them, for example `_`; without it they are
   * left out. An element that has text and no children is that text all the same.
   */
  readonly attributes?: string | undefined;
  /** Whether text keeps the blanks around it, as `xs:string` of XML Schema does (part 2, 4.3.6). */
  readonly keepBlanks?: boolean | undefined;
  /** Masks secrets in what an error quotes of the document; without it, nothing is masked. */
  readonly redact?: ((text: string) => string) | undefined;
}

/** A node as the parser gives it: one key for the name, and `:@` for the attributes. */
type Node = Readonly<Record<string, unknown>>;

const attributesKey = ":@";
const textKey = "#text";
const cdataKey = "#cdata";

/** What holds anything: comments and CDATA sections. */
const opaque = [["<!--", "-->"], ["<![CDATA[", "]]>"]] as const;
const foreignEntity = /&(?!(?:lt|gt|amp|quot|apos|#[0-9]+|#x[0-9a-f]+);)[^\s;<]*;?/i;

/** The markup and the text, without what holds anything; in one walk, however often something is opened. */
function withoutOpaque(text: string): string {
  const kept: string[] = [];
  for (let at = 0; at < text.length;) {
    const begin = text.indexOf("<!", at);
    if (begin < 0) return kept.join("") + text.slice(at);
    const [open, close] = opaque.find(([start]) => text.startsWith(start, begin)) ?? ["<!", ""];
    kept.push(text.slice(at, close === "" ? begin + open.length : begin));
    const end = text.indexOf(close, begin + open.length);
    // What is never closed is no sound XML, which the parser says.
    if (end < 0) return kept.join("");
    at = end + close.length;
  }
  return kept.join("");
}

function unmasked(text: string): string {
  return text;
}

/** Only a document type can define entities, and with them bombs and files to read. */
function refuseEntities(text: string, redact: (text: string) => string): void {
  const markup = withoutOpaque(text);
  if (/<!(doctype|entity)/i.test(markup)) {
    throw new SourceError("The XML has a document type, which is refused for safety");
  }
  if (!foreignEntity.test(markup)) return;
  // It may be a part of a password that was not escaped, which is known as a whole only.
  const entity = foreignEntity.exec(redact(markup))?.[0] ?? "a bare &";
  throw new SourceError(`The XML has an entity that XML does not define: ${entity.slice(0, 40)}`);
}

const named: Readonly<Record<string, string>> = {
  lt: "<",
  gt: ">",
  amp: "&",
  quot: '"',
  apos: "'",
};

function decode(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#([0-9]+)|([a-z]+));/gi, (whole, hex, decimal, name) => {
    if (name !== undefined) return named[name] ?? whole;
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

function nodeName(node: Node): string {
  return Object.keys(node).find((key) => key !== attributesKey) ?? "";
}

function isElement(node: Node): boolean {
  const name = nodeName(node);
  return name !== textKey && name !== cdataKey;
}

/** The text of a text node or of a CDATA section, which has no references to decode. */
function nodeText(node: Node): string {
  if (nodeName(node) === textKey) return decode(String(node[textKey]));
  const [content] = node[cdataKey] as readonly Node[];
  return String(content?.[textKey] ?? "");
}

/** `nil="true"`, with any prefix: how Rails and XML Schema say that there is no value. */
function isNil(node: Node): boolean {
  const attributes = node[attributesKey] as Readonly<Record<string, unknown>> | undefined;
  return attributes?.nil === "true" || attributes?.nil === "1";
}

function listAttributes(node: Node, { attributes: prefix }: XmlOptions): [string, XmlValue][] {
  const found = node[attributesKey];
  if (prefix === undefined || typeof found !== "object" || found === null) return [];
  return Object.entries(found).map(([name, value]) => [prefix + name, decode(String(value))]);
}

function nodeValue(node: Node, options: XmlOptions): XmlValue {
  if (isNil(node)) return null;
  const nodes = node[nodeName(node)] as readonly Node[];
  const children = nodes.filter(isElement);
  const attributes = listAttributes(node, options);
  const text = children.length > 0 ? "" : nodes.map(nodeText).join("");
  if (text.trim() !== "") return options.keepBlanks === true ? text : text.trim();
  if (children.length === 0 && attributes.length === 0) return null;
  return { ...Object.fromEntries(attributes), ...toElement(children, options) };
}

function toElement(nodes: readonly Node[], options: XmlOptions): XmlElement {
  const byName = new Map<string, XmlValue[]>();
  for (const node of nodes) {
    const name = nodeName(node);
    const values = byName.get(name);
    if (values === undefined) byName.set(name, [nodeValue(node, options)]);
    else values.push(nodeValue(node, options));
  }
  const entries = [...byName].map(([name, values]): [string, XmlValue] => [
    name,
    values.length === 1 ? values[0] ?? null : values,
  ]);
  // Own properties, whatever their names are.
  return Object.fromEntries(entries);
}

/**
 * Reads a document. Namespace prefixes, comments and processing instructions are left out, and
 * attributes unless asked for; text stays text, trimmed unless asked for; an element without content, or with
 * `nil="true"`, is null.
 *
 * @returns the root element under its name.
 * @throws {SourceError} when it is not well-formed, or has a document type or foreign entities.
 */
export async function parseXml(text: string, options: XmlOptions = {}): Promise<XmlElement> {
  // Loaded on first use: hardly any run needs it.
  const { XMLParser, XMLValidator } = await import("fast-xml-parser");
  const { redact = unmasked } = options;
  refuseEntities(text, redact);
  const validity = XMLValidator.validate(text);
  if (validity !== true) {
    const { msg, line } = validity.err;
    throw new SourceError(`The XML is not well-formed (line ${line}: ${excerpt(msg, { redact })})`);
  }
  const parser = new XMLParser({
    preserveOrder: true,
    ignoreAttributes: false,
    attributeNamePrefix: "",
    removeNSPrefix: true,
    ignoreDeclaration: true,
    ignorePiTags: true,
    // Its own decoder gives up after a thousand, and leaves numbers alone.
    processEntities: false,
    cdataPropName: cdataKey,
    parseTagValue: false,
    parseAttributeValue: false,
    trimValues: false,
    onDangerousProperty: (name) => name,
  });
  let nodes: readonly Node[];
  try {
    nodes = parser.parse(text);
  } catch (error) {
    throw new SourceError(`The XML cannot be read (${excerpt(messageOf(error), { redact })})`, {
      cause: error,
    });
  }
  const roots = nodes.filter(isElement);
  if (roots.length !== 1) throw new SourceError("The XML is not well-formed (no single root)");
  return toElement(roots, options);
}

/** The values under a name, however many there are; null has none. */
export function listChildren(element: XmlValue | undefined, name: string): readonly XmlValue[] {
  if (typeof element !== "object" || element === null || Array.isArray(element)) return [];
  const value = (element as XmlElement)[name];
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}
