/**
 * The state file and what sections remember in it.
 *
 * @module
 */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { statSync } from "node:fs";
import { join } from "node:path";
import { AgentError } from "../../src/base/errors.ts";
import { openCursors } from "../../src/state/cursor.ts";
import { applicationId, migrations } from "../../src/state/migrations.ts";
import { workspace } from "../support/workspace.ts";

test("what is set is there after commit, for its section and key only", async () => {
  using space = workspace();
  const path = join(space.folder, "state.sqlite");
  const one = openCursors(path).cursor("jasper");
  expect(await one.get("since")).toBeUndefined();
  one.set("since", "2026");
  expect(await one.get("since")).toBeUndefined();
  expect(space.has("state.sqlite")).toBe(false);
  await one.commit();
  one.set("since", "2027");
  one.set("other", "ü'\"");
  await one.commit();
  one.set("since", "never committed");
  one.close();
  const same = openCursors(path).cursor("jasper");
  expect(await same.get("since")).toBe("2027");
  expect(await same.get("other")).toBe("ü'\"");
  same.close();
  const another = openCursors(path).cursor("jasper.eu");
  expect(await another.get("since")).toBeUndefined();
  another.close();
});

test("the file has its version, its mark, and is for its owner only", async () => {
  using space = workspace();
  const path = join(space.folder, "state.sqlite");
  const cursor = openCursors(path).cursor("a");
  cursor.set("k", "v");
  await cursor.commit();
  cursor.close();
  if (process.platform !== "win32") expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(space.has("state.sqlite-wal")).toBe(false);
  using database = new Database(path, { readonly: true });
  expect(database.query("PRAGMA user_version").get()).toEqual({ user_version: migrations.length });
  expect(database.query("PRAGMA application_id").get()).toEqual({ application_id: applicationId });
  expect(database.query("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" });
});

test("nothing set writes nothing", async () => {
  using space = workspace();
  const cursor = openCursors(join(space.folder, "state.sqlite")).cursor("a");
  await cursor.commit();
  cursor.close();
  expect(space.has("state.sqlite")).toBe(false);
});

test("two programs at once make the file together", async () => {
  using space = workspace();
  const path = join(space.folder, "state.sqlite");
  const program = `
    import { openCursors } from ${
    JSON.stringify(join(import.meta.dir, "../../src/state/cursor.ts"))
  };
    for (let count = 0; count < 20; count++) {
      const cursor = openCursors(${JSON.stringify(path)}).cursor(process.argv[2]);
      cursor.set("count", String(count));
      await cursor.commit();
      cursor.close();
    }`;
  const script = space.write("program.ts", program);
  const run = (name: string) => Bun.spawn([process.execPath, script, name]).exited;
  expect(await Promise.all([run("a"), run("b"), run("c")])).toEqual([0, 0, 0]);
  for (const name of ["a", "b", "c"]) {
    const cursor = openCursors(path).cursor(name);
    expect(await cursor.get("count")).toBe("19");
    cursor.close();
  }
});

test("files of others, of newer agents, and places that cannot be written are refused by name", async () => {
  using space = workspace();
  const foreign = join(space.folder, "foreign.sqlite");
  using other = new Database(foreign);
  other.run("CREATE TABLE theirs (a)");
  const newer = join(space.folder, "newer.sqlite");
  using future = new Database(newer);
  future.run(`PRAGMA application_id = ${applicationId}`);
  future.run(`PRAGMA user_version = ${migrations.length + 1}`);
  future.run("CREATE TABLE cursors (a)");
  const cases: [string, string][] = [
    [foreign, "a database of another program"],
    [newer, "written by a newer agent"],
    [join(space.folder, "none", "state.sqlite"), "it does not exist"],
  ];
  for (const [path, reason] of cases) {
    const cursor = openCursors(path).cursor("a");
    cursor.set("k", "v");
    const thrown = await cursor.commit().catch((error: unknown) => error);
    cursor.close();
    expect(thrown).toBeInstanceOf(AgentError);
    expect((thrown as AgentError).message).toContain(`Cannot use the state file ${path}`);
    expect((thrown as AgentError).message).toContain(reason);
    expect((thrown as AgentError).hint).toContain("--state");
  }
  expect(other.query("SELECT name FROM sqlite_schema").all()).toEqual([{ name: "theirs" }]);
});
