/**
 * References, the choice of a store, and what the stores of this machine give, in process.
 *
 * @module
 */
import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { AgentError } from "../../src/base/errors.ts";
import { findStore, nearStore, parseReference, type SecretStore } from "../../src/secrets/mod.ts";
import { useFolder } from "../support/folder.ts";
import { openSession, type Session } from "./session.ts";

const folder = useFolder("secrets");

const use = { section: "okta", option: "api_token" };

/** Resolves a reference as it is written in the ini. */
async function resolveText({ secrets }: Session, text: string, section = "okta"): Promise<string> {
  const reference = parseReference(text);
  const store = reference === undefined ? undefined : findStore(reference);
  if (reference === undefined || store === undefined) throw new Error(`no reference: ${text}`);
  return await secrets.resolve(store, reference.target, { ...use, section });
}

async function failure(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(() => undefined, (thrown: unknown) => thrown);
  if (!(error instanceof AgentError)) throw new Error(`not an AgentError: ${error}`);
  return error.hint === undefined ? error.message : `${error.message}. ${error.hint}`;
}

describe("a reference", () => {
  test.each([
    ["${env:NAME}", { store: "env", target: "NAME" }],
    ["  ${env: NAME }\n", { store: "env", target: "NAME" }],
    ["${vault:a/b#c}", { store: "vault", target: "a/b#c" }],
    ["${command:echo ${HOME} | cut -d: -f2}", {
      store: "command",
      target: "echo ${HOME} | cut -d: -f2",
    }],
    ["${env:}", { store: "env", target: "" }],
    ["${no-such_store1:x}", { store: "no-such_store1", target: "x" }],
  ])("%j is one", (text, expected) => {
    expect(parseReference(text)).toEqual(expected);
  });

  test.each(["", "$", "${env}", "${:NAME}", "${1:x}", "a${env:NAME}", "${env:NAME}b", "$env:NAME"])(
    "%j is a plain value",
    (text) => expect(parseReference(text)).toBeUndefined(),
  );

  test("names its store exactly; what is near is a suggestion", () => {
    const named = (store: string) => ({ store, target: "x" });
    expect(findStore(named("vault"))?.name).toBe("vault");
    expect(findStore(named("Vault"))).toBeUndefined();
    expect(nearStore(named("Vault"))?.name).toBe("vault");
    expect(nearStore(named("evn"))?.name).toBe("env");
    expect(nearStore(named("azure"))).toBeUndefined();
  });
});

describe("the stores of this machine", () => {
  test("env: the variable, and only one that was set", async () => {
    const session = openSession({ env: { TOKEN: "t0ken", BLANK: " " } });
    expect(await resolveText(session, "${env:TOKEN}")).toBe("t0ken");
    expect(await failure(resolveText(session, "${env:NONE}"))).toBe(
      "the environment variable NONE is not set. Set it for the account that runs the agent",
    );
    expect(await failure(resolveText(session, "${env:toString}"))).toContain("is not set");
    expect(await failure(resolveText(session, "${env:BLANK}"))).toContain("the secret is empty");
    expect(await failure(resolveText(session, "${env:}"))).toBe(
      "the reference is empty. Write ${env:NAME}",
    );
  });

  test("file: without the newline at its end, and not when it is no text or too large", async () => {
    writeFileSync(join(folder, "plain"), "two\nlines\r\n");
    writeFileSync(join(folder, "binary"), new Uint8Array([0xff, 0xfe, 0x41]));
    writeFileSync(join(folder, "large"), "x".repeat(1024 * 1024 + 1));
    const session = openSession({ directory: folder });
    expect(await resolveText(session, "${file:plain}")).toBe("two\nlines");
    expect(await failure(resolveText(session, "${file:binary}"))).toContain("is not UTF-8 text");
    expect(await failure(resolveText(session, "${file:large}"))).toContain("larger than 1 MiB");
    expect(await failure(resolveText(session, "${file:none}"))).toContain("cannot be read");
  });

  test("systemd: a file of the credentials directory, never one outside of it", async () => {
    writeFileSync(join(folder, "credential"), "s3cret\n");
    const session = openSession({ env: { CREDENTIALS_DIRECTORY: folder } });
    expect(await resolveText(session, "${systemd:credential}")).toBe("s3cret");
    for (const target of ["../x", "a/b", "..", "."]) {
      expect(await failure(resolveText(session, `\${systemd:${target}}`))).toContain(
        "cannot be the name of a credential",
      );
    }
    expect(await failure(resolveText(openSession(), "${systemd:credential}"))).toContain(
      "systemd passed no credentials to the agent",
    );
  });

  test(
    "command: what it prints; nothing of it is in an error",
    async () => {
      const session = openSession({ env: { PATH: process.env.PATH ?? "", GIVEN: "g1ven" } });
      expect(await resolveText(session, '${command:printf "$GIVEN\\n"}')).toBe("g1ven");
      const failed = await failure(resolveText(session, "${command:echo s3cret; exit 7}"));
      expect(failed).toContain("the command ended with exit code 7. Run the command by hand");
      expect(failed).not.toContain("s3cret");
      expect(await failure(resolveText(session, "${command:kill -9 $$}"))).toContain(
        "the command was killed by SIGKILL",
      );
      const long = await failure(resolveText(session, "${command:yes}"));
      expect(long).toContain("the command printed more than 1 MiB");
    },
  );

  test("command: a stop of the run ends it", async () => {
    const controller = new AbortController();
    const env = { PATH: process.env.PATH ?? "" };
    const session = openSession({ env, signal: controller.signal });
    const pending = failure(resolveText(session, "${command:sleep 600}"));
    controller.abort();
    expect(await pending).toContain("the run was stopped");
  });
});

/** A store that counts what it is asked. */
function countingStore(values: Readonly<Record<string, string>>, perSection = false) {
  const reads: string[] = [];
  const store: SecretStore = {
    name: "counting",
    form: "${counting:NAME}",
    perSection: () => perSection,
    read(target, { section }) {
      reads.push(`${section}/${target}`);
      return Promise.resolve(values[target] ?? "");
    },
    entry(name, key) {
      reads.push(`${name}.${key}`);
      return Promise.resolve(values[`${name}.${key}`]);
    },
    entryHint: (name, key) => `Store ${key} of ${name}`,
  };
  return { store, reads };
}

describe("one run", () => {
  test("fetches a secret once, however many ask for it at the same time", async () => {
    const { secrets } = openSession();
    const { store, reads } = countingStore({ a: "s3cret" });
    const all = await Promise.all(
      ["okta", "casper", "okta"].map((section) => secrets.resolve(store, "a", { ...use, section })),
    );
    expect(all).toEqual(["s3cret", "s3cret", "s3cret"]);
    expect(reads).toEqual(["okta/a"]);
  });

  test("fetches it once per section, where the store has one for each", async () => {
    const { secrets } = openSession();
    const { store, reads } = countingStore({ a: "s3cret" }, true);
    for (const section of ["okta", "casper", "okta"]) {
      await secrets.resolve(store, "a", { ...use, section });
    }
    expect(reads).toEqual(["okta/a", "casper/a"]);
  });

  test("takes the entry of the first name that has one", async () => {
    const { secrets } = openSession();
    const { store, reads } = countingStore({ "b.password": "s3cret", "a.blank": " " });
    expect(await secrets.entry(store, ["a", "b"], "password")).toBe("s3cret");
    expect(reads).toEqual(["a.password", "b.password"]);
    expect(await failure(secrets.entry(store, ["a", "b"], "blank"))).toBe(
      "there is no blank of a or b. Store blank of a",
    );
  });
});
