/**
 * install.sh and the service, in a clean root: registered for real as far as systemd goes without
 * being the first process, restarted by a stand-in for systemctl.
 *
 * @module
 */
import { afterAll, expect } from "bun:test";
import { needPackage } from "../support/apt.ts";
import { binaryPath } from "../support/binary.ts";
import { type CleanRoot, openCleanRoot } from "./clean_root.ts";
import { program, script, serveReleases } from "./release_server.ts";
import { slow } from "../support/slow.ts";

needPackage("/usr/bin/systemctl", "systemd");
needPackage("/usr/bin/curl", "curl");
const server = serveReleases();
const now = server.release("now", program(await binaryPath()));
const unit = "/etc/systemd/system/oomnitza-agent.service";
const wanted = "/etc/systemd/system/multi-user.target.wants/oomnitza-agent.service";

afterAll(() => server[Symbol.dispose]());

async function must(clean: CleanRoot, command: string): Promise<string> {
  const { code, stdout, stderr } = await clean.sh(command);
  if (code !== 0) throw new Error(`${command}: ${code}\n${stdout}${stderr}`);
  return stdout;
}

slow("registers the service, again without harm, and removes all of it", async () => {
  using clean = await openCleanRoot();
  const first = await clean.sh(`sh /install.sh --url ${now} --service`);
  expect(first.code).toBe(0);
  expect(first.stdout).toMatch(
    / {2}3\. Start the service: .*'\/usr\/local\/bin\/agent' service start/,
  );
  expect(await must(clean, "getent passwd oomnitza-agent")).toMatch(
    /^oomnitza-agent:[x!]:\d+:\d+::\/var\/lib\/oomnitza-agent:\/usr\/sbin\/nologin\n$/,
  );
  expect(await must(clean, `stat -c '%a %U' ${unit}; readlink -f ${wanted}`)).toBe(
    `644 root\n${unit}\n`,
  );
  expect(await must(clean, `systemd-analyze verify ${unit} 2>&1`)).toBe("");
  const text = await must(clean, `cat ${unit}`);
  expect(text).toContain(
    "ExecStart=/usr/local/bin/agent serve --host 127.0.0.1 --port 8000 --ini $",
  );
  expect(text).toContain("LoadCredential=config.ini:/etc/oomnitza-agent/config.ini\n");

  await must(clean, "agent service install --port 9000");
  expect(await must(clean, `cat ${unit}`)).toBe(text.replace("--port 8000", "--port 9000"));
  expect(await must(clean, "grep -c oomnitza-agent /etc/passwd")).toBe("1\n");

  expect((await clean.sh("sh /install.sh --uninstall --purge")).code).toBe(0);
  const rest = "find / -xdev -name '*oomnitza*' -not -path '/proc/*' -not -path '/shared/*'";
  expect(await must(clean, rest)).toBe("");
  expect((await clean.sh("getent passwd oomnitza-agent")).code).toBe(2);
}, 120_000);

slow(
  "an upgrade with --service keeps what was registered, and --purge takes what systemctl edit kept",
  async () => {
    using clean = await openCleanRoot();
    await must(clean, `sh /install.sh --url ${now} --config /etc/agent.ini --service`);
    await must(clean, "echo secret >/root/token; mkdir -p /srv/agent");
    const words =
      "--port 9000 --host 0.0.0.0 --state '/srv/agent/my $tate 5%.sqlite' --credential token=/root/token";
    await must(clean, `agent service install ${words}`);
    const registered = await must(clean, `cat ${unit}`);
    for (const part of ["--port 9000", "--host 0.0.0.0", "token:/root/token", "/etc/agent.ini"]) {
      expect(registered).toContain(part);
    }
    await must(clean, `sh /install.sh --url ${now} --service`);
    expect(await must(clean, `cat ${unit}`)).toBe(registered);
    expect((await clean.sh("ls /etc/oomnitza-agent/config.ini")).code).toBe(2);
    // What is named counts, the rest stays.
    await must(clean, "agent service install --port 8000 --credential none");
    const changed = await must(clean, `cat ${unit}`);
    expect(changed).toContain("--host 0.0.0.0 --port 8000 ");
    expect(changed).not.toContain("token:");

    await must(clean, `mkdir ${unit}.d && echo '[Service]' >${unit}.d/override.conf`);
    await must(clean, "sh /install.sh --uninstall");
    expect((await clean.sh(`ls ${unit}.d`)).code).toBe(0);
    await must(clean, "sh /install.sh --uninstall --purge --config /etc/agent.ini");
    expect((await clean.sh(`ls -d ${unit}.d /etc/agent.ini`)).stdout).toBe("");
  },
  120_000,
);

slow("does not register what it cannot", async () => {
  using clean = await openCleanRoot();
  await must(clean, `sh /install.sh --url ${now}`);
  const missing = await clean.sh("agent service install --ini /etc/gone.ini");
  expect(missing.stderr).toContain("There is no file /etc/gone.ini");
  const user = await clean.sh("agent service install --user somebody");
  expect(user.stderr).toContain("Failed: id -u somebody: id: 'somebody': no such user");
  await must(clean, "cp /usr/local/bin/agent /root/agent");
  const space = await clean.sh("/root/agent service install");
  expect(space.stderr).toContain("The service cannot see /root/agent");
  expect([missing.code, user.code, space.code]).toEqual([1, 1, 1]);
  expect((await clean.sh(`ls ${unit}`)).code).toBe(2);
}, 120_000);

/** A service that runs is what /run/it holds: the version of the program that it was started from. */
const systemctl = script(`echo "$*" >>/run/calls
case $1 in
  --version) echo "systemd 252 (252.1)" ;;
  start) /usr/local/bin/agent version | grep -v bad >/run/it || { rm -f /run/it; exit 1; } ;;
  stop) rm -f /run/it ;;
  status) [ -e /run/it ] ;;
esac`);

/** A program that hands everything but its version on to the real one. */
function version(name: string): string {
  return script(`if [ "$1" = version ]; then echo "agent ${name}"; else exec /opt/agent "$@"; fi`);
}

slow(
  "a running service is restarted, and runs the old program again when it does not start",
  async () => {
    using clean = await openCleanRoot();
    await clean.copy(await binaryPath(), "/opt/agent");
    const install = (name: string) =>
      clean.sh(`sh /install.sh --url ${server.release("next", version(name))}`);
    expect((await install("1.0")).code).toBe(0);
    await clean.write("/usr/local/bin/systemctl", systemctl);
    await must(clean, "agent service install");
    await must(clean, "agent service start");
    expect(await must(clean, "cat /run/it")).toBe("agent 1.0\n");

    expect((await install("2.0")).code).toBe(0);
    expect(await must(clean, "cat /run/it")).toBe("agent 2.0\n");

    const bad = await install("3.0-bad");
    expect(bad.stderr).toContain("The service does not start with the new program.");
    expect(bad.stderr).toContain("The old program was put back.");
    expect(bad.code).toBe(1);
    expect(await must(clean, "cat /run/it; agent version")).toBe("agent 2.0\nagent 2.0\n");

    // Well as it was registered, not as the new program registers it: both come back.
    await must(clean, `echo '# by hand' >>${unit}`);
    const before = await must(clean, `cat ${unit}`);
    const next = server.release(
      "next",
      version("5.0").replace(
        "else exec",
        'elif [ "$2" = install ]; then /opt/agent "$@"; rm -f /run/it; else exec',
      ),
    );
    const worse = await clean.sh(`sh /install.sh --url ${next} --service`);
    expect(worse.stderr).toContain("The service does not start as the new program registered it.");
    expect(worse.stderr).toContain("The old program was put back.");
    expect(worse.code).toBe(1);
    expect(await must(clean, `cat ${unit}`)).toBe(before);
    expect(await must(clean, "cat /run/it; agent version")).toBe("agent 2.0\nagent 2.0\n");

    await must(clean, "agent service stop");
    expect((await install("4.0")).code).toBe(0);
    expect((await clean.sh("cat /run/it")).code).toBe(1);
  },
  120_000,
);
