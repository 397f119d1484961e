/**
 * Characters that drive a terminal, in everything that the program shows.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { record } from "../support/recorder.ts";
import { oomnitzaSection, workspace } from "../support/workspace.ts";
import { answering, checkHostile, peopleFrom, person, uploadHostile } from "./hostile_run.ts";

/** Clears the screen, sets the title, turns the writing round, is C1 and a separator, returns. */
const evil = "\x1b[2J\x1b]0;owned\x07\u202e\x9b31m\u2028\r\b";
// deno-lint-ignore no-control-regex
const harmful = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

test("--testmode shows escapes in their place, and its JSON still means the same", async () => {
  await using server = answering(() => Response.json([person(1, { firstName: `Ann${evil}` })]));
  const run = await uploadHostile(peopleFrom(server.url), { words: ["--testmode"] });
  expect(run.code).toBe(0);
  expect(run.stdout + run.stderr).not.toMatch(harmful);
  const shown = run.stdout.slice(0, run.stdout.lastIndexOf('{\n  "report"'));
  expect(JSON.parse(shown).records?.[0] ?? JSON.parse(shown)).toMatchObject({
    FIRST_NAME: `Ann${evil}`,
  });
});

test("what a server says in an error is shown harmless, by check, upload and the report", async () => {
  const body = `no ${evil} way`;
  await using server = answering(() =>
    new Response(body, { status: 400, headers: { "X-Note": "plain" } })
  );
  const checked = await checkHostile(peopleFrom(server.url), ["--verbose"]);
  expect(checked.code).toBe(3);
  expect(checked.output).toContain("owned");
  expect(checked.output).not.toMatch(harmful);
  const run = await uploadHostile(peopleFrom(server.url), { words: ["--verbose"] });
  expect(run.section.error?.message).toContain("owned");
  expect(run.stdout + run.stderr).not.toMatch(harmful);
});

test("a refusal of Oomnitza's and names of records are shown harmless", async () => {
  await using server = answering(() => Response.json([person(1, { login: `eve${evil}` })]));
  const run = await uploadHostile(peopleFrom(server.url, "sync_field = USER"), {
    words: ["--verbose"],
    instance: {
      answer: ({ path }) => path === "/api/v3/bulk" ? { status: 400, body: evil } : undefined,
    },
  });
  expect(run.code).toBe(3);
  expect(run.stderr).toContain("eve");
  expect(run.stdout + run.stderr).not.toMatch(harmful);
});

test("try, --show-mappings and findings about the ini show harmless text", async () => {
  await using instance = record({ mappings: { okta: { [`profile.${evil}`]: `FIELD${evil}` } } });
  using space = workspace();
  space.write("record.json", JSON.stringify([{ name: `ann${evil}` }]));
  const bad = `[okta${
    evil.replaceAll(/[\r\u2028\x85]/g, "")
  }]\nenable = True\nx${evil} = ${evil}\n`;
  space.write("config.ini", oomnitzaSection(instance) + peopleFrom("http://127.0.0.1:9") + bad);
  const commands = [
    ["try", "capitalize", "--record", "record.json", "--source", "name"],
    ["try", "capitalize", "--record", "record.json", "--source", "name", "--output", "json"],
    ["try", `no${evil}`, "--record", "record.json"],
    ["upload", "okta", "--show-mappings"],
    ["upload", `okta${evil}`],
    ["check", `okta${evil}`],
    ["check"],
    ["sources", `okta${evil}`],
    [`nonsense${evil}`],
    ["upload", "--ini", `gone${evil}.ini`, "okta", "--output", "json"],
  ];
  for (const words of commands) {
    const run = await space.agent(words);
    expect([words, harmful.exec(run.stdout + run.stderr)]).toEqual([words, null]);
  }
});
