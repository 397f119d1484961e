/**
 * An Oomnitza that is not there: who waits is soon told, and the service goes on.
 *
 * @module
 */
import { expect } from "bun:test";
import { eventBody } from "../sources/casper/events.ts";
import { asUser } from "../sources/casper/section.ts";
import { startJamf } from "../sources/casper/server.ts";
import { startStandIn } from "../support/stand_in/mod.ts";
import { listen } from "../support/serve.ts";
import { slow } from "../support/slow.ts";
import { startVendor } from "../support/vendor.ts";
import { oomnitzaSection, workspace } from "../support/workspace.ts";
import { rows, section } from "./state_run.ts";

/** A port on which nobody listens. */
function freePort(): number {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  const { port } = server;
  server.stop(true);
  return Number(port);
}

slow.each([
  ["upload", ["upload", "csv_assets"]],
  ["upload --testmode", ["upload", "csv_assets", "--testmode"]],
  ["plan", ["plan", "csv_assets"]],
  ["check", ["check", "csv_assets"]],
])(
  "%s gives up soon when nobody answers, with a sentence",
  async (_name, words) => {
    using space = workspace();
    space.write("assets.csv", rows(1));
    const url = `http://127.0.0.1:${freePort()}`;
    space.write("config.ini", oomnitzaSection({ url, token: "abcdefgh" }) + section);
    // The retries of an upload that is under way go on for 300 s.
    const run = await space.agent(words, { timeoutMs: 50_000 });
    expect(run.code).toBe(1);
    expect(run.stderr).toContain("Cannot reach Oomnitza [oomnitza]: ");
    expect(run.stderr).toContain("Check url, the network and the proxy.");
    expect(run.stderr.match(/Oomnitza does not answer: /g)).toHaveLength(1);
    expect(run.stderr).not.toContain("attempt ");
  },
  60_000,
);

slow(
  "one that takes the request and never answers is given up as soon",
  async () => {
    await using silent = startVendor({ routes: [], hold: () => new Promise<void>(() => {}) });
    using space = workspace();
    space.write("assets.csv", rows(1));
    space.write("config.ini", oomnitzaSection({ url: silent.url, token: "abcdefgh" }) + section);
    const run = await space.agent(["upload", "csv_assets"], { timeoutMs: 50_000 });
    expect(run.code).toBe(1);
    expect(run.stderr).toContain("Cannot reach Oomnitza [oomnitza]: No answer within 15 s");
  },
  60_000,
);

slow("one that is busy at first is waited for", async () => {
  const standIn = await startStandIn({ faults: { scope: "all", failEvery: 1, mix: ["503"] } });
  using space = workspace();
  space.write("assets.csv", rows(3));
  space.write("config.ini", oomnitzaSection(standIn) + section);
  const agent = await space.start(["upload", "csv_assets"]);
  const line = "Oomnitza does not answer: 503. It is tried for 15 s";
  while (!agent.stderr().includes(line) && !agent.hasEnded()) await Bun.sleep(5);
  standIn.setFaults({});
  expect(await agent.ended, agent.stderr()).toBe(0);
  expect(agent.stderr().split(line)).toHaveLength(2);
  expect(standIn.state.records({})).toHaveLength(3);
  await standIn.stop();
});

slow(
  "a service that finds nobody listens, keeps events, says so once, and sends them later",
  async () => {
    const port = freePort();
    const url = `http://127.0.0.1:${port}`;
    await using vendor = startJamf({ count: 5 });
    using space = workspace();
    const casper = `[casper]\nenable = True\nurl = ${vendor.url}/jss\n${asUser}sync_field = SERIAL
mapping.SERIAL = general.serial_number\n`;
    const token = "stand-in-token";
    space.write(
      "config.ini",
      `${oomnitzaSection({ url, token })}[serve]\ncoalesce_seconds = 0\n${casper}`,
    );
    await using service = await listen(space, ["--singleton", "0"]);
    expect((await service.post("/casper", eventBody("ComputerAdded", 3))).status).toBe(204);
    expect(vendor.calls).toEqual([]);
    const standIn = await startStandIn({ port, token });
    await service.until("the event's device", () => standIn.state.records({}).length === 1, 60_000);
    expect(service.log().match(/The service goes on and tries again/g)).toHaveLength(1);
    expect(service.log()).toContain("Oomnitza answers: what waited is uploaded");
    expect(await service.stop()).toBe(0);
    await standIn.stop();
  },
  120_000,
);

slow(
  "a service that still finds nobody ends at once when it is to",
  async () => {
    using space = workspace();
    const url = `http://127.0.0.1:${freePort()}`;
    space.write("assets.csv", rows(1));
    space.write("config.ini", oomnitzaSection({ url, token: "abcdefgh" }) + section);
    const service = await listen(space, ["--singleton", "0"]);
    expect(await service.stop()).toBe(0);
    expect(service.log()).toContain("Done");
  },
  60_000,
);

slow("wrong credentials end a service at its start, as before", async () => {
  const standIn = await startStandIn();
  using space = workspace();
  space.write("assets.csv", rows(1));
  space.write(
    "config.ini",
    oomnitzaSection({ url: standIn.url, token: "not-the-token" }) + section,
  );
  const run = await space.agent(["serve", "--port", "0"]);
  expect(run.code).toBe(1);
  expect(run.stderr).toContain("Check api_token");
  await standIn.stop();
});
