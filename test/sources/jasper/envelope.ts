/**
 * Reads SOAP messages as a server has to: by namespaces and in the order of the schema.
 *
 * @module
 */
import { XMLParser } from "fast-xml-parser";

/** An element with its namespace. */
export interface Element {
  readonly space: string;
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly text: string;
  readonly children: readonly Element[];
}

/** What a caller sent. */
export interface Message {
  readonly username: string;
  readonly password: string;
  /** The one element of the body. */
  readonly request: Element;
}

const soapSpace = "http://schemas.xmlsoap.org/soap/envelope/";
const oasis = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss";
const securitySpace = `${oasis}-wssecurity-secext-1.0.xsd`;

type Node = Record<string, unknown>;
type Spaces = Readonly<Record<string, string>>;

function elementOf(node: Node, outer: Spaces): Element {
  const [tag = ""] = Object.keys(node).filter((key) => key !== ":@");
  const attributes = (node[":@"] ?? {}) as Record<string, string>;
  const declared = Object.entries(attributes).flatMap(([name, value]): [string, string][] => {
    if (name === "xmlns") return [["", value]];
    return name.startsWith("xmlns:") ? [[name.slice(6), value]] : [];
  });
  const spaces = { ...outer, ...Object.fromEntries(declared) };
  const inner = node[tag] as Node[];
  const [prefix = "", local = ""] = tag.includes(":") ? tag.split(":") : ["", tag];
  const space = spaces[prefix];
  if (space === undefined) throw new Error(`prefix ${prefix} is not declared`);
  return {
    space,
    name: local,
    attributes,
    text: inner.map((child) => String(child["#text"] ?? "")).join(""),
    children: inner.filter((child) => !("#text" in child)).map((child) => elementOf(child, spaces)),
  };
}

function child(parent: Element, space: string, name: string): Element {
  const found = parent.children.filter((one) => one.name === name && one.space === space);
  if (found.length !== 1 || found[0] === undefined) {
    throw new Error(`${parent.name} has ${found.length} of {${space}}${name}`);
  }
  return found[0];
}

/** Reads a message; throws when it is none, or its user name token is not as the profile has it. */
export function readMessage(body: string): Message {
  const parser = new XMLParser({
    preserveOrder: true,
    ignoreAttributes: false,
    attributeNamePrefix: "",
    ignoreDeclaration: true,
    parseTagValue: false,
    trimValues: false,
  });
  const [root] = parser.parse(body) as Node[];
  const envelope = elementOf(root ?? {}, { "": "" });
  if (envelope.name !== "Envelope" || envelope.space !== soapSpace) throw new Error("no envelope");
  const security = child(child(envelope, soapSpace, "Header"), securitySpace, "Security");
  const token = child(security, securitySpace, "UsernameToken");
  const password = child(token, securitySpace, "Password");
  if (password.attributes.Type !== `${oasis}-username-token-profile-1.0#PasswordText`) {
    throw new Error("the password is not of the type PasswordText");
  }
  const [request, ...more] = child(envelope, soapSpace, "Body").children;
  if (request === undefined || more.length > 0) throw new Error("the body has not one element");
  return {
    username: child(token, securitySpace, "Username").text,
    password: password.text,
    request,
  };
}

/** An envelope around some XML. */
export function envelope(body: string): string {
  return `<SOAP-ENV:Envelope xmlns:SOAP-ENV="${soapSpace}"><SOAP-ENV:Header/>` +
    `<SOAP-ENV:Body>${body}</SOAP-ENV:Body></SOAP-ENV:Envelope>`;
}

export function xmlAnswer(text: string, status = 200): Response {
  return new Response(text, { status, headers: { "Content-Type": "text/xml;charset=utf-8" } });
}
