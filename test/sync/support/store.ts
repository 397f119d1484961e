/**
 * A state file of its own for a test.
 *
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StateStore, type StoreSettings } from "../../../src/state/store.ts";
import { upload } from "./fakes.ts";

/** A state file, gone at the end of its scope. */
export interface TestStore {
  readonly folder: string;
  readonly store: StateStore;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Opens a new state file. */
export function openTestStore(settings: Pick<StoreSettings, "syncFile"> = {}): TestStore {
  const folder = mkdtempSync(join(tmpdir(), "agent-store-"));
  const store = new StateStore({
    path: join(folder, "state.sqlite"),
    instance: "https://example.oomnitza.com",
    redact: (text) => text.replaceAll("secret", "***"),
    ...settings,
  });
  return {
    folder,
    store,
    async [Symbol.asyncDispose]() {
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** A section as the store knows it. */
export const storedSection = {
  section: "devices",
  upload: JSON.stringify(upload),
  remember: true,
} as const;
