/**
 * Control Center's Terminal service: "JasperAPI.xsd" and its answers as published with samples; "API
 * policies and best practices" (one call at a time, fault 400101 for too many in a second); fault
 * 400200 for wrong credentials. The number of a wrong license key is not public: 400100 stands for it.
 *
 * @module
 */
import {
  startVendor,
  type Throttle,
  type Vendor,
  type VendorCall,
  type VendorRoute,
} from "../../support/vendor.ts";
import { type Element, envelope, readMessage, xmlAnswer } from "./envelope.ts";
import { terminalWsdl } from "./wsdl.ts";

/** What the server accepts. */
export const account = {
  username: "jasper@example.com",
  password: 'jasper-Canary&P4ss<word>"',
  licenseKey: "7c41495d-canary-license-4d2c",
} as const;

export const wsdlPath = "/ws/schema/Terminal.wsdl";
export const servicePath = "/ws/service/terminal";

const schema = "http://api.jasperwireless.com/ws/schema";
const mostIds = 50;

/** How the server is to be. */
export interface JasperOptions {
  readonly count: number;
  /** Newer servers give changed SIMs by the page. */
  readonly pages?: boolean;
  /** The most SIMs in one answer with details, whatever is asked for. */
  readonly mostDetails?: number;
  /** SIMs that are listed, but that the service knows nothing about. */
  readonly unknown?: readonly number[];
  readonly throttle?: Throttle;
  /** Called with each page of changes that is about to be given. */
  readonly onPage?: (page: number, server: JasperServer) => void;
  /** Where the WSDL says that the service is, when not here. */
  readonly location?: string;
}

/** A server at work. */
export interface JasperServer extends Vendor {
  readonly wsdl: string;
  /** Lets a SIM change at a time. */
  touch(index: number, time: string): void;
  /** The `since` of each list that was asked for. */
  readonly since: readonly (string | undefined)[];
  /** How many ids each request for details had. */
  readonly batches: readonly number[];
}

/** Number of a SIM card; they begin with 89. */
export function iccid(index: number): string {
  return `89010000000000${String(index).padStart(5, "0")}`;
}

/** When a SIM has last changed, unless it was touched. */
export function changedAt(index: number): string {
  return new Date(Date.UTC(2026, 0, 1) + index * 1000).toISOString();
}

function terminal(index: number, time: string): string {
  const j = (name: string, text: string) => `<jws:${name}>${text}</jws:${name}>`;
  return `<jws:terminal msisdn="00155501${index}">${j("iccid", iccid(index))}${j("modemId", "")}${
    j("customer", "Küche &amp; Söhne &lt;1&gt;")
  }${j("ratePlan", "Plan A")}${j("status", "ACTIVATED_NAME")}${j("monthToDateUsage", "12.50")}${
    j("overageLimitReached", "false")
  }${j("dateAdded", "2024-02-01T00:00:00.000Z")}${j("dateModified", time)}<jws:rating>${
    j("renewalRatePlan", "Plan B")
  }${j("primaryDataRemaining", "0.25")}</jws:rating>${
    j("accountId", "100055555")
  }<jws:fixedIpAddress xsi:nil="true"/>${j("ctdSessionCount", "\n 17 ")}${
    j("imsi", `00101${index}`)
  }${j("version", "3")}${j("custom1", "  Jane\n Doe ")}</jws:terminal>`;
}

/** A fault as the vendor writes it; HTTP has 500 for all. */
export function fault(code: string, error: string, side = "Client"): Response {
  const detail = ["error", "exception", "message"].map((name) =>
    `<jws:${name} xmlns:jws="${schema}">${
      name === "error" ? error : "com.example.Some"
    }</jws:${name}>`
  );
  const body = `<SOAP-ENV:Fault><faultcode>SOAP-ENV:${side}</faultcode>` +
    `<faultstring>${code}</faultstring><detail>${detail.join("")}</detail></SOAP-ENV:Fault>`;
  return xmlAnswer(envelope(body), 500);
}

/** The answer to too many calls in a second. */
export function throttled(): Response {
  return fault("400101", "License exceeded the rate limit for API calls.");
}

class Terminals {
  readonly since: (string | undefined)[] = [];
  readonly batches: number[] = [];
  readonly #options: JasperOptions;
  readonly #times: string[];
  #server: JasperServer | undefined;

  constructor(options: JasperOptions) {
    this.#options = options;
    this.#times = Array.from({ length: options.count }, (_, index) => changedAt(index));
  }

  attach(server: JasperServer): void {
    this.#server = server;
  }

  touch(index: number, time: string): void {
    this.#times[index] = time;
  }

  answer(call: VendorCall): Response {
    if (!/^text\/xml; *charset=utf-8$/i.test(call.headers.get("content-type") ?? "")) {
      return new Response("Unsupported Media Type", { status: 415 });
    }
    const { username, password, request } = readMessage(call.body);
    const operation = request.name.replace(/Request$/, "");
    const action = `"http://api.jasperwireless.com/ws/service/terminal/${operation}"`;
    if (call.headers.get("soapaction") !== action || request.space !== schema) {
      return fault("100000", `No endpoint mapping found for ${operation}`);
    }
    if (username !== account.username || password !== account.password) {
      const error = "Security validation error. Your username or password is incorrect.";
      return fault("400200", error);
    }
    const fields = this.#fieldsOf(request, operation);
    if (typeof fields === "string") return fault("Validation error", fields);
    if (fields.get("licenseKey")?.text !== account.licenseKey) {
      return fault("400100", "Invalid license key.");
    }
    const { text: id = "" } = fields.get("messageId") ?? {};
    return operation === "GetModifiedTerminals"
      ? this.#changed(fields, id)
      : this.#details(fields, id);
  }

  /** The fields by name, or what is wrong with them by the schema. */
  #fieldsOf(request: Element, operation: string): Map<string, Element> | string {
    const paged = this.#options.pages === true ? ["pageNumber"] : [];
    const known = ["messageId", "version", "licenseKey"].concat(
      operation === "GetTerminalDetails" ? ["iccids"] : ["accountId", "since", ...paged],
    );
    const positions = request.children.map(({ name, space }) =>
      space === schema ? known.indexOf(name) : -1
    );
    const inOrder = positions.every((position, index) => position > (positions[index - 1] ?? -1));
    if (!inOrder || [0, 1, 2].some((index) => positions[index] !== index)) {
      return `cvc-complex-type.2.4.a: Invalid content in ${request.name}`;
    }
    return new Map(request.children.map((child) => [child.name, child]));
  }

  #respond(name: string, id: string, content: string): Response {
    // The server's clock stands well after the changes.
    const head = `<jws:correlationId>${id}</jws:correlationId><jws:version>7.28</jws:version>` +
      "<jws:build>Unknown</jws:build><jws:timestamp>2026-03-01T00:00:00.000Z</jws:timestamp>";
    const spaces = `xmlns:jws="${schema}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"`;
    return xmlAnswer(envelope(
      `<jws:${name}Response jws:requestId="S7Zv" ${spaces}>${head}${content}</jws:${name}Response>`,
    ));
  }

  #changed(fields: Map<string, Element>, id: string): Response {
    const since = fields.get("since")?.text;
    const page = Number(fields.get("pageNumber")?.text ?? "1");
    const server = this.#server;
    if (server !== undefined) this.#options.onPage?.(page, server);
    this.since.push(since);
    const changed = this.#times.map((time, index) => ({ time: Date.parse(time), index }))
      .filter(({ time }) => since === undefined || time > Date.parse(since))
      .sort((a, b) => a.time - b.time || a.index - b.index);
    const totalPages = Math.max(1, Math.ceil(changed.length / mostIds));
    const shown = this.#options.pages === true
      ? changed.slice((page - 1) * mostIds, page * mostIds)
      : changed;
    const ids = shown.map(({ index }) => `<jws:iccid>${iccid(index)}</jws:iccid>`).join("");
    const last = this.#options.pages === true
      ? `<jws:totalPages>${totalPages}</jws:totalPages>`
      : "";
    return this.#respond("GetModifiedTerminals", id, `<jws:iccids>${ids}</jws:iccids>${last}`);
  }

  #details(fields: Map<string, Element>, id: string): Response {
    const asked = fields.get("iccids")?.children.map(({ text }) => text) ?? [];
    this.batches.push(asked.length);
    if (asked.length < 1 || asked.length > mostIds) {
      return fault("100100", `Between 1 and ${mostIds} ICCIDs are allowed.`);
    }
    const found = asked.map((text) => Number(text.slice(-5)))
      .filter((index) =>
        this.#times[index] !== undefined && !this.#options.unknown?.includes(index)
      )
      .slice(0, this.#options.mostDetails);
    // The order is not guaranteed.
    const terminals = found.reverse().map((index) => terminal(index, this.#times[index] ?? ""));
    const content = `<jws:terminals>${terminals.join("")}</jws:terminals>`;
    return this.#respond("GetTerminalDetails", id, content);
  }
}

/** Starts the server. */
export function startJasper(options: JasperOptions): JasperServer {
  const terminals = new Terminals(options);
  const wsdl: VendorRoute = {
    method: "GET",
    path: wsdlPath,
    answer: ({ url }) => xmlAnswer(terminalWsdl(options.location ?? `${url.origin}${servicePath}`)),
  };
  const vendor = startVendor({
    routes: [wsdl, {
      method: "POST",
      path: servicePath,
      answer: (call) => terminals.answer(call),
    }],
    ...(options.throttle === undefined ? {} : { throttle: options.throttle }),
  });
  const server: JasperServer = Object.assign(vendor, {
    wsdl: `${vendor.url}${wsdlPath}`,
    since: terminals.since,
    batches: terminals.batches,
    touch: (index: number, time: string) => terminals.touch(index, time),
  });
  terminals.attach(server);
  return server;
}
