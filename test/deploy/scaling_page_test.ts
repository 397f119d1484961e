/**
 * The page about scaling: that what it names is there, and that its statements give each role enough rights.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openServeWorkspace } from "../cli/serve_workspace.ts";
import { eventBody } from "../sources/casper/events.ts";
import { startPostgres } from "../support/postgres.ts";
import { listen } from "../support/serve.ts";
import { slow } from "../support/slow.ts";

const page = readFileSync(join(import.meta.dir, "../../docs/scaling.md"), "utf8");
const [, statements = ""] = /^```sql\n(.*?)^```$/ms.exec(page) ?? [];

test("the page names metrics that there are", () => {
  const monitoring = readFileSync(join(import.meta.dir, "../../docs/monitoring.md"), "utf8");
  const names = [...page.matchAll(/`(agent_[a-z_]+)`/g)].map(([, name = ""]) => name)
    .filter((name) => name !== "agent_owner");
  expect(names.length).toBeGreaterThan(3);
  for (const name of names) expect(monitoring).toContain(name);
});

test("the page has statements with two roles", () => {
  expect(statements).toContain("CREATE ROLE agent_owner LOGIN PASSWORD 'change-me';");
  expect(statements).toContain("CREATE ROLE agent LOGIN PASSWORD 'change-me-too';");
});

slow("the owner makes the tables, and the role of every day does all else", async () => {
  await using postgres = await startPostgres();
  // The cluster of tests comes with another role and database of these names.
  await postgres.psql("DROP DATABASE agent;\nDROP ROLE agent;");
  await postgres.psql(statements);
  await using space = await openServeWorkspace({
    more: "[state]\nurl = ${env:STATE_URL}\n",
  });
  const url = (login: string) =>
    `postgres://${login}@/agent?host=${encodeURIComponent(postgres.socket)}`
      .replace("@/", `@:${postgres.port}/`);
  const everyDay = { STATE_URL: url("agent:change-me-too") };
  const early = await space.agent(["serve", "--port", "0"], { env: everyDay });
  expect(early.code).toBe(1);
  expect(
    await (await listen(space, [], { env: { STATE_URL: url("agent_owner:change-me") } })).stop(),
  )
    .toBe(0);
  await using agent = await listen(space, [], { env: everyDay });
  const answer = await agent.post("/casper", eventBody("ComputerAdded", 1));
  expect(answer.status).toBe(204);
  await agent.until("the record", () => space.arrived().length === 1);
  const upload = await space.agent(["upload", "casper"], { env: everyDay });
  expect(upload.code).toBe(0);
  expect(space.arrived()).toHaveLength(50);
  const asOwnedByNobody = await postgres.psql(
    "\\connect agent\nSET ROLE agent;\nSELECT has_schema_privilege('oomnitza_agent', 'CREATE')",
  );
  expect(asOwnedByNobody).toEndWith("f");
}, 120_000);

slow(
  "while PostgreSQL is away an agent lives, says so, and takes calls again afterwards",
  async () => {
    await using postgres = await startPostgres();
    await using space = await openServeWorkspace({
      more: `[state]\nurl = ${postgres.url()}\nlease_seconds = 3\n`,
    });
    await using agent = await listen(space, [], { ownProcess: true });
    const post = async (id: number) =>
      (await agent.post("/casper", eventBody("ComputerAdded", id))).status;
    expect(await post(1)).toBe(204);
    await postgres.stop();
    // Longer than its lease: all that it does by the clock has failed by then.
    for (const until = Date.now() + 5000; Date.now() < until; await Bun.sleep(100)) {
      expect((await fetch(`${agent.url}/healthz`)).status).toBe(200);
    }
    await postgres.start();
    while (await post(2) !== 204) await Bun.sleep(100);
    await agent.until("both records", () => space.arrived().join() === "SN1,SN2", 90_000);
    expect((await fetch(`${agent.url}/readyz`)).status).toBe(200);
    expect(agent.hasEnded()).toBe(false);
  },
  180_000,
);
