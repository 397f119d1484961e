/**
 * Two agents on one PostgreSQL behind nginx and behind HAProxy, as the examples set them up: an agent
 * dies, another one is replaced, and no call is refused.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { openServeWorkspace, type ServeWorkspace } from "../cli/serve_workspace.ts";
import { eventBody } from "../sources/casper/events.ts";
import { binaryPath } from "../support/binary.ts";
import { freePort } from "../support/ports.ts";
import { startPostgres } from "../support/postgres.ts";
import { listen, type Listener } from "../support/serve.ts";
import { slow } from "../support/slow.ts";
import { makeIdentity } from "../support/tds/certificate.ts";
import { workspace } from "../support/workspace.ts";
import { type Balancer, checkBalancer, startBalancer } from "./load_balancers.ts";

await binaryPath();
const identity = makeIdentity(
  "DNS:localhost,IP:127.0.0.1,DNS:agent-1.example.com,DNS:agent-2.example.com",
);
const kinds = ["nginx", "haproxy"] as const;

describe("the configuration of the example", () => {
  test.each(kinds)("has nothing that %s does not understand", async (kind) => {
    using space = workspace();
    expect(await checkBalancer(kind, space, identity)).toBe("");
  }, 60_000);
});

/** An agent of two, on a port that stays when it is started again. */
async function startAgent(space: ServeWorkspace, name: string, port: number): Promise<Listener> {
  const state = join(space.folder, name, "agent-state.sqlite");
  space.write(`${name}/empty`, "");
  return await listen(space, ["--state", state, "--quiet"], { ownProcess: true, port });
}

/** Jamf Pro has so many. */
const devices = 2000;

/** How many events were posted, and how each was answered that was not kept. */
interface Posted {
  count: number;
  readonly refused: string[];
}

/** Posts events of one device after the other, 8 at a time and never twice, until `isOver`. */
async function postUntil(isOver: () => boolean, { url }: Balancer, posted: Posted): Promise<void> {
  const tls = { ca: await Bun.file(identity.authority).text() };
  async function post(): Promise<void> {
    while (!isOver()) {
      const id = posted.count++ % devices + 1;
      const body = eventBody("ComputerAdded", id);
      const answer = await fetch(`${url}/hooks/casper`, { method: "POST", body, tls });
      if (answer.status !== 204) {
        posted.refused.push(`${id}: ${answer.status} ${await answer.text()}`);
      }
    }
  }
  await Promise.all(Array.from({ length: 8 }, post));
}

/** Waits until so many more events were posted. */
async function more(posted: Posted, count: number): Promise<void> {
  const wanted = posted.count + count;
  while (posted.count < wanted) await Bun.sleep(5);
}

for (const kind of kinds) {
  slow(`no call is refused while an agent behind ${kind} dies, and one is replaced`, async () => {
    await using postgres = await startPostgres();
    await using space = await openServeWorkspace({
      serve: `coalesce_seconds = 1\ndrain_delay = 5\ncalls_per_second = 0
trusted_proxies = 127.0.0.1
${kind === "haproxy" ? "cert = cert.pem\nkey = key.pem\n" : ""}`,
      more: `[state]\nurl = ${postgres.url()}\nlease_seconds = 3\n`,
      jamf: { count: devices },
    });
    for (const [name, pem] of [["cert.pem", identity.cert], ["key.pem", identity.key]] as const) {
      space.write(name, pem);
    }
    const ports = [await freePort(), await freePort()] as const;
    let first = await startAgent(space, "one", ports[0]);
    let second = await startAgent(space, "two", ports[1]);
    try {
      await using balancer = await startBalancer(kind, space, identity, ports);
      const posted: Posted = { count: 0, refused: [] };
      let isOver = false;
      const posting = postUntil(() => isOver, balancer, posted);
      await more(posted, 50);
      await first.kill();
      await more(posted, 100);
      first = await startAgent(space, "one", ports[0]);
      await balancer.awaitCalls(0);
      expect(await second.stop()).toBe(0);
      await more(posted, 50);
      second = await startAgent(space, "two", ports[1]);
      await more(posted, 50);
      isOver = true;
      await posting;
      if (posted.refused.length > 0) {
        throw new Error(`${posted.refused.slice(0, 9).join("\n")}\n${await balancer.log()}`);
      }
      const wanted = Math.min(posted.count, devices);
      await first.until("every record", () => space.arrived().length === wanted, 100_000);
      const outside = await fetch(`${balancer.url}/metrics`, {
        tls: { ca: await Bun.file(identity.authority).text() },
      });
      expect(outside.status).toBe(404);
    } finally {
      await first.kill();
      await second.kill();
    }
  }, 240_000);
}
