/**
 * The compatibility checklist, T9 to T13: what is posted, how often, and what becomes of refusals.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { record } from "../support/recorder.ts";
import { slow } from "../support/slow.ts";
import { oomnitzaSection, workspace } from "../support/workspace.ts";

const users = `[csv_users]
enable = True
filename = users.csv
default_role = 25
default_position = Employee
mapping.USER = login
mapping.EMAIL = mail
`;

const assets = `[csv_assets]
enable = True
filename = assets.csv
sync_field = BARCODE
mapping.BARCODE = tag
mapping.MODEL = model
`;

const threeAssets = "tag,model\nA1,one\nA2,two\nA3,three\n";

test("T9: people go one per POST to /api/v2/bulk/users with VERSION and agent_id", async () => {
  await using instance = record();
  using space = workspace();
  space.write("users.csv", "login,mail\nann,ann@example.com\nbob,bob@example.com\n");
  space.write("config.ini", oomnitzaSection(instance, "api_version = v2") + users);
  const run = await space.agent(["upload", "csv_users"]);
  expect(run.code).toBe(0);
  const uploads = instance.uploads();
  expect(uploads.map(({ method, path }) => `${method} ${path}`)).toEqual([
    "POST /api/v2/bulk/users",
    "POST /api/v2/bulk/users",
  ]);
  const bodies = uploads.map(({ body }) => JSON.parse(body)).sort((a, b) =>
    a.USER < b.USER ? -1 : 1
  );
  expect(bodies).toEqual([
    { USER: "ann", EMAIL: "ann@example.com", POSITION: "Employee", PERMISSIONS_ID: "25" },
    { USER: "bob", EMAIL: "bob@example.com", POSITION: "Employee", PERMISSIONS_ID: "25" },
  ]);
  for (const { query, headers } of uploads) {
    expect(query).toMatch(/^VERSION=\d+\.\d+\.\d+&agent_id=CSV_users$/);
    expect(headers.get("content-type")).toBe("application/json; charset=utf-8");
    expect(headers.get("authorization2")).toBe(instance.token);
  }
});

test("T9: default_position = unused adds normal_position, a named sync_field is passed on", async () => {
  await using instance = record();
  using space = workspace();
  space.write("users.csv", "login,mail\nann,ann@example.com\n");
  const section = users.replace("= Employee", "= Unused") + "sync_field = EMAIL\n";
  space.write("config.ini", oomnitzaSection(instance, "api_version = v2") + section);
  expect((await space.agent(["upload", "csv_users"])).code).toBe(0);
  const [upload] = instance.uploads();
  expect(upload?.query).toMatch(
    /^VERSION=\d+\.\d+\.\d+&normal_position=True&agent_id=CSV_users&sync_field=EMAIL$/,
  );
  expect(JSON.parse(upload?.body ?? "")).toEqual({
    USER: "ann",
    EMAIL: "ann@example.com",
    PERMISSIONS_ID: "25",
  });
});

test("T10: assets go to /api/v2/bulk/audit with exactly the documented keys", async () => {
  await using instance = record();
  using space = workspace();
  space.write("assets.csv", "tag,model\nA1,Größe\n");
  space.write("config.ini", oomnitzaSection(instance, "api_version = v2") + assets);
  expect((await space.agent(["upload", "csv_assets"])).code).toBe(0);
  const [upload, ...more] = instance.uploads();
  expect(more).toEqual([]);
  expect(upload?.path).toBe("/api/v2/bulk/audit");
  expect(upload?.query).toMatch(/^VERSION=\d+\.\d+\.\d+$/);
  expect(JSON.parse(upload?.body ?? "")).toEqual({
    agent_id: "CSV_assets",
    sync_field: "BARCODE",
    computers: { BARCODE: "A1", MODEL: "Größe" },
    insert_only: "False",
    update_only: "False",
    only_if_filled: null,
    dont_overwrite: null,
  });
});

test("T10: the texts of the ini are passed on verbatim", async () => {
  await using instance = record();
  using space = workspace();
  space.write("assets.csv", "tag,model\nA1,one\n");
  const section =
    `${assets}insert_only = yes\nonly_if_filled = MODEL, NAME\ndont_overwrite = STATUS\n`;
  space.write("config.ini", oomnitzaSection(instance, "api_version = v2") + section);
  expect((await space.agent(["upload", "csv_assets"])).code).toBe(0);
  expect(JSON.parse(instance.uploads()[0]?.body ?? "")).toMatchObject({
    insert_only: "yes",
    update_only: "False",
    only_if_filled: "MODEL, NAME",
    dont_overwrite: "STATUS",
  });
});

test("API v3: lists of records with one portion, then finalize", async () => {
  await using instance = record();
  using space = workspace();
  space.write("assets.csv", threeAssets);
  space.write("config.ini", oomnitzaSection(instance, "batch_size = 2") + assets);
  expect((await space.agent(["upload", "csv_assets", "--workers", "1"])).code).toBe(0);
  const uploads = instance.uploads();
  expect(uploads).toHaveLength(3);
  const [first, second] = uploads.map(({ body }) => JSON.parse(body));
  expect(first).toEqual({
    connector_version: first.connector_version,
    connector_name: "CSV_assets",
    sync_field: ["BARCODE"],
    records: [{ BARCODE: "A1", MODEL: "one" }, { BARCODE: "A2", MODEL: "two" }],
    portion: expect.stringMatching(
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    ),
    data_type: "assets",
    insert_only: false,
    update_only: false,
  });
  expect(second.records).toEqual([{ BARCODE: "A3", MODEL: "three" }]);
  expect(second.portion).toBe(first.portion);
  expect(uploads[2]?.path).toBe(`/api/v3/bulk/${first.portion}/finalize`);
  expect(uploads[2]?.body).toBe("{}");
});

test("api_version auto falls back to v2 only when the endpoint is not there", async () => {
  await using old = record({
    answer: ({ path }) => path.startsWith("/api/v3") ? { status: 404 } : undefined,
  });
  await using busy = record({
    script: [{ status: 400, body: "bad" }, { status: 400, body: "bad" }],
  });
  using space = workspace();
  space.write("assets.csv", threeAssets);
  space.write("config.ini", oomnitzaSection(old) + assets);
  const run = await space.agent(["upload", "csv_assets", "--output", "json"]);
  expect(run.code).toBe(0);
  expect(JSON.parse(run.stdout).sections[0]).toMatchObject({ api: "v2", counts: { sent: 3 } });
  expect(old.uploads().filter(({ path }) => path === "/api/v2/bulk/audit")).toHaveLength(3);
  space.write("assets.csv", "tag,model\nA1,one\n");
  space.write("config.ini", oomnitzaSection(busy) + assets);
  expect((await space.agent(["upload", "csv_assets"])).code).toBe(3);
  expect(busy.uploads().filter(({ path }) => path.startsWith("/api/v2"))).toEqual([]);
});

test("T11: 503 twice, then 200: one record after three attempts, within 0 and 1 second", async () => {
  await using instance = record({ script: [{ status: 503 }, { status: 503 }] });
  using space = workspace();
  space.write("assets.csv", "tag,model\nA1,one\n");
  space.write("config.ini", oomnitzaSection(instance, "api_version = v2") + assets);
  const run = await space.agent(["upload", "csv_assets", "--output", "json"]);
  expect(run.code).toBe(0);
  expect(JSON.parse(run.stdout).sections[0].counts).toMatchObject({ sent: 1, failed: 0 });
  const [first, second, third, ...more] = instance.uploads();
  expect(more).toEqual([]);
  if (first === undefined || second === undefined || third === undefined) {
    throw new Error("three expected");
  }
  expect(new Set([first.body, second.body, third.body]).size).toBe(1);
  expect(second.at - first.at).toBeLessThan(500);
  expect(third.at - second.at).toBeLessThan(1500);
});

slow("Retry-After is honoured, in seconds and as a date", async () => {
  const date = new Date(Date.now() + 3000).toUTCString();
  await using instance = record({
    script: [
      { status: 429, headers: { "Retry-After": "1" } },
      { status: 503, headers: { "Retry-After": date } },
    ],
  });
  using space = workspace();
  space.write("assets.csv", "tag,model\nA1,one\n");
  space.write("config.ini", oomnitzaSection(instance, "api_version = v2") + assets);
  expect((await space.agent(["upload", "csv_assets"])).code).toBe(0);
  const [first, second, third] = instance.uploads().map(({ at }) => at);
  if (first === undefined || second === undefined || third === undefined) {
    throw new Error("three expected");
  }
  expect(second - first).toBeGreaterThanOrEqual(1000);
  expect(third).toBeGreaterThanOrEqual(Date.parse(date));
});

test("T12: a record that is refused does not take its neighbours with it, and is named", async () => {
  function refuse({ body }: { body: string }) {
    return body.includes('"A2"') ? { status: 400, body: "BARCODE A2 is not allowed" } : undefined;
  }
  for (const version of ["v2", "v3"]) {
    await using instance = record({ answer: refuse });
    using space = workspace();
    space.write("assets.csv", threeAssets);
    space.write("config.ini", oomnitzaSection(instance, `api_version = ${version}`) + assets);
    const run = await space.agent(["upload", "csv_assets"]);
    expect(run.code).toBe(3);
    expect(run.stdout).toContain("3 read, 2 sent, 1 failed");
    expect(run.stdout).toContain("A2: 400 BARCODE A2 is not allowed");
    expect(run.stderr).toContain("ERROR [csv_assets] Refused A2: 400");
    const taken = instance.uploads()
      .filter(({ path, body }) => !path.endsWith("finalize") && !body.includes('"A2"'))
      .map(({ body }) => /"A[13]"/.exec(body)?.[0]);
    expect(taken.sort()).toEqual(['"A1"', '"A3"']);
  }
});

test("T13: --testmode --record-count 2 prints two payloads, posts nothing and stops the source", async () => {
  await using instance = record();
  using space = workspace();
  // The third record would end the section: reading stops before it.
  space.write("assets.csv", 'tag,model\nA1,one\nA2,two\nA3,"never closed');
  space.write("config.ini", oomnitzaSection(instance, "api_version = v2") + assets);
  const run = await space.agent(["upload", "--testmode", "csv_assets", "--record-count=2"]);
  expect(run.code).toBe(0);
  const payloads = JSON.parse(`[${run.stdout.trim().replaceAll("\n}\n{", "\n},\n{")}]`);
  expect(payloads.map((payload: { computers: unknown }) => payload.computers)).toEqual([
    { BARCODE: "A1", MODEL: "one" },
    { BARCODE: "A2", MODEL: "two" },
  ]);
  expect(Object.keys(payloads[0])).toEqual(Object.keys(payloads[0]).toSorted());
  expect(instance.uploads()).toEqual([]);
});

test("a token that expires during the run is renewed once", async () => {
  let logins = 0;
  await using instance = record({
    answer({ path, headers, body }) {
      if (path === "/api/request_token") {
        expect(body).toBe("login=ann&password=p%40ss+word");
        return { status: 200, body: JSON.stringify({ token: `session-token-${++logins}` }) };
      }
      const stale = headers.get("authorization2") === "session-token-1";
      return stale && path === "/api/v2/bulk/audit" ? { status: 401 } : undefined;
    },
  });
  using space = workspace();
  space.write("assets.csv", threeAssets);
  const ini =
    `[oomnitza]\nurl = ${instance.url}\nusername = ann\npassword = p@ss word\napi_version = v2\n`;
  space.write("config.ini", ini + assets);
  const run = await space.agent(["upload", "csv_assets", "--verbose"]);
  expect(run.code).toBe(0);
  expect(logins).toBe(2);
  expect(run.stdout).toContain("3 sent");
  for (const secret of ["p@ss word", "session-token"]) {
    expect(run.stdout + run.stderr).not.toContain(secret);
  }
});

test("a token that is refused during the run ends the section, and every record is accounted for", async () => {
  await using instance = record({
    answer: ({ path }) => path.includes("/bulk") ? { status: 401, body: "no" } : undefined,
  });
  using space = workspace();
  const rows = Array.from({ length: 500 }, (_, row) => `A${row},m`).join("\n");
  space.write("assets.csv", `tag,model\n${rows}\n`);
  space.write("config.ini", oomnitzaSection(instance) + assets);
  const run = await space.agent(["upload", "csv_assets", "--output", "json"]);
  expect(run.code).toBe(3);
  const [section] = JSON.parse(run.stdout).sections;
  expect(section.error.message).toContain("401");
  expect(section.counts.fetched).toBe(section.counts.kept);
  expect(instance.uploads().length).toBeLessThan(4);
});
