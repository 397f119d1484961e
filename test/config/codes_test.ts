/**
 * Findings carry a code that says what kind they are, so that no program has to read the messages.
 *
 * @module
 */
import { expect, test } from "bun:test";
import type { Finding } from "../../src/base/errors.ts";
import { parseIni } from "../../src/config/ini.ts";
import { checkConfig } from "../../src/config/config.ts";
import { opt, readOption } from "../../src/sdk/option.ts";
import { sources } from "../../src/sources/mod.ts";

const oomnitza = "[oomnitza]\nurl = https://example.oomnitza.com\napi_token = t0ken\n";

function check(text: string, env: Record<string, string> = {}): readonly Finding[] {
  return checkConfig(parseIni(text, "config.ini"), { sources, env, directory: "/" }).findings;
}

const csv = "[csv_assets]\nenable = True\nfilename = assets.csv\nsync_field = A\n";

const apple =
  "[apple_business]\nenable = True\nclient_id = BUSINESSAPI.a\nprivate_key = a.pem\nsync_field = A\n";

test.each([
  ["a file without [oomnitza]", csv, ["error missing"]],
  ["a blank required option", `${oomnitza}[okta]\nenable = True\nurl = https://x.y\n`, [
    "error missing default_role",
    "error missing default_position",
  ]],
  ["a value that is not allowed", `${oomnitza}${csv}verify_ssl = perhaps\n`, [
    "error invalid verify_ssl",
  ]],
  ["a boolean that is none", `${oomnitza}[csv_assets]\nenable = perhaps\n`, [
    "error missing sync_field",
    "error invalid enable",
  ]],
  ["a mapping that is not valid", `${oomnitza}${csv}mapping.A = {"source": 1}\n`, [
    "error invalid mapping.a",
  ]],
  ["options that exclude each other", `${oomnitza}${csv}insert_only = 1\nupdate_only = 1\n`, [
    "error conflict update_only",
  ]],
  ["a rule of the source", `${oomnitza}${csv}directory = /tmp\n`, ["error conflict"]],
  ["an option that nobody knows", `${oomnitza}${csv}colour = blue\n`, [
    "warning unknown_option colour",
  ]],
  ["an option that a source cannot have", `${oomnitza}${apple}mode = changes\n`, [
    "error invalid mode",
  ]],
  ["the same option for all sections", `[DEFAULT]\nmode = full\n${oomnitza}${apple}`, [
    "warning unknown_option mode",
    "warning unknown_option mode",
  ]],
  ["a section that nobody knows", `${oomnitza}[octa]\nenable = True\n`, ["error unknown_section"]],
  ["a key of a mapping without effect", `${oomnitza}${csv}mapping.A = {"source": "a", "x": 1}\n`, [
    "warning ineffective mapping.a",
  ]],
  ["a variable that is not set", `${oomnitza}${csv}env_password = NONE_SUCH\n`, [
    "error missing env_password",
  ]],
  ["a section before [oomnitza]", `${csv}${oomnitza}`, ["error invalid"]],
  ["a line that is not ini", `${oomnitza}what\n`, ["error syntax"]],
  ["a listener without credentials", `${oomnitza}[serve]\nauth = basic\n`, ["error missing auth"]],
  ["a header name that is none", `${oomnitza}[serve]\nheader = a b\n`, ["error invalid header"]],
  ["a network that is none", `${oomnitza}[serve]\nallow = 10.0.0.0/99\n`, ["error invalid allow"]],
  ["a certificate without its key", `${oomnitza}[serve]\ncert = a.pem\n`, ["error missing cert"]],
])("%s", (_, text, expected) => {
  const found = check(text).map(({ severity, code, option = "" }) =>
    `${severity} ${code} ${option}`.trimEnd()
  );
  expect(found).toEqual(expected);
});

test("an option distinguishes a value that is missing from one that is not allowed", () => {
  const number = opt.integer("How many.");
  expect(readOption(number, " ")).toMatchObject({ ok: false, code: "missing" });
  expect(readOption(number, "many")).toMatchObject({ ok: false, code: "invalid" });
  expect(readOption(number, "3")).toEqual({ ok: true, value: 3 });
});
