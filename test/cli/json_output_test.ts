/**
 * `--output json` with every command: what it prints is JSON, and nothing else.
 *
 * @module
 */
import { afterAll, expect, test } from "bun:test";
import { commands } from "../../src/cli/commands.ts";
import { startStandIn } from "../support/stand_in/mod.ts";
import { oomnitzaSection, workspace } from "../support/workspace.ts";

const instance = await startStandIn();
const space = workspace();
afterAll(async () => {
  await instance.stop();
  space[Symbol.dispose]();
});

space.write("assets.csv", "tag\nA-1\nA-2\n");
space.write(
  "config.ini",
  oomnitzaSection(instance) +
    "[csv_assets]\nenable = True\nfilename = assets.csv\nsync_field = BARCODE\n" +
    'mapping.BARCODE = {"source": "tag", "converter": "shorten"}\nschedule = 0 3 * * *\n' +
    "[converters]\nshorten:\n    return value[:3]\n",
);
space.write("tenants/acme.ini", space.read("config.ini").replace("assets.csv", "../assets.csv"));
space.write("record.json", JSON.stringify({ tag: "A-1" }));

/** Words that make each command show what it has. */
const calls: Readonly<Record<string, readonly (readonly string[])[]>> = {
  upload: [["csv_assets"], ["--show-mappings"], ["csv_assets", "--testmode"], ["nosuch"]],
  plan: [["csv_assets"]],
  drift: [["csv_assets"]],
  schedule: [[]],
  check: [[], ["--file-only"], ["nosuch"], ["--configs", "tenants"]],
  doctor: [["--offline"]],
  diag: [["--offline", "--out", "diag.tar.gz"]],
  discover: [["csv_assets"]],
  explain: [["csv_assets", "--record", "A-1"], ["csv_assets", "--record", "nobody"]],
  status: [[]],
  state: [["migrate"], ["move"]],
  runs: [[]],
  replicas: [[]],
  failed: [[]],
  retry: [[]],
  discard: [["--all"]],
  "generate-ini": [["--ini", "sample.ini"]],
  secret: [["list"]],
  sources: [[], ["csv_assets"], ["nosuch"]],
  converters: [[]],
  try: [["shorten", "--record", "record.json", "--source", "tag"]],
  service: [["install", "--dry-run"], ["status"]],
  upgrade: [["--check", "--from", "nowhere"]],
  completion: [["bash"], ["sections"], ["nosuch"]],
  version: [[]],
};

/** Those that run until they are stopped: their first line is JSON. */
const services: Readonly<Record<string, readonly string[]>> = {
  serve: ["serve", "--port", "0", "--singleton", "0"],
  gui: ["gui", "--no-open"],
  "stand-in": ["stand-in", "--port", "0"],
};

function isValue(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Whether a text is one JSON value after another, each beginning on a line of its own, as jq reads them. */
function isJson(text: string): boolean {
  let rest = "";
  let values = 0;
  for (const line of text.trimEnd().split("\n")) {
    rest += `${line}\n`;
    if (!isValue(rest)) continue;
    rest = "";
    values++;
  }
  return rest === "" && values > 0;
}

for (const { name } of commands) {
  test(`agent ${name} prints JSON and nothing else`, async () => {
    const service = services[name];
    expect(calls[name] !== undefined || service !== undefined).toBe(true);
    for (const words of calls[name] ?? []) {
      const { stdout, stderr } = await space.agent([name, ...words, "--output", "json"]);
      expect(isJson(stdout), `${name} ${words.join(" ")}\n${stdout}\n${stderr}`).toBe(true);
    }
    if (service === undefined) return;
    const agent = await space.start([...service, "--output", "json"], {
      env: { HOME: space.folder },
    });
    try {
      while (!agent.stdout().includes("\n") && !agent.hasEnded()) await Bun.sleep(5);
      expect(isJson(agent.stdout()), agent.stdout() + agent.stderr()).toBe(true);
    } finally {
      await agent.stop();
    }
  });
}

test("a source says everything about its options and mappings", async () => {
  const { stdout } = await space.agent(["sources", "okta", "--output", "json"]);
  const { name, options, variants, fields } = JSON.parse(stdout);
  expect(name).toBe("okta");
  expect(options).toContainEqual(
    expect.objectContaining({ key: "api_token", kind: "secret" }),
  );
  expect(options.map(({ key }: { key: string }) => key)).toContain("verify_ssl");
  expect(variants[0].mappings.USER).toEqual({ source: "profile.login" });
  expect(typeof fields).toBe("object");
});
