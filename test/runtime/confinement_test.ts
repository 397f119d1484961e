/**
 * A confined process has lost what user code that broke out of its interpreter would need.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { workspace } from "../support/workspace.ts";

/** What the kernel says of each thread of a process, by key. */
function threadStates(pid: number, key: string): string[] {
  return readdirSync(`/proc/${pid}/task`).map((task) => {
    const status = readFileSync(`/proc/${pid}/task/${task}/status`, "utf8");
    return new RegExp(`^${key}:\\s*(.*)$`, "m").exec(status)?.[1] ?? "missing";
  });
}

describe.if(process.platform === "linux")("a confined process", () => {
  test("opens, starts, reaches and signals nothing, and computes on", async () => {
    using space = workspace();
    space.write("file", "content");
    await using server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
    const child = Bun.spawn(
      [
        process.execPath,
        join(import.meta.dir, "confinement_process.ts"),
        join(space.folder, "file"),
        server.url.href,
      ],
      { stdin: "pipe", stdout: "pipe", stderr: "inherit" },
    );
    const { value } = await child.stdout.getReader().read();
    const reported = JSON.parse(new TextDecoder().decode(value));
    expect(reported.confinement).toEqual({
      noNewPrivileges: true,
      capabilities: true,
      limits: true,
      syscalls: true,
    });
    expect(new Set(Object.values(reported.attempts))).toEqual(new Set(["refused"]));
    expect(reported.tasks).toBe(500_000);
    expect(existsSync(join(space.folder, "file"))).toBe(true);
    for (
      const [key, state] of [["NoNewPrivs", "1"], ["Seccomp", "2"], ["CapEff", /^0+$/]] as const
    ) {
      for (const found of threadStates(child.pid, key)) expect(found).toMatch(state);
    }
    const limits = readFileSync(`/proc/${child.pid}/limits`, "utf8");
    expect(limits).toMatch(/^Max core file size +0 +0 /m);
    expect(limits).toMatch(/^Max file size +0 +0 /m);
    child.stdin.end();
    expect(await child.exited).toBe(0);
  });
});
