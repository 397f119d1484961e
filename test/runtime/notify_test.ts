/**
 * sd_notify of a compiled program, against a real datagram socket.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { compileAgent } from "../../scripts/binary/compile.ts";
import { hostTarget } from "../../scripts/binary/targets.ts";
import { bindDatagramSocket } from "../support/datagram.ts";
import { useFolder } from "../support/folder.ts";

const folder = useFolder("notify");
const program = join(folder, "probe");
await compileAgent({
  target: hostTarget(),
  outfile: program,
  version: "0.0.0",
  commit: "test",
  entry: "test/runtime/notify_entry.ts",
});

function run(states: readonly string[], env: Readonly<Record<string, string>>): string {
  const child = Bun.spawnSync([program, ...states], { cwd: folder, env });
  return `${child.stdout}${child.stderr}`;
}

const names = [join(folder, "notify.sock"), `@agent-notify-${process.pid}`];

test.each(names)("each state arrives as one datagram: %s", (name) => {
  using socket = bindDatagramSocket(name);
  const said = run(["READY=1\nSTATUS=Grüße", "WATCHDOG=1", "STOPPING=1"], { NOTIFY_SOCKET: name });
  expect(socket.received()).toEqual(["READY=1\nSTATUS=Grüße", "WATCHDOG=1", "STOPPING=1"]);
  expect(said).toBe("watchdog undefined\n");
});

test("without a service manager nothing is sent", () => {
  expect(run(["READY=1"], {})).toBe("watchdog undefined\n");
  expect(run(["READY=1"], { NOTIFY_SOCKET: "" })).toBe("watchdog undefined\n");
});

test.each([
  [join(folder, "gone.sock"), "ENOENT"],
  [`@agent-gone-${process.pid}`, "ECONNREFUSED"],
])("a socket that is not there is named: %s", (name, reason) => {
  expect(run(["READY=1"], { NOTIFY_SOCKET: name })).toBe(
    `AgentError: Cannot notify systemd of "READY=1" over ${name}: ${reason}\nwatchdog undefined\n`,
  );
});

test.each(["vsock:2:1234", `/${"x".repeat(108)}`])("a name that is none is refused: %s", (name) => {
  expect(run(["READY=1"], { NOTIFY_SOCKET: name })).toContain(
    `Cannot use NOTIFY_SOCKET ${name}: it is not the path or name of a socket`,
  );
});

test.each(
  [
    [{ WATCHDOG_USEC: "30000000" }, "30000"],
    [{ WATCHDOG_USEC: "1500", WATCHDOG_PID: "" }, "1.5"],
    [{ WATCHDOG_USEC: "30000000", WATCHDOG_PID: "1" }, "undefined"],
    [{ WATCHDOG_USEC: "0" }, "undefined"],
    [{ WATCHDOG_USEC: "soon" }, "undefined"],
    [{ WATCHDOG_USEC: "" }, "undefined"],
  ] as const,
)("the watchdog of %o is %s ms", (env, milliseconds) => {
  expect(run([], env)).toBe(`watchdog ${milliseconds}\n`);
});

test("the watchdog of this very process counts", () => {
  const script = `WATCHDOG_USEC=2000000 WATCHDOG_PID=$$ exec "${program}"`;
  const child = Bun.spawnSync(["/bin/sh", "-c", script], { cwd: folder, env: {} });
  expect(`${child.stdout}`).toBe("watchdog 2000\n");
});
