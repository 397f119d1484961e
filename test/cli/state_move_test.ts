/**
 * `agent state`, with a real server: the state goes to PostgreSQL and back, and each place says where it is.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { StateInbox } from "../../src/state/inbox.ts";
import { migrations } from "../../src/state/postgres/schema.ts";
import { account } from "../support/postgres.ts";
import { workspace } from "../support/workspace.ts";
import { useStateServer } from "./state_server.ts";

const { server, newSchema, configure } = await useStateServer();

const upload = ["upload", "csv_assets", "--output", "json"];

const inServer = (schema: string, url = server.url()) =>
  `[state]\nurl = ${url}\nschema = ${schema}\ntenant = acme\n`;

test("a state goes to PostgreSQL and back, and the agent goes on with it", async () => {
  const schema = newSchema();
  using space = workspace();
  space.write("assets.csv", "tag\nT1\nT2\n");
  configure(space);
  expect((await space.agent(upload)).code).toBe(0);
  const unnamed = await space.agent(["state", "move"]);
  expect([unnamed.code, unnamed.stderr]).toEqual([2, expect.stringContaining("into [state]")]);
  configure(space, inServer(schema));
  const moved = await space.agent(["state", "move", "--output", "json"]);
  expect(moved.code).toBe(0);
  const place = `${server.socket}:${server.port}/agent, schema ${schema}, tenant acme`;
  const file = join(space.folder, "agent-state.sqlite");
  expect(JSON.parse(moved.stdout)).toMatchObject({
    ...{ resumed: false, rows: { runs: 1 } },
    from: { kind: "file", name: expect.stringContaining(file) },
    to: { kind: "postgres", name: place },
  });
  expect(moved.stderr).toContain("Moving runs: 1 of 1 rows");
  // It knows what was accepted.
  space.write("assets.csv", "tag\nT1\nT2\nT3\n");
  const next = await space.agent(upload);
  expect(JSON.parse(next.stdout).sections[0].changes).toMatchObject({ new: 1, unchanged: 2 });
  // And without [state], the file says where the state is.
  configure(space);
  for (const words of [upload, ["runs"], ["failed"], ["status"]]) {
    const { code, stdout, stderr } = await space.agent(words);
    expect(code).toBe(1);
    expect(stderr).toContain(`any more: it was moved to PostgreSQL at ${place}`);
    expect(stderr).toContain("Name that server as url in [state]");
    expect(stdout + stderr).not.toContain("canary");
  }
  configure(space, inServer(schema));
  const back = await space.agent(["state", "move", "--to", "agent-state.sqlite"]);
  expect([back.code, back.stdout]).toEqual([
    0,
    expect.stringMatching(/rows were moved .*Take url/),
  ]);
  const late = await space.agent(upload);
  expect([late.code, late.stderr]).toEqual([
    1,
    expect.stringContaining(`it was moved to the state file ${file} on`),
  ]);
  configure(space);
  const last = await space.agent(upload);
  expect(JSON.parse(last.stdout).sections[0].changes).toMatchObject({ new: 0, unchanged: 3 });
});

test("nothing is moved while the service is at work, nor into what is not named right", async () => {
  const schema = newSchema();
  using space = workspace();
  configure(space, inServer(schema));
  const none = await space.agent(["state", "move"]);
  expect([none.code, none.stderr]).toEqual([1, expect.stringContaining("There is no state file")]);
  const path = join(space.folder, "agent-state.sqlite");
  const inbox = new StateInbox({ path, redact: (text) => text });
  const busy = await space.agent(["state", "move"]);
  expect([busy.code, busy.stderr]).toEqual([
    1,
    expect.stringContaining(`Process ${process.pid} is at work on the state file ${path}`),
  ]);
  await inbox.close();
  const cases = [
    [["state", "move", "--cancel"], 1, "is not being moved"],
    [
      ["state", "move", "--to", "postgres://agent:canary@localhost/agent"],
      2,
      "may not hold a password",
    ],
    [["state", "move", "--no-state"], 2, "--no-state excludes"],
    [["state", "migrate", "--to", "x"], 2, "work with agent state move only"],
    [["state", "show"], 2, 'Unknown action "show"'],
  ] as const;
  for (const [words, code, text] of cases) {
    const refused = await space.agent([...words]);
    expect([refused.code, refused.stderr]).toEqual([code, expect.stringContaining(text)]);
    expect(refused.stderr).not.toContain("canary@");
  }
});

test("a user that may create tables makes them for one that may not", async () => {
  const schema = newSchema();
  await server.psql(`CREATE ROLE runner LOGIN PASSWORD 'canary-runner';`);
  const url = server.url().replace(/\/\/[^@]*@/, "//runner:canary-runner@");
  using space = workspace();
  space.write("assets.csv", "tag\nT1\n");
  configure(space, inServer(schema, url));
  const refused = await space.agent(upload);
  expect([refused.code, refused.stderr]).toEqual([
    1,
    expect.stringContaining('Run "agent state migrate" with a user that may create them'),
  ]);
  using admin = workspace();
  configure(admin, inServer(schema));
  const migrate = ["state", "migrate", "--output", "json"];
  const done = await admin.agent(migrate);
  expect(JSON.parse(done.stdout)).toMatchObject({
    ...{ schema, version: migrations.length, steps: migrations.length },
  });
  expect(JSON.parse((await admin.agent(migrate)).stdout)).toMatchObject({ steps: 0 });
  await server.psql(`\\c agent
GRANT USAGE ON SCHEMA ${schema} TO runner;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO runner;`);
  const run = await space.agent(upload);
  expect([run.code, run.stderr]).toEqual([0, expect.not.stringContaining("canary")]);
  // It may use the tables, and not set the numbers of rows.
  configure(space);
  expect((await space.agent([...upload, "--state", "other.sqlite"])).code).toBe(0);
  configure(space, inServer(schema, url).replace("acme", "other"));
  const numbers = await space.agent(["state", "move", "--state", "other.sqlite"]);
  expect([numbers.code, numbers.stderr]).toEqual([
    1,
    expect.stringContaining("may not set the numbers that the server gives to rows"),
  ]);
  configure(space);
  expect((await space.agent([...upload, "--state", "other.sqlite"])).code).toBe(0);
  // The way back sets none.
  configure(space, inServer(schema, url));
  const back = await space.agent(["state", "move", "--to", "back.sqlite"]);
  expect([back.code, back.stdout]).toEqual([0, expect.stringContaining("were moved from")]);
  configure(space);
  expect((await space.agent([...upload, "--state", "back.sqlite"])).code).toBe(0);
});

test("tables of an agent that this one does not know stop everything, and stay as they are", async () => {
  const schema = newSchema();
  using space = workspace();
  space.write("assets.csv", "tag\nT1\n");
  configure(space, inServer(schema));
  expect((await space.agent(["state", "migrate"])).code).toBe(0);
  const newer = migrations.length + 2;
  await server.psql(`\\c agent
UPDATE ${schema}.meta SET version = ${newer}, min_agent = ${newer - 1};`);
  const look = () =>
    server.psql(
      `\\c agent\nSELECT *, xmin FROM ${schema}.meta; SELECT count(*) FROM ${schema}.runs;`,
    );
  const before = await look();
  for (const words of [upload, ["state", "migrate"], ["runs"]]) {
    const { code, stderr } = await space.agent(words);
    expect(code).toBe(1);
    expect(stderr).toContain(`The schema "${schema}" is of version ${newer}`);
  }
  expect(await look()).toBe(before);
  // The next version is worked with.
  await server.psql(`\\c agent
UPDATE ${schema}.meta SET version = ${newer - 1}, min_agent = ${migrations.length};`);
  expect((await space.agent(upload)).code).toBe(0);
});

test("--to names a server without a password, which the configuration has", async () => {
  const schema = newSchema();
  using space = workspace();
  space.write("assets.csv", "tag\nT1\n");
  configure(space);
  expect((await space.agent(upload)).code).toBe(0);
  const url = new URL(server.url("127.0.0.1"));
  configure(space, inServer(schema, "${env:STATE_URL}"));
  const named = `postgres://${account}@127.0.0.1:${server.port}/agent`;
  const moved = await space.agent(["state", "move", "--to", named], {
    env: { STATE_URL: url.href },
  });
  expect([moved.code, moved.stderr]).toEqual([0, expect.not.stringContaining("canary")]);
  expect(moved.stdout).toContain(`PostgreSQL at 127.0.0.1:${server.port}/agent`);
});
