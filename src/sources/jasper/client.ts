/**
 * Control Center's Terminal service: which SIMs changed, and what they are.
 *
 * @module
 */

import { z } from "zod";
import {
  callSoap,
  isObject,
  listChildren,
  loadService,
  retryPolicies,
  type SoapAccess,
  type SoapFault,
  type SoapService,
  type SourceContext,
  type SourceRecord,
  type XmlElement,
} from "../../sdk/mod.ts";
import { type Access, batchSize, usualWsdl } from "./access.ts";
import { toSim } from "./record.ts";

/** One answer about changed SIMs. */
export interface ChangedPage {
  readonly iccids: readonly string[];
  /** 1 for servers that do not page. */
  readonly totalPages: number;
  /** The server's time; blank when it does not send it. */
  readonly timestamp: string;
}

/** The running service. */
export interface TerminalService {
  /** The most ids that `details` takes. */
  readonly batchSize: number;
  /** One page of the SIMs that changed after a time, or of all, oldest change first. */
  changed(since: string | undefined, page: number): Promise<ChangedPage>;
  /** The SIMs of that ids that the service knows. */
  details(iccids: readonly string[]): Promise<readonly SourceRecord[]>;
}

const operations = ["GetModifiedTerminals", "GetTerminalDetails"] as const;
const namespace = "http://api.jasperwireless.com/ws/schema";
const actions = "http://api.jasperwireless.com/ws/service/terminal";

const usualService: SoapService = {
  endpoint: "https://api.jasperwireless.com/ws/service/terminal",
  actions: Object.fromEntries(operations.map((name) => [name, `${actions}/${name}`])),
};

/** The Python connector waited as long: a list that is not paged may hold every SIM of an account. */
const longWait = 600_000;

const element = z.custom<XmlElement | null>((value) => value === null || isObject(value));

const modified = z.object({
  iccids: element.optional(),
  totalPages: z.string().trim().regex(/^\d+$/).nullish(),
  timestamp: z.string().nullish(),
});

const detailed = z.object({ terminals: element.optional() });

/**
 * The numbers that Jasper puts where SOAP has its text. "API policies and best practices" has 400101
 * for too many calls in a second; its neighbours are about the license key, and 4002xx about the user.
 */
function classifyFault({ string }: SoapFault): "refused" | "throttled" | undefined {
  const [code] = /^\d+/.exec(string) ?? [];
  if (code === "400101") return "throttled";
  return /^400[12]\d\d$/.test(code ?? "") ? "refused" : undefined;
}

async function findService(context: SourceContext<Access>): Promise<SoapService> {
  const { http, log, options: { wsdl_path } } = context;
  if (wsdl_path === usualWsdl) return usualService;
  const service = await loadService(http, wsdl_path, operations);
  const { protocol, hostname } = new URL(service.endpoint);
  if (protocol === "http:" && !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)) {
    log.warning(
      `The service is at ${service.endpoint}: without https, anybody on the network path can read the password`,
    );
  }
  return service;
}

/** Reads the WSDL; the credentials are first looked at by the first call. */
export async function openTerminals(context: SourceContext<Access>): Promise<TerminalService> {
  const { http, options: { username, password, api_token } } = context;
  const service = await findService(context);
  const access: SoapAccess = {
    service,
    namespace,
    username,
    password,
    classifyFault: classifyFault,
  };
  let messages = 0;
  // Clients send a version of their own; any text will do.
  const common = () => ({ messageId: `oom-${++messages}`, version: "1.0", licenseKey: api_token });
  return {
    batchSize,
    async changed(since, page) {
      // Older servers do not know pageNumber; those that page take its absence for the first.
      const pageNumber = page === 1 ? undefined : `${page}`;
      const request = { ...common(), since, pageNumber };
      const call = { operation: "GetModifiedTerminals", request, what: "changed SIMs" };
      const answer = await callSoap(http, access, { ...call, timeoutMs: longWait }, modified);
      return {
        iccids: listChildren(answer.iccids, "iccid")
          .flatMap((iccid) => typeof iccid === "string" ? [iccid.trim()] : []),
        totalPages: Math.max(1, Number(answer.totalPages ?? 1)),
        timestamp: answer.timestamp ?? "",
      };
    },
    async details(iccids) {
      const request = { ...common(), iccids: { iccid: iccids } };
      const what = `${iccids.length} SIMs`;
      const call = { operation: "GetTerminalDetails", request, what, retry: retryPolicies.detail };
      const answer = await callSoap(http, access, call, detailed);
      const terminals = listChildren(answer.terminals, "terminal");
      return terminals.flatMap((terminal) => isObject(terminal) ? [toSim(terminal)] : []);
    },
  };
}
