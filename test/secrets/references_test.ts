/**
 * References to the environment, to files, to commands and to systemd's credentials, in the compiled
 * program.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { record } from "../support/recorder.ts";
import { tagsOnly, workspace } from "../support/workspace.ts";
import { iniWith, uploadWith } from "./section.ts";
import { slow } from "../support/slow.ts";

const secret = 'Canary-of-$references" &<';

test("a token comes from the environment, a file, a command and systemd, and is never shown", async () => {
  const ways: readonly { readonly token: string; readonly env?: Record<string, string> }[] = [
    { token: "${env:OOMNITZA_TOKEN}", env: { OOMNITZA_TOKEN: secret } },
    { token: "${file:token.txt}" },
    { token: "${command:cat token.txt}" },
    { token: "${command: printf '%s' \"$PART\" | sed s/x//}", env: { PART: `x${secret}` } },
    { token: "  ${systemd:oomnitza.token}  ", env: { CREDENTIALS_DIRECTORY: "." } },
  ];
  for (const { token, env = {} } of ways) {
    const run = await uploadWith(token, {
      env,
      prepare(space) {
        space.write("token.txt", `${secret}\n`);
        space.write("oomnitza.token", secret);
      },
    });
    expect(run.code).toBe(0);
    expect(run.tokens).toEqual([secret]);
    expect(run.stdout + run.stderr).not.toContain("Canary");
  }
});

test("a literal $ is a value like any other", async () => {
  const values = [
    "$ecret",
    "${NOT_A_REFERENCE}",
    "pa${env:HOME}ss",
    "${db:thing}",
    "${ENV HOME}",
    "$${env:HOME}",
    "${env:HOME",
  ];
  for (const value of values) {
    const run = await uploadWith(value);
    expect(run.code).toBe(0);
    expect(run.tokens).toEqual([value]);
    expect(run.stderr).not.toContain("reference");
  }
  const misspelt = await uploadWith("${evn:TOKEN}");
  expect(misspelt.tokens).toEqual(["${evn:TOKEN}"]);
  expect(misspelt.stderr).toContain("no secret store named evn");
  expect(misspelt.stderr).toContain("Did you mean ${env:NAME}?");
});

test("references that give nothing are all reported at once, each with its line and what to do", async () => {
  await using instance = record();
  using space = workspace();
  const words = [
    "[csv_assets]",
    "enable = True",
    "filename = ${env:NO_SUCH_FILE}",
    "directory = ${file:missing.txt}",
    "sync_field = ${command:echo oh-Canary >&2; exit 7}",
    "timeout = ${systemd:seconds}",
    "mapping.BARCODE = ${env:}",
    "mapping.X = ${command:true}",
    "",
  ];
  space.write("config.ini", iniWith(instance, "${command:sleep 1; kill -9 $$}", words.join("\n")));
  const run = await space.agent(["upload", "csv_assets"]);
  expect(run.code).toBe(1);
  const expected = [
    /config\.ini:3 \[oomnitza\] api_token: .*\$\{command:…\}: .*killed by SIGKILL\. Run the command by hand/,
    /config\.ini:7 \[csv_assets\] filename: .*\$\{env:NO_SUCH_FILE\}: .*NO_SUCH_FILE is not set\. Set it for/,
    /config\.ini:8 \[csv_assets\] directory: .*\$\{file:missing\.txt\}: .*missing\.txt cannot be read/,
    /config\.ini:9 \[csv_assets\] sync_field: .*exit code 7\. Run the command by hand/,
    /config\.ini:10 \[csv_assets\] timeout: .*systemd passed no credentials to the agent\. Add LoadCredential=seconds:/,
    /config\.ini:11 \[csv_assets\] mapping\.barcode: .*the reference is empty\. Write \$\{env:NAME\}/,
    /config\.ini:12 \[csv_assets\] mapping\.x: .*the secret is empty/,
  ];
  for (const line of expected) expect(run.stderr).toMatch(line);
  expect(run.stderr.match(/config\.ini:\d+/g)).toHaveLength(expected.length);
  expect(run.stderr).not.toContain("Canary");
  expect(instance.requests).toEqual([]);
});

test("options of every kind are checked by what they refer to, and the value is not shown", async () => {
  await using instance = record();
  using space = workspace();
  space.write("assets.csv", "tag\nA1\n");
  const options = ["timeout", "verify_ssl", "vault_backend"];
  const lines = options.map((key) => `${key} = \${env:WRONG}\n`).join("");
  const env = { WRONG: "Canary", RIGHT: "7", TAG: '{"source": "tag"}' };
  space.write("config.ini", iniWith(instance, instance.token, tagsOnly + lines));
  const run = await space.agent(["upload", "csv_assets", "--verbose"], { env });
  expect(run.code).toBe(1);
  for (const key of options) {
    expect(run.stderr).toMatch(new RegExp(`${key}: refers to a value that`));
  }
  expect(run.stderr).not.toContain("Canary");
  const good = "timeout = ${env:RIGHT}\nmapping.SERIAL = ${env:TAG}\n";
  space.write("config.ini", iniWith(instance, instance.token, tagsOnly + good));
  expect((await space.agent(["upload", "csv_assets"], { env })).code).toBe(0);
  expect(JSON.parse(instance.uploads()[0]?.body ?? "").records).toEqual([
    { BARCODE: "A1", SERIAL: "A1" },
  ]);
});

test("only named sections ask for their secrets, each secret once", async () => {
  await using instance = record();
  using space = workspace();
  space.write("assets.csv", "tag\nA1\n");
  const once = "${command:echo x >> asked.txt; echo token-of-the-recorder}";
  const other = "[okta]\nenable = True\nurl = ${env:NO_SUCH}\napi_token = ${env:NO_SUCH}\n" +
    "default_role = ${file:none}\ndefault_position = Employee\n";
  const twice = tagsOnly + `only_if_filled = ${once}\n\n${other}`;
  space.write("config.ini", iniWith(instance, once, twice));
  const run = await space.agent(["upload", "csv_assets"]);
  expect(run.code).toBe(0);
  expect(run.stderr).not.toContain("okta");
  expect(space.read("asked.txt")).toBe("x\n");
  for (const words of [["check", "--file-only"], ["try", "capitalize", "--record", "r.json"]]) {
    space.write("r.json", "{}");
    expect((await space.agent(words)).code).toBe(0);
  }
  expect((await space.agent(["generate-ini", "--ini", "sample.ini"])).code).toBe(0);
  expect(space.read("asked.txt")).toBe("x\n");
  const all = await space.agent(["check"]);
  expect(all.code).toBe(1);
  expect(all.stderr).toMatch(/\[okta\] url: .*NO_SUCH/);
  expect(space.read("asked.txt")).toBe("x\nx\n");
});

test("a switch can be a reference too", async () => {
  const rest = tagsOnly.replace("enable = True", "enable = ${env:ON}");
  expect((await uploadWith("${env:T}", { rest, env: { ON: "yes", T: secret } })).code).toBe(0);
  const off = await uploadWith("${env:T}", { rest, env: { ON: "no", T: secret } });
  expect(off.code).toBe(1);
  expect(off.stderr).toContain("Nothing is enabled");
});

slow("a filter in a file of its own runs", async () => {
  const rest = `${tagsOnly}recordfilter = \${file:filter.py}\n`;
  const run = await uploadWith("${env:T}", {
    rest,
    env: { T: secret },
    prepare: (space) =>
      void space.write("filter.py", "if record['tag'] == 'A1':\n    return False\nreturn True\n"),
  });
  expect(run.code).toBe(0);
  expect(run.stdout).toContain("1 filtered");
});

test.skipIf(process.platform === "win32")(
  "a file that others can read is reported with the fix, and refused when strict",
  async () => {
    await using instance = record();
    using space = workspace();
    space.write("assets.csv", "tag\nA1\n");
    const ini = space.write("config.ini", iniWith(instance, instance.token));
    const words = ["upload", "csv_assets"];
    expect((await space.agent(words)).stderr).not.toContain("chmod");
    for (const mode of [0o644, 0o640, 0o604]) {
      chmodSync(ini, mode);
      const run = await space.agent(words);
      expect(run.code).toBe(0);
      expect(run.stderr).toContain(`chmod 600 ${ini}`);
      expect(run.stderr).toContain(mode === 0o640 ? "its group" : "everyone on this computer");
    }
    space.write(
      "config.ini",
      iniWith(instance, `${instance.token}\nstrict_permissions = \${env:STRICT}`),
    );
    chmodSync(ini, 0o640);
    const refused = await space.agent(words, { env: { STRICT: "yes" } });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("strict_permissions is on");
    chmodSync(ini, 0o600);
    expect((await space.agent(words, { env: { STRICT: "yes" } })).code).toBe(0);
    mkdirSync(join(space.folder, "it's here"));
    const odd = space.write("it's here/config.ini", iniWith(instance, instance.token));
    chmodSync(odd, 0o644);
    const named = await space.agent([...words, "--ini", odd]);
    expect(named.stderr).toContain(`chmod 600 '${odd.replace("'", "'\\''")}'`);
  },
);

test("a reference wins over env_password, which wins over the value in the file", async () => {
  await using instance = record({
    answer: ({ path }) =>
      path === "/api/request_token" ? { status: 200, body: '{"token": "issued"}' } : undefined,
  });
  using space = workspace();
  space.write("assets.csv", "tag\nA1\n");
  const env = { OLD: "old-Canary", NEW: "new-Canary" };
  const ways = [["password = x", "old-Canary"], ["password = ${env:NEW}", "new-Canary"]];
  for (const [line, password = ""] of ways) {
    const login = `username = ann\n${line}\nenv_password = OLD`;
    space.write("config.ini", `[oomnitza]\nurl = ${instance.url}\n${login}\n\n${tagsOnly}`);
    const run = await space.agent(["upload", "csv_assets", "--verbose"], { env });
    expect(run.code).toBe(0);
    expect(run.stdout + run.stderr).not.toContain("Canary");
    const { body = "" } = instance.requests.findLast(({ path }) => path.endsWith("_token")) ?? {};
    expect(new URLSearchParams(body).get("password")).toBe(password);
  }
});
