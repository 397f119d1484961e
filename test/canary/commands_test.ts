/**
 * The canary, for commands: every command of the program runs over a configuration full of secrets and a
 * state in which something went wrong, and no secret is in any byte that it writes.
 *
 * @module
 */
import { afterAll, expect, test } from "bun:test";
import { commands } from "../../src/cli/commands.ts";
import { binaryPath } from "../support/binary.ts";
import { record } from "../support/recorder.ts";
import { workspace } from "../support/workspace.ts";
import { startOkta, token as oktaToken } from "../sources/okta/server.ts";
import { filesUnder, findSecrets, type Traces } from "./spellings.ts";

const binary = await binaryPath();

const instanceToken = 'Oomnitza-Canary/t0ken+ü="&<';
const webhookPassword = "Webhook-Canary pa/ss+wörd";
const vendor = startOkta({ active: 3 });
const instance = record({
  // One person is refused, with all that came along.
  answer: ({ path, headers, body }) =>
    path.includes("/bulk") && body.includes("person1@")
      ? {
        status: 400,
        body: `no: ${JSON.stringify({ headers: Object.fromEntries(headers), body })}`,
      }
      : undefined,
});
const space = workspace();
afterAll(async () => {
  await vendor.stop();
  await instance.stop();
  space[Symbol.dispose]();
});

const env = { OOMNITZA: instanceToken };
space.write(
  "config.ini",
  `[oomnitza]
url = ${instance.url}
api_token = \${env:OOMNITZA}

[serve]
auth = basic
username = webhook
password = ${webhookPassword}

[okta]
enable = True
url = ${vendor.url}
api_token = ${oktaToken}
default_role = 25
default_position = Employee
schedule = 0 3 * * *
`,
);
// A tenant that is refused, and a listener: what is said of them has their secrets at hand.
space.write("tenants/acme.ini", `${space.read("config.ini")}[state]\ntenant = other\n`);
space.write("tenants/listener.ini", `[serve]\nauth = basic\npassword = ${webhookPassword}\n`);
space.write("record.json", JSON.stringify({ profile: { login: "ann@example.com" } }));

/** How the first call of some commands ends, so that they are known to have done their work. */
const codes: Readonly<Record<string, number>> = {
  upload: 3,
  schedule: 0,
  check: 0,
  discover: 0,
  explain: 0,
  runs: 0,
  failed: 0,
  retry: 3,
  discard: 0,
  converters: 0,
};

/** Words of each command that make it show what it has. */
const calls: Readonly<Record<string, readonly (readonly string[])[]>> = {
  upload: [
    ["okta"],
    ["okta", "--testmode", "--output", "json"],
    ["--show-mappings"],
    ["nosuch"],
    [],
  ],
  serve: [],
  schedule: [[], ["--output", "json"]],
  check: [["--output", "json"], ["--file-only"], ["--configs", "tenants"]],
  doctor: [[], ["--output", "json"]],
  plan: [["okta"], ["okta", "--output", "json"], ["okta", "--save", "plan.json"], [
    "okta",
    "--live",
    "--history",
  ]],
  diag: [["--out", "diag.tar.gz"], ["--offline", "--out", "diag-offline.tar.gz"]],
  discover: [["okta"], ["okta", "--output", "json"], ["okta", "--csv"]],
  explain: [["okta", "--record", "person1@example.com"], [
    "okta",
    "--record",
    "x",
    "--output",
    "json",
  ]],
  drift: [["okta"], ["okta", "--output", "json"]],
  status: [[], ["--output", "json"]],
  state: [["migrate"], ["move"]],
  replicas: [[], ["--output", "json"]],
  runs: [[], ["--output", "json"]],
  failed: [[], ["--output", "json"]],
  retry: [[], ["--output", "json"]],
  discard: [["--all"]],
  "generate-ini": [["--ini", "sample.ini"]],
  secret: [["list"], ["get", "okta", "api_token"]],
  gui: [],
  sources: [[], ["okta"]],
  converters: [[], ["--output", "json"]],
  try: [["capitalize", "--record", "record.json", "--source", "profile.login"]],
  service: [["status"], ["install", "--dry-run"]],
  "stand-in": [],
  upgrade: [["--check", "--from", "nowhere"]],
  completion: [["bash"]],
  version: [[]],
};

/** Those that run until they are stopped, by what they print when they are ready. */
const services: Readonly<Record<string, readonly string[]>> = {
  serve: ["serve", "--port", "0", "--output", "json", "--singleton", "0"],
  gui: ["gui", "--no-open"],
  "stand-in": ["stand-in", "--port", "0", "--password", webhookPassword],
};

function expectNone(name: string, output: string): void {
  const traces: Traces = filesUnder(space.folder, ["config.ini", "acme.ini", "listener.ini"])
    .set(name, Buffer.from(output));
  expect(findSecrets([instanceToken, webhookPassword, oktaToken], traces)).toEqual([]);
}

test("every command is here", () => {
  expect(commands.map(({ name }) => name).sort()).toEqual(Object.keys(calls).sort());
});

test.each(Object.entries(calls).filter(([, lines]) => lines.length > 0))(
  "%s",
  async (name, lines) => {
    for (const words of lines) {
      const all = [name, ...words, "--verbose", ...name === "version" ? [] : ["--log-dir", "logs"]];
      const run = await space.agent(all, { env, timeoutMs: 60_000 });
      if (words === lines[0]) expect(run.code).toBe(codes[name] ?? run.code);
      expect([0, 1, 2, 3, 4]).toContain(run.code);
      expectNone(all.join(" "), run.stdout + run.stderr);
    }
  },
  120_000,
);

/** Starts a command that runs on, does something with it, and ends it. */
async function during(name: string, work: (ready: string) => Promise<void>): Promise<string> {
  const child = Bun.spawn([binary, ...services[name] ?? [], "--verbose", "--log-dir", "logs"], {
    cwd: space.folder,
    env: { PATH: process.env.PATH ?? "", ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const errors = new Response(child.stderr).text();
  const reader = child.stdout.getReader();
  let output = "";
  while (!output.includes("http")) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`${name} ended: ${await errors}`);
    output += new TextDecoder().decode(value);
  }
  await work(/https?:\/\/[^\s"]+/.exec(output)?.[0] ?? "");
  child.kill("SIGTERM");
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    output += new TextDecoder().decode(part.value);
  }
  return output + await errors;
}

test("serve, with right and wrong callers", async () => {
  const answers: number[] = [];
  const output = await during("serve", async (url) => {
    const right = `Basic ${Buffer.from(`webhook:${webhookPassword}`).toString("base64")}`;
    const wrong = `Basic ${Buffer.from(`webhook:x${webhookPassword}`).toString("base64")}`;
    for (const authorization of [right, wrong, `Bearer ${webhookPassword}`]) {
      for (
        const path of ["/hook/okta", `/hook/okta?password=${encodeURIComponent(webhookPassword)}`]
      ) {
        const body = JSON.stringify({ said: webhookPassword });
        const answer = await fetch(url + path, {
          method: "POST",
          headers: { authorization },
          body,
        });
        answers.push(answer.status);
        expectNone("answer", await answer.text());
      }
    }
    const health = await fetch(`${url}/readyz`);
    expectNone("health", await health.text());
  });
  expect(new Set(answers).size).toBeGreaterThan(1);
  expectNone("serve", output);
}, 60_000);

test("gui and stand-in", async () => {
  for (const name of ["gui", "stand-in"]) {
    const output = await during(name, async (url) => {
      expectNone(`page of ${name}`, await (await fetch(url)).text());
    });
    expectNone(name, output);
  }
}, 60_000);
