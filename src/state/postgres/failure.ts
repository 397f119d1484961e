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
  /** The server's own words are of use, and name tables, roles and settings only, never values of rows. */
  readonly isQuoted?: boolean;
}

const lookAtServer = "Look whether the server runs and can be reached from here.";
const report = "This is a mistake in the agent: report it with the code.";
const pooled =
  "A pooler in transaction mode is in between: add pgbouncer=true to url in [state], as in postgres://…/DATABASE?pgbouncer=true.";

/** By SQLSTATE, the longest beginning that fits. */
const byState: Readonly<Record<string, Words>> = {
  "28P01": {
    what: "refuses user or password",
    hint: "Correct url or password in [state].",
    retriable: false,
  },
  "28": {
    what: "does not let this user in",
    hint: "Look at pg_hba.conf of the server, and whether the role may log in.",
    retriable: false,
    isQuoted: true,
  },
  "3D": {
    what: "has no such database",
    hint: "Create it, or correct url in [state].",
    retriable: false,
  },
  "42501": {
    what: "refuses: a right is missing",
    hint: "Grant it to the user of the URL: agent doctor says which tables are meant.",
    retriable: false,
    isQuoted: true,
  },
  "42P01": {
    what: "does not have a table of the state",
    hint: "Restore the tables from a backup. Whoever removed the whole schema may also run " +
      '"agent state migrate", and begins with an empty state.',
    retriable: false,
    isQuoted: true,
  },
  "42P05": { what: "knows a statement by another text", hint: pooled, retriable: false },
  "26000": { what: "does not know a statement", hint: pooled, retriable: false },
  "22P05": {
    what: "cannot keep a character",
    hint:
      "The database has to be in UTF8: make a new one, with ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0.",
    retriable: false,
    isQuoted: true,
  },
  // A pooler says so when its server is away.
  "08": {
    what: "lost the connection",
    hint: `${lookAtServer} PgBouncer has to be in transaction or session mode.`,
    retriable: true,
    isQuoted: true,
  },
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
    isQuoted: true,
  },
  "53": {
    what: "is out of disk or memory",
    hint: "Make room on the server.",
    retriable: true,
    isQuoted: true,
  },
  "55P03": {
    what: "did not get a lock in time",
    hint: "Find out in pg_locks who locks the tables, and look at lock_timeout of the role.",
    retriable: true,
    isQuoted: true,
  },
  "57P03": { what: "is starting or stopping", hint: "Wait for it.", retriable: true },
  "57014": {
    what: "stopped the statement",
    hint:
      "It took longer than statement_timeout of the role or the database allows, or somebody cancelled it.",
    retriable: true,
    isQuoted: true,
  },
  "57": { what: "ended the connection", hint: lookAtServer, retriable: true },
  "25P03": {
    what: "ended a transaction that waited for the agent",
    hint: "The agent stood still for longer than idle_in_transaction_session_timeout allows.",
    retriable: true,
  },
  "25006": {
    what: "is read-only",
    hint: "Name the primary in the URL, not a standby. If it is the primary, " +
      "reset default_transaction_read_only of the role and of the database.",
    retriable: true,
  },
  "58": {
    what: "has an error of its disk or its system",
    hint: "Look into the log of the server.",
    retriable: true,
    isQuoted: true,
  },
  // Poolers of cloud services say it of much that passes.
  "XX": {
    what: "has an internal error",
    hint: "Look into the log of the server.",
    retriable: true,
    isQuoted: true,
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
  [/ALTNAME/, {
    what: "has a certificate for another host name",
    hint: "Name the host in url as the certificate does. " +
      "With sslmode=verify-ca, the name is not compared.",
    retriable: false,
  }],
  [/TLS|SSL|CERT|SIGNED|ISSUER|VERIFY/, {
    what: "has a certificate or TLS that is not accepted",
    hint: "Name the PEM file of the authority of its certificate as ca in [state].",
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

/** What would break a line of the log. */
// deno-lint-ignore no-control-regex
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;

/** Characters of the server's own words that are shown. */
const quotedAtMost = 200;

/**
 * What a driver threw, as an error of ours. Its own words are left out where they may quote values of rows.
 *
 * @param name The server, without the password.
 * @param wasSent Whether the server may have done it when it did not answer.
 */
export function failureOf(thrown: unknown, name: string, wasSent: boolean): Error {
  if (thrown instanceof AgentError) return thrown;
  const { code: ownCode, state, words: said } = postgresCodes(thrown);
  const code = ownCode ||
    (thrown instanceof Error && "code" in thrown ? String(thrown.code) : "");
  // What is not of the driver was thrown by the work of a transaction.
  if (code === "") return thrown instanceof Error ? thrown : new Error(String(thrown));
  const words = wordsFor(code, state);
  const quoted = words.isQuoted === true ? said.replace(controls, " ").slice(0, quotedAtMost) : "";
  const shown = state === "" ? code : `SQLSTATE ${state}${quoted === "" ? "" : `: ${quoted}`}`;
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
