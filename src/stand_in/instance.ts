/**
 * One stand-in at work: what its routes share.
 *
 * @module
 */
import type { Context } from "hono";
import type { Peer } from "../runtime/serve.ts";
import type { FieldDefinitions } from "./fields.ts";
import { Refusal } from "./refusal.ts";
import type { Store } from "./store.ts";
import type { Tokens } from "./tokens.ts";

/** A version of the upload protocol. */
export type ApiVersion = "v2" | "v3";

/** Server-side mappings: mapping name → source path → field name or names. */
export type ServerMappings = Readonly<
  Record<string, Readonly<Record<string, string | readonly string[]>>>
>;

/** An entry of the location list, for example `{"location_id": "HQ", "name": "Main office"}`. */
export type Location = Readonly<Record<string, unknown>>;

/** What only some roles see, and only newer instances have. */
export interface Access {
  readonly runLog: AccessLevel;
  readonly records: AccessLevel;
  readonly history: AccessLevel;
  readonly fields: AccessLevel;
}

/** `denied`: the role may not see it. `absent`: the instance is too old to have it. */
export type AccessLevel = "given" | "denied" | "absent";

/** Everything the routes of one stand-in work on. */
export interface Instance {
  readonly tokens: Tokens;
  readonly store: Store;
  readonly apiVersions: ReadonlySet<ApiVersion>;
  readonly mappings: ServerMappings;
  readonly locations: readonly Location[];
  readonly access: Access;
  /** Whether the run log finds a portion by the id of its upload, and not only by its number. */
  readonly knowsUploadIds: boolean;
  readonly fields: FieldDefinitions;
  /** Who changes single records. */
  readonly userName: string;
  /** When it was started, milliseconds since 1970. */
  readonly startedAt: number;
}

/** What the routes know of a request beside the request itself. */
export interface Env {
  Bindings: { readonly peer: Peer };
}

/** The context of a request to a stand-in. */
export type Call = Context<Env>;

/** The query of a request, decoded. */
export function readQuery(c: Call): URLSearchParams {
  const mark = c.req.url.indexOf("?");
  return new URLSearchParams(mark < 0 ? "" : c.req.url.slice(mark + 1));
}

/**
 * Lets nobody have what the instance does not give.
 *
 * @throws {Refusal} 403 or 404
 */
export function requireAccess({ access }: Instance, what: keyof Access): void {
  if (access[what] === "denied") throw new Refusal(403, "the role has no right to this");
  if (access[what] === "absent") throw new Refusal(404, "there is nothing here");
}

/**
 * Reads a JSON body.
 *
 * @throws {Refusal} 400 when it is not sent as JSON in UTF-8, or is none
 */
export async function readJson(c: Call): Promise<unknown> {
  const type = c.req.header("content-type") ?? "";
  if (!/^application\/json(;\s*charset=utf-8)?$/i.test(type)) {
    throw new Refusal(400, "Content-Type is not application/json; charset=utf-8");
  }
  try {
    return await c.req.raw.json();
  } catch (error) {
    if (error instanceof SyntaxError) throw new Refusal(400, "the body is not JSON");
    throw error;
  }
}
