/**
 * Moves the state between the file of this machine and PostgreSQL, and brings the tables there up to date.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { AgentError, UsageError } from "../base/errors.ts";
import type { StatePlace } from "../state/move/mark.ts";
import type { MovedState, MoveOptions } from "../state/move/move.ts";
import type { MoveSide } from "../state/move/side.ts";
import type { Pg } from "../state/postgres/pg.ts";
import { findState, isStateUrl, type ServerLocation, type StateContext } from "./state_location.ts";
import { connectServer } from "./store.ts";
import { lockStateFile } from "./upload_lock.ts";

/** For statements that change all rows of a table. */
const migrating = { milliseconds: 3_600_000 };

/** The ends of a move. */
interface Ends {
  readonly file: string;
  readonly location: ServerLocation;
  /** Whether the state goes to the file. */
  readonly isBack: boolean;
}

/** A state that was moved, and where it was and is. */
export interface MoveResult extends MovedState {
  readonly from: StatePlace;
  readonly to: StatePlace;
}

/** Tables that were brought up to date. */
export interface MigratedTables {
  /** The server, without the password. */
  readonly server: string;
  readonly schema: string;
  readonly version: number;
  /** How many steps this call did. */
  readonly steps: number;
}

async function requireServer(app: StateContext): Promise<ServerLocation> {
  const location = await findState(app);
  if (location.kind === "postgres") return location;
  throw new UsageError("No PostgreSQL is named for the state", {
    hint: "Write url = ${env:STATE_URL} into [state] of the configuration.",
  });
}

/**
 * The ends of a move: from the file into PostgreSQL, unless `to` names a file.
 *
 * @throws {UsageError} when no server is named, or a password on the command line.
 */
async function findEnds(app: StateContext, to: string): Promise<Ends> {
  const { stateFile, directory } = app;
  if (stateFile === undefined) throw new Error("There is no state file to move");
  const isBack = to !== "" && !isStateUrl(to);
  const named = isStateUrl(to) ? { ...app, stateUrl: to } : app;
  const file = isBack ? resolve(directory, to) : stateFile;
  return { file, location: await requireServer(named), isBack };
}

/** Works with both ends, which nobody else of this machine moves meanwhile. */
async function withEnds<T>(
  app: StateContext,
  { file, location, isBack }: Ends,
  work: (source: MoveSide, target: MoveSide) => Promise<T>,
): Promise<T> {
  if (!isBack && !existsSync(file)) {
    throw new AgentError(`There is no state file ${file} to move`, {
      hint: "Name it with --state, or run the agent with [state]: it begins a new state there.",
    });
  }
  const lock = await lockStateFile({ ini: app.ini, stateFile: file });
  try {
    const pg = await connectServer(location);
    try {
      const { openSqliteSide } = await import("../state/move/sqlite_side.ts");
      const server = await openServerSide(pg, location);
      const side = openSqliteSide(file);
      try {
        return await (isBack ? work(server, side) : work(side, server));
      } finally {
        side.end();
      }
    } finally {
      await pg.close();
    }
  } finally {
    lock.release();
  }
}

async function openServerSide(pg: Pg, { server, settings }: ServerLocation): Promise<MoveSide> {
  const { PostgresSide } = await import("../state/move/postgres_side.ts");
  const { migrate } = await import("../state/postgres/migrate.ts");
  const { schema, tenant } = settings;
  await migrate(pg, schema, migrating);
  return new PostgresSide({ pg, schema, tenant: tenant.trim(), server: server.name });
}

/**
 * Moves the state.
 *
 * @param to A file, or a PostgreSQL without a password; blank for the one that `[state]` names.
 */
export async function moveStateTo(
  app: StateContext,
  to: string,
  onStep: MoveOptions["onStep"],
): Promise<MoveResult> {
  const ends = await findEnds(app, to);
  const { moveState } = await import("../state/move/move.ts");
  return await withEnds(app, ends, async (source, target) => {
    const moved = await moveState(source, target, { signal: app.signal, onStep });
    return { ...moved, from: source.place, to: target.place };
  });
}

/** Opens the state again where it is, which a move to `to` has closed; gives where it was moved to. */
export async function cancelMoveTo(app: StateContext, to: string): Promise<StatePlace> {
  const ends = await findEnds(app, to);
  const { cancelMove } = await import("../state/move/move.ts");
  return await withEnds(app, ends, (source) => cancelMove(source));
}

/** Brings the tables in PostgreSQL up to date. */
export async function migrateState(app: StateContext): Promise<MigratedTables> {
  const location = await requireServer(app);
  const { migrate, readVersion } = await import("../state/postgres/migrate.ts");
  const { schema } = location.settings;
  const pg = await connectServer(location);
  try {
    const steps = await migrate(pg, schema, migrating);
    const found = await readVersion(pg, schema);
    return { server: location.server.name, schema, version: found?.version ?? 0, steps };
  } finally {
    await pg.close();
  }
}
