/**
 * Sources: where records come from. A source is a declaration, data first, with `records()` last.
 *
 * @module
 */

import type { OnError } from "./converter.ts";
import type { Log } from "../logging/log.ts";
import type { Kind, Skipped, SourceRecord } from "../base/record.ts";
import type { Answer, TlsSettings } from "../runtime/fetch.ts";
import type { ApiChoice, ApiComparison, ApiPair } from "./apis.ts";
import type { Deadline } from "./deadline.ts";
import type { GrantedAccess } from "./granted_access.ts";
import type { Authenticator } from "./http/auth.ts";
import type { ConnectionLogin } from "./http/login_exchange.ts";
import type { Limits } from "./http/rate_limiter.ts";
import type { Options, Values } from "./option.ts";
import type { VendorHttp } from "./http/vendor.ts";

/** How one Oomnitza field gets its value; exactly one of the first three says from where. */
export interface MappingSpec {
  /** Path into the source record, for example `general.serial_number`. */
  readonly source?: string;
  /** Name of an option of the section whose text is the value. */
  readonly setting?: string;
  /** The value itself, any JSON. */
  readonly hardcoded?: unknown;
  /** Converter call, for example `split:on=,|index=1`. */
  readonly converter?: string;
  /** What becomes of a value that the converter cannot convert; as the section says unless given. */
  readonly on_error?: OnError;
  /** A record in which this field is empty is not sent. */
  readonly required?: boolean;
}

/** Oomnitza field name → how it gets its value. */
export type Mappings = Readonly<Record<string, MappingSpec>>;

/** Which paths of the record anybody will look at. */
export interface Wanted {
  /** True when user code may look at any part of the record. */
  readonly everything: boolean;
  /** The source paths of the effective mapping. */
  readonly paths: readonly string[];
}

/** What a section remembers from one run to the next. */
export interface SourceCursor {
  /** Where records go and how they are written there: another destination has nothing of what was read before. */
  readonly destination: string;
  /** Everything was asked for with `--full`, whatever is remembered. */
  readonly isFull: boolean;
  /** What the last run that got everything accepted has set; throws when the state cannot be read. */
  get(key: string): Promise<string | undefined>;
  /** Remembered once all records of this run were accepted; never in test mode or with --record-count. */
  set(key: string, value: string): void;
  /** Says that this run reads everything, whatever `get` gave: what it does not find is gone. */
  readAll(): void;
}

/** What a source is given to read with. */
export interface SourceContext<O> {
  /** Name of the section, for messages about its options. */
  readonly section: string;
  readonly options: O;
  readonly log: Log;
  /** Aborted when the run is to end; reading must stop soon after. */
  readonly signal: AbortSignal;
  readonly wanted: Wanted;
  /** Talks to the vendor, with the credentials and within the limits that the source declares. */
  readonly http: VendorHttp;
  /** How connections that are not HTTP are secured. Throws `ConfigError` when a file of it cannot be read. */
  readonly tls: TlsSettings;
  /** How long such a connection may keep silent, in milliseconds. */
  readonly timeoutMs: number;
  readonly cursor: SourceCursor;
  /** Which of the two APIs is used, of a source that declares `apis`. */
  readonly apis: ApiChoice;
  /**
   * Fetches something for each of some items, in order, as many at once as is allowed. An item that
   * cannot be fetched becomes a {@linkcode Skipped} record under the name given; only when nothing
   * works any more, or the credentials are refused, the error is thrown.
   */
  each<In, Out>(
    items: Iterable<In> | AsyncIterable<In>,
    work: (item: In) => Promise<Out>,
    name: (item: In) => string,
  ): AsyncGenerator<Out | Skipped>;
  /** Reports how many records the vendor says there are, for the account to be checked against. */
  total(count: number): void;
}

/** How to talk to a vendor over HTTP. */
export interface VendorAccess {
  /** Prefix of every path, without a trailing slash. */
  readonly base: string;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly auth?: Authenticator;
  /** Who logs in on the connection, where that is how the vendor wants it. */
  readonly login?: ConnectionLogin;
  /** The vendor's own message in an answer that is an error, where it is not the body; undefined when there is none. */
  readErrorMessage?(answer: Answer): string | undefined;
}

/** What a webhook brings: a hint at what changed, never the data itself. */
export interface WebhookCall {
  /** The body of the request, parsed from JSON. */
  readonly body: unknown;
}

/** What there is to do about a webhook call. */
export type WebhookHint =
  /** Something is to be fetched; calls with the same key are about the same and need one fetch. */
  | {
    readonly key: string;
    /** The little of the body that `webhook` needs: it is kept until then. */
    readonly body: unknown;
  }
  /** Nothing, and why: a sentence for the log. */
  | { readonly ignored: string; readonly level: "info" | "warning" };

/** Several items at once; `locate`, for a page of records alone, says where one of them is, for people. */
export type SourcePage = readonly (SourceRecord | Skipped)[] & {
  readonly locate?: (index: number) => string;
};

/**
 * What a source gives: a record, one that could not be read, or several of them at once. Those that come
 * by the page or the block may go on that way, which is quicker than one by one.
 */
export type SourceItem = SourceRecord | Skipped | SourcePage;

/** What the data of a source lack of the paths that are mapped, known before they are read. */
export interface MissingPaths {
  /** Where they were looked for, for people: `the header of assets.csv`. */
  readonly where: string;
  /** Paths that no record will have, each with what was probably meant. */
  readonly paths: readonly { readonly path: string; readonly suggestion?: string | undefined }[];
  /** What there is. */
  readonly available: readonly string[];
  /** What is probably wrong with all of it, a sentence. */
  readonly hint?: string | undefined;
}

/** What every section has, as far as the rules of sources depend on it. */
export interface CommonOptions {
  /** File with a client certificate; blank when there is none. */
  readonly user_pem_file?: string;
}

/** A source as declared: data first, then `rule`, `check` and `records()`, always in this order. */
export interface Source<O extends Options = Options> {
  /** Section name in the ini. */
  readonly name: string;
  /** Name for people, for example `Okta`. */
  readonly title: string;
  readonly kind: Kind;
  /** One sentence for the docs. */
  readonly summary: string;
  /** The label under which Oomnitza knows the source. */
  readonly mappingName: string | ((options: Values<O>) => string);
  readonly options: O;
  /** Options of other sources that cannot be had here, and why: to leave them without effect would mislead. */
  readonly refused?: Readonly<Record<string, string>>;
  readonly mappings: Mappings | ((options: Values<O>) => Mappings);
  /** Source path → converter call, for mappings of that path that name none. */
  readonly converters?: Readonly<Record<string, string>>;
  /** Source path → meaning. */
  readonly fields?: Readonly<Record<string, string>>;
  /** Source paths of what a person knows a record by, beside its sync field: its id, its name. */
  readonly namedBy?: readonly string[];
  /**
   * Source path of the id by which the vendor knows a record for as long as it exists, whatever else of it changes. No two
   * records share one, and every record has it without being asked for. Of several paths, the first that has a
   * value counts.
   */
  readonly vendorId?: string | readonly string[];
  /** Whether a path holds serial numbers: what manufacturers write instead of one is no value then. */
  isSerial?(path: string): boolean;
  /** What the vendor allows; options of a section can lower it. */
  readonly limits?: Limits;
  /** What the vendor ends of that which sections may depend on. */
  readonly deadlines?: readonly Deadline<Values<O>>[];
  /** The older and the newer API of the vendor, where a section may be read by either. */
  readonly apis?: ApiPair<Values<O>>;
  /** What no single option can say; what is wrong, or nothing. */
  rule?(options: Values<O> & CommonOptions): string | undefined;
  /** Where the vendor is and how to authenticate. */
  http?(options: Values<O>): VendorAccess;
  /** Are address and credentials right? Throws `AuthError` or `SourceError`. */
  check?(context: SourceContext<Values<O>>): Promise<void>;
  /**
   * What the credentials allow, as far as the vendor tells. Throws `AuthError` when it does not let them
   * ask.
   */
  inspectAccess?(context: SourceContext<Values<O>>): Promise<GrantedAccess>;
  /** What is missing of the wanted paths, where that is known without reading all of the data. */
  findMissing?(context: SourceContext<Values<O>>): Promise<MissingPaths | undefined>;
  /**
   * Reads up to `count` records by both of the `apis`. Throws `SourceError` when one of them is not to be
   * had.
   */
  compareApis?(context: SourceContext<Values<O>>, count: number): Promise<ApiComparison>;
  /** All records, in the source's order. */
  records(context: SourceContext<Values<O>>): AsyncIterable<SourceItem>;
  /**
   * What there is to do about a webhook call, from its body alone. Without this, the whole body is
   * kept, and every call is fetched for. Throws `SourceError` when the body is none of the vendor's.
   */
  webhookHint?(call: WebhookCall): WebhookHint;
  /** The records that a webhook call is about, fetched anew. */
  webhook?(
    context: SourceContext<Values<O>>,
    call: WebhookCall,
  ): AsyncIterable<SourceRecord | Skipped>;
}

/** Declares a source; the types of its options flow into all of its functions. */
export function defineSource<const O extends Options>(source: Source<O>): Source {
  return source as unknown as Source;
}
