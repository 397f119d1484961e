/**
 * Nothing is lost on the way: failing instances, poisoned records, sources that break.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { startStandIn } from "../support/stand_in/mod.ts";
import { binaryPath } from "../support/binary.ts";
import { record } from "../support/recorder.ts";
import { slow } from "../support/slow.ts";
import { oomnitzaSection, workspace } from "../support/workspace.ts";

const section = `[csv_assets]
enable = True
filename = assets.csv
sync_field = BARCODE
mapping.BARCODE = tag
mapping.MODEL = model
`;

function rows(count: number): string {
  const lines = Array.from({ length: count }, (_, row) => `T${row},model ${row}`);
  return `tag,model\n${lines.join("\n")}\n`;
}

const everyKindOfFault = {
  failRate: 0.2,
  seed: 7,
  mix: ["500", "503-retry-after", "429", "drop-before", "drop-after"] as const,
};

slow("one request in five fails: all of 10,000 rows are there in the end, exit 0", async () => {
  const standIn = await startStandIn({
    faults: { ...everyKindOfFault, mix: [...everyKindOfFault.mix] },
  });
  using space = workspace();
  space.write("assets.csv", rows(10_000));
  space.write("config.ini", oomnitzaSection(standIn) + section);
  const run = await space.agent(["upload", "csv_assets", "--output", "json", "--workers", "8"], {
    timeoutMs: 240_000,
  });
  const [report] = JSON.parse(run.stdout).sections;
  const keys = new Set(standIn.state.records({ name: "CSV_assets" }).map(({ key }) => key));
  await standIn.stop();
  expect(run.code).toBe(0);
  expect(report.counts).toMatchObject({ fetched: 10_000, sent: 10_000, failed: 0 });
  expect(keys.size).toBe(10_000);
  expect(report.requests).toBeGreaterThanOrEqual(101);
}, 300_000);

slow("over API v2, too", async () => {
  const standIn = await startStandIn({
    apiVersions: ["v2"],
    faults: {
      failRate: 0.2,
      seed: 3,
      mix: ["500", "429", "drop-before", "drop-after"],
      retryAfter: { seconds: 0 },
    },
  });
  using space = workspace();
  space.write("assets.csv", rows(1000));
  space.write("config.ini", oomnitzaSection(standIn) + section);
  const run = await space.agent(["upload", "csv_assets", "--workers", "32"], {
    timeoutMs: 240_000,
  });
  const count = standIn.state.records({ name: "CSV_assets" }).length;
  await standIn.stop();
  expect(run.stdout).toContain("1000 read, 1000 sent");
  expect(run.code).toBe(0);
  expect(count).toBe(1000);
}, 300_000);

test("one poisoned record in each hundred: exactly those are reported, exit 3", async () => {
  const standIn = await startStandIn({ faults: { poison: { field: "BARCODE", pattern: "37$" } } });
  using space = workspace();
  space.write("assets.csv", rows(2000));
  space.write("config.ini", oomnitzaSection(standIn) + section);
  const run = await space.agent(["upload", "csv_assets", "--output", "json"]);
  const keys = new Set(standIn.state.records({ name: "CSV_assets" }).map(({ key }) => key));
  await standIn.stop();
  expect(run.code).toBe(3);
  const [report] = JSON.parse(run.stdout).sections;
  const poisoned = Array.from({ length: 20 }, (_, hundred) => `T${hundred === 0 ? "" : hundred}37`);
  expect(report.counts).toMatchObject({ fetched: 2000, sent: 1980, failed: 20 });
  expect(report.failures.map((failure: { record: string }) => failure.record).sort()).toEqual(
    poisoned.sort(),
  );
  expect(keys.size).toBe(1980);
  for (const key of poisoned) expect(run.stderr).toContain(`Refused ${key}: 400`);
});

slow(
  "an instance that goes away ends the section, and what was read is accounted for",
  async () => {
    let taken = 0;
    await using instance = record({
      answer: ({ path }) =>
        path === "/api/v3/bulk" && ++taken > 3 ? { status: 400, body: "maintenance" } : undefined,
    });
    using space = workspace();
    space.write("assets.csv", rows(1000));
    space.write("config.ini", oomnitzaSection(instance, "batch_size = 10") + section);
    const run = await space.agent(["upload", "csv_assets", "--output", "json"]);
    const [report] = JSON.parse(run.stdout).sections;
    expect(run.code).toBe(3);
    expect(report.counts.fetched).toBe(1000);
    expect(report.counts.sent + report.counts.failed).toBe(1000);
    expect(report.failures).toHaveLength(report.counts.failed);
  },
);

test("a source that breaks half-way ends the section as failed; what was read is sent; the next one runs", async () => {
  await using instance = record();
  using space = workspace();
  space.write("assets.csv", `${rows(150)}X,"never closed\n`);
  space.write("good.csv", rows(5));
  const second = section.replace("[csv_assets]", "[csv_assets.good]").replace(
    "assets.csv",
    "good.csv",
  );
  space.write("config.ini", oomnitzaSection(instance) + section + second);
  const run = await space.agent(["upload", "csv_assets", "csv_assets.good", "--output", "json"]);
  const [broken, good] = JSON.parse(run.stdout).sections;
  expect(run.code).toBe(3);
  expect(broken).toMatchObject({ outcome: "failed", counts: { fetched: 150, sent: 150 } });
  expect(broken.error.message).toContain("assets.csv");
  expect(good).toMatchObject({ outcome: "ok", counts: { fetched: 5, sent: 5 } });
});

test("a redirect never turns an upload into a question, and is reported", async () => {
  await using instance = record({
    answer: ({ path }) =>
      path === "/api/v3/bulk" ? { status: 301, headers: { Location: "/elsewhere" } } : undefined,
  });
  using space = workspace();
  space.write("assets.csv", rows(3));
  space.write("config.ini", oomnitzaSection(instance) + section);
  const run = await space.agent(["upload", "csv_assets"]);
  expect(run.code).toBe(3);
  expect(run.stdout).toContain("3 kept for the next run");
  expect(run.stdout).toContain("Redirected to /elsewhere");
  expect(instance.requests.some(({ path }) => path === "/elsewhere")).toBe(false);
});

test("Ctrl-C ends an upload in good order: the account balances, exit 3", async () => {
  const binary = await binaryPath();
  let posts = 0;
  await using instance = record({
    answer: ({ path }) => (posts += Number(path === "/api/v3/bulk"), undefined),
  });
  using space = workspace();
  space.write("assets.csv", rows(300_000));
  space.write("config.ini", oomnitzaSection(instance) + section);
  const words = ["upload", "csv_assets", "--singleton", "0", "--output", "json"];
  const child = Bun.spawn([binary, ...words], {
    cwd: space.folder,
    env: process.env,
    stdout: "pipe",
    stderr: "pipe",
  });
  while (posts < 5) await Bun.sleep(5);
  child.kill("SIGINT");
  const report = JSON.parse(await new Response(child.stdout).text());
  expect(await child.exited).toBe(3);
  const { counts, error } = report.sections[0];
  expect(error.message).toContain("SIGINT");
  expect(counts.fetched).toBeLessThan(300_000);
  expect(counts.fetched).toBe(counts.sent + counts.kept + counts.failed);
});
