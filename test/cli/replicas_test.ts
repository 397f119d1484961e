/**
 * Agents that share a state know of each other, as one sees it from outside.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { hostname } from "node:os";
import { version } from "../../src/runtime/version.ts";
import { agentIsBinary } from "../support/agent.ts";
import { startPostgres } from "../support/postgres.ts";
import { listen } from "../support/serve.ts";
import { slow } from "../support/slow.ts";
import { startStandIn } from "../support/stand_in/mod.ts";
import { oomnitzaSection, tagsOnly, workspace } from "../support/workspace.ts";

interface Listed {
  readonly agents: readonly Record<string, unknown>[];
  readonly differing_sections: readonly string[];
}

slow("agents that serve are listed, and told when their sections are not the same", async () => {
  await using server = await startPostgres();
  const instance = await startStandIn();
  const common = `${oomnitzaSection(instance, "receipt = off")}[state]\nurl = ${server.url()}\n`;
  using one = workspace();
  using other = workspace();
  one.write("config.ini", common + tagsOnly);
  other.write("config.ini", common + tagsOnly.replace("[csv_assets]", "[csv_assets]\n# ours"));
  const list = async () => {
    const { code, stdout } = await one.agent(["replicas", "--output", "json"]);
    return { code, ...JSON.parse(stdout) as Listed };
  };
  expect(await list()).toMatchObject({ code: 0, agents: [] });
  await using first = await listen(one);
  {
    await using second = await listen(other);
    const metricsOf = async ({ url }: { url: string }) =>
      await (await fetch(`${url}/metrics`)).text();
    while (!(await metricsOf(second)).includes("agent_replicas 2\n")) await Bun.sleep(20);
    const { code, agents, differing_sections: differing } = await list();
    expect([code, differing]).toEqual([0, []]);
    const ids = agentIsBinary ? {} : { process: process.pid };
    const agent = { kind: "serve", host: hostname(), version, holds: [], ...ids };
    expect(agents).toMatchObject([agent, agent]);
    expect(await metricsOf(second)).toMatch(
      /agent_replicas_differing 0\n(.*\n)*agent_lease_lost_total 0\n(.*\n)*agent_budget_wait_seconds_total 0/,
    );
  }
  other.write("config.ini", common + tagsOnly.replace("= tag", "= name"));
  await using third = await listen(other);
  await third.until(
    "the warning",
    () => third.log().includes("has other settings of [csv_assets]"),
  );
  expect(await list()).toMatchObject({ code: 3, differing_sections: ["csv_assets"] });
  const { stdout } = await one.agent(["replicas"]);
  expect(stdout.match(/^ *serve/gm)).toHaveLength(2);
  expect(stdout).toContain("Not the same in all agents that serve: csv_assets.");
  expect(stdout).toContain(`State in PostgreSQL at ${server.socket}:${server.port}/agent`);
  await first.stop();
  expect((await list()).agents).toHaveLength(1);
  await third.stop();
  await instance.stop();
}, 60_000);

test("a state in a file is of one machine", async () => {
  using space = workspace();
  space.write("config.ini", `[oomnitza]\nurl = http://127.0.0.1\napi_token = x\n${tagsOnly}`);
  const { code, stdout } = await space.agent(["replicas"]);
  expect([code, stdout.trim()]).toEqual([
    0,
    expect.stringMatching(/^State file .*agent-state\.sqlite: one machine uses it$/),
  ]);
  const { stdout: json } = await space.agent(["replicas", "--output", "json"]);
  expect(JSON.parse(json)).toEqual({ replicas: 1, agents: [], differing_sections: [] });
});
