/**
 * An upload that loses its lease in the middle, as one sees it from outside.
 *
 * @module
 */
import { expect } from "bun:test";
import { startPostgres } from "../support/postgres.ts";
import { slow } from "../support/slow.ts";
import { startStandIn } from "../support/stand_in/mod.ts";
import { oomnitzaSection, tagsOnly, workspace } from "../support/workspace.ts";

const schema = "agent_lost";
const upload = ["upload", "csv_assets", "--output", "json"];

slow(
  "an upload that stood still beyond its lease keeps its records, ends with 3 and says why",
  async () => {
    await using server = await startPostgres();
    const came = Promise.withResolvers<void>();
    const passed = Promise.withResolvers<void>();
    const instance = await startStandIn({
      hold() {
        came.resolve();
        return passed.promise;
      },
    });
    using space = workspace();
    const state = `[state]\nurl = ${server.url()}\nschema = ${schema}\nlease_seconds = 3\n`;
    space.write("config.ini", oomnitzaSection(instance, "receipt = off") + state + tagsOnly);
    space.write("assets.csv", "tag\nT1\nT2\n");
    const agent = await space.start(upload, { ownProcess: true });
    if (agent.pid === undefined) throw new Error("The agent has no process of its own");
    await Promise.race([came.promise, agent.ended]);
    process.kill(agent.pid, "SIGSTOP");
    try {
      const counted = `SELECT count(*) FROM ${schema}.owners WHERE until > clock_timestamp()`;
      while (await server.psql(`\\c agent\n${counted}`) !== "0") await Bun.sleep(50);
    } finally {
      process.kill(agent.pid, "SIGCONT");
    }
    expect(await agent.ended).toBe(3);
    const [report] = JSON.parse(agent.stdout()).sections;
    expect(report.counts).toMatchObject({ fetched: 2, sent: 0, failed: 0, kept: 2 });
    expect(report.error.message).toContain("away for too long");
    expect(report.error.hint).toContain("longer than its lease");
    passed.resolve();
    // It hung up before it was let through.
    expect(instance.state.records({})).toHaveLength(0);
    const next = await space.agent(upload);
    expect(next.code).toBe(0);
    expect(JSON.parse(next.stdout).sections[0].backlog).toMatchObject({ records: 2, sent: 2 });
    expect(instance.state.records({})).toHaveLength(2);
    await instance.stop();
  },
  60_000,
);
