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
import { testState } from "./conformance/mod.ts";
import type { Opened, OpenedState } from "./conformance/open_state.ts";
import { dieWithFile, type OpenedFile } from "./killed_file.ts";

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
      await dieWithFile(path, one as OpenedFile);
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

testState(openSqliteState);
