/**
 * Work that one process does at a time: who waits for it can be stopped.
 *
 * @module
 */
import { afterAll, expect, test } from "bun:test";
import { doAlone } from "../../src/app/exclusive_work.ts";
import { AgentError } from "../../src/base/errors.ts";
import { connect, openTenant, schema } from "../state/postgres/states.ts";
import { hold } from "../state/conformance/holds.ts";
import { startPostgres } from "../support/postgres.ts";
import { startStandIn } from "../support/stand_in/mod.ts";
import { oomnitzaSection, tagsOnly, workspace } from "../support/workspace.ts";

const server = await startPostgres();
const pg = connect(server.url());
// Makes the tables.
await (await openTenant(pg, "first")).close();
afterAll(async () => {
  await pg.close();
  await server[Symbol.asyncDispose]();
});

test("the wait ends at once with the reason of the signal, and the work is not done", async () => {
  const [one, two] = [await openTenant(pg, "waiting"), await openTenant(pg, "waiting")];
  const held = await hold(one, "agent:alerts");
  const stop = new AbortController();
  let isDone = false;
  const work = () => Promise.resolve(isDone = true);
  const waiting = doAlone(two, "agent:alerts", work, stop.signal);
  stop.abort(new AgentError("Stopped by SIGINT"));
  await expect(waiting).rejects.toThrow("Stopped by SIGINT");
  expect(isDone).toBe(false);
  const next = doAlone(two, "agent:alerts", work, new AbortController().signal);
  await held.release();
  expect(await next).toBe(true);
  await one.close();
  await two.close();
}, 60_000);

test("agent serve that waits for another one's notes can be stopped", async () => {
  const instance = await startStandIn();
  const state = await openTenant(pg, "stopping");
  const held = await hold(state, "agent:schedule");
  using space = workspace();
  space.write("assets.csv", "tag\nT1\n");
  space.write(
    "config.ini",
    oomnitzaSection(instance, "receipt = off") +
      `[state]\nurl = ${server.url()}\nschema = ${schema}\ntenant = stopping\n` +
      `${tagsOnly}schedule = every 1h\n`,
  );
  const agent = await space.start(["serve", "--port", "0"]);
  const owners = async () =>
    Number((await pg.rows(`SELECT count(*) AS n FROM ${schema}.owners`))[0]?.n);
  // It is at work, and cannot listen before it knows since when schedules are as they are.
  while (await owners() < 2 && !agent.hasEnded()) await Bun.sleep(10);
  // If it listened too early, that would be now.
  await Bun.sleep(50);
  expect(agent.stdout()).toBe("");
  expect(await agent.stop()).not.toBe(0);
  expect(agent.stderr()).toContain("Stopped by SIGTERM");
  await held.release();
  await state.close();
  await instance.stop();
}, 60_000);
