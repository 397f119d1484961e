/**
 * Whatever ends the listener, every event that got its 204 leads to a fetch that is newer than it.
 *
 * @module
 */
import { expect } from "bun:test";
import { startStandIn } from "../support/stand_in/mod.ts";
import { eventBody } from "../sources/casper/events.ts";
import { listen, type Listener } from "../support/serve.ts";
import { slow } from "../support/slow.ts";
import { startVendor } from "../support/vendor.ts";
import { oomnitzaSection, workspace } from "../support/workspace.ts";
import { query } from "./state_run.ts";

/** Jamf Pro, whose devices are called by the time at which they were asked for. */
function startClock() {
  return startVendor({
    routes: [{
      method: "POST",
      path: "/api/v1/auth/token",
      answer: () =>
        Response.json({ token: "t", expires: new Date(Date.now() + 1e6).toISOString() }),
    }, {
      method: "GET",
      path: /^\/JSSResource\/computers\/id\/(\d+)/,
      answer: ({ at }, match) =>
        Response.json({ computer: { general: { serial_number: match?.[1], name: String(at) } } }),
    }],
  });
}

slow(
  "20,000 events, killed ten times: each that was answered is followed by a fetch, and delivered",
  async () => {
    const total = 20_000;
    const devices = 5000;
    const kills = 10;
    await using vendor = startClock();
    const standIn = await startStandIn();
    using space = workspace();
    space.write(
      "config.ini",
      `${oomnitzaSection(standIn)}[serve]\ncoalesce_seconds = 1\ncalls_per_second = 0
[casper]\nenable = True\nurl = ${vendor.url}\nusername = u\npassword = pass-word\napi = classic
sync_field = SERIAL\nmapping.SERIAL = general.serial_number\nmapping.NAME = general.name
mapping.APPLICATIONS = {"hardcoded": []}\n`,
    );
    const words = ["--quiet", "--workers", "5"];
    let agent: Listener = await listen(space, words, { ownProcess: true });
    const port = Number(new URL(agent.url).port);
    /** Device → when its last event was posted that got its 204. */
    const answered = new Map<number, number>();
    let next = 0;
    let accepted = 0;
    async function postAll(): Promise<void> {
      for (let number = next++; number < total; number = next++) {
        const device = number % devices + 1;
        const at = Date.now();
        const body = eventBody("ComputerCheckIn", device);
        const url = `http://127.0.0.1:${port}/casper`;
        const answer = await fetch(url, { method: "POST", body }).catch(() => undefined);
        if (answer?.status !== 204) {
          // It has no promise: the next one is tried.
          await Bun.sleep(20);
          continue;
        }
        accepted++;
        answered.set(device, Math.max(at, answered.get(device) ?? 0));
      }
    }
    const posting = Promise.all(Array.from({ length: 16 }, postAll));
    for (let kill = 1; kill <= kills; kill++) {
      // The last kills come when everything was posted, and only the work is left.
      const wanted = Math.min(total, Math.round(total * kill / (kills - 2)));
      while (next < wanted) await Bun.sleep(1);
      await Bun.sleep(kill * 7 % 40 + (wanted === total ? 1000 : 0));
      expect(agent.hasEnded()).toBe(false);
      await agent.kill();
      agent = await listen(space, words, { port, ownProcess: true });
    }
    await posting;
    await agent.until(
      "an empty inbox",
      () => query(space, "SELECT id FROM inbox").length === 0,
      60_000,
    );
    expect(await agent.stop()).toBe(0);
    const arrived = new Map(
      standIn.state.records({ name: "Casper" }).map(({ key, record }) => [Number(key), record]),
    );
    const lost = [...answered].filter(([device, at]) => !(Number(arrived.get(device)?.NAME) >= at));
    expect(lost).toEqual([]);
    expect(accepted).toBeGreaterThan(total / 2);
    expect(answered.size).toBeGreaterThan(devices / 2);
    expect(query(space, "SELECT id FROM outbox")).toEqual([]);
    expect(query(space, "SELECT id FROM runs WHERE is_open = 1")).toEqual([]);
    expect(query(space, "SELECT id FROM dead_letters")).toEqual([]);
    await standIn.stop();
  },
  300_000,
);
