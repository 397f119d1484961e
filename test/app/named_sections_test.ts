/**
 * Sections that are named and do not exist or are not enabled, and what is said of other sections.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { startStandIn } from "../support/stand_in/mod.ts";
import { oomnitzaSection, tagsOnly } from "../support/workspace.ts";
import { type Faces, openFaces } from "./support/faces.ts";

const off = "[csv_users]\nenable = False\n";

async function withFaces(more: string, look: (faces: Faces) => Promise<void>): Promise<void> {
  const instance = await startStandIn();
  try {
    using faces = openFaces();
    faces.write("config.ini", oomnitzaSection(instance) + tagsOnly + more);
    faces.write("assets.csv", "tag\nA-1\n");
    await look(faces);
  } finally {
    await instance.stop();
  }
}

/** Command lines that name sections; how an upload, a plan and a check end with these. */
function commandsFor(...names: string[]): string[][] {
  return [
    ["upload", ...names, "--singleton", "0"],
    ["plan", ...names],
    ["check", ...names],
    ["check", ...names, "--file-only"],
  ];
}

test("a name that is no section ends every command with 1, and the near name", async () => {
  await withFaces(off, async ({ cli }) => {
    for (
      const words of [...commandsFor("csv_asset"), ["explain", "csv_asset", "--record", "A-1"]]
    ) {
      const { code, stderr } = await cli(...words);
      expect(stderr, words.join(" ")).toMatch(
        /There is no section \[csv_asset\] in \S+config\.ini\n {2}Did you mean csv_assets\?/,
      );
      expect(code, words.join(" ")).toBe(1);
    }
    const { stderr } = await cli("upload", "CSV_Assets", "--singleton", "0");
    expect(stderr).toContain("Did you mean csv_assets?");
  });
});

test("a section that is not enabled ends every command with 1, though another one is", async () => {
  await withFaces(off, async ({ cli }) => {
    for (const words of commandsFor("csv_users")) {
      const { code, stderr } = await cli(...words);
      expect(stderr, words.join(" ")).toContain("[csv_users] is not enabled in");
      expect(code, words.join(" ")).toBe(1);
    }
  });
});

test("what is named rightly beside it runs, and the end is 3", async () => {
  await withFaces(off, async ({ cli }) => {
    const both = await cli("upload", "csv_asset", "csv_assets", "csv_users", "--singleton", "0");
    expect(both.stdout).toContain("csv_assets: ok: 1 read, 1 sent");
    expect(both.stdout).toContain("csv_asset: did not run: There is no section [csv_asset]");
    expect(both.stdout).toContain("csv_users: did not run: [csv_users] is not enabled");
    expect(both.stderr).toMatch(
      /ERROR There is no section \[csv_asset\].*Did you mean csv_assets\?/,
    );
    expect(both.code).toBe(3);
    const json = await cli("upload", "csv_asset", "csv_assets", "--output", "json");
    expect(JSON.parse(json.stdout)).toMatchObject({ not_enabled: ["csv_asset"], exit: 3 });
    const plan = await cli("plan", "csv_asset", "csv_assets");
    expect(plan.stdout).toContain("csv_assets: 1 read");
    expect(plan.code).toBe(3);
    const check = await cli("check", "csv_asset", "csv_assets", "--file-only");
    expect(check.stdout).toMatch(/FAILED \[csv_asset\] There is no section.*Did you mean/);
    expect(check.code).toBe(3);
  });
});

const misspelt =
  "[csv_users]\nenable = True\nfilenam = a.csv\nfilename = assets.csv\nfilename = a.csv\n";

test("what is wrong with other sections is one line", async () => {
  await withFaces(misspelt, async ({ cli }) => {
    const { code, stderr } = await cli("upload", "csv_assets", "--singleton", "0");
    expect(code).toBe(0);
    const lines = stderr.split("\n").filter((line) => line.includes("csv_users"));
    expect(lines, stderr).toHaveLength(1);
    expect(lines[0]).toMatch(
      /WARNING Other sections have 2 errors and 2 warnings: csv_users\. agent check --file-only/,
    );
    const all = await cli("check", "--file-only");
    expect(all.stderr).toContain("filenam: is not an option of this section");
  });
});

test("errors come before warnings, each is marked, and all are counted", async () => {
  await withFaces(misspelt, async ({ cli }) => {
    const { code, stderr } = await cli("upload", "csv_users", "--singleton", "0");
    expect(code).toBe(1);
    expect(stderr).toMatch(/Cannot use \S+config\.ini: it has 2 errors and 2 warnings\n/);
    const marks = [...stderr.matchAll(/^ {2}(error|warning): \S+config\.ini:\d+ \[csv_users\]/gm)];
    expect(marks.map(([, mark]) => mark)).toEqual(["error", "error", "warning", "warning"]);
  });
});
