/**
 * The messages that docs/troubleshooting.md quotes are those of the agent.
 *
 * @module
 */
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { acquireLock, type Lock } from "../../src/runtime/lock.ts";
import { record, type Recorded, type Recorder, type Scripted } from "../support/recorder.ts";
import { slow } from "../support/slow.ts";
import { type Identity, makeIdentity } from "../support/tds/certificate.ts";
import { type Workspace, workspace } from "../support/workspace.ts";
import { type Postgres, startPostgres } from "../support/postgres.ts";
import { stateMessages } from "./troubleshooting_state.ts";

const page = readFileSync(resolve(import.meta.dir, "../../docs/troubleshooting.md"), "utf8");
const quoted = [...page.matchAll(/^#### `(.+)`$/gm)].map(([, message = ""]) => message);

let instance: Recorder;
let secure: Recorder;
let identity: Identity;
let webPage: Bun.Server<undefined>;
let lock: Lock | undefined;
/** What the instance answers to uploads: it takes them unless a scenario says otherwise. */
let toUpload: (body: string) => Scripted | undefined = () => undefined;
beforeAll(() => {
  identity = makeIdentity("DNS:localhost");
  instance = record({ answer });
  secure = record({ tls: identity });
  webPage = Bun.serve({ port: 0, fetch: () => new Response("<html>Please log in</html>") });
});
afterAll(async () => {
  await Promise.all([instance[Symbol.asyncDispose](), secure[Symbol.asyncDispose]()]);
  await webPage.stop(true);
  identity[Symbol.dispose]();
});

/** How to bring a message about: what differs from a folder in which an upload works. */
interface Scenario {
  /** The command line; `check` when absent. */
  readonly words?: readonly string[] | (() => readonly string[]);
  readonly oomnitza?: () => string;
  /** Lines at the end of `[csv_assets]`, and further sections. */
  readonly more?: string;
  readonly ini?: string;
  readonly csv?: string | Uint8Array;
  readonly before?: (space: Workspace) => Promise<unknown> | unknown;
  /** Whether only the compiled program says it. */
  readonly isOfProgram?: true;
  /** Whether it is said only after some ten seconds, since the other side may still come. */
  readonly isTriedAgain?: true;
}

function answer({ path, headers, body }: Recorded): Scripted | undefined {
  if (!/^\/api\/v[23]\//.test(path)) return { status: path.startsWith("/api/") ? 401 : 404 };
  if (headers.get("Authorization2") !== instance.token) return { status: 401 };
  return path.includes("/bulk") ? toUpload(body) : undefined;
}

const upload = ["upload", "csv_assets", "--no-state"];

function rows(count: number): string {
  const lines = Array.from({ length: count }, (_, row) => `${row},S${row},M`);
  return `tag,serial,model\n${lines.join("\n")}\n`;
}

function at(url: string, token = instance.token): string {
  return `url = ${url}\napi_token = ${token}`;
}

function reference(text: string): Scenario {
  return { oomnitza: () => at(instance.url, text) };
}

function people(source: string, options: () => string): Scenario {
  const defaults = "default_role = 25\ndefault_position = Employee";
  return {
    words: ["check", source],
    oomnitza: () => `${at(instance.url)}\n[${source}]\nenable = True\n${options()}\n${defaults}`,
  };
}

function filter(body: string): string {
  return `recordfilter:\n  ${body}`;
}

/** Each quoted message, and how to get it. */
const scenarios: Readonly<Record<string, Scenario>> = {
  'Unknown command "…"': { words: ["uplod", "csv_assets"] },
  "Unknown flag …": { words: ["upload", "csv_assets", "--nope"] },
  "No section was named": { words: ["upload"] },
  "There is no section [csv_asset] in …": { words: ["upload", "csv_asset"] },
  "Nothing is enabled in …": { more: "enable = False" },
  "Cannot read …/config.ini: it does not exist": {
    words: ["check", "--ini", "missing/config.ini"],
  },
  "Another upload with the same state file is running (process …)": {
    words: ["upload", "csv_assets", "--singleton", "1"],
    before: (space) => lock = acquireLock(join(space.folder, "agent-state.sqlite-upload.lock")),
  },
  "is required and has no value. For example: sync_field = BARCODE": { more: "sync_field =" },
  "is not an option of this section and is ignored. Did you mean sync_field?": {
    more: "sync_feild = BARCODE",
  },
  'is not a boolean (1, yes, true, on or 0, no, false, off): "fasle"': {
    more: "verify_ssl = fasle",
  },
  "looks like JSON but is not valid.": { more: 'mapping.SITE = {"source": "Location"' },
  "set again on line …, so its value on line … is not used.": { more: "filename = assets.csv" },
  'neither "=" nor ":" on the line.': { more: "hello" },
  "has no [oomnitza] section.": { ini: "[csv_assets]\nenable = True\n" },
  "[csv_assets] is enabled before [oomnitza].": {
    ini: "[csv_assets]\nenable = True\n[oomnitza]\nurl = https://example.com\n",
  },
  "needs api_token, or username and password.": { oomnitza: () => `url = ${instance.url}` },
  "is not an address such as https://example.com": { oomnitza: () => at("example.oomnitza.com") },
  "is enabled, but there is no source named service_now.": {
    more: "[service_now]\nenable = True",
  },
  "and insert_only are both on, so nothing would ever be sent": {
    more: "insert_only = True\nupdate_only = True",
  },
  "can be read by everyone on this computer": {
    before: (space) => chmodSync(join(space.folder, "config.ini"), 0o644),
  },
  "is not a schedule such as 0 3 * * *, @daily or every 6h": { more: "schedule = every tuesday" },
  "the environment variable … is not set.": reference("${env:NO_SUCH_VARIABLE}"),
  "cannot be read: it does not exist": reference("${file:/nonexistent/token}"),
  "the command ended with exit code 1.": reference("${command:exit 1}"),
  "the address of Vault is not configured.": reference("${vault:secret/oomnitza#token}"),
  "nothing listens at this host and port [ECONNREFUSED]": {
    oomnitza: () => at("http://127.0.0.1:1"),
    isTriedAgain: true,
  },
  "the name of the host is not known to DNS [ENOTFOUND]": {
    oomnitza: () => at("http://oomnitza.invalid"),
  },
  "Cannot reach the proxy": {
    oomnitza: () => `${at(instance.url)}\nproxy = http://127.0.0.1:1`,
    isTriedAgain: true,
  },
  "does not speak TLS on this port": {
    oomnitza: () => at(instance.url.replace("http:", "https:")),
  },
  "the certificate is signed by an authority that is not trusted [UNABLE_TO_VERIFY_LEAF_SIGNATURE]":
    {
      oomnitza: () => at(secure.url.replace("127.0.0.1", "localhost")),
    },
  "The certificate is … another name": {
    oomnitza: () => `${at(secure.url)}\ncacert_file = ${identity.authority}`,
  },
  "Cannot read cacert_file": {
    oomnitza: () =>
      `${at(secure.url.replace("127.0.0.1", "localhost"))}\ncacert_file = /nonexistent.pem`,
  },
  "Cannot read from Oomnitza [oomnitza]: 401": { oomnitza: () => at(instance.url, "wrong-token") },
  "Cannot read from Oomnitza [oomnitza]: 404": { oomnitza: () => at(`${instance.url}/path`) },
  "Oomnitza did not answer with JSON": { oomnitza: () => at(`http://127.0.0.1:${webPage.port}`) },
  "Cannot load users from Okta [okta]: 401": people("okta", () => at(instance.url, "wrong-token")),
  "Cannot connect to ldap://": people(
    "ldap",
    () => "url = ldap://127.0.0.1:1\nusername = cn=x\npassword = a-password\nbase_dn = dc=x",
  ),
  "Cannot read …/assets.csv: it does not exist.": { more: "filename = missing/assets.csv" },
  "is not utf-8.": {
    words: upload,
    more: "encoding = utf-8",
    csv: new Uint8Array([...new TextEncoder().encode("tag,serial\n1,"), 0xff, 0xfe, 10]),
  },
  "is not closed before the end of the file.": { words: upload, csv: 'tag,serial\n1,"abc\n2,x\n' },
  "is not the name of an encoding": { more: "encoding = latin-99" },
  'names the converter "uper", which does not exist': {
    more: 'mapping.MODEL = {"source": "model", "converter": "uper"}',
  },
  "import of 'socket' is not supported": { more: filter("import socket\n  return True") },
  "as Python: unexpected end of line": { more: filter('return record["model"] ==') },
  "the record filter failed: ValueError": { words: upload, more: filter('return int("x")') },
  "user code took longer than 100 ms": {
    words: upload,
    more: filter("while True: pass"),
    csv: rows(1),
  },
  "Not sent: 3: no value for SERIAL_NUMBER": {
    words: upload,
    csv: "tag,serial\n3,\n",
    more: 'mapping.SERIAL_NUMBER = {"source": "serial", "required": true}',
  },
  "Refused 2: 400": {
    words: ["upload", "csv_assets"],
    before() {
      toUpload = (body) => body.includes('"BARCODE":"2"') ? { status: 400 } : undefined;
    },
  },
  "200, but the answer is not JSON": {
    words: upload,
    before() {
      toUpload = () => ({ status: 200, body: "<html>Sign in</html>" });
    },
  },
  "a web page, not an answer of Oomnitza": {
    words: upload,
    before() {
      toUpload = () => ({ status: 404, body: "<html>Sign in</html>" });
    },
  },
  "No record could be sent [csv_assets]": {
    words: upload,
    csv: "Tag\n1\n",
  },
  "Oomnitza refused the upload [oomnitza]: 401": {
    words: upload,
    before() {
      toUpload = () => ({ status: 401 });
    },
  },
  "The guard stopped [csv_assets] before anything was sent": {
    words: ["upload", "csv_assets"],
    csv: rows(100),
    async before(space) {
      await space.agent(["upload", "csv_assets"]);
      space.write("assets.csv", rows(40));
    },
  },
  "The plan of [csv_assets] is stale: something was uploaded since.": {
    words: ["upload", "--plan", "saved.plan"],
    async before(space) {
      await space.agent(["plan", "csv_assets", "--save", "saved.plan"]);
      await space.agent(["upload", "csv_assets"]);
    },
  },
  "[csv_assets] has no record 77": { words: ["explain", "csv_assets", "--record", "77"] },
  "Cannot use the state file …: it is damaged, or no state file": {
    words: ["upload", "csv_assets"],
    before: (space) => space.write("agent-state.sqlite", "not a database"),
  },
  "Cannot use the state file …: it is of version …, written by a newer agent": {
    words: ["upload", "csv_assets"],
    async before(space) {
      await space.agent(["upload", "csv_assets"]);
      using database = new Database(join(space.folder, "agent-state.sqlite"));
      database.run("pragma user_version = 999");
    },
  },
  "Cannot use the state file …: it does not exist": {
    words: ["upload", "csv_assets", "--state", "missing/agent-state.sqlite"],
  },
  "This run has no log files": { words: [...upload, "--log-dir", "/proc/none"] },
  "Cannot use the logging configuration": {
    words: [...upload, "--logging-config", "logging.json"],
    before: (space) => space.write("logging.json", '{"version": 2}'),
  },
  "Cannot listen on 0.0.0.0: callers would not have to authenticate": {
    words: ["serve", "--host", "0.0.0.0", "--port", "0"],
  },
  "Cannot listen on 127.0.0.1:…: the port is in use": {
    words: () => ["serve", "--port", new URL(instance.url).port],
  },
  "= header requires secret.": { more: "[serve]\nauth = header" },
  "This agent was built without a key to check releases with": {
    isOfProgram: true,
    words: ["upgrade", "--from", "."],
  },
};

/** Messages that depend on the machine: only the file that says them is looked at. */
const machineDependent: Readonly<Record<string, string>> = {
  "the keyring of this system cannot be used": "src/runtime/keyring.ts",
  "There is no file …": "src/cli/service.ts",
};

function config({ oomnitza = () => at(instance.url), more = "", ini }: Scenario): string {
  return ini ?? `[oomnitza]
${oomnitza()}
[csv_assets]
enable = True
filename = assets.csv
sync_field = BARCODE
mapping.BARCODE = tag
${more}
`;
}

async function run(scenario: Scenario): Promise<string> {
  using space = workspace();
  toUpload = () => undefined;
  space.write("config.ini", config(scenario));
  space.write("assets.csv", scenario.csv ?? rows(3));
  await scenario.before?.(space);
  const { words = ["check"] } = scenario;
  const { stdout, stderr } = await (scenario.isOfProgram === true ? space.binary : space.agent)(
    typeof words === "function" ? words() : words,
  );
  lock?.release();
  lock = undefined;
  return stderr + stdout;
}

/** `[oomnitza]`, and behind it a state in PostgreSQL. */
function withState(url: string, tenant = "main"): string {
  return `${at(instance.url)}\n[state]\nurl = ${url}\ntenant = ${tenant}`;
}

/** What is said of a state file after `agent state move`, and by which command. */
const movedAway: Readonly<Record<string, readonly string[]>> = {
  "The state is not in the state file … any more: it was moved to PostgreSQL": [
    "upload",
    "csv_assets",
  ],
};

/** Whether a text has the parts of a message, between the omissions, in their order on one line. */
function matches(text: string, message: string): boolean {
  const parts = message.split("…").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(parts.join(".*")).test(text);
}

describe("messages in docs/troubleshooting.md", () => {
  test("are those of the scenarios here", () => {
    expect(quoted.toSorted()).toEqual(
      [scenarios, stateMessages, movedAway, machineDependent].flatMap(Object.keys).toSorted(),
    );
  });

  for (const [message, scenario] of Object.entries(scenarios)) {
    const testIt = scenario.isTriedAgain === true ? slow : test;
    testIt(message, async () => {
      const output = await run(scenario);
      expect({ output, says: matches(output, message) }).toEqual({ output, says: true });
    });
  }

  describe("about a state in PostgreSQL", () => {
    let server: Postgres;
    beforeAll(async () => {
      server = await startPostgres();
      const url = server.url();
      expect(await run({ words: ["state", "migrate"], oomnitza: () => withState(url) }))
        .toMatch(/\d steps? done/);
    }, 60_000);
    afterAll(() => server[Symbol.asyncDispose]());

    for (const [message, urlOf] of Object.entries(stateMessages)) {
      test(message, async () => {
        const url = await urlOf(server);
        // Behind a pooler, the second command is the first to meet what the one before left.
        const scenario = { words: ["upload", "csv_assets"], oomnitza: () => withState(url) };
        const output = await run(scenario) + await run(scenario);
        expect({ output, says: matches(output, message) }).toEqual({ output, says: true });
      });
    }

    for (const [message, words] of Object.entries(movedAway)) {
      test(message, async () => {
        using space = workspace();
        space.write("assets.csv", rows(3));
        const file = ["--state", "old.sqlite"];
        space.write("config.ini", config({}));
        await space.agent(["upload", "csv_assets", ...file]);
        space.write("config.ini", config({ oomnitza: () => withState(server.url(), "moved") }));
        expect((await space.agent(["state", "move", ...file])).code).toBe(0);
        space.write("config.ini", config({}));
        const { stderr } = await space.agent([...words, ...file]);
        expect({ stderr, says: matches(stderr, message) }).toEqual({ stderr, says: true });
      });
    }
  });

  for (const [message, file] of Object.entries(machineDependent)) {
    test(`${message} (${file})`, () => {
      const source = readFileSync(resolve(import.meta.dir, "../..", file), "utf8");
      expect(source).toContain(message.replace("…", ""));
    });
  }
});
