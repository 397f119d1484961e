/**
 * A state file as a process leaves it that is killed.
 *
 * @module
 */
import { openSqlite } from "../../src/runtime/sqlite.ts";
import type { StateInbox } from "../../src/state/inbox.ts";
import type { StateStore } from "../../src/state/store.ts";

/** The state file as one process has it. */
export interface OpenedFile {
  readonly state: StateStore;
  readonly inbox: StateInbox;
}

/** Has the process that opened a file die: its locks are free, and what it took is as it was. */
export async function dieWithFile(path: string, { state, inbox }: OpenedFile): Promise<void> {
  const looker = openSqlite(path);
  // As whole rows: what is given back at an ordinary end goes where a newer event about the same waits.
  const taken = looker.rows("SELECT * FROM inbox WHERE owner IS NOT NULL");
  await inbox.close();
  for (const row of taken) {
    const columns = Object.keys(row);
    looker.run(
      `INSERT OR REPLACE INTO inbox (${columns.join(", ")})
        VALUES (${columns.map(() => "?").join(", ")})`,
      ...Object.values(row),
    );
  }
  looker.close();
  await state.close();
}
