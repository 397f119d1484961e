/**
 * Nothing is called sent that was not accepted, and no run looks better than it was.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { record } from "../support/recorder.ts";
import { falseAnswers } from "../support/stand_in/faults.ts";
import { startStandIn } from "../support/stand_in/mod.ts";
import { oomnitzaSection, type Workspace, workspace } from "../support/workspace.ts";
import { rows, section } from "./state_run.ts";

const onlyChanged = `${section}only_changed = True\n`;

async function upload(space: Workspace) {
  const run = await space.agent(["upload", "csv_assets", "--output", "json"]);
  return { run, report: JSON.parse(run.stdout).sections[0] };
}

test.each(["page", "text"] as const)(
  "an answer that is a %s keeps the records, and the next run sends them",
  async (kind) => {
    const standIn = await startStandIn({ faults: { script: [kind] } });
    using space = workspace();
    space.write("assets.csv", rows(3));
    space.write("config.ini", oomnitzaSection(standIn) + onlyChanged);
    const { run, report } = await upload(space);
    expect(run.code).toBe(3);
    expect(report).toMatchObject({ outcome: "failed", counts: { fetched: 3, sent: 0, kept: 3 } });
    expect(run.stderr).toContain(`200, but the answer is not JSON: ${falseAnswers[kind]}`);
    expect(standIn.state.records({})).toHaveLength(0);
    const next = await upload(space);
    expect(next.run.code).toBe(0);
    expect(next.report).toMatchObject({ backlog: { records: 3, sent: 3 } });
    expect(standIn.state.records({})).toHaveLength(3);
    await standIn.stop();
  },
);

test.each(["error", "errors", "no-success"] as const)(
  "a good status with %s is a refusal, and agent retry sends the record again",
  async (kind) => {
    const standIn = await startStandIn({ faults: { script: [kind] } });
    using space = workspace();
    space.write("assets.csv", rows(1));
    space.write("config.ini", oomnitzaSection(standIn) + onlyChanged);
    const { run, report } = await upload(space);
    expect(run.code).toBe(3);
    expect(report).toMatchObject({ counts: { sent: 0, failed: 1 }, dead_letters: 1 });
    expect(report.failures[0]).toEqual({ record: "T0", reason: `200, but ${falseAnswers[kind]}` });
    expect((await space.agent(["retry"])).code).toBe(0);
    expect(standIn.state.records({})).toHaveLength(1);
    await standIn.stop();
  },
);

test("an instance that answers everything with a page is not signed in to", async () => {
  await using instance = record({
    answer: () => ({ status: 200, body: "<html><title>Sign in</title></html>" }),
  });
  using space = workspace();
  space.write("assets.csv", rows(1));
  space.write("config.ini", `[oomnitza]\nurl = ${instance.url}\napi_token = x1234567\n${section}`);
  const run = await space.agent(["upload", "csv_assets"]);
  expect(run.code).toBe(1);
  expect(run.stderr).toContain(
    "Oomnitza did not answer with JSON [oomnitza]: <html><title>Sign in",
  );
});

test("an error instead of the mappings is no mapping", async () => {
  await using instance = record({
    answer: () => ({ status: 200, body: '{"error":"not licensed"}' }),
  });
  using space = workspace();
  space.write("config.ini", `[oomnitza]\nurl = ${instance.url}\napi_token = x1234567\n${section}`);
  const run = await space.agent(["check", "csv_assets"]);
  expect(run.code).toBe(1);
  expect(run.stderr).toContain(
    'Oomnitza answered with an error [oomnitza]: {"error":"not licensed"}',
  );
});

const ini = `[csv_assets]
enable = True
use_server_map = False
filename = a.csv
sync_field = SERIAL
mapping.SERIAL = Serial Number
mapping.NAME = Name
mapping.ASSIGNED_TO = Assigned To
`;

test("columns that the header lacks are named by check, doctor, plan and upload", async () => {
  const standIn = await startStandIn();
  using space = workspace();
  space.write("a.csv", "Serial Number,Name ,Assigned to\nA1,x,ann\nA2,y,bob\n");
  space.write("config.ini", oomnitzaSection(standIn) + ini);
  const said = [/NAME is mapped from "Name": .* Did you mean "Name "\?/];
  said.push(/ASSIGNED_TO is mapped from "Assigned To": .* Did you mean "Assigned to"\?/);
  said.push(/It has: "Serial Number", "Name ", "Assigned to"\./);
  for (const words of [["check", "csv_assets"], ["doctor"], ["plan", "csv_assets"]]) {
    const { stdout, stderr } = await space.agent(words);
    for (const words of said) expect(stdout + stderr).toMatch(words);
  }
  const { run, report } = await upload(space);
  await standIn.stop();
  for (const words of said) expect(run.stderr).toMatch(words);
  expect(run.code).toBe(0);
  expect(report.empty_paths).toMatchObject([
    { path: "Name", fields: ["NAME"] },
    { path: "Assigned To", fields: ["ASSIGNED_TO"] },
  ]);
});

test("without the column of the sync field the section has failed, and check says so", async () => {
  const standIn = await startStandIn();
  using space = workspace();
  space.write(
    "a.csv",
    "Hardware report\nGenerated: today\n\nSerial Number,Name,Assigned To\nA1,x,y\n",
  );
  space.write("config.ini", oomnitzaSection(standIn) + ini);
  const cause = "Line 4 looks like the header: remove the lines above it.";
  const checked = await space.agent(["check", "csv_assets"]);
  expect(checked.code).toBe(3);
  expect(checked.stdout).toContain(cause);
  expect((await space.agent(["doctor"])).stdout).toContain(cause);
  expect((await space.agent(["plan", "csv_assets"])).code).toBe(3);
  const { run, report } = await upload(space);
  await standIn.stop();
  expect(run.code).toBe(3);
  expect(report.error.message).toStartWith("No record could be sent [csv_assets]");
  expect(report.error.hint).toContain(cause);
});

test("a record without a sync field is named by its number, and by file and line", async () => {
  const standIn = await startStandIn();
  using space = workspace();
  const file = space.write("a.csv", 'serial,name\nA1,"two\nlines"\n\n,c\nA4,d\n,e\n');
  space.write(
    "config.ini",
    oomnitzaSection(standIn) +
      ini.replace("Serial Number", "serial").replace("= Name", "= name").replace(
        /^.*ASSIGNED.*$/m,
        "",
      ),
  );
  const { run, report } = await upload(space);
  await standIn.stop();
  expect(report.counts).toMatchObject({ fetched: 4, sent: 2, incomplete: 2 });
  expect(run.stderr).toContain(`Not sent: record 2 (line 5 of ${file}): no value for SERIAL`);
  expect(run.stderr).toContain(`Not sent: record 4 (line 7 of ${file}): no value for SERIAL`);
});
