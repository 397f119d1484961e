/**
 * SOAP 1.1 over the vendor's client: envelopes with a user name token, and faults as errors.
 *
 * @module
 */

import { z, type ZodType } from "zod";
import { messageOf, SourceError } from "../../base/errors.ts";
import { excerpt } from "../../base/excerpt.ts";
import { createRedactor } from "../../base/redact.ts";
import type { Answer } from "../http/http.ts";
import type { RetryPolicy } from "../http/retry.ts";
import type { SoapService } from "./wsdl.ts";
import type { VendorHttp } from "../http/vendor.ts";
import { parseXml } from "../xml.ts";

/** What an element is to hold: text, a list of elements of the same name, or children in order. */
export type SoapContent = string | readonly SoapContent[] | SoapElement;

/** Children of an element by name, in the order of the schema; absent ones are left out. */
export interface SoapElement {
  readonly [name: string]: SoapContent | undefined;
}

/** What a service says went wrong. */
export interface SoapFault {
  /** Without its prefix: `Client` or `Server`. */
  readonly code: string;
  /** The text, in which some services have a code of their own. */
  readonly string: string;
  /** The detail's `error` or its own text. */
  readonly detail: string;
}

/** A service, its credentials, and how its faults are classified. */
export interface SoapAccess {
  readonly service: SoapService;
  /** Namespace of the elements in the body. */
  readonly namespace: string;
  readonly username: string;
  readonly password: string;
  /**
   * Which faults are about the credentials, and which about too many calls. Of the others, those of
   * the server are tried again.
   */
  classifyFault(fault: SoapFault): "refused" | "throttled" | undefined;
}

export interface SoapCall {
  readonly operation: string;
  /** The children of `<operation>Request`. */
  readonly request: SoapElement;
  /** What is asked for, for error messages. */
  readonly what: string;
  readonly retry?: RetryPolicy | undefined;
  /** Milliseconds for one attempt, where the usual ones are too few. */
  readonly timeoutMs?: number | undefined;
}

const envelopeSpace = "http://schemas.xmlsoap.org/soap/envelope/";
const oasis = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss";
const securitySpace = `${oasis}-wssecurity-secext-1.0.xsd`;
const plainPassword = `${oasis}-username-token-profile-1.0#PasswordText`;

/** Everything but tab, line feed and carriage return below a space is no character of XML 1.0. */
// deno-lint-ignore no-control-regex
const noCharacter = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

function escape(text: string): string {
  if (noCharacter.test(text)) {
    throw new SourceError(
      "A value of the request contains a control character, which XML does not allow",
    );
  }
  return text.toWellFormed().replaceAll("&", "&amp;").replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;").replaceAll("\r", "&#13;");
}

function element(name: string, content: SoapContent | undefined): string {
  if (content === undefined) return "";
  if (typeof content === "string") return `<s:${name}>${escape(content)}</s:${name}>`;
  if (isList(content)) return content.map((one) => element(name, one)).join("");
  return `<s:${name}>${children(content)}</s:${name}>`;
}

function isList(content: SoapContent): content is readonly SoapContent[] {
  return Array.isArray(content);
}

function children(content: SoapElement): string {
  return Object.entries(content).map(([name, child]) => element(name, child)).join("");
}

/** The message, with the password as it is: TLS protects it. */
function envelope({ namespace, username, password }: SoapAccess, call: SoapCall): string {
  return '<?xml version="1.0" encoding="UTF-8"?>' +
    `<soapenv:Envelope xmlns:soapenv="${envelopeSpace}" xmlns:s="${escape(namespace)}">` +
    `<soapenv:Header><wsse:Security soapenv:mustUnderstand="1" xmlns:wsse="${securitySpace}">` +
    `<wsse:UsernameToken><wsse:Username>${escape(username)}</wsse:Username>` +
    `<wsse:Password Type="${plainPassword}">${escape(password)}</wsse:Password>` +
    "</wsse:UsernameToken></wsse:Security></soapenv:Header>" +
    `<soapenv:Body>${element(`${call.operation}Request`, call.request)}</soapenv:Body>` +
    "</soapenv:Envelope>";
}

const text = z.unknown().transform((value) => typeof value === "string" ? value : "");

const faults = z.object({
  Envelope: z.object({
    Body: z.object({
      Fault: z.object({
        faultcode: text,
        faultstring: text,
        detail: z.union([z.object({ error: text }), text]).optional(),
      }),
    }),
  }),
}).transform((
  { Envelope: { Body: { Fault: { faultcode, faultstring, detail } } } },
): SoapFault => ({
  code: faultcode.replace(/^.*:/, ""),
  string: faultstring,
  detail: (typeof detail === "object" ? detail.error : detail) ?? "",
}));

async function readFault(
  { body }: Answer,
  redact: (text: string) => string,
): Promise<SoapFault | undefined> {
  if (!/<(?:[\w.-]+:)?Fault[\s>]/.test(body)) return undefined;
  const result = faults.safeParse(await parseXml(body, { redact }));
  return result.success ? result.data : undefined;
}

/** The status that a fault would have in plain HTTP; of the server's own (1.1, 4.4.1) more may be had later. */
function toStatus(fault: SoapFault, classifyFault: SoapAccess["classifyFault"]): number {
  const kind = classifyFault(fault);
  if (kind === "refused") return 401;
  if (kind === "throttled") return 429;
  return /^Server\b/i.test(fault.code) ? 500 : 400;
}

function describe(
  { code, string, detail }: SoapFault,
  redact: (text: string) => string,
): string {
  const text = [string, detail].filter((part) => part !== "").join(": ");
  return `${code} fault ${excerpt(text, { redact })}`.trim();
}

/** Makes faults plain: HTTP has 500 for all of them. */
function interpreter(
  { password, classifyFault }: Pick<SoapAccess, "password" | "classifyFault">,
): (answer: Answer) => Promise<Answer> {
  const redactor = createRedactor();
  redactor.add(password);
  const redact = (text: string) => redactor.redact(text);
  return async (answer) => {
    try {
      const fault = await readFault(answer, redact);
      if (fault === undefined) return answer;
      const status = toStatus(fault, classifyFault);
      return { ...answer, status, errorText: describe(fault, redact) };
    } catch (error) {
      // What is no sound XML will not be sound when asked for again.
      return { ...answer, status: 400, errorText: `unreadable fault (${messageOf(error)})` };
    }
  };
}

/**
 * Calls an operation and gives what its `<operation>Response` holds, attributes under names that begin
 * with `_`, and text with the blanks around it.
 *
 * @throws {AuthError} when the service refuses the credentials.
 * @throws {SourceError} for any other fault, with its code and text, and when there is no sound answer.
 */
export async function callSoap<T>(
  http: VendorHttp,
  access: SoapAccess,
  call: SoapCall,
  shape: ZodType<T>,
): Promise<T> {
  const { service } = access;
  const { operation, what, retry, timeoutMs } = call;
  const name = `${operation}Response`;
  const answers = z.object({
    Envelope: z.object({ Body: z.looseObject({ [name]: z.unknown() }) }),
  }).transform(({ Envelope }) => Envelope.Body[name]).pipe(shape);
  return await http.xml(
    {
      method: "POST",
      path: service.endpoint,
      headers: {
        "Accept": "text/xml",
        "Content-Type": "text/xml; charset=utf-8",
        "SOAPAction": `"${service.actions[operation] ?? ""}"`,
      },
      body: envelope(access, call),
      what,
      retry,
      timeoutMs,
      interpret: interpreter(access),
    },
    answers,
    { attributes: "_", keepBlanks: true },
  );
}
