/**
 * `listener.ini` of `agent serve --configs`, while the agent runs: what changes, and what waits for a restart.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Listener } from "../support/serve.ts";
import { openTenantsSpace } from "./tenants_workspace.ts";

const watcher = { Authorization: `Basic ${btoa("watch:canary-old")}` };
const other = { Authorization: `Basic ${btoa("watch:canary-new")}` };

async function statusOf(
  agent: Listener,
  headers: Record<string, string> = {},
  path = "/metrics",
): Promise<number> {
  return (await fetch(`${agent.url}${path}`, { headers })).status;
}

test("who may call, limits and trusted proxies change while it runs", async () => {
  await using space = openTenantsSpace();
  space.place(await space.tenant("acme"));
  const auth = "auth = basic\nusername = watch\n";
  space.write("tenants/listener.ini", `[serve]\n${auth}password = canary-old\n`);
  await using agent = await space.serve();
  const changes = () => agent.log().split("listener.ini was changed: the new one").length - 1;
  async function change(text: string): Promise<void> {
    const before = changes();
    space.write("tenants/listener.ini", text);
    agent.reload();
    await agent.until("the change", () => changes() > before);
  }
  expect(await statusOf(agent, watcher)).toBe(200);
  await change(`[serve]\n${auth}password = canary-new\n`);
  expect([await statusOf(agent, watcher), await statusOf(agent, other)]).toEqual([401, 200]);
  expect(await statusOf(agent, other, "/nobody/casper")).toBe(204);
  expect(await statusOf(agent, watcher, "/nobody/casper")).toBe(401);
  // Without credentials, only who is on this machine reads them: whom a trusted proxy names.
  const from = { "X-Forwarded-For": "192.0.2.7" };
  await change("[serve]\ncalls_per_second = 1\n");
  expect([await statusOf(agent, from), await statusOf(agent, from)]).toEqual([200, 429]);
  await change("[serve]\ncalls_per_second = 0\ntrusted_proxies = 127.0.0.1\n");
  expect(await statusOf(agent, from)).toBe(403);
  expect(await statusOf(agent)).toBe(200);
  rmSync(join(space.folder, "tenants", "listener.ini"));
  const before = changes();
  agent.reload();
  await agent.until("its end", () => changes() > before);
  expect(await statusOf(agent, from)).toBe(200);
  expect(await agent.stop()).toBe(0);
  expect(agent.log()).not.toContain("canary");
  expect(agent.log()).not.toContain("needs a restart");
}, 60_000);

test(
  "one that is broken never replaces one that works, and what needs a restart is said once",
  async () => {
    await using space = openTenantsSpace();
    space.place(await space.tenant("acme"));
    const works = "[serve]\nauth = basic\nusername = watch\npassword = canary-old\n";
    space.write("tenants/listener.ini", works);
    await using agent = await space.serve();
    const count = (text: string) => agent.log().split(text).length - 1;
    for (const text of ["[serve]\nauth = basic\n", "[serve]\nauth = perhaps\n", "[casper]\n"]) {
      const before = count("The listener goes on with the options of before");
      space.write("tenants/listener.ini", text);
      agent.reload();
      await agent.until(
        "the fault",
        () => count("The listener goes on with the options of before") > before,
      );
      expect([await statusOf(agent), await statusOf(agent, watcher)]).toEqual([401, 200]);
    }
    expect(agent.log()).toContain("has a section [casper]: it is for the listener only");
    // The same fault is not told again.
    const faults = count("The listener goes on");
    agent.reload();
    space.write("tenants/other.ini", "");
    agent.reload();
    await agent.until("the next look", () => agent.log().includes("[other]"));
    expect(count("The listener goes on")).toBe(faults);
    const restart = "idle_seconds in listener.ini: changed, which needs a restart of the agent";
    for (const password of ["canary-new", "canary-newest"]) {
      const changed = count("listener.ini was changed: the new one");
      space.write(
        "tenants/listener.ini",
        `${works.replace("canary-old", password)}idle_seconds = 20\n`,
      );
      agent.reload();
      await agent.until("the change", () => count("listener.ini was changed") > changed);
      expect(count(restart)).toBe(1);
    }
    expect(await statusOf(agent, watcher)).toBe(401);
    expect(await agent.stop()).toBe(0);
  },
  60_000,
);
