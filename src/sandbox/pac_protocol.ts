/**
 * What the agent and its sandbox process say to each other about a PAC file, in frames of
 * `protocol.ts`.
 *
 * @module
 */

/** One evaluation. */
export interface PacTask {
  /** Text of the PAC file. */
  readonly script: string;
  readonly url: string;
  readonly host: string;
  /** IPv4 addresses of the names that are known by now; null for what no server knows. */
  readonly names: Readonly<Record<string, string | null>>;
  /** The time that the script sees, in milliseconds since 1970. */
  readonly now: number;
  /** Name of the time zone, for example `Europe/Berlin`. */
  readonly timeZone: string;
  /** What `myIpAddress()` gives. */
  readonly ownAddress: string;
  /** Processor time that it may take, in milliseconds. */
  readonly timeMs: number;
}

/** How an evaluation ended. */
export type PacReply =
  /** With what the script returned, and what it gave to `alert`. */
  | { readonly result: string; readonly said: readonly string[] }
  /** It wants the address of a name: to be evaluated again with it. */
  | { readonly wanted: string }
  /** It failed: a part of a sentence that begins with the PAC file. */
  | { readonly failed: string };
