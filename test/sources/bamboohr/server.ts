/**
 * BambooHR's API, from its documentation: "Authentication" (the key as the user name), "Technical
 * Overview" (503 and Retry-After, X-BambooHR-Error-Message), "Get Employees Directory" (XML unless
 * JSON is asked for, 403 when it is not shared, 404 when it is empty) and "List Employees" (fields,
 * filter[status], page[limit], page[after]).
 *
 * @module
 */
import {
  hasBasic,
  startVendor,
  type Throttle,
  type Vendor,
  type VendorCall,
} from "../../support/vendor.ts";

/** The key that the server accepts. */
export const token = "bamboo-Canary-k3y+with/signs=";

/** The company that the server has. */
export const company = "example";

/** How the server is to be. */
export interface BambooOptions {
  readonly active: number;
  /** People who left; they come last. */
  readonly inactive?: number;
  readonly throttle?: Throttle;
  /** Largest page that the server gives, whatever is asked for. */
  readonly pageLimit?: number;
  /** What of the directory is shared with the owner of the key. */
  readonly sharing?: "all" | "org chart" | "nothing";
  /** Whether the key may read mobile phones. */
  readonly restricted?: boolean;
  /** Whether the API is where the company's own host has it. */
  readonly ownHost?: boolean;
}

const orgChart = ["displayName", "firstName", "lastName", "preferredName", "jobTitle", "pronouns"];
const wholeDirectory = [...orgChart, "workPhone", "mobilePhone", "workEmail", "department"]
  .concat("location", "division", "supervisor");

/** A person as the directory has it. */
function entry(index: number): Record<string, unknown> {
  return {
    id: `${1000 + index}`,
    displayName: `First${index} Lästname`,
    firstName: `First${index}`,
    lastName: "Lästname",
    preferredName: null,
    jobTitle: "Engineer & more",
    pronouns: null,
    workPhone: null,
    mobilePhone: "+49 30 1234",
    workEmail: `person${index}@example.com`,
    department: "R&D",
    location: "Berlin",
    division: null,
    supervisor: "Max Roe",
    photoUploaded: false,
  };
}

function refusal(status: number, message: string): Response {
  return new Response(null, { status, headers: { "X-BambooHR-Error-Message": message } });
}

/** BambooHR's answer when requests come too often. */
export function throttled(resetMs: number): Response {
  const seconds = Math.max(1, Math.ceil(resetMs / 1000));
  return new Response(null, {
    status: 503,
    headers: { "Retry-After": `${seconds}`, "X-BambooHR-Error-Message": "Limit exceeded" },
  });
}

function directory(call: VendorCall, options: BambooOptions): Response {
  if (!hasBasic(call, token, "x")) return refusal(401, "Invalid API key");
  const sharing = options.sharing ?? "all";
  if (sharing === "nothing") return refusal(403, "Directory disabled for this account");
  if (options.active === 0) return refusal(404, "No employees found");
  if (call.headers.get("accept") !== "application/json") {
    const xml = "<directory><fieldset/><employees/></directory>";
    return new Response(xml, { headers: { "Content-Type": "application/xml" } });
  }
  const names = sharing === "all" ? wholeDirectory : orgChart;
  const shown = new Set(["id", "photoUploaded", ...names]);
  const employees = Array.from(
    { length: options.active },
    (_, index) =>
      Object.fromEntries(Object.entries(entry(index)).filter(([name]) => shown.has(name))),
  );
  return Response.json({ fields: names.map((id) => ({ id, type: "text", name: id })), employees });
}

/** A person as the list of employees has it, with the fields asked for. */
function listed(index: number, fields: ReadonlySet<string>, options: BambooOptions) {
  const person = entry(index);
  const optional: Record<string, unknown> = {
    displayName: person.displayName,
    workEmail: person.workEmail,
    workPhone: person.workPhone,
    mobilePhone: options.restricted === true ? null : person.mobilePhone,
    departmentName: person.department,
    divisionName: person.division,
    locationName: person.location,
    reportsToName: person.supervisor,
    hireDate: "2020-01-02",
  };
  const asked = Object.entries(optional).filter(([name]) => fields.has(name));
  return {
    employeeId: person.id,
    firstName: person.firstName,
    lastName: person.lastName,
    preferredName: null,
    photoUrl: "https://images.example.com/1.jpg",
    jobTitleName: person.jobTitle,
    status: index < options.active ? "Active" : "Inactive",
    ...Object.fromEntries(asked),
    ...(options.restricted === true && fields.has("mobilePhone")
      ? { _restrictedFields: ["mobilePhone"] }
      : {}),
  };
}

const known = new Set(["fields", "filter[status]", "page[limit]", "page[after]"]);

function badRequest(code: string): Response {
  return Response.json({ error: { code, message: "Invalid request" } }, { status: 400 });
}

function list(call: VendorCall, options: BambooOptions): Response {
  if (!hasBasic(call, token, "x")) return refusal(401, "Invalid API key");
  if ([...call.query.keys()].some((name) => !known.has(name))) return badRequest("BadRequest");
  const limit = Number(call.query.get("page[limit]") ?? "250");
  if (!Number.isInteger(limit) || limit < 1 || limit > 2500) return badRequest("BadRequest");
  const status = call.query.get("filter[status]");
  if (status !== null && status !== "active" && status !== "inactive") {
    return badRequest("BadRequest");
  }
  const total = options.active + (status === "active" ? 0 : options.inactive ?? 0);
  const cursor = call.query.get("page[after]");
  if (cursor !== null && !/^cur\+\d+\/==$/.test(cursor)) return badRequest("BadPage");
  const start = Number(cursor?.slice(4, -3) ?? 0);
  const end = Math.min(total, start + Math.min(limit, options.pageLimit ?? 2500));
  const fields = new Set((call.query.get("fields") ?? "").split(","));
  const next = end < total ? `cur+${end}/==` : null;
  // The links name the company's own host, whatever host was asked.
  const link = `https://${company}.bamboohr.com/api/v1/employees?page%5Bafter%5D=`;
  return Response.json({
    data: Array.from({ length: end - start }, (_, at) => listed(start + at, fields, options)),
    meta: { total, page: { nextCursor: next, prevCursor: null } },
    _links: {
      self: { href: call.url.href },
      ...(next === null ? {} : { next: { href: link + encodeURIComponent(next) } }),
    },
  });
}

/** Starts the server. */
export function startBamboo(options: BambooOptions): Vendor {
  const root = options.ownHost === true ? "/api/v1" : `/api/gateway.php/${company}/v1`;
  return startVendor({
    routes: [
      {
        method: "GET",
        path: `${root}/employees/directory`,
        answer: (call) => directory(call, options),
      },
      { method: "GET", path: `${root}/employees`, answer: (call) => list(call, options) },
    ],
    ...(options.throttle === undefined ? {} : { throttle: options.throttle }),
  });
}
