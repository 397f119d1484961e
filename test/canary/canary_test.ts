/**
 * The canary: every source runs with right and wrong credentials and against servers that send back
 * what they received, and no secret is found in any byte that the compiled program writes.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import type { Option } from "../../src/sdk/option.ts";
import { sources } from "../../src/sources/mod.ts";
import type { RunOptions } from "../support/binary.ts";
import { record, type Recorder, type RecorderOptions } from "../support/recorder.ts";
import { slow } from "../support/slow.ts";
import { workspace } from "../support/workspace.ts";
import { filesUnder, findSecrets, formsOf } from "./spellings.ts";
import { type Canary, type Subject, subjects } from "./subjects.ts";

const instanceToken = "Oomnitza-Canary/t0ken+ü=\"'&<";
/** Replaces the credentials of sources where wrong ones are wanted. */
const wrongSecret = "Wrong-Canary \\ pä/ss+w&rd=<%> \"x'";
/** Where the test's own files are: they hold the secrets on purpose. */
const own = ["config.ini", "people.csv", "debug.json"];

const debugEverything = JSON.stringify({
  version: 1,
  formatters: { all: { format: "%(asctime)s %(name)s %(levelname)s %(message)s" } },
  handlers: {
    file: { class: "logging.FileHandler", filename: "debug.log", level: "DEBUG", formatter: "all" },
    screen: { class: "logging.StreamHandler", level: "DEBUG", formatter: "all" },
  },
  root: { level: "DEBUG", handlers: ["file", "screen"] },
});

function secretKeys(name: string): string[] {
  const options: Readonly<Record<string, Option<unknown>>> =
    sources.find((source) => source.name === name)?.options ?? {};
  return Object.entries(options).filter(([, { kind }]) => kind === "secret").map(([key]) => key);
}

function secretLine(keys: readonly string[]): RegExp {
  return new RegExp(`^(${keys.join("|") || "(?!)"}) = (.*)$`, "gm");
}

/** Option lines with references instead of the secrets, and the variables that they mean. */
function byReference(source: string, options: string) {
  const env: Record<string, string> = { OOMNITZA: instanceToken };
  const text = options.replace(
    secretLine(secretKeys(source)),
    (_line, key: string, value: string) => {
      env[`SECRET_${key}`] = value;
      return `${key} = \${env:SECRET_${key}}`;
    },
  );
  return { text, env };
}

/** Option lines with other secrets of the same form instead of the right ones. */
function withWrong(source: string, options: string): string {
  return options.replace(secretLine(secretKeys(source)), (_line, key: string, value: string) => {
    if (!value.startsWith("{")) return `${key} = ${wrongSecret}`;
    const parts = Object.entries(JSON.parse(value)).map(([name, part]) => {
      return [name, name.endsWith("expiry") ? part : `${String(part).slice(0, 3)}${wrongSecret}`];
    });
    return `${key} = ${JSON.stringify(Object.fromEntries(parts))}`;
  });
}

/** Sends back all that it received, as careless servers do. */
function echo(status: number, request: { headers: Headers; body: string; url?: URL }): string {
  const { headers, body, url } = request;
  const sent = {
    headers: Object.fromEntries(headers),
    body,
    url: url?.href,
    json: JSON.stringify(body),
  };
  return `${status}: you said ${JSON.stringify(sent)} ${body}`;
}

interface Search {
  readonly source: string;
  readonly options: string;
  readonly secrets: readonly string[];
  readonly words: readonly string[];
  readonly how?: RunOptions;
  readonly instance?: RecorderOptions;
  readonly oomnitza?: (instance: Recorder) => string;
  /** Files that need not be searched. */
  readonly except?: readonly string[];
}

/** Runs the program and searches every byte that it wrote. */
async function search(wanted: Search) {
  const { source, options, secrets, words, how, instance: answers, oomnitza, except = [] } = wanted;
  await using instance = record(answers);
  using space = workspace();
  space.write("people.csv", "name\nann@example.com\nbob@example.com\n");
  space.write("debug.json", debugEverything);
  const login = oomnitza?.(instance) ?? `url = ${instance.url}\napi_token = ${instanceToken}\n`;
  space.write("config.ini", `[oomnitza]\n${login}\n[${source}]\nenable = True\n${options}\n`);
  const run = await space.agent(words, { timeoutMs: 120_000, ...how });
  const traces = filesUnder(space.folder, [...own, ...except]);
  traces.set("stdout", Buffer.from(run.stdout)).set("stderr", Buffer.from(run.stderr));
  expect(findSecrets([...secrets, instanceToken, wrongSecret], traces)).toEqual([]);
  return { ...run, files: [...traces.keys()], sent: instance.uploads() };
}

const logging = ["--verbose", "--logging-config", "debug.json", "--log-dir", "."];

/** The runs of one way to sign in. */
const runs:
  readonly (readonly [name: string, (subject: Subject, canary: Canary) => Promise<void>])[] = [
    ["an upload by references, with everything written down", async ({ source }, canary) => {
      const { text, env } = byReference(source, canary.options);
      const { secrets } = canary;
      const oomnitza = ({ url }: Recorder) => `url = ${url}\napi_token = \${env:OOMNITZA}\n`;
      const words = ["upload", source, "--save-data", "--output", "json", ...logging];
      const run = await search({ source, options: text, secrets, words, how: { env }, oomnitza });
      expect(run.code).toBe(0);
      expect(run.sent.length).toBeGreaterThan(0);
      for (const file of ["debug.log", "saved_data/0.json", "agent-state.sqlite"]) {
        expect(run.files).toContain(file);
      }
    }],
    ["a check and a look at the mappings", async ({ source }, { options, secrets }) => {
      const check = await search({
        source,
        options,
        secrets,
        words: ["check", source, "--verbose"],
      });
      expect(check.code).toBe(0);
      const shown = ["upload", "--show-mappings", "--verbose", "--log-dir", "logs"];
      expect((await search({ source, options, secrets, words: shown })).code).toBe(0);
    }],
    ["wrong credentials", async ({ source }, { options, secrets }) => {
      const wrong = withWrong(source, options);
      const isWrong = secretKeys(source).length > 0;
      for (
        const words of [["upload", source, "--log-dir", "logs", "--verbose"], ["check", source]]
      ) {
        const run = await search({ source, options: wrong, secrets, words });
        expect(run.code).toBe(isWrong ? 3 : 0);
      }
    }],
    ["a vendor that sends everything back in an error", async ({ source }, canary) => {
      const { options, secrets } = canary;
      await canary.breakDown(({ headers, body, url }) =>
        new Response(echo(400, { headers, body, url }), { status: 400 })
      );
      const words = ["upload", source, ...logging];
      const run = await search({ source, options, secrets, words });
      expect(run.code).toBe(secretKeys(source).length > 0 ? 3 : 0);
    }],
  ];

slow("every source is here, with every option that is a secret", async () => {
  const missing = sources.filter(({ name }) => !subjects.some(({ source }) => source === name));
  expect(missing.map(({ name }) => name)).toEqual([]);
  for (const { name } of sources) {
    const seen = new Set<string>();
    for (const subject of subjects.filter(({ source }) => source === name)) {
      await using canary = await subject.start();
      for (const [, key = ""] of canary.options.matchAll(secretLine(secretKeys(name)))) {
        seen.add(key);
      }
    }
    expect([...seen].sort()).toEqual(secretKeys(name).sort());
  }
});

test("the search finds a secret in every form", () => {
  const hidden = "Canary &/+ü";
  const basic = ["", "u", "us"].map((user) => Buffer.from(`${user}:${hidden}`).toString("base64"));
  const texts = [hidden, JSON.stringify({ hidden }), encodeURIComponent(hidden), ...basic];
  for (const text of texts) {
    expect(findSecrets([hidden], new Map([["x", Buffer.from(text)]]))).not.toEqual([]);
  }
  expect(formsOf(hidden).length).toBeGreaterThan(20);
});

describe.each(subjects.map((subject) => [`${subject.source}, ${subject.way}`, subject] as const))(
  "%s",
  (_name, subject) => {
    test.each(runs.map(([name, run]) => [name, run] as const))("%s", async (_run, run) => {
      await using canary = await subject.start();
      await run(subject, canary);
    }, 120_000);
  },
);

describe("Oomnitza", () => {
  const options = "filename = people.csv\nsync_field = NAME\nmapping.NAME = name\n" +
    'mapping.LEAK = {"setting": "filename"}\n';
  const source = "csv_assets";
  const login = "username = ann\npassword = ";
  const issued = "Issued-Canary+token/";

  test("sends everything back in an error, on every path", async () => {
    for (const path of ["/mappings", "/bulk", "request_token"]) {
      for (
        const oomnitza of [
          undefined,
          ({ url }: Recorder) => `url = ${url}\n${login}${wrongSecret}\n`,
        ]
      ) {
        const instance: RecorderOptions = {
          answer(request) {
            if (request.path.includes(path)) return { status: 400, body: echo(400, request) };
            if (!request.path.endsWith("request_token")) return undefined;
            return { status: 200, body: JSON.stringify({ token: issued }) };
          },
        };
        const words = ["upload", source, "--save-data", ...logging];
        const search_ = { source, options, secrets: [issued], words, instance };
        const run = await search(oomnitza === undefined ? search_ : { ...search_, oomnitza });
        const isReached = path !== "request_token" || oomnitza !== undefined;
        expect(run.code === 0).toBe(!isReached);
      }
    }
  });

  test("is sent a secret by a mapping: it is shown and saved masked, and warned of", async () => {
    const { text, env } = byReference("okta", `api_token = ${wrongSecret}\n`);
    const reference = text.slice("api_token = ".length);
    const leaking = options.replace("LEAK", "SAME") +
      `only_if_filled = ${reference}mapping.LEAK = {"setting": "only_if_filled"}\n`;
    for (const words of [["--testmode"], ["--save-data"], ["--save-data", "--output", "json"]]) {
      const run = await search({
        source,
        options: leaking,
        secrets: [],
        words: ["upload", source, ...logging, ...words],
        how: { env },
        // It keeps what is to be sent, as it is to be sent.
        except: ["agent-state.sqlite"],
      });
      expect(run.code).toBe(0);
    }
    const [subject] = subjects.filter(({ source: name }) => name === "okta");
    await using canary = await subject?.start();
    const run = await search({
      source: "okta",
      options: `${canary?.options}mapping.LEAK = {"setting": "api_token"}\n`,
      secrets: canary?.secrets ?? [],
      words: ["upload", "okta", "--testmode"],
    });
    expect(run.stdout).toContain('"LEAK": "***"');
    expect(run.stderr).toContain("mapping.LEAK sends the secret api_token to Oomnitza");
  });
});

slow("an error that nobody caught is reported with secrets masked", async () => {
  await using instance = record();
  using space = workspace();
  space.write("people.csv", "name\nann@example.com\n");
  space.write(
    "crash.ts",
    `setTimeout(() => Promise.reject(new Error("unforeseen: " + process.env.OOMNITZA)), 1500);`,
  );
  const ini = `[oomnitza]\nurl = ${instance.url}\napi_token = \${env:OOMNITZA}\n[csv_assets]\n` +
    "enable = True\nfilename = people.csv\nsync_field = NAME\nmapping.NAME = name\n" +
    "only_if_filled = ${command:echo -n x; sleep 5}\n";
  space.write("config.ini", ini);
  const entry = new URL("../../src/cli/main.ts", import.meta.url).pathname;
  const child = Bun.spawn(
    [process.execPath, "--preload", "./crash.ts", entry, "upload", "csv_assets", "--verbose"],
    {
      cwd: space.folder,
      env: { PATH: process.env.PATH ?? "", OOMNITZA: instanceToken },
      stdout: "pipe",
      stderr: "pipe",
    },
  );
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  expect(stderr).toContain("unforeseen: ***");
  expect(code).toBe(70);
  const traces = new Map([["output", Buffer.from(stdout + stderr)]]);
  expect(findSecrets([instanceToken], traces)).toEqual([]);
});
