/**
 * Whole numbers beyond 2^53 on their whole way: source, filter, mapping, converters, state, plan, upload.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { answering, peopleFrom } from "../hostile/hostile_run.ts";
import { record } from "../support/recorder.ts";
import { slow } from "../support/slow.ts";
import { oomnitzaSection, workspace } from "../support/workspace.ts";

const iccid = "89014103211118510720";
const next = "89014103211118510721";

/** Okta's answer, with a number that only its text holds. */
function people(number: string): Response {
  const person = { id: "u1", profile: { login: "ann@example.com", email: "ann@example.com" } };
  const text = JSON.stringify([person]).replace('"profile":{', `"profile":{"iccid":${number},`);
  return new Response(text, { headers: { "Content-Type": "application/json" } });
}

const mappings = `only_changed = True
mapping.SIM = profile.iccid
mapping.SHOWN = {"source": "profile.iccid", "converter": "shown"}
mapping.NEXT = {"source": "profile.iccid", "converter": "following"}
mapping.FIXED = {"hardcoded": ${iccid}}
recordfilter =
    # language: javascript
    return record.profile.iccid === "${iccid}" || record.profile.iccid === "${next}";
`;
const converters = `
[converters]
shown =
    # language: javascript
    return "sim " + value;
following =
    # language: python
    return value + 1
`;

slow("a SIM's number is sent, kept, compared and shown with all its digits", async () => {
  let number = iccid;
  await using source = answering(() => people(number));
  await using instance = record();
  using space = workspace();
  space.write(
    "config.ini",
    oomnitzaSection(instance) + peopleFrom(source.url, mappings) + converters,
  );
  const upload = ["upload", "okta", "--save-data", "--output", "json"];
  const first = await space.agent(upload);
  expect(first.code).toBe(0);
  const bodies = () => instance.uploads().filter(({ path }) => path === "/api/v3/bulk");
  const [sent] = bodies();
  expect(sent?.body).toContain(`"SIM":${iccid}`);
  expect(sent?.body).toContain(`"SHOWN":"sim ${iccid}"`);
  // Python calculates with it; what code returns beyond 2^53 is a text.
  expect(sent?.body).toContain(`"NEXT":"${next}"`);
  expect(sent?.body).toContain(`"FIXED":${iccid}`);

  // The same number again is no change, its neighbour is one: a double holds both as …510000.
  expect((await space.agent(upload)).code).toBe(0);
  expect(bodies()).toHaveLength(1);
  number = next;
  const plan = await space.agent(["plan", "okta", "--output", "json"]);
  expect(plan.stdout).toMatch(new RegExp(`"old": ?${iccid}`));
  expect(plan.stdout).toMatch(new RegExp(`"new": ?${next}`));
  const text = await space.agent(["plan", "okta"]);
  expect(text.stdout).toContain(`SIM: ${iccid} → ${next}`);
  const explained = await space.agent(["explain", "okta", "--record", "ann@example.com"]);
  expect(explained.stdout).toContain(`"iccid": ${next}`);
  expect(explained.stdout).toContain(`"SIM": ${next}`);

  // A plan that is saved and uploaded later.
  expect((await space.agent(["plan", "okta", "--save", "okta.plan"])).code).toBe(4);
  const saved = await space.agent(["upload", "--plan", "okta.plan"]);
  expect({ code: saved.code, stderr: saved.stderr }).toMatchObject({ code: 0 });
  expect(bodies()[1]?.body).toContain(`"SIM":${next}`);
}, 60_000);

test(
  "a record that was refused, and one that was kept, hold their numbers until they are sent",
  async () => {
    await using source = answering(() => people(iccid));
    let status = 503;
    await using instance = record({
      answer: ({ path }) => path.includes("/bulk") && status !== 200 ? { status } : undefined,
    });
    using space = workspace();
    space.write(
      "config.ini",
      oomnitzaSection(instance) + peopleFrom(source.url, mappings) + converters,
    );
    status = 400;
    expect((await space.agent(["upload", "okta"])).code).toBe(3);
    const failed = await space.agent(["failed", "--output", "json"]);
    expect(failed.stdout).toMatch(new RegExp(`"SIM": ?${iccid}`));
    status = 200;
    const before = instance.uploads().length;
    expect((await space.agent(["retry"])).code).toBe(0);
    const resent = instance.uploads().slice(before).map(({ body }) => body).join();
    expect(resent).toContain(`"SIM":${iccid}`);
  },
  60_000,
);
