/**
 * What `agent service --dry-run` says for each system, word for word.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { XMLValidator } from "fast-xml-parser";
import { bunVariables } from "../../scripts/binary/base.ts";
import { binaryPath, runBinary } from "../support/binary.ts";
import { needPackage } from "../support/apt.ts";
import { workspace } from "../support/workspace.ts";
import { slow } from "../support/slow.ts";

const agent = await binaryPath();
needPackage("/usr/bin/systemd-analyze", "systemd");

interface Shown {
  readonly system: string;
  readonly service: string;
  readonly steps: readonly {
    readonly kind: string;
    readonly path?: string;
    readonly account?: string;
    readonly text?: string;
    readonly mode?: string;
    readonly command?: readonly string[];
    readonly unless?: readonly string[];
  }[];
}

async function dryRun(...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await runBinary(["service", ...words, "--dry-run"]);
  expect(stderr).toBe("");
  expect(code).toBe(0);
  return stdout;
}

async function steps(...words: string[]): Promise<Shown["steps"]> {
  return (JSON.parse(await dryRun(...words, "--output", "json")) as Shown).steps;
}

function expected(name: string): string {
  return readFileSync(join(import.meta.dir, "expected", name), "utf8");
}

async function unit(...words: string[]): Promise<string> {
  const all = await steps("install", "--system", "systemd", ...words);
  return all.find(({ path }) => path?.endsWith(".service"))?.text ?? "";
}

/** All that systemd has to say against a unit. */
function verify(text: string, name = "oomnitza-agent.service"): string {
  using space = workspace();
  const path = space.write(name, text);
  const { stdout, stderr } = Bun.spawnSync(["systemd-analyze", "verify", path]);
  return `${stdout}${stderr}`;
}

test.each(["systemd", "launchd", "windows"])(
  "install, start, stop, uninstall: %s",
  async (system) => {
    const parts = [];
    for (const action of ["install", "start", "stop", "uninstall"]) {
      parts.push(`== ${action}\n${await dryRun(action, "--system", system)}`);
    }
    expect(parts.join("").replaceAll(agent, "/usr/local/bin/agent")).toBe(
      expected(`${system}.txt`),
    );
  },
);

test("without --system it is this machine's", async () => {
  expect(await dryRun("install")).toBe(await dryRun("install", "--system", "systemd"));
});

test("systemd has nothing to say against the unit", async () => {
  expect(verify(await unit())).toBe("");
});

test("nor against a unit with everything in it", async () => {
  using space = workspace();
  const text = await unit(
    ...["--host", "0.0.0.0", "--port", "443", "--user", "daemon"],
    ...["--ini", "/etc/agent %h/my config.ini", "--state", "/srv/the $state/100%/x.sqlite"],
    ...[
      "--service-logging",
      "/etc/agent/it's.json",
      "--credential",
      "token=/etc/a b,key.pem=/etc/k",
    ],
  );
  expect(verify(text)).toBe("");
  expect(text).toContain(
    ' --state "/srv/the $$state/100%%/x.sqlite" --logging-config "/etc/agent/it\'s.json"\n',
  );
  const lines = text.split("\n");
  expect(lines).toContain("LoadCredential=config.ini:/etc/agent %%h/my config.ini");
  expect(lines).toContain("LoadCredential=token:/etc/a b");
  expect(lines).toContain("LoadCredential=key.pem:/etc/k");
  expect(lines).toContain("AmbientCapabilities=CAP_NET_BIND_SERVICE");
  expect(lines).toContain('ReadWritePaths="/srv/the $$state/100%%"');
  expect(space.has("config.ini")).toBe(false);
});

test("a service has the time to end that its configuration lets it take", async () => {
  using space = workspace();
  const config = "[oomnitza]\nurl = http://127.0.0.1:1\napi_token = x\n[serve]\n";
  const slow = space.write("slow.ini", `${config}drain_delay = 60\ndrain_seconds = 600\n`);
  const quick = space.write("quick.ini", `${config}drain_seconds = 5\n`);
  for (const [system, setting] of [["systemd", "TimeoutStopSec="], ["launchd", "ExitTimeOut"]]) {
    const limit = async (ini: string) => {
      const all = await steps("install", "--system", `${system}`, "--ini", ini);
      const text = all.map((step) => step.text ?? "").find((each) => each.includes(`${setting}`));
      return Number(new RegExp(`${setting}\\D*(\\d+)`).exec(text ?? "")?.[1]);
    };
    expect([await limit(slow), await limit(quick)]).toEqual([690, 120]);
  }
});

test("systemd would say it", async () => {
  const text = await unit();
  expect(verify(text.replace("KillMode=mixed", "KillMood=mixed"))).toContain("KillMood");
  expect(verify(text.replace(agent, "/usr/local/bin/not-there"))).toContain("not-there");
});

test("systemd finds the service well fenced", async () => {
  using space = workspace();
  const path = space.write("oomnitza-agent.service", await unit());
  const { stdout } = Bun.spawnSync(["systemd-analyze", "security", "--offline=true", path]);
  const exposure = /exposure level for oomnitza-agent\.service: ([\d.]+)/.exec(`${stdout}`)?.[1];
  expect(Number(exposure)).toBeLessThanOrEqual(2);
});

test("no variable of Bun's reaches the service, and its engine may compile", async () => {
  const text = await unit();
  const unset = /^UnsetEnvironment=(.*)$/m.exec(text)?.[1]?.split(" ");
  expect(unset).toEqual(bunVariables.map(({ name }) => name));
  expect(text).not.toContain("MemoryDenyWriteExecute");
});

test("the property list is XML, whatever the paths are", async () => {
  const all = await steps("install", "--system", "launchd", "--ini", "/Library/R&D <1>/config.ini");
  const plist = all.find(({ path }) => path?.endsWith(".plist"))?.text ?? "";
  expect(XMLValidator.validate(plist)).toBe(true);
  expect(plist).toContain("<string>/Library/R&amp;D &lt;1&gt;/config.ini</string>");
});

test("the account on a Mac gets the highest number that is free", async () => {
  const [account] = await steps("install", "--system", "launchd");
  using space = workspace();
  const taken = ["_a -2", "_b 400", "_c 399", "_d 200", "root 0", "me 501"].join("\n");
  const bin = (name: string, text: string) => {
    space.write(`bin/${name}`, `#!/bin/sh\n${text}\n`);
    Bun.spawnSync(["chmod", "755", join(space.folder, "bin", name)]);
  };
  bin("dscl", `cat <<'X'\n${taken}\nX`);
  bin("sysadminctl", 'printf "%s|" "$@"');
  bin("id", "echo 398");
  const { stdout, success } = Bun.spawnSync([...(account?.command ?? [])], {
    env: { PATH: `${space.folder}/bin:/usr/bin:/bin` },
  });
  expect(success).toBe(true);
  expect(`${stdout}`).toBe(
    "-addUser|_oomnitza-agent|-fullName|Agent for Oomnitza|-UID|398|" +
      "-shell|/usr/bin/false|-home|/var/empty|-roleAccount|398\n",
  );
});

test("the log of the services that keep files is one that the agent can read", async () => {
  using space = workspace();
  const all = await steps("install", "--system", "launchd");
  const text = all.find(({ path }) => path?.endsWith("logging.json"))?.text ?? "";
  const log = join(space.folder, "agent.log");
  const logging = space.write(
    "logging.json",
    text.replace(/"filename": ".*"/, `"filename": "${log}"`),
  );
  const { code } = await space.agent(["check", "--ini", "gone.ini", "--logging-config", logging]);
  expect(code).toBe(1);
  expect(space.read("agent.log")).toMatch(/^\d{4}-\d\d-\d\d .* ERROR agent: .*gone\.ini/);
});

test("accounts have letters of every language, and Windows' own need no right", async () => {
  const user = "EXAMPLE\\svc-prüfung";
  const named = await steps("install", "--system", "windows", "--user", user);
  expect(named.filter(({ kind }) => kind === "logon")).toHaveLength(1);
  expect(named.some(({ command }) => command?.[1] === "managedaccount")).toBe(false);
  const usual = await steps("install", "--system", "windows");
  expect(usual.some(({ kind }) => kind === "logon")).toBe(false);
});

test("on Windows the command line survives paths with spaces", async () => {
  const all = await steps(
    ...["install", "--system", "windows", "--user", "EXAMPLE\\agent$"],
    ...["--ini", "D:\\My Data\\config.ini", "--state", "D:\\state dir\\a\\"],
  );
  expect(all.filter(({ kind }) => kind === "logon")).toEqual([
    { kind: "logon", account: "EXAMPLE\\agent$" },
  ]);
  expect(all.map(({ command }) => command?.slice(1).join(" "))).toContain(
    "managedaccount OomnitzaAgent true",
  );
  const create = all.find(({ command }) => command?.[1] === "create")?.command ?? [];
  expect(create[create.indexOf("binPath=") + 1]).toBe(
    '"C:\\Program Files\\Oomnitza Agent\\agent.exe" __service serve --host 127.0.0.1 --port 8000 ' +
      '--ini "D:\\My Data\\config.ini" --state "D:\\state dir\\a\\\\" ' +
      '--logging-config "C:\\ProgramData\\Oomnitza Agent\\logging.json"',
  );
  const rights = all.filter(({ command }) => command?.[0]?.endsWith("icacls.exe"));
  expect(rights.map(({ command }) => command?.slice(1))).toEqual([
    ["D:\\My Data\\config.ini", "/grant:r", "EXAMPLE\\agent$:R"],
    ["D:\\state dir", "/grant:r", "EXAMPLE\\agent$:(OI)(CI)M"],
  ]);
});

test.each([
  ["systemd", "oomnitza-agent-lab.service", ["/etc/oomnitza-agent-lab/", "oomnitza-agent-lab"]],
  ["launchd", "com.oomnitza.agent.lab", ["Oomnitza Agent lab/", "_oomnitza-agent-lab"]],
  ["windows", "OomnitzaAgent-lab", [
    "C:\\ProgramData\\Oomnitza Agent lab\\",
    "NT SERVICE\\OomnitzaAgent-lab",
  ]],
])("another service shares nothing with the usual one: %s", async (system, service, parts) => {
  const words = ["--system", system, "--output", "json"];
  const named = JSON.parse(await dryRun("install", "--name", "lab", ...words)) as Shown;
  expect(named.service).toBe(service);
  const text = JSON.stringify(named.steps.map((step) => Object.values(step)));
  for (const part of parts) expect(text).toContain(JSON.stringify(part).slice(1, -1));
  // What the usual service is called, where nothing follows.
  expect(text).not.toMatch(
    /oomnitza-agent(?![\w-])|com\.oomnitza\.agent(?!\.lab)|Oomnitza Agent(\\\\\\\\|\/)(?!agent\.exe)/,
  );
  expect(text).not.toMatch(/OomnitzaAgent(?!-lab)/);
  if (system === "systemd") {
    const unitText = named.steps.find(({ path }) => path?.endsWith(".service"))?.text ?? "";
    expect(verify(unitText, "oomnitza-agent-lab.service")).toBe("");
  }
  if (system === "windows") expect(text).toContain("__service=lab serve");
});

slow("a name that an account could not have is refused", async () => {
  for (const name of ["Lab", "a-b", "1st", "a".repeat(17), "../x"]) {
    const { code, stderr } = await runBinary(["service", "status", "--name", name]);
    expect([name, code]).toEqual([name, 2]);
    expect(stderr).toContain("--name takes up to 16 small letters and digits");
  }
});
