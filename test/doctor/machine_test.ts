/**
 * This machine: folders, disk space, the state file and who can read it.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  checkDisk,
  checkExposure,
  checkFolder,
  checkProgram,
  checkState,
  readStateFacts,
} from "../../src/doctor/machine.ts";
import { StateStore } from "../../src/state/store.ts";
import { mount } from "../cli/state_run.ts";
import { type Workspace, workspace } from "../support/workspace.ts";

/** A folder on a file system of its own, of a size in MB. */
function mountFolder(space: Workspace, megabytes: number, options = "rw") {
  const folder = join(space.folder, `disk-${megabytes}`);
  mkdirSync(folder);
  const mounted = mount(["-t", "tmpfs", "-o", `size=${megabytes}m,${options}`, "tmpfs", folder]);
  return { folder, [Symbol.dispose]: () => mounted.unmount() };
}

/** Lets a run begin with one batch in its outbox. */
async function beginRun(path: string) {
  const store = new StateStore({ path, instance: undefined, redact: (text) => text });
  const stored = { section: "csv_assets", upload: "{}", remember: false };
  const run = await store.begin(stored, "upload", () => ({}));
  const records = [{ BARCODE: "A1" }, { BARCODE: "A2" }];
  const [id = 0] = await run.outbox.put([{ records, text: undefined }]);
  return { run, id, records, [Symbol.asyncDispose]: () => store.close() };
}

test("a program that runs from its sources is warned of", () => {
  expect(checkProgram()).toMatchObject({
    area: "program",
    state: "warning",
    found: expect.stringContaining("from its sources"),
  });
});

describe("a folder", () => {
  test("that is there and writable is fine", () => {
    using space = workspace();
    expect(checkFolder("folder of log files", space.folder)).toMatchObject({
      area: "permissions",
      subject: space.folder,
      state: "ok",
      found: "the folder of log files can be written",
    });
  });

  test("that is missing, or not writable, fails with advice", () => {
    using space = workspace();
    expect(checkFolder("folder", join(space.folder, "none")))
      .toMatchObject({ state: "failed", todo: "Create it." });
    using disk = mountFolder(space, 1, "ro");
    expect(checkFolder("folder", disk.folder))
      .toMatchObject({ state: "failed", found: "the folder cannot be written by this account" });
  });
});

describe("disk space", () => {
  test.each([[1, "failed", "1 MB free"], [200, "warning", "0.2 GB free"]])(
    "of %d MB is %s",
    (megabytes, state, found) => {
      using space = workspace();
      using disk = mountFolder(space, megabytes);
      const check = checkDisk(disk.folder);
      expect(check).toMatchObject({ area: "disk", subject: disk.folder, state, found });
      expect(check.todo).toStartWith("Free some space");
    },
  );

  test("that is plenty is fine", () => {
    using space = workspace();
    // It takes no memory before something is written.
    using disk = mountFolder(space, 3000);
    expect(checkDisk(disk.folder)).toMatchObject({ state: "ok", found: "3.1 GB free" });
  });

  test("of a folder that is missing is skipped", () => {
    expect(checkDisk("/no/such/folder")).toMatchObject({ state: "skipped" });
  });
});

describe("the state file", () => {
  test("may be switched off, or not be there yet", async () => {
    expect(await checkState(undefined)).toMatchObject([{ state: "skipped" }]);
    using space = workspace();
    expect(await checkState(join(space.folder, "none.sqlite"))).toMatchObject([{ state: "ok" }]);
  });

  test("with nothing left is fine, and its facts are reported", async () => {
    using space = workspace();
    const path = join(space.folder, "state.sqlite");
    const store = new StateStore({ path, instance: undefined, redact: (text) => text });
    expect(await readStateFacts(store)).toEqual({
      runs: 0,
      waiting: 0,
      deadLetters: 0,
      lastStart: null,
    });
    await store.close();
    expect(await checkState(path)).toMatchObject([
      { state: "ok", found: expect.stringContaining("0 runs, 0 records waiting, 0 refused") },
      { state: "ok", found: "the state file is for its owner alone" },
    ]);
  });

  test("in which records wait is warned of", async () => {
    using space = workspace();
    const path = join(space.folder, "state.sqlite");
    await using _run = await beginRun(path);
    const store = new StateStore({ path, instance: undefined, redact: (text) => text });
    expect(await readStateFacts(store)).toMatchObject({
      runs: 1,
      waiting: 2,
      lastStart: expect.stringMatching(/^20.*Z$/),
    });
    await store.close();
    expect((await checkState(path))[0]).toMatchObject({
      state: "warning",
      found: expect.stringContaining("1 runs, 2 records waiting"),
      todo: expect.stringContaining("agent runs"),
    });
  });

  test("with refused records is warned of", async () => {
    using space = workspace();
    const path = join(space.folder, "state.sqlite");
    await using begun = await beginRun(path);
    const { run, id, records } = begun;
    const refused = records.map((payload) => ({
      payload,
      record: payload.BARCODE,
      reason: "no such model",
      status: 400,
    }));
    await run.outbox.acknowledge(id, refused, []);
    await run.outbox.finish();
    expect((await checkState(path))[0]).toMatchObject({
      state: "warning",
      found: expect.stringContaining("0 records waiting, 2 refused"),
      todo: expect.stringContaining("agent retry"),
    });
  });

  test("that is none fails", async () => {
    using space = workspace();
    const path = space.write("state.sqlite", "this is no database".repeat(100));
    expect(await checkState(path)).toMatchObject([{ area: "state file", state: "failed" }]);
  });
});

describe("a file of the agent's alone", () => {
  test.each([[0o600, "ok"], [0o640, "warning"], [0o644, "warning"]])(
    "with rights %o is %s",
    async (mode, state) => {
      using space = workspace();
      const path = space.write("secret.txt", "x");
      chmodSync(path, mode);
      const [check] = await checkExposure("state file", path);
      expect(check).toMatchObject({ area: "permissions", subject: path, state });
      if (state === "warning") expect(check?.todo).toBe(`Fix it: chmod 600 ${path}`);
    },
  );

  test("that is missing is skipped", async () => {
    expect(await checkExposure("state file", "/no/such/file"))
      .toMatchObject([{ state: "skipped" }]);
  });
});
