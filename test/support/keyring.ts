/**
 * A real keyring for tests: gnome-keyring behind a D-Bus of its own, in a home of its own.
 *
 * @module
 */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { needPackage } from "./apt.ts";

const daemon = "/usr/bin/gnome-keyring-daemon";
const bus = "/usr/bin/dbus-daemon";

/** A keyring that is open. */
export interface Keyring {
  /** Variables with which a program finds it. */
  readonly env: Readonly<Record<string, string>>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Sees to it that the programs are there. Call it at the top of a test file. */
export function needKeyring(): void {
  needPackage(daemon, "gnome-keyring", "libsecret-1-0");
  needPackage(bus, "dbus-daemon");
}

/** Opens an empty keyring. */
export async function openKeyring(): Promise<Keyring> {
  const home = mkdtempSync(join(tmpdir(), "agent-keyring-"));
  const socket = join(home, "bus");
  const address = `unix:path=${socket}`;
  const env = {
    HOME: home,
    XDG_DATA_HOME: join(home, "data"),
    XDG_RUNTIME_DIR: home,
    DBUS_SESSION_BUS_ADDRESS: address,
  };
  const child = Bun.spawn([bus, "--session", "--nofork", `--address=${address}`], {
    env: { ...env, PATH: process.env.PATH ?? "" },
    stdout: "ignore",
    stderr: "ignore",
  });
  while (!existsSync(socket)) await Bun.sleep(20);
  const ring = Bun.spawn([daemon, "--foreground", "--unlock", "--components=secrets"], {
    env: { ...env, PATH: process.env.PATH ?? "" },
    stdin: new TextEncoder().encode("the password of a test"),
    stdout: "pipe",
    stderr: "ignore",
  });
  // It says where its control socket is once it has taken its name on the bus.
  await ring.stdout.getReader().read();
  return {
    env,
    async [Symbol.asyncDispose]() {
      ring.kill();
      child.kill();
      await Promise.all([ring.exited, child.exited]);
      rmSync(home, { recursive: true, force: true });
    },
  };
}
