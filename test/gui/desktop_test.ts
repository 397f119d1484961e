/**
 * A desktop without a command: the GUI starts, and the browser is handed a page that nobody else can
 * read.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { chmodSync } from "node:fs";
import { binaryPath } from "../support/binary.ts";
import { workspace } from "../support/workspace.ts";
import { assets } from "../../src/gui/assets.ts";
import { hasDesktop } from "../../src/runtime/browser.ts";

const program = await binaryPath();

/** Takes the place of the program that opens a page in the browser. */
const opener = `#!/bin/sh
file="\${1#file://}"
{ stat -c '%a' "$file"; stat -c '%a' "$(dirname "$file")"; cat "$file"; } > "$HOME/opened.part"
printf '%s' "$*" > "$HOME/words"
mv "$HOME/opened.part" "$HOME/opened"
`;

test("without a command on a desktop the GUI opens, and its secret is on no command line", async () => {
  using space = workspace();
  chmodSync(space.write("bin/xdg-open", opener), 0o755);
  const child = Bun.spawn([program, "--ini", "mine.ini"], {
    cwd: space.folder,
    env: { PATH: `${space.folder}/bin:${process.env.PATH}`, HOME: space.folder, DISPLAY: ":99" },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  try {
    const until = performance.now() + 15_000;
    while (!space.has("opened") && performance.now() < until) await Bun.sleep(50);
    const [mode, folderMode, ...page] = space.read("opened").split("\n");
    expect([mode, folderMode]).toEqual(["600", "700"]);
    const link = /url=(http:\/\/127\.0\.0\.1:\d+\/enter\?token=[\w-]+)/.exec(page.join("\n"))?.[1];
    const token = new URL(link ?? "").searchParams.get("token") ?? "";
    expect(token).toHaveLength(32);
    expect(space.read("words")).not.toContain(token);
    expect((await fetch(link ?? "")).status).toBe(200);
    child.kill("SIGTERM");
    expect(await child.exited).toBe(0);
    const shown = await new Response(child.stdout).text();
    expect(shown).toContain(`The GUI is at ${link}`);
  } finally {
    child.kill("SIGKILL");
  }
});

test("a desktop is distinguished from a server, a service and a session over SSH", () => {
  expect(hasDesktop({ DISPLAY: ":0" }, "linux")).toBe(true);
  expect(hasDesktop({ WAYLAND_DISPLAY: "wayland-0" }, "linux")).toBe(true);
  expect(hasDesktop({}, "linux")).toBe(false);
  expect(hasDesktop({ DISPLAY: "localhost:10.0", SSH_CONNECTION: "a b c d" }, "linux")).toBe(false);
  expect(hasDesktop({ SESSIONNAME: "Console" }, "win32")).toBe(true);
  expect(hasDesktop({}, "win32")).toBe(false);
  expect(hasDesktop({ TERM: "xterm-256color" }, "darwin")).toBe(true);
  expect(hasDesktop({}, "darwin")).toBe(false);
});

test("all assets together are below 600 kB", () => {
  const sizes = [...assets.values()].map(({ text }) => Buffer.byteLength(text));
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(600_000);
  expect(sizes.every((size) => size > 100)).toBe(true);
});
