/**
 * What went wrong with PostgreSQL, in our words: to which server, and what to do.
 *
 * @module
 */

import { AgentError } from "../../base/errors.ts";
import { postgresCodes } from "../../runtime/postgres.ts";

/** What of a failure a program decides by. */
export interface PgFailure {
  /** SQLSTATE of the server, `40P01` for instance; empty when the server said nothing. */
  readonly state: string;
  /** Whether it may have been done all the same: the answer to a write or a COMMIT did not come. */
  readonly isUnknown: boolean;
  readonly retriable: boolean;
}

/** PostgreSQL did not do what it was asked to. */
export class PgError extends AgentError implements PgFailure {
  override name = "PgError";
  readonly state: string;
  readonly isUnknown: boolean;

  constructor(message: string, hint: string, failure: PgFailure, cause?: unknown) {
    super(message, { hint, retriable: failure.retriable, cause });
    this.state = failure.state;
    this.isUnknown = failure.isUnknown;
  }
}

interface Words {
  readonly what: string;
  readonly hint: string;
  readonly retriable: boolean;
}

const lookAtServer = "Look whether the server runs and can be reached from here.";
const report = "This is a mistake in the agent: report it with the code.";

/** By SQLSTATE, the longest beginning that fits. */
const byState: Readonly<Record<string, Words>> = {
  "28": { what: "refuses user or password", hint: "Correct them in the URL.", retriable: false },
  "3D": { what: "has no such database", hint: "Create it, or correct the URL.", retriable: false },
  "42501": {
    what: "refuses: a right is missing",
    hint: "Grant it to the user of the URL.",
    retriable: false,
  },
  // A pooler says so when its server is away.
  "08": { what: "lost the connection", hint: lookAtServer, retriable: true },
  "23": { what: "refuses: a row is in conflict with others", hint: report, retriable: false },
  "40": {
    what: "rolled back: others changed the same rows",
    hint: "It can be tried again.",
    retriable: true,
  },
  "53300": {
    what: "has no connection left",
    hint: "Lower the pool of the agents, or raise max_connections.",
    retriable: true,
  },
  "53": { what: "is out of disk or memory", hint: "Make room on the server.", retriable: true },
  "57P03": { what: "is starting or stopping", hint: "Wait for it.", retriable: true },
  "57014": { what: "stopped the statement", hint: "It took too long.", retriable: true },
  "57": { what: "ended the connection", hint: lookAtServer, retriable: true },
  "25006": {
    what: "is read-only",
    hint: "Name the primary in the URL, not a standby.",
    retriable: true,
  },
};

/** By the code of the driver or the operating system, the first that is found in it. */
const byCode: readonly (readonly [RegExp, Words])[] = [
  [/CONNECTION_REFUSED|ECONNREFUSED|ENOENT|FAILED_TO_OPEN_SOCKET/, {
    what: "cannot be reached",
    hint: lookAtServer,
    retriable: true,
  }],
  [/ENOTFOUND|DNS/, { what: "has no address", hint: "Correct the host.", retriable: true }],
  [/TLS|SSL|CERT|SIGNED|ISSUER|ALTNAME|VERIFY/, {
    what: "has a certificate or TLS that is not accepted",
    hint: "Name the file of its authority, and the host as the certificate does.",
    retriable: false,
  }],
  [/AUTH|PASSWORD|SASL|PBKDF/, {
    what: "and the agent agree on no way to log in",
    hint: "Let the server ask for scram-sha-256.",
    retriable: false,
  }],
  [/TIMEOUT/, { what: "does not answer", hint: lookAtServer, retriable: true }],
  [/CLOSED|RESET|PIPE/, { what: "closed the connection", hint: lookAtServer, retriable: true }],
];

/**
 * What a driver threw, as an error of ours. Its own words are left out: they may quote values of rows.
 *
 * @param name The server, without the password.
 * @param wasSent Whether the server may have done it when it did not answer.
 */
export function failureOf(thrown: unknown, name: string, wasSent: boolean): Error {
  if (thrown instanceof AgentError) return thrown;
  const { code: ownCode, state } = postgresCodes(thrown);
  const code = ownCode ||
    (thrown instanceof Error && "code" in thrown ? String(thrown.code) : "");
  // What is not of the driver was thrown by the work of a transaction.
  if (code === "") return thrown instanceof Error ? thrown : new Error(String(thrown));
  const words = wordsFor(code, state);
  const shown = state === "" ? code : `SQLSTATE ${state}`;
  const isUnknown = wasSent && /^$|^08|^57/.test(state);
  return new PgError(`PostgreSQL at ${name} ${words.what} (${shown})`, words.hint, {
    state,
    isUnknown,
    retriable: words.retriable,
  });
}

function wordsFor(code: string, state: string): Words {
  const known = byState[state] ?? byState[state.slice(0, 2)];
  if (known !== undefined && state !== "") return known;
  if (state !== "") return { what: "refuses the statement", hint: report, retriable: false };
  const found = byCode.find(([pattern]) => pattern.test(code.toUpperCase()));
  return found?.[1] ?? { what: "failed", hint: lookAtServer, retriable: true };
}

/** That the time was over before an answer came. */
export function overdue(name: string, milliseconds: number, wasSent: boolean): PgError {
  return new PgError(
    `PostgreSQL at ${name} did not answer within ${milliseconds / 1000} s`,
    lookAtServer,
    { state: "", isUnknown: wasSent, retriable: true },
  );
}
