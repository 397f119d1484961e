/**
 * What is needed of a WSDL: where the service is, and the action of each operation.
 *
 * @module
 */

import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { messageOf, SourceError } from "../../base/errors.ts";
import { readTextFile } from "../text_file.ts";
import { retryPolicies } from "../http/retry.ts";
import type { VendorHttp } from "../http/vendor.ts";
import { listChildren, parseXml, type XmlElement, type XmlValue } from "../xml.ts";

/** A service that speaks SOAP 1.1. */
export interface SoapService {
  readonly endpoint: string;
  /** Operation → value of the header `SOAPAction`. */
  readonly actions: Readonly<Record<string, string>>;
}

/** A WSDL may be spread over several files; more than that is a circle. */
const mostFiles = 10;

const definitions = z.object({
  definitions: z.custom<XmlElement>((value) => typeof value === "object" && value !== null, {
    error: "is missing",
  }),
});

function attribute(element: XmlValue | undefined, name: string): string {
  const [value] = listChildren(element, `_${name}`);
  return typeof value === "string" ? value : "";
}

function localName(name: string): string {
  return name.replace(/^.*:/, "");
}

/** The actions of a binding; `operation` is the name of WSDL's element and of SOAP's inside of it. */
function readActions(binding: XmlValue): Record<string, string> {
  const operations = listChildren(binding, "operation").map((operation): [string, string] => {
    const [soap] = listChildren(operation, "operation");
    return [attribute(operation, "name"), attribute(soap, "soapAction")];
  });
  return Object.fromEntries(operations);
}

/** The service that has some operations, in documents that belong together; nothing when none has. */
function findService(
  documents: readonly XmlElement[],
  operations: readonly string[],
): SoapService | undefined {
  const bindings = documents.flatMap((document) => listChildren(document, "binding"));
  const services = documents.flatMap((document) => listChildren(document, "service"));
  for (const port of services.flatMap((service) => listChildren(service, "port"))) {
    const [address] = listChildren(port, "address");
    const endpoint = attribute(address, "location").trim();
    const wanted = localName(attribute(port, "binding"));
    const binding = bindings.find((one) => attribute(one, "name") === wanted);
    const actions = binding === undefined ? {} : readActions(binding);
    if (endpoint === "" || operations.some((name) => actions[name] === undefined)) continue;
    return { endpoint, actions };
  }
  return undefined;
}

async function loadFile(path: string): Promise<XmlElement> {
  const text = await readTextFile(path);
  try {
    return definitions.parse(await parseXml(text, { attributes: "_" })).definitions;
  } catch (error) {
    const reason = error instanceof z.ZodError ? "it has no definitions" : messageOf(error);
    throw new SourceError(`${path} is not a WSDL: ${reason}`, { cause: error });
  }
}

async function loadAddress(http: VendorHttp, address: string): Promise<XmlElement> {
  const request = {
    path: address,
    headers: { Accept: "text/xml, application/xml, */*" },
    what: "the WSDL",
    retry: retryPolicies.detail,
    hints: () => "Check wsdl_path: the address of the WSDL, or a file with it.",
  };
  return (await http.xml(request, definitions, { attributes: "_" })).definitions;
}

function isAddress(path: string): boolean {
  return /^https?:\/\//i.test(path);
}

function relativeTo(path: string, location: string): string {
  if (isAddress(path)) return new URL(location, path).href;
  return isAddress(location) ? location : join(dirname(path), location);
}

/** Whether a WSDL may speak for a host: one that came unprotected may not send the password anywhere. */
function isSameSite(one: URL, other: URL): boolean {
  const siteOf = ({ hostname }: URL) =>
    /^[\d.]+$|:/.test(hostname) ? hostname : hostname.split(".").slice(-2).join(".");
  return siteOf(one) === siteOf(other);
}

/** The address to call, never less protected than the documents were. */
function chooseEndpoint(paths: readonly string[], location: string): string {
  const [path] = paths;
  const endpoint = URL.parse(location);
  if (endpoint === null || !/^https?:$/.test(endpoint.protocol)) {
    throw new SourceError(`The WSDL ${path} has no valid service address: ${location}`);
  }
  const homes = paths.filter(isAddress).map((address) => new URL(address));
  const plain = homes.filter(({ protocol }) => protocol === "http:");
  if (plain.some((home) => !isSameSite(home, endpoint))) {
    throw new SourceError(
      `The WSDL ${path} was fetched without TLS and names a service on another host: ${location}`,
      { hint: "Use the https address of the WSDL, or a file with it." },
    );
  }
  if (homes.length === 0 || plain.length > 0 || endpoint.protocol === "https:") return location;
  endpoint.protocol = "https:";
  return endpoint.href;
}

function toFilePath(path: string): string {
  if (!/^file:/i.test(path)) return path;
  try {
    return fileURLToPath(path);
  } catch (error) {
    throw new SourceError(`${path} is not the address of a file: ${messageOf(error)}`);
  }
}

/**
 * Reads the WSDL of a service, with the documents that it imports.
 *
 * @param path `http:`, `https:` or `file:` address, or path of a file.
 * @param operations what the service must have.
 * @throws {SourceError} when it cannot be had, is none, or has no such service.
 */
export async function loadService(
  http: VendorHttp,
  path: string,
  operations: readonly string[],
): Promise<SoapService> {
  const waiting = [toFilePath(path)];
  const seen = new Set<string>(waiting);
  const documents: XmlElement[] = [];
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const document = await (isAddress(next) ? loadAddress(http, next) : loadFile(next));
    documents.push(document);
    const service = findService(documents, operations);
    if (service !== undefined) {
      return { ...service, endpoint: chooseEndpoint([...seen], service.endpoint) };
    }
    for (
      const location of listChildren(document, "import").map((one) => attribute(one, "location"))
    ) {
      const imported = relativeTo(next, location);
      if (location === "" || seen.has(imported) || seen.size === mostFiles) continue;
      seen.add(imported);
      waiting.push(imported);
    }
  }
  throw new SourceError(
    `The WSDL ${path} has no SOAP service with ${operations.join(" and ")}`,
    { hint: "Check wsdl_path." },
  );
}
