/**
 * The live line on a terminal, and its absence elsewhere.
 *
 * @module
 */
import { expect } from "bun:test";
import { spawnSync } from "node:child_process";
import { binaryPath } from "../support/binary.ts";
import { spawnStandIn } from "../support/stand_in/process.ts";
import { slow } from "../support/slow.ts";
import { oomnitzaSection, tagsOnly as section, workspace } from "../support/workspace.ts";

const binary = await binaryPath();

slow("a long upload shows a live line on a terminal and plain lines elsewhere", async () => {
  const instance = await spawnStandIn({ faults: { latencyMs: 100 } });
  using space = workspace();
  const rows = Array.from({ length: 2000 }, (_, row) => `T${row}`).join("\n");
  space.write("assets.csv", `tag\n${rows}\n`);
  space.write("config.ini", oomnitzaSection(instance) + section);
  const command = `${binary} upload csv_assets --singleton 0`;
  // script(1) runs it in a terminal of its own.
  const shown = spawnSync("script", ["-qefc", command, "/dev/null"], {
    cwd: space.folder,
    env: { PATH: process.env.PATH, LOGS_DIRECTORY: "none", TERM: "xterm", COLUMNS: "100" },
    encoding: "utf8",
  });
  const piped = await space.agent(["upload", "csv_assets"]);
  instance.child.kill();
  expect(shown.status).toBe(0);
  // deno-lint-ignore no-control-regex
  expect(shown.stdout).toMatch(/\r\x1b\[Kcsv_assets: \d+ read, \d+ sent, 0 failed; \d+\/s/);
  expect(shown.stdout).toContain("2000 read, 2000 sent");
  expect(piped.code).toBe(0);
  // deno-lint-ignore no-control-regex
  expect(piped.stdout + piped.stderr).not.toMatch(/\x1b|\r/);
});

slow("sections side by side share the live line", async () => {
  const instance = await spawnStandIn({ faults: { latencyMs: 100 } });
  using space = workspace();
  const rows = Array.from({ length: 2000 }, (_, row) => `T${row}`).join("\n");
  space.write("assets.csv", `tag\n${rows}\n`);
  const two = ["csv_assets.a", "csv_assets.b"];
  space.write(
    "config.ini",
    oomnitzaSection(instance) + two.map((name) => section.replace("csv_assets", name)).join(""),
  );
  const command = `${binary} upload ${two.join(" ")} --parallel 2 --singleton 0`;
  const shown = spawnSync("script", ["-qefc", command, "/dev/null"], {
    cwd: space.folder,
    env: { PATH: process.env.PATH, LOGS_DIRECTORY: "none", TERM: "xterm", COLUMNS: "120" },
    encoding: "utf8",
  });
  instance.child.kill();
  expect(shown.status).toBe(0);
  expect(shown.stdout).toMatch(
    // deno-lint-ignore no-control-regex
    /\r\x1b\[K2 sections: \d+ read, \d+ sent, 0 failed: csv_assets\.a \d+, csv_assets\.b \d+/,
  );
  for (const name of two) {
    expect(shown.stdout).toContain(`${name}: \x1b[32mok\x1b[0m: 2000 read, 2000 sent`);
  }
});
