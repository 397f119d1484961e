/**
 * install.sh in a clean root, against a file server on loopback.
 *
 * @module
 */
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { compileAgent, root as repository } from "../../scripts/binary/compile.ts";
import { hostTarget } from "../../scripts/binary/targets.ts";
import { needPackage } from "../support/apt.ts";
import { binaryPath } from "../support/binary.ts";
import { type CleanRoot, type Done, openCleanRoot } from "./clean_root.ts";
import { program, programFile, script, serveReleases, sumOf } from "./release_server.ts";
import { slow } from "../support/slow.ts";

needPackage("/usr/bin/shellcheck", "shellcheck");
needPackage("/usr/bin/systemctl", "systemd");
needPackage("/usr/bin/curl", "curl");
needPackage("/usr/bin/wget", "wget");
const folder = mkdtempSync(join(tmpdir(), "agent-install-"));
const newer = join(folder, "agent");
await compileAgent({ target: hostTarget(), outfile: newer, version: "9.9.9", commit: "test" });
const agent = program(await binaryPath());
const server = serveReleases();
const now = server.release("now", agent);
/** Answers like the agent, as far as the installer asks, and is copied in no time. */
const light = script(
  'case $1 in version) echo "agent 1.0.0" ;; *) echo "[oomnitza]" >"$3" ;; esac',
);
const small = server.release("small", light);
const next = server.release("next", program(newer));

afterAll(() => {
  server[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

const space = "/usr/local/bin/agent";
const config = "/etc/oomnitza-agent/config.ini";

function install(clean: CleanRoot, words: string): Promise<Done> {
  return clean.sh(`sh /install.sh ${words}`);
}

async function must(clean: CleanRoot, command: string): Promise<string> {
  const { code, stdout, stderr } = await clean.sh(command);
  if (code !== 0) throw new Error(`${command}: ${code}\n${stdout}${stderr}`);
  return stdout;
}

/** All that is in the root besides the programs of the machine. */
function inventory(clean: CleanRoot): Promise<string> {
  const places = "/usr/local /etc/oomnitza-agent /etc/systemd /var /home /root /tmp /run";
  const forms = "-type d -printf '%p %m %U\\n' -o -printf '%p %m %U %s\\n'";
  return must(clean, `find ${places} ${forms} 2>/dev/null | sort; cat /etc/passwd`);
}

test("shellcheck and other shells have nothing to say", () => {
  const path = join(repository, "install.sh");
  const { stdout, success } = Bun.spawnSync(["shellcheck", "--severity=style", path]);
  expect(`${stdout}`).toBe("");
  expect(success).toBe(true);
  expect(readFileSync(path, "utf8")).toStartWith("#!/bin/sh\n");
});

slow("installs, upgrades in place, and uninstalls", async () => {
  using clean = await openCleanRoot();
  const before = await inventory(clean);
  const first = await install(clean, `--url ${now}`);
  expect(first.stderr).toBe("");
  expect(first.code).toBe(0);
  expect(first.stdout).toContain(`Installed agent ${manifest.version} (test) as ${space}\n`);
  expect(first.stdout).toMatch(/ {2}1\. .*config\.ini'\n {2}2\. .* check .*\n {2}3\. .* upload /);
  expect(await must(clean, `stat -c '%a %U' ${space} ${config}`)).toBe("755 root\n600 root\n");
  expect(await must(clean, `cat ${config}`)).toContain("[csv_assets]");
  expect(await must(clean, "ls /usr/local/bin /etc/oomnitza-agent /tmp")).not.toMatch(
    /new|old|tmp\./,
  );

  await must(clean, `echo '# mine' >>${config}`);
  const second = await install(clean, `--url=${next}`);
  expect(second.code).toBe(0);
  expect(await must(clean, "agent version")).toBe("agent 9.9.9 (test)\n");
  expect(await must(clean, `${space}.old version`)).toBe(`agent ${manifest.version} (test)\n`);
  expect(await must(clean, `tail -1 ${config}`)).toBe("# mine\n");

  const third = await install(clean, "--uninstall");
  expect(third.code).toBe(0);
  expect(third.stdout).toContain(`${config} is still there.`);
  expect(await must(clean, "ls /usr/local/bin")).toBe("");
  expect((await install(clean, "--uninstall --purge")).code).toBe(0);
  expect(await inventory(clean)).toBe(before);
}, 120_000);

test.each([
  ["the sum is another", () => server.damage("bad"), "is damaged or not the right one"],
  ["it does not start", () => server.release("bad", "MZ, but not really"), "does not answer"],
  ["it fails", () => server.release("bad", script("echo no glibc; exit 1")), "answer: no glibc."],
  ["it says something else", () => server.release("bad", script("echo hello")), "answer: hello."],
])("when %s, nothing is changed", async (_what, prepare, message) => {
  using clean = await openCleanRoot();
  const url = server.release("bad", light);
  expect((await install(clean, `--url ${small}`)).code).toBe(0);
  const before = await inventory(clean);
  prepare();
  const { code, stderr } = await install(clean, `--url ${url}`);
  expect(stderr).toContain(message);
  expect(stderr).toContain("Nothing was changed.");
  expect(code).toBe(1);
  expect(await inventory(clean)).toBe(before);
  expect(await must(clean, "agent version")).toContain("agent 1.0.0");
});

test("a program that answers, but not in its place, is rolled back", async () => {
  using clean = await openCleanRoot();
  const moody = script('case $0 in *.new) echo "agent 9.9.9" ;; *) echo "lost"; exit 3 ;; esac');
  const url = server.release("moody", moody);
  expect((await install(clean, `--url ${small}`)).code).toBe(0);
  const { code, stderr } = await install(clean, `--url ${url}`);
  expect(stderr).toContain("does not answer in its place: lost The old program was put back.");
  expect(code).toBe(1);
  expect(await must(clean, "agent version")).toContain("agent 1.0.0");
  expect(await must(clean, "ls /usr/local/bin")).toBe("agent\n");
});

slow("a program that hangs is not waited for", async () => {
  using clean = await openCleanRoot();
  await must(clean, "sed -i 's/-lt 200/-lt 20/' /install.sh");
  const url = server.release("hangs", script("exec sleep 100"));
  const started = performance.now();
  expect((await install(clean, `--url ${url}`)).stderr).toContain(
    "The new program does not answer",
  );
  expect(performance.now() - started).toBeLessThan(15_000);
  expect(await must(clean, "ls /usr/local/bin")).toBe("");
});

test("takes a file, with its sums beside it or with a sum", async () => {
  using clean = await openCleanRoot();
  await clean.write(`/media/${programFile}`, light);
  expect((await install(clean, `--from /media/${programFile}`)).stderr).toContain(
    "no SHA256SUMS beside",
  );
  const wrong = await install(clean, `--from /media/${programFile} --sha256 ${sumOf("x")}`);
  expect(wrong.stderr).toContain(`its sum is ${sumOf(light)}, not ${sumOf("x")}`);
  expect(await must(clean, "ls /usr/local/bin")).toBe("");
  const upper = sumOf(light).toUpperCase();
  expect((await install(clean, `--from /media/${programFile} --sha256 ${upper}`)).code).toBe(0);
  await clean.write("/media/SHA256SUMS", `${sumOf(light)} *${programFile}\n`);
  expect((await install(clean, `--from /media/${programFile}`)).code).toBe(0);
  await clean.write("/media/SHA256SUMS", `${sumOf(light)}  agent-plan9\n`);
  expect((await install(clean, `--from /media/${programFile}`)).stderr).toContain("does not list");
});

test("goes below another root, and where one has the right to write", async () => {
  using clean = await openCleanRoot();
  const root = await install(clean, `--url ${small} --root /tmp/image`);
  expect(root.code).toBe(0);
  expect(await must(clean, "cd /tmp/image; find . -type f | sort")).toBe(
    "./etc/oomnitza-agent/config.ini\n./usr/local/bin/agent\n",
  );
  expect((await install(clean, "--uninstall --purge --root=/tmp/image")).code).toBe(0);
  expect(await must(clean, "find /tmp/image -type f")).toBe("");
  const own = await install(
    clean,
    `--url ${small} --prefix /root/my --config '/root/my etc/c.ini'`,
  );
  expect(own.code).toBe(0);
  expect(await must(clean, "stat -c %a '/root/my etc/c.ini'; /root/my/bin/agent version"))
    .toBe("600\nagent 1.0.0\n");
});

slow("does with the programs that a system has", async () => {
  using clean = await openCleanRoot();
  await must(clean, "mkdir /opt; mkdir /opt/few; ln -s /usr/bin/* /opt/few 2>/dev/null; true");
  const few = (words: string) =>
    clean.sh(`PATH=/opt/few:/usr/sbin; ${words}; sh /install.sh --url ${small}`);
  expect((await few("rm /opt/few/curl")).code).toBe(0);
  expect((await few("rm /opt/few/sha256sum")).code).toBe(0);
  expect((await few("rm /opt/few/shasum")).code).toBe(0);
  const blind = await few("rm /opt/few/openssl");
  expect(blind.stderr).toContain("None of sha256sum, shasum and openssl is here");
  expect(blind.code).toBe(1);
  const deaf = await few("rm /opt/few/wget");
  expect(deaf.stderr).toContain("Neither curl nor wget is here.");
  expect(deaf.code).toBe(1);
});

test("refuses what cannot work, and touches nothing", async () => {
  using clean = await openCleanRoot();
  const before = await inventory(clean);
  const refusals: readonly (readonly [string, number, string])[] = [
    ["", 2, "Say where the program is"],
    ["--from", 2, "--from needs a value"],
    ["--frm x", 2, "There is no option --frm"],
    ["--url http://example.com/x", 1, "http://example.com/x is not an https address"],
    ["--url http://127.0.0.1.example.com/x", 1, "is not an https address"],
    ["--url http://127.0.0.1:x@example.com/x", 1, "is not an https address"],
    ["--url http://localhost:80@example.com/x", 1, "is not an https address"],
    ["--url http://127.0.0.1@example.com", 1, "is not an https address"],
    ["--url 'http://127.0.0.1:80\\@example.com/x'", 1, "is not an https address"],
    ["--url 'http://[::1]:80@example.com/x'", 1, "is not an https address"],
    ["--url 'http://localhost?@example.com/x'", 1, "is not an https address"],
    [`--url ${small}/gone`, 1, "Cannot fetch"],
    ["--from /gone", 1, "There is no file /gone"],
    [`--url ${small} --root /tmp/x --service`, 2, "--service and --root do not go together"],
    [`--url ${small} --purge`, 2, "--purge goes with --uninstall"],
    [`--url ${small} --prefix /usr`, 1, "Cannot write into /usr/bin"],
  ];
  for (const [words, exit, message] of refusals) {
    const { code, stderr } = await install(clean, words);
    expect(stderr).toContain(message);
    expect(code).toBe(exit);
  }
  expect(await inventory(clean)).toBe(before);
});
