/**
 * Moves of a state from a file to PostgreSQL and back: everything arrives, work goes on where it is now, and
 * nobody works with what was left.
 *
 * @module
 */
import { beforeAll, expect, test } from "bun:test";
import { hostname } from "node:os";
import { join } from "node:path";
import { openSqlite } from "../../../src/runtime/sqlite.ts";
import { openCursors } from "../../../src/state/cursor.ts";
import { StateInbox } from "../../../src/state/inbox.ts";
import {
  cancelMove,
  type MoveOptions,
  moveState,
  type MoveStep,
} from "../../../src/state/move/move.ts";
import { PostgresSide } from "../../../src/state/move/postgres_side.ts";
import { openSqliteSide, type SqliteSide } from "../../../src/state/move/sqlite_side.ts";
import type { MoveSide } from "../../../src/state/move/side.ts";
import { movedTables, otherTables } from "../../../src/state/move/tables.ts";
import { migrate } from "../../../src/state/postgres/migrate.ts";
import type { PgState } from "../../../src/state/postgres/state.ts";
import { StateStore } from "../../../src/state/store.ts";
import { useFolder } from "../../support/folder.ts";
import { storedSection } from "../../sync/support/store.ts";
import {
  acceptRecords,
  beginRun,
  type Opened,
  receive,
  refuse,
} from "../conformance/open_state.ts";
import { dieWithFile } from "../killed_file.ts";
import { endLease, openTenant, schema } from "../postgres/states.ts";
import { useServer } from "../postgres/use_server.ts";
import { compareAll, fillState, keyOf, lookAt, workOff } from "./filled_state.ts";

const { pg } = useServer();
const folder = useFolder("move");
beforeAll(() => migrate(pg, schema));

let count = 0;
const newPath = () => join(folder, `state${++count}.sqlite`);
const newTenant = () => `moved ${++count}`;
const redact = (text: string) => text;

/** Works with a state file as a process has it that dies afterwards. */
async function withFile<T>(path: string, work: (opened: Opened) => Promise<T>): Promise<T> {
  const state = new StateStore({ path, instance: "https://example.oomnitza.com", redact });
  const inbox = new StateInbox({ path, redact });
  try {
    return await work({ state, inbox });
  } finally {
    await dieWithFile(path, { state, inbox });
  }
}

/** Works with the state of a tenant as a process has it that dies afterwards. */
async function withTenant<T>(tenant: string, work: (opened: Opened) => Promise<T>): Promise<T> {
  const state: PgState = await openTenant(pg, tenant);
  try {
    return await work({ state, inbox: state.inbox });
  } finally {
    await endLease(pg, state);
  }
}

const tenantSide = (tenant: string) =>
  new PostgresSide({ pg, schema, tenant, server: "db.example.com:5432/agent" });

/** Lends a file as an end of a move. */
async function withSide<T>(path: string, work: (side: SqliteSide) => Promise<T>): Promise<T> {
  const side = openSqliteSide(path);
  try {
    return await work(side);
  } finally {
    side.end();
  }
}

const quiet: MoveOptions = { signal: new AbortController().signal, onStep: () => undefined };

const toTenant = (path: string, tenant: string, options = quiet) =>
  withSide(path, (side) => moveState(side, tenantSide(tenant), options));
const toFile = (tenant: string, path: string, options = quiet) =>
  withSide(path, (side) => moveState(tenantSide(tenant), side, options));

/** All rows of a file, apart from who worked with it, in the order of their content. */
function dump(path: string): Record<string, string[]> {
  const database = openSqlite(path);
  const tables = [...movedTables.map(({ name }) => name), "acknowledged", "field_lists"];
  const found = Object.fromEntries(tables.map((name) => {
    const rows = database.rows(`SELECT * FROM ${name}`);
    return [name, rows.map((row) => JSON.stringify({ ...row, owner: undefined }))];
  }));
  database.close();
  return found;
}

test("every table and column of both engines is moved, or known not to be", async () => {
  const path = newPath();
  await withSide(path, () => Promise.resolve());
  const file = openSqlite(path);
  const columnsOf = {
    sqlite: file.rows(
      `SELECT tables.name AS name, columns.name AS column FROM sqlite_schema AS tables,
        pragma_table_info(tables.name) AS columns WHERE tables.type = 'table'`,
    ),
    postgres: await pg.rows(
      `SELECT relname AS name, attname AS column FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
        WHERE relnamespace = quote_ident($1)::regnamespace AND relkind IN ('r', 'p')
          AND NOT relispartition AND attnum > 0 AND NOT attisdropped`,
      [schema],
    ),
  };
  file.close();
  for (const engine of ["sqlite", "postgres"] as const) {
    const isKnown = (name: string, column: string) =>
      (otherTables[engine] as readonly string[]).includes(name) ||
      movedTables.some((table) =>
        table.name === name &&
        (column in table.columns || table.made[engine].includes(column))
      );
    const unknown = columnsOf[engine].map(({ name, column }) => [String(name), String(column)])
      .filter(([name = "", column = ""]) => !isKnown(name, column));
    expect(unknown).toEqual([]);
    expect(columnsOf[engine].length).toBeGreaterThan(60);
  }
});

test("a file goes to PostgreSQL and back, and is the same in each place", async () => {
  const [path, back, tenant] = [newPath(), newPath(), newTenant()];
  await withFile(path, fillState);
  const before = await withFile(path, lookAt);
  const steps: MoveStep[] = [];
  const { rows, resumed } = await toTenant(path, tenant, {
    ...quiet,
    onStep: (step) => void steps.push(step),
  });
  expect(resumed).toBe(false);
  // Of two events about one thing, the one that was taken went.
  expect(rows).toMatchObject({ runs: 9, outbox: 10, dead_letters: 2, inbox: 7, fingerprints: 6 });
  expect(Object.values(rows).every((number) => number > 0)).toBe(true);
  expect(steps.filter(({ kind }) => kind === "moving").map(({ table }) => table)).toEqual(
    movedTables.map(({ name }) => name),
  );
  expect(await withTenant(tenant, lookAt)).toEqual(before);
  const moved = await toFile(tenant, back);
  expect(moved.rows).toEqual(rows);
  expect(await withFile(back, lookAt)).toEqual(before);
  // Fingerprints, batches and lists may have other numbers, in the same order.
  const [old, now] = [dump(path), dump(back)];
  const unnumbered = (all: string[] = []) =>
    all.map((row) => row.replace(/"(id|batch|fields|baseline)":\d+,/g, ""));
  for (
    const name of [
      "runs",
      "last_runs",
      "dead_letters",
      "inbox",
      "cursors",
      "destinations",
      "answered_batches",
    ]
  ) {
    expect(now[name]).toEqual(old[name] ?? []);
  }
  for (const name of ["outbox", "acknowledged", "baselines", "fingerprints"]) {
    expect(unnumbered(now[name]).sort()).toEqual(unnumbered(old[name]).sort());
  }
  // And the way in which it is worked with, in a copy that went there and one that stayed.
  const tenantAgain = newTenant();
  await toTenant(back, tenantAgain);
  const expected = await withSideOpened(
    path,
    async (opened) => [await workOff(opened), await compareAll(opened)],
  );
  const found = await withTenant(
    tenantAgain,
    async (opened) => [await workOff(opened), await compareAll(opened)],
  );
  expect(found).toEqual(expected);
});

test("events that a process took that died are moved as those that wait", async () => {
  const [path, tenant] = [newPath(), newTenant()];
  const fill = async (opened: Opened) => {
    await receive(opened, "a", "computer 1");
    await receive(opened, "a", "computer 2");
    expect(await opened.inbox.take("a", 9, true)).toHaveLength(2);
    await receive(opened, "a", "computer 1");
  };
  const takeAll = async ({ inbox }: Opened) =>
    (await inbox.take("a", 9, true)).map(({ key }) => key).sort();
  await withTenant(tenant, fill);
  expect((await toFile(tenant, path)).rows).toMatchObject({ inbox: 2 });
  expect(await withFile(path, takeAll)).toEqual(["computer 1", "computer 2"]);
  const other = newTenant();
  expect((await toTenant(path, other)).rows).toMatchObject({ inbox: 2 });
  expect(await withTenant(other, takeAll)).toEqual(["computer 1", "computer 2"]);
});

/** Works with a file that was left, as if it had not been. */
async function withSideOpened<T>(path: string, work: (opened: Opened) => Promise<T>): Promise<T> {
  await withSide(path, (side) => side.setMark(undefined));
  return await withFile(path, work);
}

test("what comes after a move is newer than all that was moved", async () => {
  const [path, tenant] = [newPath(), newTenant()];
  await withFile(path, async (opened) => {
    for (let at = 0; at < 30; at++) await acceptRecords(opened.state, "a", [{ TAG: `T${at}` }]);
    await opened.state.accepted.openBaseline("a", storedSection.upload);
    await refuse(opened, "a", [{ TAG: "R1" }], "no");
  });
  const check = async (opened: Opened) => {
    const { state } = opened;
    const [before] = await state.runs(1);
    const letters = await state.deadLetters.find({});
    const { id } = await beginRun(state, "a");
    expect((await state.runs(1))[0]?.id).toBe(id);
    expect(id).not.toBe(before?.id);
    await refuse(opened, "a", [{ TAG: "R2" }], "no");
    expect((await state.deadLetters.find({})).at(-1)?.id).toBeGreaterThan(letters.at(-1)?.id ?? 0);
    // An answer with a smaller number than the last that was taken in would never be.
    await acceptRecords(state, "a", [{ TAG: "NEW" }]);
    const baseline = await state.accepted.openBaseline("a", storedSection.upload);
    const [first, added] = await baseline.findAll([keyOf("T29"), keyOf("NEW")]);
    expect(added?.id).toBeGreaterThan(first?.id ?? Infinity);
    await receive(opened, "a", "computer 1");
    await state.accepted.forget("a");
  };
  await toTenant(path, tenant);
  await withTenant(tenant, check);
  const back = newPath();
  await withTenant(tenant, async ({ state }) => {
    for (let at = 0; at < 5; at++) await acceptRecords(state, "a", [{ TAG: `T2${at + 5}` }]);
    await state.accepted.openBaseline("a", storedSection.upload);
  });
  await toFile(tenant, back);
  await withFile(back, check);
});

test("what was left is refused by every opener, with where it is and what to write", async () => {
  const [path, tenant, back] = [newPath(), newTenant(), newPath()];
  await withFile(path, fillState);
  await toTenant(path, tenant);
  const settings = { path, instance: undefined, redact };
  const attempts = [
    () => new StateStore(settings),
    () => new StateInbox(settings),
    () => openCursors(path).cursor("a").get("since"),
  ];
  for (const attempt of attempts) {
    await expect(Promise.try<unknown, []>(attempt)).rejects.toMatchObject({
      message:
        `The state is not in the state file ${path} any more: it was moved to PostgreSQL at db.example.com:5432/agent, schema ${schema}, tenant ${tenant}`,
      hint: expect.stringContaining("as url in [state]"),
    });
  }
  await expect(toTenant(path, newTenant())).rejects.toThrow("any more: it was moved to");
  await expect(toTenant(path, tenant)).rejects.toThrow("any more: it was moved to");
  const open = await openTenant(pg, tenant);
  await toFile(tenant, back);
  await expect(openTenant(pg, tenant)).rejects.toMatchObject({
    message: expect.stringContaining(`it was moved to the state file ${back} on ${hostname()}`),
    hint: expect.stringContaining("Take url out of [state]"),
  });
  // One that was opened before has done nothing yet, and cannot begin.
  await expect(beginRun(open, "a")).rejects.toThrow("it was moved to the state file");
  await open.close();
});

test("a process that opened the file before it was moved cannot begin afterwards", async () => {
  const [path, tenant] = [newPath(), newTenant()];
  const state = new StateStore({ path, instance: "https://example.oomnitza.com", redact });
  await toTenant(path, tenant);
  await expect(beginRun(state, "a")).rejects.toThrow("any more: it was moved to");
  await state.close();
});

test("nothing is moved while a process is at work at one of the ends, and it is named", async () => {
  const [path, tenant] = [newPath(), newTenant()];
  await withFile(path, async () => {
    await expect(toTenant(path, tenant)).rejects.toMatchObject({
      message: `Process ${process.pid} is at work on the state file ${path}`,
      retriable: true,
    });
  });
  const busy = await openTenant(pg, tenant);
  await busy.owner.lease();
  for (const move of [() => toTenant(path, tenant), () => toFile(tenant, path)]) {
    await expect(move()).rejects.toThrow(
      `Process ${process.pid} on ${hostname()}, of version`,
    );
  }
  // Nothing is closed by that, and what other tenants do is not in the way.
  await withFile(path, ({ state }) => acceptRecords(state, "a", [{ TAG: "T1" }]));
  await toTenant(path, newTenant());
  await busy.close();
});

test("what holds a state already is not written to", async () => {
  const [path, tenant] = [newPath(), newTenant()];
  await withTenant(tenant, ({ state }) => acceptRecords(state, "a", [{ TAG: "T1" }]));
  await withFile(path, ({ state }) => acceptRecords(state, "a", [{ TAG: "T2" }]));
  await expect(toTenant(path, tenant)).rejects.toThrow(`tenant ${tenant} holds a state already`);
  await expect(toFile(tenant, path)).rejects.toThrow(`the state file ${path} on`);
  // What was left is no state any more: the way back may lead there.
  const other = newTenant();
  await toTenant(path, other);
  await toFile(other, path);
  await withFile(path, async ({ state }) => {
    const baseline = await state.accepted.openBaseline("a", storedSection.upload);
    expect((await baseline.findAll(["T1", "T2"].map(keyOf))).map((known) => known?.values))
      .toEqual([undefined, '["T2"]']);
  });
});

/** Ends a move after so many steps. */
function stopAfter(steps: number): MoveOptions {
  const controller = new AbortController();
  let left = steps;
  return {
    signal: controller.signal,
    onStep: () => {
      if (--left === 0) controller.abort(new Error("stopped"));
    },
  };
}

test("a move that was interrupted anywhere goes on, and comes to the same", async () => {
  const path = newPath();
  await withFile(path, fillState);
  const before = await withFile(path, lookAt);
  const tenant = newTenant();
  for (let steps = 1;; steps += 4) {
    const stopped = await toTenant(path, tenant, stopAfter(steps)).then(
      (moved) => ({ moved }),
      (error) => ({ error }),
    );
    if ("moved" in stopped) {
      expect(stopped.moved.resumed).toBe(true);
      break;
    }
    expect(stopped.error).toMatchObject({ message: "stopped" });
    expect(() => new StateStore({ path, instance: undefined, redact })).toThrow(
      "is being moved to",
    );
    await expect(openTenant(pg, tenant)).rejects.toThrow("is not complete: it is being moved");
    await expect(toTenant(path, newTenant(), quiet)).rejects.toThrow("is being moved to");
    const other = newPath();
    await withFile(other, ({ state }) => acceptRecords(state, "a", [{ TAG: "T1" }]));
    await expect(toTenant(other, tenant, quiet)).rejects.toThrow(
      "is not complete: it is being moved",
    );
  }
  expect(await withTenant(tenant, lookAt)).toEqual(before);
});

test("before the last step nobody can use either end, and a repetition ends it", async () => {
  const [path, tenant] = [newPath(), newTenant()];
  await withFile(path, fillState);
  const target: MoveSide = tenantSide(tenant);
  target.setMark = (mark) =>
    mark === undefined
      ? Promise.reject(new Error("stopped"))
      : PostgresSide.prototype.setMark.call(target, mark);
  await withSide(path, async (side) => {
    await expect(moveState(side, target, quiet)).rejects.toThrow("stopped");
    await expect(cancelMove(side)).rejects.toThrow("it was moved to");
  });
  expect(() => new StateStore({ path, instance: undefined, redact })).toThrow("it was moved to");
  await expect(openTenant(pg, tenant)).rejects.toThrow("is not complete");
  expect((await toTenant(path, tenant)).resumed).toBe(true);
  await withTenant(tenant, lookAt);
});

test("a move can be cancelled, the state is used as it was, and moved once more later", async () => {
  const [path, tenant] = [newPath(), newTenant()];
  await withFile(path, fillState);
  const before = await withFile(path, lookAt);
  await expect(toTenant(path, tenant, stopAfter(7))).rejects.toThrow("stopped");
  expect(await withSide(path, cancelMove)).toMatchObject({ kind: "postgres" });
  await expect(withSide(path, cancelMove)).rejects.toThrow("is not being moved");
  expect(await withFile(path, lookAt)).toEqual(before);
  await withFile(path, (opened) => refuse(opened, "z", [{ TAG: "Z" }], "no"));
  const changed = await withFile(path, lookAt);
  expect((await toTenant(path, tenant)).resumed).toBe(false);
  expect(await withTenant(tenant, lookAt)).toEqual(changed);
  await expect(withSide(path, cancelMove)).rejects.toThrow("it was moved to");
});

test.each(["loses", "changes"])(
  "a target that %s a row is found out, and the state stays where it is",
  async (how) => {
    const [path, tenant] = [newPath(), newTenant()];
    await withFile(path, fillState);
    const target: MoveSide = tenantSide(tenant);
    const write = target.write.bind(target);
    target.write = (table, rows, mark) => {
      const spoilt = table.name !== "fingerprints"
        ? rows
        : how === "loses"
        ? rows.slice(1)
        : rows.map((row) => row.map((value) => value === '["T1"]' ? '["T0"]' : value));
      return write(table, spoilt, mark);
    };
    await withSide(path, async (side) => {
      await expect(moveState(side, target, quiet)).rejects.toThrow(
        /What arrived of fingerprints in .* is not what was there: (5 of 6 rows|6 of 6 rows, with other content)/,
      );
      await cancelMove(side);
    });
    await withFile(path, lookAt);
  },
);
