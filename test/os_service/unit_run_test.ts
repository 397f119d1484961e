/**
 * The command line of the unit, run as systemd runs it: what the service receives and what it reports.
 *
 * @module
 */
import { expect } from "bun:test";
import { chmodSync, existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { createServer } from "node:net";
import { binaryPath, runBinary } from "../support/binary.ts";
import { bindDatagramSocket } from "../support/datagram.ts";
import { workspace } from "../support/workspace.ts";
import { slow } from "../support/slow.ts";

const agent = await binaryPath();

const ini = `[oomnitza]
url = \${systemd:url}
api_token = \${systemd:token}
[casper]
enable = True
url = http://127.0.0.1:9
username = reader
password = \${systemd:password}
sync_field = SERIAL_NUMBER
mapping.SERIAL_NUMBER = general.serial_number
`;

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

/** Waits up to ten seconds for something to be so. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let waits = 0; !(await isSo()); waits++) {
    if (waits > 200) throw new Error("It was not so within ten seconds.");
    await Bun.sleep(50);
  }
}

/** The words of ExecStart, with a folder of credentials instead of systemd's. */
async function execStart(port: number, state: string, credentials: string): Promise<string[]> {
  const { stdout } = await runBinary(
    ["service", "install", "--dry-run", "--system", "systemd", "--port", String(port)],
  );
  const line = /^ *ExecStart=(.*)$/m.exec(stdout)?.[1] ?? "";
  expect(line).not.toContain('"');
  return line.split(" ").map((word) =>
    word
      .replace("${CREDENTIALS_DIRECTORY}", credentials)
      .replace("/var/lib/oomnitza-agent", state)
  );
}

slow("the unit's command line serves, says so, stays alive and ends in good order", async () => {
  using space = workspace();
  const [instancePort, port] = [await freePort(), await freePort()];
  const standIn = Bun.spawn([agent, "stand-in", "--port", `${instancePort}`, "--token", "abc"], {
    stdout: "ignore",
    stderr: "ignore",
  });
  const credentials = join(space.folder, "credentials");
  const names = { "config.ini": ini, token: "abc", password: "x", url: "http://127.0.0.1" };
  for (const [name, text] of Object.entries(names)) {
    space.write(`credentials/${name}`, name === "url" ? `${text}:${instancePort}` : text);
    chmodSync(join(credentials, name), 0o400);
  }
  space.write("state/nothing", "");
  const state = join(space.folder, "state");
  const address = join(space.folder, "notify");
  using socket = bindDatagramSocket(address);
  const service = Bun.spawn(await execStart(port, state, credentials), {
    cwd: state,
    env: { NOTIFY_SOCKET: address, WATCHDOG_USEC: "400000", CREDENTIALS_DIRECTORY: credentials },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  const messages: string[] = [];
  const hears = (state: string, times: number) => () => {
    messages.push(...socket.received());
    if (service.exitCode !== null) throw new Error(`It ended with ${service.exitCode}.`);
    return messages.filter((each) => each === state).length >= times;
  };
  try {
    await until(hears("READY=1", 1));
    await until(hears("WATCHDOG=1", 3));
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
    service.kill("SIGTERM");
    expect(await service.exited).toBe(0);
  } catch (error) {
    service.kill("SIGKILL");
    throw new Error(await new Response(service.stderr).text(), { cause: error });
  } finally {
    service.kill("SIGKILL");
    standIn.kill("SIGKILL");
  }
  expect(await new Response(service.stderr).text()).not.toContain("WARNING");
  messages.push(...socket.received());
  expect(messages[0]).toBe("READY=1");
  expect(messages.at(-1)).toStartWith("STOPPING=1\n");
  expect(existsSync(join(state, "agent-state.sqlite"))).toBe(true);
  expect(statSync(join(state, "agent-state.sqlite")).mode & 0o77).toBe(0);
});
