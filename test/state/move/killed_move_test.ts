/**
 * A move that is killed again and again, both ways: in the end everything is there once.
 *
 * @module
 */
import { beforeAll, expect } from "bun:test";
import { join } from "node:path";
import type { MovedState } from "../../../src/state/move/move.ts";
import { openSqliteSide } from "../../../src/state/move/sqlite_side.ts";
import { migrate } from "../../../src/state/postgres/migrate.ts";
import { useFolder } from "../../support/folder.ts";
import { slow } from "../../support/slow.ts";
import { schema } from "../postgres/states.ts";
import { useServer } from "../postgres/use_server.ts";
import { writeLargeState } from "./large_state.ts";

const { server, pg } = useServer();
const folder = useFolder("killed");
beforeAll(() => migrate(pg, schema));

/** Moves in a process that is killed after so many groups of rows; gives what was moved when it was not. */
async function moveKilled(
  words: readonly string[],
  lines: number,
): Promise<MovedState | undefined> {
  const program = join(import.meta.dir, "moving_process.ts");
  const child = Bun.spawn([process.execPath, program, server.url(), schema, ...words], {
    stdout: "pipe",
  });
  let text = "";
  for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (text.split("\n").length > lines) child.kill("SIGKILL");
  }
  await child.exited;
  const last = text.trimEnd().split("\n").at(-1) ?? "";
  return last.startsWith("{") ? JSON.parse(last) as MovedState : undefined;
}

/** Kills a move each time a little later, until one ends; gives how many were killed. */
async function moveAtLast(words: readonly string[]): Promise<{ moved: MovedState; kills: number }> {
  for (let kills = 0;; kills++) {
    const moved = await moveKilled(words, 3 + kills * 12);
    if (moved !== undefined) return { moved, kills };
  }
}

slow("a move that is killed again and again ends with everything there once", async () => {
  const [path, back] = [join(folder, "state.sqlite"), join(folder, "back.sqlite")];
  const rows = writeLargeState(path, 6000);
  const there = await moveAtLast(["large", path, "in"]);
  expect(there.moved).toEqual({ rows, resumed: true });
  expect(there.kills).toBeGreaterThan(1);
  const here = await moveAtLast(["large", back, "back"]);
  expect(here.moved).toEqual({ rows, resumed: true });
  expect(here.kills).toBeGreaterThan(1);
  const side = openSqliteSide(back);
  expect(await side.mark()).toBeUndefined();
  side.end();
}, 120_000);
