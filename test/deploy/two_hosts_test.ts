/**
 * Two hosts behind HAProxy: the drop-in for systemd, the configuration, and that both fit the agent.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { needPackage } from "../support/apt.ts";
import { binaryPath, runBinary } from "../support/binary.ts";
import { checkExample } from "../support/example_config.ts";
import { workspace } from "../support/workspace.ts";
import { readExample, referenced, secondsToEnd, written } from "./examples.ts";

needPackage("/usr/bin/systemd-analyze", "systemd");
await binaryPath();

const ini = readExample("two-hosts/config.ini");
const dropIn = readExample("two-hosts/oomnitza-agent.service.d/state.conf");
const haproxy = readExample("two-hosts/haproxy.cfg");
const readme = readExample("two-hosts/README.md");

/** All that systemd has to say against the unit of the service with a drop-in. */
async function verify(text: string): Promise<string> {
  using space = workspace();
  const words = ["service", "install", "--dry-run", "--system", "systemd", "--output", "json"];
  const { stdout } = await runBinary([...words, "--host", "0.0.0.0", "--port", "8443"]);
  const { steps } = JSON.parse(stdout) as { steps: { path?: string; text?: string }[] };
  const unit = steps.find(({ path }) => path?.endsWith(".service"))?.text ?? "";
  const path = space.write("oomnitza-agent.service", unit);
  space.write("oomnitza-agent.service.d/state.conf", text);
  const said = Bun.spawnSync(["systemd-analyze", "verify", path]);
  return `${said.stdout}${said.stderr}`;
}

test("systemd has nothing to say against the unit with the drop-in, and would", async () => {
  expect(await verify(dropIn)).toBe("");
  expect(await verify(dropIn.replace("TimeoutStopSec=75", "TimeoutStopSec=soon")))
    .toContain("soon");
});

test("the drop-in hands over what the configuration names, and gives time to end", () => {
  expect(checkExample(ini).findings).toEqual([]);
  const handed = [...dropIn.matchAll(/^LoadCredential=(\w+):(\S+)$/gm)];
  expect(handed.map(([, name = ""]) => name).sort()).toEqual(referenced(ini, "systemd:"));
  for (const [, name, path] of handed) {
    expect(path).toBe(`/etc/oomnitza-agent/secrets/${name}`);
    expect(readme).toContain(String(name));
  }
  const seconds = /^TimeoutStopSec=(\d+)$/m.exec(dropIn)?.[1];
  expect(Number(seconds)).toBeGreaterThan(secondsToEnd(ini).all);
});

test("HAProxy notices that an agent ends before it refuses calls", () => {
  const [, inter, fall] = /check inter (\d+)s fall (\d+)/.exec(haproxy) ?? [];
  expect(secondsToEnd(ini).delay).toBeGreaterThan(Number(inter) * Number(fall));
  expect(haproxy).toContain("option httpchk GET /readyz\n");
});

test("HAProxy speaks to the agents as the README installs them", () => {
  const servers = [...haproxy.matchAll(/^ {4}server \S+ (\S+):(\d+) ssl verify required /gm)];
  expect(servers.map(([, host]) => host)).toEqual(["192.0.2.11", "192.0.2.12"]);
  for (const [, , port] of servers) expect(readme).toContain(`--port ${port}`);
  expect(written(ini, "serve", "cert")).toBe("/etc/oomnitza-agent/tls/agent.pem");
  expect(written(ini, "serve", "trusted_proxies")).toBe("192.0.2.10");
  expect(haproxy).toContain("option forwardfor\n");
});
