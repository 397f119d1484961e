/**
 * References in a configuration: fetched, put where it was written, and masked.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { getOption, type IniDocument, parseIni } from "../../src/config/ini.ts";
import { leavePending, resolveDocument, type WantedSections } from "../../src/config/resolve.ts";
import { sources } from "../../src/sources/mod.ts";
import { openSession } from "../secrets/session.ts";

const env = {
  TOKEN: "t0ken-of-oomnitza",
  FILE: "people.csv",
  JSON: '{"user": "s3cret-user", "n": 5}',
  SECONDS: "3600",
  ON: "True",
  OFF: "False",
};

async function resolve(text: string, wanted: WantedSections = "all") {
  const { secrets, redactor } = openSession({ env });
  const context = { sources, env, directory: "/" };
  const document = parseIni(text, "config.ini");
  const resolved = await resolveDocument(document, { context, wanted, secrets, redactor });
  await secrets.close();
  return { document: resolved, redactor };
}

function value(document: IniDocument, section: string, key: string) {
  const option = getOption(document, section, key);
  return [option?.value, option?.reference];
}

const head = "[oomnitza]\nurl = https://example.oomnitza.com\napi_token = ${env:TOKEN}\n";

test("a reference becomes its value; what is no reference stays", async () => {
  const { document } = await resolve(
    `${head}[csv_users]\nenable = True\nfilename = \${env:FILE}\nmapping.USER = \${env:FILE}\ndirectory = \${FILE}\n`,
  );
  expect(document.findings).toEqual([]);
  expect(value(document, "oomnitza", "api_token")).toEqual([env.TOKEN, "resolved"]);
  expect(value(document, "csv_users", "filename")).toEqual(["people.csv", "resolved"]);
  expect(value(document, "csv_users", "mapping.user")).toEqual(["people.csv", "resolved"]);
  expect(value(document, "csv_users", "directory")).toEqual(["${FILE}", undefined]);
});

test("values are masked, also the strings inside of JSON; numbers, flags and choices are not", async () => {
  const { redactor } = await resolve(
    `${head}[csv_users]\nenable = \${env:ON}\nfilename = \${env:JSON}\ntimeout = \${env:SECONDS}\n`,
  );
  expect(redactor.redact(env.TOKEN)).toBe("***");
  expect(redactor.redact("s3cret-user")).toBe("***");
  expect(redactor.redact(`${env.SECONDS} True`)).toBe("3600 True");
});

test("a reference that gives nothing is a finding with its line, and leaves the option empty", async () => {
  const { document } = await resolve(
    `${head}[csv_users]\nenable = True\nfilename = \${env:NONE}\ndirectory = \${command:echo s3cret >&2; exit 1}\n`,
  );
  expect(document.findings).toMatchObject([
    {
      code: "unresolved",
      severity: "error",
      line: 6,
      section: "csv_users",
      option: "filename",
      message: "cannot be read from ${env:NONE}: the environment variable NONE is not set",
    },
    {
      code: "unresolved",
      line: 7,
      option: "directory",
      message: "cannot be read from ${command:…}: the command ended with exit code 1",
    },
  ]);
  expect(JSON.stringify(document.findings)).not.toContain("s3cret");
  expect(value(document, "csv_users", "filename")).toEqual(["", "failed"]);
});

test("a store that does not exist is a warning, and the text stays", async () => {
  const { document } = await resolve(
    `${head}[csv_users]\nenable = True\nfilename = \${evn:FILE}\n`,
  );
  expect(document.findings).toMatchObject([{
    code: "unknown_store",
    severity: "warning",
    option: "filename",
    hint: "Did you mean ${env:NAME}?",
  }]);
  expect(value(document, "csv_users", "filename")).toEqual(["${evn:FILE}", undefined]);
});

test("only wanted sections are fetched; those that are off are not, except for enable", async () => {
  const text =
    `${head}[csv_users]\nenable = True\nfilename = \${env:NONE}\n[csv_assets]\nenable = \${env:OFF}\nfilename = \${env:NONE}\n`;
  const { document } = await resolve(text, ["csv_assets"]);
  expect(document.findings).toEqual([]);
  expect(value(document, "csv_users", "filename")).toEqual(["", "pending"]);
  expect(value(document, "csv_assets", "enable")).toEqual(["False", "resolved"]);
  const left = leavePending(parseIni(text, "config.ini"), { sources, env });
  expect(value(left, "oomnitza", "api_token")).toEqual(["", "pending"]);
  expect(value(left, "csv_assets", "enable")).toEqual(["False", "resolved"]);
});

test("a server of secrets with errors is not asked", async () => {
  const { document } = await resolve(
    `${head}[vault]\nauth = magic\n[csv_users]\nenable = True\nfilename = \${vault:a/b#c}\n`,
  );
  expect(document.findings).toMatchObject([{
    code: "unresolved",
    message: "cannot be read from ${vault:a/b#c}: [vault] has errors",
    hint: "Fix these errors first",
  }]);
});

test("vault_keys names options of the section; others are warned of", async () => {
  const { document } = await resolve(
    `${head}[okta]\nenable = True\nvault_keys = colour\nvault_backend = keyring\n`,
  );
  expect(document.findings).toMatchObject([{
    code: "unknown_option",
    severity: "warning",
    option: "vault_keys",
    message: "names colour, which is not an option of this section",
  }]);
});
