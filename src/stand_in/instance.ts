/**
 * One stand-in at work: what its routes share.
 *
 * @module
 */
import type { Context } from "hono";
import type { Peer } from "../runtime/serve.ts";
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

/** Everything the routes of one stand-in work on. */
export interface Instance {
  readonly tokens: Tokens;
  readonly store: Store;
  readonly apiVersions: ReadonlySet<ApiVersion>;
  readonly mappings: ServerMappings;
  readonly locations: readonly Location[];
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
