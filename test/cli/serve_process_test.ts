/**
 * `agent serve` as a process that runs for long: what systemd is notified, and floods of connections.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { eventBody } from "../sources/casper/events.ts";
import { binaryPath } from "../support/binary.ts";
import { bindDatagramSocket } from "../support/datagram.ts";
import { listen } from "../support/serve.ts";
import { openServeWorkspace } from "./serve_workspace.ts";
import { slow } from "../support/slow.ts";

test.skipIf(process.platform !== "linux")(
  "systemd is notified when it listens, that it lives, and when it ends",
  async () => {
    await using space = await openServeWorkspace({ serve: "drain_seconds = 200\n" });
    const name = join(space.folder, "notify.sock");
    using socket = bindDatagramSocket(name);
    const env = { NOTIFY_SOCKET: name, WATCHDOG_USEC: "400000" };
    await using agent = await listen(space, [], { env });
    const messages: string[] = [];
    await agent.until("three signs of life", () => {
      messages.push(...socket.received());
      return messages.filter((text) => text === "WATCHDOG=1").length >= 3;
    });
    expect(messages[0]).toBe("READY=1");
    expect(await agent.stop()).toBe(0);
    // However long ago the unit was written: it gets the time that this configuration lets it take.
    expect(socket.received()).toContain("STOPPING=1\nEXTEND_TIMEOUT_USEC=230000000");
  },
  60_000,
);

test("agent check names what is wrong in [serve], with its line", async () => {
  await using space = await openServeWorkspace({ serve: "auth = basic\n" });
  const run = await space.agent(["check"]);
  expect(run.code).toBe(1);
  expect(run.stderr).toMatch(
    /config\.ini:\d+ \[serve\] auth: = basic requires username and password/,
  );
  // One section by itself does not need it.
  expect((await space.agent(["check", "casper"])).code).toBe(0);
}, 60_000);

/** Opens connections that say nothing, or half a request. */
async function openIdle(url: string, count: number, text: string): Promise<Socket[]> {
  const { hostname, port } = new URL(url);
  const sockets = Array.from({ length: count }, () => {
    const socket = connect(Number(port), hostname, () => socket.write(text));
    socket.on("error", () => {});
    return socket;
  });
  await Bun.sleep(500);
  return sockets;
}

slow("connections that ask for nothing keep nobody else out, and are closed", async () => {
  await using space = await openServeWorkspace({ jamf: { count: 100 } });
  await using agent = await listen(space, ["--quiet"]);
  const idle = [
    ...await openIdle(agent.url, 500, ""),
    ...await openIdle(agent.url, 500, "POST /casper HTTP/1.1\r\nHost: localhost\r\n"),
  ];
  for (let id = 1; id <= 100; id++) {
    const answer = await agent.post("/casper", eventBody("ComputerAdded", id));
    expect(answer.status).toBe(204);
  }
  await agent.until("all records", () => space.arrived().length === 100);
  await agent.until("all closed", () => idle.every(({ destroyed }) => destroyed), 30_000);
}, 60_000);

slow("more connections than there are descriptors are survived", async () => {
  await using space = await openServeWorkspace();
  const words = ["serve", "--port", "0", "--output", "json", "--quiet"];
  const child = Bun.spawn(
    ["sh", "-c", 'ulimit -n 96; exec "$@"', "sh", await binaryPath(), ...words],
    { cwd: space.folder, stdout: "pipe", stderr: "pipe" },
  );
  const { value } = await child.stdout.getReader().read();
  const { url } = JSON.parse(new TextDecoder().decode(value)) as { url: string };
  const idle = await openIdle(url, 300, "");
  for (const socket of idle) socket.destroy();
  await Bun.sleep(500);
  const body = eventBody("ComputerAdded", 1);
  const answer = await fetch(`${url}/casper`, { method: "POST", body });
  expect(answer.status).toBe(204);
  const deadline = Date.now() + 40_000;
  while (space.arrived().length === 0 && Date.now() < deadline) await Bun.sleep(50);
  expect(space.arrived()).toEqual(["SN1"]);
  child.kill("SIGTERM");
  expect(await child.exited).toBe(0);
}, 60_000);
