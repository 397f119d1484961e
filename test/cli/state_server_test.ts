/**
 * A state in PostgreSQL, as the command line uses it: with a real server.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { openPg } from "../../src/state/postgres/pg.ts";
import { openPgState } from "../../src/state/postgres/state.ts";
import { parsePgUrl } from "../../src/state/postgres/target.ts";
import { account, password } from "../support/postgres.ts";
import { tagsOnly, type Workspace, workspace } from "../support/workspace.ts";
import { useStateServer } from "./state_server.ts";

const { server, instance, newSchema, configure } = await useStateServer();

/** A workspace whose state is in the server. */
function prepare(schema: string, state = `url = ${server.url()}\n`): Workspace {
  const space = workspace();
  configure(space, `[state]\n${state}schema = ${schema}\n`);
  space.write("assets.csv", "tag\nT1\nT2\n");
  return space;
}

test("what was accepted is known to the next run, wherever that is", async () => {
  const schema = newSchema();
  using first = prepare(schema);
  const upload = ["upload", "csv_assets", "--output", "json"];
  const sent = await first.agent(upload);
  expect(sent.code).toBe(0);
  expect(JSON.parse(sent.stdout).sections[0].counts).toMatchObject({ fetched: 2, sent: 2 });
  expect(existsSync(join(first.folder, "agent-state.sqlite"))).toBe(false);
  using second = prepare(schema);
  second.write("assets.csv", "tag\nT1\nT2\nT3\n");
  const again = await second.agent([...upload, "--state", "elsewhere.sqlite"]);
  expect(JSON.parse(again.stdout).sections[0].changes).toMatchObject({ new: 1, unchanged: 2 });
  expect(second.has("elsewhere.sqlite")).toBe(false);
  const { stdout: runs } = await second.agent(["runs"]);
  expect(runs.match(/csv_assets +upload +ok/g)).toHaveLength(2);
  expect(runs).toContain(
    `State in PostgreSQL at ${server.socket}:${server.port}/agent, tenant main`,
  );
  const { stdout: status } = await second.agent(["status"]);
  expect(status).toContain("csv_assets");
  expect((await second.agent(["failed"])).stdout).toContain("tenant main: no refused records");
  const { stdout: facts } = await second.agent(["doctor", "--offline"]);
  expect(facts).toContain("state server");
});

test("tenants of one database know nothing of each other", async () => {
  const schema = newSchema();
  using one = prepare(schema);
  expect((await one.agent(["upload", "csv_assets"])).code).toBe(0);
  using other = prepare(schema, `url = ${server.url()}\ntenant = other\n`);
  expect((await other.agent(["runs"])).stdout).toContain("it has no run yet");
});

test("looking makes no tables", async () => {
  const schema = newSchema();
  using space = prepare(schema);
  expect((await space.agent(["runs"])).stdout).toContain("it does not exist");
  expect(
    await server.psql(`\\c agent\nSELECT count(*) FROM pg_namespace WHERE nspname = '${schema}'`),
  )
    .toContain("0");
});

test("a state that cannot be used stops the upload, and no word has the password", async () => {
  const wrong = server.url("127.0.0.1", "sslmode=require").replace(
    encodeURIComponent(password),
    "canary-wrong",
  );
  const cases = [
    [`url = ${wrong}\n`, "password"],
    ["url = postgres://agent:canary-one@127.0.0.1:1/agent\n", "127.0.0.1:1"],
    ["url = postgres://agent:canary-two@one,two/agent\n", "names several hosts"],
    ["url = ${env:STATE_URL_UNSET}\n", "STATE_URL_UNSET"],
    [`url = ${server.url()}\nca = nowhere.pem\n`, "nowhere.pem"],
    [`url = ${server.url()}\nca = assets.csv\n`, "has no certificate in PEM form"],
    [`url = ${server.url()}\nlease_seconds = 1\n`, "lease_seconds"],
  ] as const;
  const before = instance.state.records({}).length;
  for (const [state, word] of cases) {
    using space = prepare(newSchema(), `${state}timeout = 3\n`);
    const { code, stdout, stderr } = await space.agent(["upload", "csv_assets"]);
    expect(code).toBe(1);
    expect(stderr).toContain(word);
    expect(stdout + stderr).not.toMatch(/canary/);
    expect(space.has("agent-state.sqlite")).toBe(false);
  }
  expect(instance.state.records({}).length).toBe(before);
});

test("--state names a server without a password, which the configuration has", async () => {
  const schema = newSchema();
  using space = prepare(schema, `password = ${password}\n`);
  const query = `host=${encodeURIComponent(server.socket)}`;
  const named = `postgres://${account}@localhost:${server.port}/agent?${query}`;
  expect((await space.agent(["upload", "csv_assets", "--state", named])).code).toBe(0);
  expect((await space.agent(["runs", "--state", named])).stdout).toContain("csv_assets");
  const open = named.replace("@", ":canary@");
  const refused = await space.agent(["runs", "--state", open]);
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toContain("may not hold a password");
  expect(refused.stderr).not.toContain("canary");
});

test("a section that another process has is left to it, and who that is is said", async () => {
  const schema = newSchema();
  using space = prepare(schema);
  space.write("other.csv", "tag\nO1\n");
  const second = tagsOnly.replace("[csv_assets]", "[csv_assets.two]").replace(
    "assets.csv",
    "other.csv",
  );
  space.write("config.ini", space.read("config.ini") + second);
  expect((await space.agent(["upload", "csv_assets"])).code).toBe(0);
  const pg = openPg(parsePgUrl(server.url()), { connections: 2, milliseconds: 10_000 });
  const state = await openPgState({
    ...{ pg, schema, tenant: "main", instance: undefined, leaseMs: 30_000 },
    redact: (text) => text,
  });
  const hold = await state.holdSection("csv_assets");
  const run = await space.agent(["upload", "csv_assets", "csv_assets.two"]);
  expect(run.code).toBe(3);
  expect(run.stdout + run.stderr).toContain(
    `[csv_assets] is at work already: process ${process.pid} on`,
  );
  expect(run.stdout).toMatch(/csv_assets\.two: ok: 1 read/);
  if (hold.kind === "held") await hold.release();
  expect((await space.agent(["upload", "csv_assets"])).code).toBe(0);
  await state.close();
  await pg.close();
});

test("the archive for support has no password, and says where the state is", async () => {
  using space = prepare(newSchema());
  expect((await space.agent(["upload", "csv_assets"])).code).toBe(0);
  expect((await space.agent(["diag", "--out", "d.tar.gz"])).code).toBe(0);
  const { stdout } = Bun.spawnSync(["tar", "xzOf", "d.tar.gz"], { cwd: space.folder });
  expect(stdout.toString()).not.toContain("canary");
  expect(stdout.toString()).toContain("State in PostgreSQL at");
});
