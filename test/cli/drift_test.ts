/**
 * agent drift: what Oomnitza holds now, beside what it accepted.
 *
 * @module
 */
import { afterEach, expect, test } from "bun:test";
import { oomnitzaSection, workspace } from "../support/workspace.ts";
import { numbered } from "./delta_run.ts";
import {
  brief,
  changeFiveFields,
  fiveFields,
  requestsOf,
  startInstance,
  stopInstances,
  uploaded,
} from "./live_run.ts";

afterEach(stopInstances);

test("drift shows what was sent and what is there now, without reading the source", async () => {
  const { instance, space } = await uploaded(30);
  using _ = space;
  const clean = await space.agent(["drift"]);
  expect(clean.code).toBe(0);
  expect(clean.stdout).toBe(
    "csv_assets: 30 compared: 0 changed in Oomnitza, 30 as sent\n",
  );
  await changeFiveFields(instance);
  space.write("assets.csv", numbered(1));
  const requests = await requestsOf(instance, async () => {
    const run = await space.agent(["drift", "csv_assets", "--output", "json"]);
    expect(run.code).toBe(4);
    const { drift, sections: [one] } = JSON.parse(run.stdout);
    expect(drift).toBe(1);
    expect(one.counts).toEqual({ compared: 30, changed: 4, unchanged: 26, gone: 0 });
    // The same five, seen from the other side.
    const sorted = brief(one.changes).toSorted((a, b) => a.record < b.record ? -1 : 1);
    expect(sorted).toEqual(
      fiveFields.map(({ fields, ...rest }) => ({
        ...rest,
        fields: fields.map(([field, old, now]) => [field, now, old]),
      })).toSorted((a, b) => a.record < b.record ? -1 : 1),
    );
  });
  expect(requests).toEqual(["GET /api/v3/assets", "GET /api/v3/assets"]);
  const text = await space.agent(["drift", "csv_assets", "--history", "--limit", "1"]);
  expect(text.stdout).toContain("csv_assets: 30 compared: 4 changed in Oomnitza, 26 as sent");
  expect(text.stdout).toMatch(/~ changed T2\n {6}MODEL: "model 2" → "by hand" \(ann, 20/);
  expect(text.stdout).toContain("… and 3 more");
}, 60_000);

test("people are found by their user names, and compared in the same way", async () => {
  const instance = await startInstance();
  using space = workspace();
  const people = `[csv_users]
enable = True
filename = users.csv
default_role = 25
default_position = Employee
mapping.USER = login
mapping.EMAIL = mail
mapping.PHONE = phone
`;
  space.write("config.ini", oomnitzaSection(instance) + people);
  space.write(
    "users.csv",
    "login,mail,phone\ncarol,carol@example.com,1\nbob,bob@example.com,2\ndan,dan@example.com,3\n",
  );
  await space.agent(["upload", "csv_users"]);
  expect((await space.agent(["plan", "csv_users", "--live"])).code).toBe(0);
  const response = await fetch(`${instance.url}/api/v3/users/bob`, {
    method: "PATCH",
    headers: { authorization2: instance.token, "content-type": "application/json" },
    body: JSON.stringify({ phone: "99" }),
  });
  expect(response.status).toBe(200);
  const live = await space.agent(["plan", "csv_users", "--live", "--history"]);
  expect(live.code).toBe(4);
  expect(live.stdout).toMatch(/~ changed bob\n {6}PHONE: "99" → "2" \(ann, 20/);
  const drift = await space.agent(["drift", "csv_users"]);
  expect(drift.stdout).toContain('~ changed bob\n      PHONE: "2" → "99"');
}, 60_000);

test("drift without a state file has nothing to compare", async () => {
  const { space } = await uploaded(3);
  using _ = space;
  const run = await space.agent(["drift", "--state", "other.sqlite"]);
  expect(run.code).toBe(0);
  expect(run.stdout).toContain("remembers no record that Oomnitza accepted");
  expect(space.has("other.sqlite")).toBe(false);
}, 60_000);
