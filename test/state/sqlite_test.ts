/**
 * The conformance suite of the state, with SQLite.
 *
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqlite } from "../../src/runtime/sqlite.ts";
import { StateInbox } from "../../src/state/inbox.ts";
import { StateStore } from "../../src/state/store.ts";
import { testCursors } from "./conformance/cursors.ts";
import { testDeadRecords } from "./conformance/dead_records.ts";
import type { Opened, OpenedState } from "./conformance/open_state.ts";
import { testHolds } from "./conformance/holds.ts";
import { testInbox } from "./conformance/inbox.ts";
import { testAccepted } from "./conformance/accepted.ts";
import { testIdentities } from "./conformance/identities.ts";
import { testRuns } from "./conformance/runs.ts";

const redact = (text: string) => text.replaceAll("secret", "***");

function openSqliteState(): Promise<OpenedState> {
  const folder = mkdtempSync(join(tmpdir(), "agent-state-"));
  const path = join(folder, "state.sqlite");
  const opened = new Set<Opened>();
  const openOne = (): Opened => {
    const state = new StateStore({ path, instance: "https://example.oomnitza.com", redact });
    const inbox = new StateInbox({ path, redact });
    const one = { state, inbox };
    opened.add(one);
    return one;
  };
  const first = openOne();
  return Promise.resolve({
    ...first,
    again: () => Promise.resolve(openOne()),
    async die(one) {
      opened.delete(one);
      await one.state.close();
      // Who dies gives back nothing: what it took stays as it is, and its lock is free.
      const looker = openSqlite(path);
      const taken = looker.rows("SELECT id, owner FROM inbox WHERE owner IS NOT NULL");
      await one.inbox.close();
      for (const { id, owner } of taken) {
        looker.run("UPDATE inbox SET owner = ? WHERE id = ?", owner ?? null, id ?? null);
      }
      looker.close();
    },
    async close() {
      for (const { inbox, state } of opened) {
        await inbox.close().catch(() => undefined);
        await state.close();
      }
      rmSync(folder, { recursive: true });
    },
  });
}

testDeadRecords(openSqliteState);
testCursors(openSqliteState);
testRuns(openSqliteState);
testInbox(openSqliteState);
testAccepted(openSqliteState);
testHolds(openSqliteState);
testIdentities(openSqliteState);
