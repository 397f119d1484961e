/**
 * BambooHR's API, from its documentation: "Authentication" (the key as the user name), "Getting Started
 * With The API" (token.php, bearer tokens), "Technical Overview" (X-BambooHR-Error-Message), "Planned
 * Changes to the API" (429 with Retry-After since September 2026, 503 before), "Get Employees Directory"
 * (XML unless JSON is asked for, 403 when it is not shared, 404 when it is empty), "Get Employee" (no
 * more than 400 fields), "List Employees" (fields, filter[status], filter[ids], page[limit], page[after]) and
 * "Get Changed Employee IDs" (since in whole seconds).
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

/** An application that a person has authorized. */
export const application = {
  clientId: "bamboo-app",
  clientSecret: "bamboo-Canary-s3cret+with/signs=",
  /** Begins every token that the server hands out. */
  tokenStart: "bamboo-Canary-access-",
  refreshStart: "bamboo-Canary-refresh-",
} as const;

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
  /** Scopes that the application was granted. */
  readonly scopes?: readonly string[];
  /** Whether each refresh token is good for once only. */
  readonly rotates?: boolean;
  /** Seconds that a token is said to live; it is taken for an hour. */
  readonly tokenSeconds?: number;
  /** Called after each answer was made up. */
  readonly onAnswer?: () => void;
  /** Called before each page of the list, with the number of people who are in it then. */
  readonly changing?: (call: VendorCall) => { readonly from: number };
}

const allScopes = ["employee_directory", "employee", "employee:name", "employee:job"]
  .concat("employee:contact");

/** Hands out tokens, and knows them. */
class Tokens {
  readonly #options: BambooOptions;
  readonly #ends = new Map<string, number>();
  #refreshes = 0;

  constructor(options: BambooOptions) {
    this.#options = options;
  }

  grant(call: VendorCall): Response {
    const refuse = (error: string) => Response.json({ error }, { status: 400 });
    if (call.headers.get("content-type") !== "application/json") return refuse("invalid_request");
    const form = JSON.parse(call.body);
    const isKnown = form.client_id === application.clientId &&
      form.client_secret === application.clientSecret;
    if (!isKnown) return refuse("invalid_client");
    if (form.grant_type !== "refresh_token") return refuse("unsupported_grant_type");
    const good = this.#options.rotates === true ? this.#refreshes : 0;
    if (form.refresh_token !== application.refreshStart + good) return refuse("invalid_grant");
    const access_token = `${application.tokenStart}${this.#ends.size}`;
    const { tokenSeconds: expires_in = 3600, rotates, scopes = allScopes } = this.#options;
    this.#ends.set(access_token, Date.now() + 3_600_000);
    const refresh_token = application.refreshStart + (rotates === true ? ++this.#refreshes : 0);
    const scope = scopes.join(" ");
    return Response.json({ access_token, expires_in, token_type: "Bearer", scope, refresh_token });
  }

  /** Why a request is refused that needs all of these scopes. */
  refusal(call: VendorCall, scopes: readonly string[]): Response | undefined {
    if (hasBasic(call, token, "x")) return undefined;
    const [, bearer = ""] = /^Bearer (.+)$/.exec(call.headers.get("authorization") ?? "") ?? [];
    if ((this.#ends.get(bearer) ?? 0) <= Date.now()) return refusal(401, "Invalid API key");
    const granted = this.#options.scopes ?? allScopes;
    return scopes.every((scope) => granted.includes(scope))
      ? undefined
      : refusal(403, "Insufficient scope");
  }
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

/** BambooHR's answer when requests come too often; it was a 503 until September 2026. */
export function throttled(resetMs: number, status = 429): Response {
  const seconds = Math.max(1, Math.ceil(resetMs / 1000));
  return new Response(null, {
    status,
    headers: { "Retry-After": `${seconds}`, "X-BambooHR-Error-Message": "Limit exceeded" },
  });
}

function directory(call: VendorCall, options: BambooOptions, tokens: Tokens): Response {
  const refused = tokens.refusal(call, ["employee_directory"]);
  if (refused !== undefined) return refused;
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
function listed(
  index: number,
  fields: ReadonlySet<string>,
  options: BambooOptions,
  { version = 0 }: Partial<Change>,
) {
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
    nickname: `${version}`,
  };
  const custom = [...fields].filter((name) => /^custom\d+$/.test(name))
    .map((name) => [name, `${name} of ${index}`] as const);
  const asked = [...Object.entries(optional).filter(([name]) => fields.has(name)), ...custom];
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

const known = new Set(["fields", "filter[status]", "filter[ids]", "page[limit]", "page[after]"]);

function badRequest(code: string): Response {
  return Response.json({ error: { code, message: "Invalid request" } }, { status: 400 });
}

/** The last change of a person. */
interface Change {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly action: "Inserted" | "Updated" | "Deleted";
  readonly version: number;
}

/** The people of the company, and what became of them. */
class People {
  readonly #options: BambooOptions;
  readonly changes = new Map<number, Change>();
  #count: number;
  /** How much the clock is ahead of that of the machine. */
  ahead = 0;

  constructor(options: BambooOptions) {
    this.#options = options;
    this.#count = options.active + (options.inactive ?? 0);
  }

  get now(): number {
    return Date.now() + this.ahead;
  }

  /** Those who are there, in order. */
  get indices(): number[] {
    return Array.from({ length: this.#count }, (_, index) => index)
      .filter((index) => this.changes.get(index)?.action !== "Deleted");
  }

  isActive(index: number): boolean {
    const { active, inactive = 0 } = this.#options;
    return index < active || index >= active + inactive;
  }

  change(index: number, action: Change["action"]): void {
    const version = (this.changes.get(index)?.version ?? 0) + 1;
    this.changes.set(index, { at: this.now, action, version });
  }

  add(): void {
    this.change(this.#count++, "Inserted");
  }

  /** "Get Changed Employee IDs". */
  listChanged(call: VendorCall): Response {
    const since = call.query.get("since") ?? "";
    if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:?\d\d)$/.test(since)) {
      return refusal(400, "Invalid since");
    }
    const found = [...this.changes].filter(([, { at }]) => at >= Date.parse(since));
    const toTime = (at: number) => new Date(at).toISOString().replace(/\.\d+Z$/, "+00:00");
    const employees = Object.fromEntries(found.map(([index, { at, action }]) => {
      const id = `${entry(index).id}`;
      return [id, { id, action, lastChanged: toTime(at) }];
    }));
    return Response.json({
      latest: toTime(this.now),
      // As PHP writes an empty array.
      employees: found.length === 0 ? [] : employees,
    });
  }
}

function list(call: VendorCall, options: BambooOptions, tokens: Tokens, people: People): Response {
  const refused = tokens.refusal(call, ["employee", "employee:name", "employee:job"]);
  if (refused !== undefined) return refused;
  if ([...call.query.keys()].some((name) => !known.has(name))) return badRequest("BadRequest");
  const limit = Number(call.query.get("page[limit]") ?? "250");
  if (!Number.isInteger(limit) || limit < 1 || limit > 2500) return badRequest("BadRequest");
  const status = call.query.get("filter[status]");
  if (status !== null && status !== "active" && status !== "inactive") {
    return badRequest("BadRequest");
  }
  const cursor = call.query.get("page[after]");
  if (cursor !== null && !/^cur\+\d+\/==$/.test(cursor)) return badRequest("BadPage");
  // Who is first in the list, and so on which page everybody is, may change from call to call.
  const { from } = options.changing?.(call) ?? { from: 0 };
  const ids = call.query.get("filter[ids]")?.split(",");
  const all = people.indices.filter((index) =>
    index >= from && (status === null || people.isActive(index) === (status === "active")) &&
    (ids === undefined || ids.includes(`${entry(index).id}`))
  );
  const start = Number(cursor?.slice(4, -3) ?? from);
  const rest = all.filter((index) => index >= start);
  const end = Math.min(limit, options.pageLimit ?? 2500);
  const fields = new Set((call.query.get("fields") ?? "").split(","));
  if (fields.size > 400) return badRequest("BadRequest");
  const next = end < rest.length ? `cur+${rest[end]}/==` : null;
  // The links name the company's own host, whatever host was asked.
  const link = `https://${company}.bamboohr.com/api/v1/employees?page%5Bafter%5D=`;
  return Response.json({
    data: rest.slice(0, end).map((index) =>
      listed(index, fields, options, people.changes.get(index) ?? {})
    ),
    meta: { total: all.length, page: { nextCursor: next, prevCursor: null } },
    _links: {
      self: { href: call.url.href },
      ...(next === null ? {} : { next: { href: link + encodeURIComponent(next) } }),
    },
  });
}

/** A server at work. */
export interface BambooServer extends Vendor {
  /** Lets its clock run on; until then it is the clock of the machine. */
  advance(ms: number): void;
  change(index: number): void;
  add(): void;
  remove(index: number): void;
  /** Index → how often the person changed. */
  versions(): ReadonlyMap<number, number>;
}

/** Starts the server. */
export function startBamboo(options: BambooOptions): BambooServer {
  const tokens = new Tokens(options);
  const people = new People(options);
  const root = options.ownHost === true ? "/api/v1" : `/api/gateway.php/${company}/v1`;
  const timed = (answer: (call: VendorCall) => Response) => (call: VendorCall) => {
    const response = answer(call);
    response.headers.set("Date", new Date(people.now).toUTCString());
    options.onAnswer?.();
    return response;
  };
  const vendor = startVendor({
    routes: [
      {
        method: "GET",
        path: `${root}/employees/directory`,
        answer: (call) => directory(call, options, tokens),
      },
      {
        method: "GET",
        path: `${root}/employees`,
        answer: timed((call) => list(call, options, tokens, people)),
      },
      {
        method: "GET",
        path: `${root}/employees/changed`,
        answer: timed((call) => tokens.refusal(call, ["employee"]) ?? people.listChanged(call)),
      },
      { method: "POST", path: "/token.php", answer: (call) => tokens.grant(call) },
    ],
    ...(options.throttle === undefined ? {} : { throttle: options.throttle }),
  });
  return Object.assign(vendor, {
    advance: (ms: number) => void (people.ahead += ms),
    change: (index: number) => people.change(index, "Updated"),
    add: () => people.add(),
    remove: (index: number) => people.change(index, "Deleted"),
    versions: () =>
      new Map(people.indices.map((index) => [index, people.changes.get(index)?.version ?? 0])),
  });
}
