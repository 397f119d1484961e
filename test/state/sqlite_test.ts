/**
 * The conformance suite of the state, with SQLite.
 *
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StateInbox } from "../../src/state/inbox.ts";
import { StateStore } from "../../src/state/store.ts";
import { storedSection } from "../sync/support/store.ts";
import { testCursors } from "./conformance/cursors.ts";
import { testDeadRecords } from "./conformance/dead_records.ts";
import type { OpenedState } from "./conformance/open_state.ts";

const redact = (text: string) => text.replaceAll("secret", "***");

/** What a state over a file does that is not in the interface yet. */
function actions(store: StateStore, inbox: StateInbox) {
  const receive = (section: string, key: string) =>
    inbox.add([{ section, key, body: JSON.stringify(key), due: 0 }]);
  return {
    receive,
    async refuse(section, records, reason) {
      const run = await store.begin({ ...storedSection, section }, "upload", () => ({}));
      const [id = 0] = await run.outbox.put([{ records, text: undefined }]);
      const refused = records.map((payload) => ({ payload, record: String(payload.TAG) }));
      await run.outbox.acknowledge(
        id,
        refused.map((each) => ({ ...each, reason, status: 400 })),
        [],
      );
    },
    async giveUp(section, keys, reason) {
      for (const key of keys) {
        await receive(section, key);
        const taken = await inbox.take(section, 1, true);
        await inbox.recordOutcomes(taken.map(({ id }) => ({ id, kind: "dead", tries: 9, reason })));
      }
    },
    take: async (section) => (await inbox.take(section, 10, false)).map(({ key }) => key),
  } satisfies Partial<OpenedState>;
}

function openSqliteState(): Promise<OpenedState> {
  const folder = mkdtempSync(join(tmpdir(), "agent-state-"));
  const path = join(folder, "state.sqlite");
  const instance = "https://example.oomnitza.com";
  const stores = [new StateStore({ path, instance, redact })];
  const [store] = stores as [StateStore];
  const inbox = new StateInbox({ path, redact });
  return Promise.resolve({
    state: store,
    ...actions(store, inbox),
    again() {
      const other = new StateStore({ path, instance, redact });
      stores.push(other);
      return other;
    },
    async close() {
      await inbox.close();
      for (const each of stores) await each.close();
      rmSync(folder, { recursive: true });
    },
  });
}

testDeadRecords(openSqliteState);
testCursors(openSqliteState);
