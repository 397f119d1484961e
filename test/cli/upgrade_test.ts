/**
 * `agent upgrade` puts a signed release in the place of the compiled program, from a folder and from
 * the web, and puts the old one back when the new one does not start.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compileAgent } from "../../scripts/binary/compile.ts";
import { formatPublicKey } from "../../scripts/binary/minisign_key.ts";
import { hostTarget } from "../../scripts/binary/targets.ts";
import { binaryPath } from "../support/binary.ts";
import { useFolder } from "../support/folder.ts";
import {
  installation,
  programFile,
  sayingProgram,
  signFolder,
  sumOf,
  testKey,
  writeRelease,
} from "../support/release.ts";
import { slow } from "../support/slow.ts";

const agent = await binaryPath();
const key = testKey();
const shelf = useFolder("releases");
/** A real second build, with the key built in. */
const next = join(shelf, "built", "agent");
await compileAgent({
  target: hostTarget(),
  outfile: next,
  version: "0.2.0",
  commit: "next",
  publicKey: formatPublicKey(key),
});
const releases = { next: join(shelf, "next"), older: join(shelf, "older") };
writeRelease(releases.next, { program: next, version: "0.2.0", commit: "next", key });
writeRelease(releases.older, { program: agent, version: "0.1.0", commit: "test", key });

function release(program: string, version = "0.3.0", commit = "third"): string {
  const folder = mkdtempSync(join(shelf, "release-"));
  writeRelease(folder, { program, version, commit, key });
  return folder;
}

function serveFolder(folder: string) {
  return Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: ({ url }) =>
      new Response(Bun.file(folder + new URL(url).pathname.replace("/agent", ""))),
  });
}

describe("agent upgrade", () => {
  slow("takes a newer release from the web and keeps the old program", async () => {
    using here = await installation();
    const server = serveFolder(releases.next);
    const run = await here.upgrade(`http://127.0.0.1:${server.port}/agent/`, key);
    await server.stop(true);
    expect(run.stderr).not.toContain("rror");
    expect(run).toMatchObject({ code: 0 });
    expect(run.stdout).toContain(
      "The release contains agent 0.2.0 (next), newer than this 0.1.0 (test)",
    );
    expect(run.stdout).toContain("agent of a test");
    expect(run.stdout).toContain(`kept as ${join(here.folder, "agent.old")}`);
    expect(here.files()).toEqual(["agent", "agent.old"]);
    expect((await here.agent(["version"])).stdout).toBe("agent 0.2.0 (next)\n");
    expect(sumOf(join(here.folder, "agent.old"))).toBe(sumOf(agent));
  });

  slow("trusts the key that is built in, and goes back only with the flag", async () => {
    using here = await installation(next);
    const refused = await here.agent(["upgrade", "--from", releases.older]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("older than this 0.2.0 (next)");
    expect(refused.stderr).toContain("--allow-downgrade");
    expect(here.files()).toEqual(["agent"]);
    const taken = await here.agent(["upgrade", "--from", releases.older, "--allow-downgrade"]);
    expect(taken.code).toBe(0);
    expect((await here.agent(["version"])).stdout).toBe("agent 0.1.0 (test)\n");
  });

  test("does nothing when the release holds this very program", async () => {
    using here = await installation(next);
    const run = await here.agent(["upgrade", "--from", releases.next]);
    expect(run).toMatchObject({ code: 0 });
    expect(run.stdout).toContain("agent 0.2.0 (next) is also the version of the release");
    expect(here.files()).toEqual(["agent"]);
  });

  test("--check reports and changes nothing", async () => {
    using here = await installation();
    const run = await here.upgrade(releases.next, key, "--check", "--output", "json");
    expect(run.code).toBe(0);
    expect(JSON.parse(run.stdout)).toEqual({
      current: { version: "0.1.0", commit: "test" },
      offered: { version: "0.2.0", commit: "next" },
      standing: "newer",
      installed: false,
      kept: null,
    });
    expect(here.files()).toEqual(["agent"]);
  });

  test("keeps rights, and follows a link to the program itself", async () => {
    using here = await installation(agent);
    const link = join(here.folder, "link");
    symlinkSync(here.program, link);
    const folder = release(sayingProgram("0.3.0", "third"));
    const { mode } = statSync(here.program);
    const words = ["--output", "json"];
    expect((await here.upgrade(folder, key, ...words)).code).toBe(0);
    expect(here.files()).toEqual(["agent", "agent.old", "link"]);
    expect(statSync(here.program).mode).toBe(mode);
    expect((await here.agent([], { program: link })).stdout).toContain("0.3.0");
  });

  test("replaces what an older upgrade kept", async () => {
    using here = await installation();
    writeFileSync(join(here.folder, "agent.old"), "from last year");
    expect((await here.upgrade(release(sayingProgram("0.3.0", "third")), key)).code).toBe(0);
    expect(sumOf(join(here.folder, "agent.old"))).toBe(sumOf(agent));
  });
});

describe("a new program that does not do", () => {
  slow("does not start: it never takes the place", async () => {
    using here = await installation();
    const folder = release("#!/bin/sh\necho 'no such library' >&2\nexit 127\n");
    const run = await here.upgrade(folder, key);
    expect(run.code).toBe(1);
    expect(run.stderr).toContain("agent.new does not start: no such library");
    expect(here.files()).toEqual(["agent"]);
    expect(sumOf(here.program)).toBe(sumOf(agent));
  });

  test("does not start in its place: the old one is put back", async () => {
    using here = await installation();
    const before = 'case "$0" in *.new) ;; *) echo "not under this name" >&2; exit 1;; esac';
    const run = await here.upgrade(release(sayingProgram("0.3.0", "third", before)), key);
    expect(run.code).toBe(1);
    expect(run.stderr).toContain("The upgrade was rolled back");
    expect(run.stderr).toContain("not under this name");
    expect(here.files()).toEqual(["agent"]);
    expect((await here.agent(["version"])).stdout).toBe("agent 0.1.0 (test)\n");
  });

  test("is another than the release says", async () => {
    using here = await installation();
    const run = await here.upgrade(release(sayingProgram("0.2.9", "third")), key);
    expect(run.code).toBe(1);
    expect(run.stderr).toContain("is agent 0.2.9 (third), but the release is 0.3.0 (third)");
    expect(here.files()).toEqual(["agent"]);
  });

  test("is for other systems", async () => {
    using here = await installation();
    const folder = release(sayingProgram("0.3.0", "third"));
    rmSync(join(folder, programFile));
    signFolder(folder, key);
    const run = await here.upgrade(folder, key);
    expect(run.code).toBe(1);
    expect(run.stderr).toContain(`lists no ${programFile}`);
  });
});

describe("an installation that cannot be upgraded", () => {
  test("in a folder of somebody else", async () => {
    using here = await installation();
    const folder = release(sayingProgram("0.3.0", "third"));
    for (const path of [shelf, folder]) chmodSync(path, 0o755);
    const pub = join(shelf, "release.pub");
    writeFileSync(pub, formatPublicKey(key), { mode: 0o644 });
    const words = ["upgrade", "--from", folder, "--public-key", pub];
    const run = process.getuid?.() === 0
      ? await here.agent(
        ["--reuid=65534", "--regid=65534", "--clear-groups", here.program, ...words],
        { program: "/usr/bin/setpriv" },
      )
      : (chmodSync(here.folder, 0o555), await here.agent(words));
    chmodSync(here.folder, 0o755);
    expect(run.code).toBe(1);
    expect(run.stderr).toContain(`Cannot write into ${here.folder}`);
    expect(run.stderr).toContain("sudo");
    expect(here.files()).toEqual(["agent"]);
  });

  test("while another upgrade is under way", async () => {
    using here = await installation();
    writeFileSync(join(here.folder, "agent.new"), "coming");
    const run = await here.upgrade(release(sayingProgram("0.3.0", "third")), key);
    expect(run.code).toBe(1);
    expect(run.stderr).toContain("Another upgrade is running");
    expect(here.files()).toEqual(["agent", "agent.new"]);
  });

  test("without a key to check with", async () => {
    using here = await installation();
    const run = await here.agent(["upgrade", "--from", releases.next]);
    expect(run.code).toBe(1);
    expect(run.stderr).toContain("built without a key");
    expect(run.stderr).toContain("--public-key");
  });

  test("without --from", async () => {
    using here = await installation();
    const run = await here.agent(["upgrade"]);
    expect(run.code).toBe(2);
    expect(run.stderr).toContain("--from");
  });
});
