/**
 * `agent diag` gives support what it needs, and no secret: a canary is searched in every byte.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { startStandIn } from "../support/stand_in/mod.ts";
import { tagsOnly, type Workspace, workspace } from "../support/workspace.ts";

/** Beginning of every secret of these tests, also when it is encoded. */
const canary = "canary";

const badLine = "this line is no option canary-of-a-bad-line\n";

function iniFor(url: string, end = ""): string {
  return `# api_token = canary-of-a-comment
[oomnitza]
url = ${url}
api_token = canary-of-oomnitza ; canary-of-an-inline-comment
proxy = none
[csv_assets]
${tagsOnly.split("\n").slice(1).join("\n")}
mapping.MODEL = {"hardcoded": "a model"}
recordfilter:
  secret = "canary-of-a-filter"
  return True
invented_option = canary-of-an-unknown-option
[okta]
enable = False
url = https://someone:canary-of-an-address@example.com/path?key=canary-of-a-query
api_token = canary-of-a-disabled-section
  canary-of-its-second-line
[zendesk]
enable = False
api_token = \${command:print canary-of-a-command}
[converters]
mine:
  return "canary-of-a-converter"
${end}`;
}

const log = [
  "csv_assets: 2026-01-01 00:00:00,000 - INFO - Uploading CSV assets",
  "x: 2026-01-01 00:00:00,000 - ERROR - refused canary-of-oomnitza",
  `x: 2026-01-01 00:00:00,000 - ERROR - Basic ${btoa("agent:canary-of-a-disabled-section")}`,
  'x: 2026-01-01 00:00:00,000 - ERROR - {"password": "canary with blanks", "other": 1}',
  "x: 2026-01-01 00:00:00,000 - ERROR - GET https://me:canary-of-a-host@example.com/x?sig=canary-sig",
  "x: 2026-01-01 00:00:00,000 - ERROR - Authorization: Bearer canary-of-a-header",
  "x: 2026-01-01 00:00:00,000 - ERROR - token eyJhbGciOiJIUzI1NiJ9.Y2FuYXJ5LW9mLWEtand0.c2ln",
].join("\n");

function unpack(space: Workspace, archive: string): Record<string, string> {
  const folder = join(space.folder, `unpacked-${archive}`);
  mkdirSync(folder);
  const tar = Bun.spawnSync(["tar", "-xzf", join(space.folder, archive), "-C", folder]);
  expect(`${tar.stderr}`).toBe("");
  const inner = join(folder, "agent-diag");
  return Object.fromEntries(
    readdirSync(inner).map((name) => [name, readFileSync(join(inner, name), "utf8")]),
  );
}

function expectNoCanary(bytes: Uint8Array | string): void {
  const text = Buffer.from(bytes).toString("latin1");
  for (
    const spelling of [canary, btoa("agent:canary-of"), "Y2FuYXJ5", encodeURIComponent("canary")]
  ) {
    expect(text.toLowerCase()).not.toContain(spelling.toLowerCase());
  }
}

describe("agent diag", () => {
  test.each([true, false])("holds no secret, offline: %p", async (offline) => {
    const words = offline ? ["--offline"] : [];
    const standIn = await startStandIn({ token: "canary-of-oomnitza" });
    using space = workspace();
    space.write("config.ini", iniFor(standIn.url, offline ? badLine : ""));
    space.write("assets.csv", "tag\nT1\n");
    space.write("info.log", log);
    space.write("errors.log", log);
    const env = { HTTPS_PROXY: "http://me:canary-of-the-proxy@127.0.0.1:9" };
    const run = await space.agent(
      ["diag", "--ini", "config.ini", "--log-dir", space.folder, "--out", "d.tar.gz", ...words],
      { env },
    );
    await standIn.stop();
    expect(run.code).toBe(0);
    expectNoCanary(run.stdout + run.stderr);
    expectNoCanary(gunzipSync(readFileSync(join(space.folder, "d.tar.gz"))));
    const files = unpack(space, "d.tar.gz");
    expect(Object.keys(files).sort()).toEqual(
      [
        "about.txt",
        "agent.json",
        "config.ini",
        "doctor.txt",
        "errors.log",
        "info.log",
        "state.json",
      ],
    );
    expect(files["info.log"]).toContain("Uploading CSV assets");
    if (!offline) expect(files["doctor.txt"]).toContain("accepts the credentials");
    expect(JSON.parse(files["agent.json"] ?? "").variables_set).toContain("HTTPS_PROXY");
  });

  test("shows of the configuration what helps", async () => {
    using space = workspace();
    space.write("config.ini", iniFor("https://example.oomnitza.com"));
    const run = await space.agent([
      "diag",
      "--ini",
      "config.ini",
      "--out",
      "d.tar.gz",
      "--offline",
    ]);
    expect(run.code).toBe(0);
    const ini = unpack(space, "d.tar.gz")["config.ini"] ?? "";
    for (
      const line of [
        "# (comments left out)",
        "[oomnitza]",
        "url = https://example.oomnitza.com",
        "api_token = ***",
        "filename = assets.csv",
        "mapping.BARCODE = tag",
        'mapping.MODEL = {"hardcoded": "a model"}',
        "recordfilter =",
        "    (more lines left out)",
        "invented_option = ***",
        "url = https://someone:***@example.com/path?***",
        "api_token = ${command:***}",
      ]
    ) expect(ini.split("\n")).toContain(line);
  });

  test("reports past runs, and of a configuration that cannot be read", async () => {
    const standIn = await startStandIn({ token: "canary-of-oomnitza" });
    using space = workspace();
    space.write(
      "config.ini",
      `[oomnitza]\nurl = ${standIn.url}\napi_token = canary-of-oomnitza\n${tagsOnly}`,
    );
    space.write("assets.csv", "tag\nT1\n");
    const upload = ["upload", "csv_assets", "--ini", "config.ini", "--log-dir", space.folder];
    expect((await space.agent(upload)).code).toBe(0);
    const words = ["--log-dir", space.folder, "--offline", "--state", "agent-state.sqlite"];
    const run = await space.agent(["diag", "--ini", "no.ini", "--out", "d.tar.gz", ...words]);
    await standIn.stop();
    expect(run.code).toBe(0);
    const files = unpack(space, "d.tar.gz");
    const state = JSON.parse(files["state.json"] ?? "");
    expect(state).toMatchObject({ runs: 1, waiting: 0, deadLetters: 0 });
    expect(state.latest[0]).toMatchObject({ section: "csv_assets", state: "ok" });
    expect(files["info.log"]).toContain("csv_assets");
    expect(files["config.ini"]).toContain("cannot be read");
    expect(files["doctor.txt"]).toContain("FAILED  configuration");
  });

  test("is for its owner alone, overwrites nothing, and takes the end of a long log", async () => {
    using space = workspace();
    const long = Array.from({ length: 20_000 }, (_, index) => `line ${index} of the log`).join(
      "\n",
    );
    space.write("info.log", long);
    const words = ["diag", "--offline", "--out", "d.tar.gz", "--log-dir", space.folder];
    const run = await space.agent([...words, "--output", "json"]);
    const path = join(space.folder, "d.tar.gz");
    expect(JSON.parse(run.stdout).bundle).toBe(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const end = (unpack(space, "d.tar.gz")["info.log"] ?? "").split("\n");
    expect(end.at(-1)).toBe("line 19999 of the log");
    expect(end[0]).toMatch(/^line \d+ of the log$/);
    expect(end.length).toBeLessThan(10_000);
    writeFileSync(path, "mine");
    const again = await space.agent(words);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain("not overwritten");
    expect(readFileSync(path, "utf8")).toBe("mine");
  });
});
