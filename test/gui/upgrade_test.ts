/**
 * The page of upgrades, with the compiled program: what a release offers, and putting it in place.
 *
 * @module
 */
import { expect } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatPublicKey } from "../../scripts/binary/minisign_key.ts";
import {
  type Installation,
  installation,
  sayingProgram,
  testKey,
  writeRelease,
} from "../support/release.ts";
import { slow } from "../support/slow.ts";

/** Starts the installed program's GUI; gives how to send a form to a page of it, and its end. */
async function startGui({ program, folder }: Installation) {
  const child = Bun.spawn([program, "gui", "--no-open"], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder },
    stdout: "pipe",
    stderr: "ignore",
  });
  const reader = child.stdout.getReader();
  let text = "";
  while (!text.includes("token=")) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`The GUI showed no address: ${text}`);
    text += new TextDecoder().decode(value);
  }
  const link = /http:\S+/.exec(text)?.[0] ?? "";
  const { origin } = new URL(link);
  const entry = await fetch(link);
  const cookie = (entry.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  const base = origin + (/url=([^"]+)"/.exec(await entry.text())?.[1] ?? "");
  return {
    async send(path: string, form: Readonly<Record<string, string>>): Promise<string> {
      const headers = { cookie, origin };
      const body = new URLSearchParams(form);
      return await (await fetch(base + path, { method: "POST", headers, body })).text();
    },
    async [Symbol.asyncDispose]() {
      child.kill();
      await child.exited;
    },
  };
}

slow("a signed release is offered and installed, and one of another key is refused", async () => {
  const shelf = mkdtempSync(join(tmpdir(), "agent-release-"));
  const [key, other] = [testKey(), testKey()];
  writeFileSync(join(shelf, "ours.pub"), formatPublicKey(key));
  writeFileSync(join(shelf, "other.pub"), formatPublicKey(other));
  const from = join(shelf, "next");
  const program = sayingProgram("9.0.0", "next");
  writeRelease(from, { program, version: "9.0.0", commit: "next", key });
  using here = await installation();
  try {
    await using gui = await startGui(here);
    const refused = await gui.send("upgrade", { from, publicKey: join(shelf, "other.pub") });
    expect(refused).toContain("An error occurred");
    const form = { from, publicKey: join(shelf, "ours.pub") };
    const offered = await gui.send("upgrade", form);
    expect(offered).toContain("The release contains agent 9.0.0 (next), newer than this");
    expect(offered).toContain("Install it");
    expect(here.isUntouched()).toBe(true);
    expect(await gui.send("upgrade/install", form)).toContain("The old program is kept as");
    expect(here.isUntouched()).toBe(false);
    expect(here.files()).toContain("agent.old");
  } finally {
    rmSync(shelf, { recursive: true, force: true });
  }
});
