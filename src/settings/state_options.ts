/**
 * The options of `[state]`: where the agent keeps its state when that is not a file beside the configuration.
 *
 * @module
 */

import { opt, type Values } from "../sdk/option.ts";
import { secretOptions } from "./section_options.ts";

/** Everything that can be set in `[state]`. */
export const stateOptions = {
  url: opt.secret(
    "PostgreSQL that keeps the state, for several agents that share it: postgres://USER:PASSWORD@HOST:5432/DATABASE. Without it, the state is a file on this machine. TLS with a verified certificate, except on this machine; sslmode=disable, require, verify-ca and verify-full after a question mark say otherwise, host=/FOLDER names a unix socket, pgbouncer=true a pooler in transaction mode.",
    { default: "", example: "${env:STATE_URL}" },
  ),
  password: opt.secret("Password for PostgreSQL, when url has none.", {
    default: "",
    advanced: true,
  }),
  tenant: opt.text(
    "Whose state it is: agents with the same tenant share one, and see nothing of the others in the same database. Give each instance of Oomnitza its own.",
    { default: "main", example: "acme" },
  ),
  schema: opt.text(
    "Schema of the database with the tables: a-z, 0-9 and _. It is created when it is not there.",
    { default: "oomnitza_agent", advanced: true },
  ),
  ca: opt.path(
    "Certificates of the authorities that the server's certificate may come from, PEM. By default those of the system.",
    { default: "", advanced: true },
  ),
  pool: opt.integer(
    "Maximum number of connections of one agent to the database. One more renews its lease, and one takes webhook events in.",
    {
      default: 4,
      minimum: 1,
      maximum: 100,
      advanced: true,
    },
  ),
  timeout: opt.integer(
    "Timeout for one statement or transaction in PostgreSQL, in seconds.",
    { default: 10, minimum: 1, maximum: 300, advanced: true },
  ),
  lease_seconds: opt.integer(
    "Seconds after which other agents take over what an agent did that gave no sign of life. It renews that three times as often, and stops its work when it could not.",
    { default: 30, minimum: 3, maximum: 600, advanced: true },
  ),
  spool: opt.text(
    "File on this machine that keeps webhook events while PostgreSQL cannot be reached. By default agent-spool.sqlite beside the state file of this machine; none refuses such events instead. With serve --configs, [state] of listener.ini names it for all tenants.",
    {
      default: "",
      example: "/var/lib/oomnitza-agent/spool.sqlite",
      advanced: true,
      placeholder: "PATH|none",
    },
  ),
  ...secretOptions,
} as const;

/** The values of {@linkcode stateOptions}. */
export type StateOptions = Values<typeof stateOptions>;
