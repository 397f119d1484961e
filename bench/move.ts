/**
 * Moving a large state from a file to PostgreSQL and back: how long copying and comparing take. A real server
 * is started in a temporary folder, with its data on this machine's disk.
 *
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { moveState, type MoveStep } from "../src/state/move/move.ts";
import { PostgresSide } from "../src/state/move/postgres_side.ts";
import type { MoveSide } from "../src/state/move/side.ts";
import { openSqliteSide } from "../src/state/move/sqlite_side.ts";
import { migrate } from "../src/state/postgres/migrate.ts";
import { openPg } from "../src/state/postgres/pg.ts";
import { parsePgUrl } from "../src/state/postgres/target.ts";
import { startPostgres } from "../test/support/postgres.ts";
import { writeLargeState } from "../test/state/move/large_state.ts";

const schema = "moved";

/** Moves a state; gives seconds until all was copied, and until it was compared. */
async function measureMove(source: MoveSide, target: MoveSide) {
  const began = performance.now();
  let copied = began;
  const moved = await moveState(source, target, {
    signal: new AbortController().signal,
    onStep({ kind }: MoveStep) {
      if (kind === "moving") copied = performance.now();
    },
  });
  const seconds = (from: number, to: number) => ((to - from) / 1000).toFixed(1);
  const rows = Object.values(moved.rows).reduce((sum, each) => sum + each, 0);
  return {
    rows,
    text: `${seconds(began, copied)} s copying, ${seconds(copied, performance.now())} s comparing`,
  };
}

/** Moves a state with so many fingerprints there and back, and prints the times. */
export async function measureMoves(fingerprints: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "agent-bench-move-"));
  const server = await startPostgres();
  const pg = openPg(parsePgUrl(server.url()), { connections: 2, milliseconds: 60_000 });
  try {
    await migrate(pg, schema);
    const [path, back] = [join(folder, "state.sqlite"), join(folder, "back.sqlite")];
    writeLargeState(path, fingerprints);
    const tenant = new PostgresSide({ pg, schema, tenant: "bench", server: "this machine" });
    const [old, now] = [openSqliteSide(path), openSqliteSide(back)];
    const there = await measureMove(old, tenant);
    console.log(`move: ${there.rows} rows to PostgreSQL: ${there.text}`);
    const here = await measureMove(tenant, now);
    console.log(`move: ${here.rows} rows back: ${here.text}`);
    old.end();
    now.end();
  } finally {
    await pg.close();
    await server[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  }
}
