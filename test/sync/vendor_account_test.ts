/**
 * Which sections share the limits of an account, and what of it other processes get to see.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { checkConfig } from "../../src/config/config.ts";
import { parseIni } from "../../src/config/ini.ts";
import { sources } from "../../src/sources/mod.ts";
import { accountOf, sharedAccountOf } from "../../src/sync/read/vendor_account.ts";

function sectionOf(source: string, options: string) {
  const own = "[oomnitza]\nurl = https://example.oomnitza.com\napi_token = x\n";
  const text = `${own}[${source}]\nenable = True\nsync_field = TAG\n${options}\n`;
  const { sections, findings } = checkConfig(parseIni(text, "config.ini"), {
    ...{ sources, env: {}, directory: "/" },
  });
  if (sections[0] === undefined) throw new Error(JSON.stringify(findings));
  return sections[0];
}

const base = "https://vendor.example.com/api";
const jamf = (username: string, password: string) =>
  sectionOf("casper", `url = ${base}\nusername = ${username}\npassword = ${password}`);
const fleet = (token: string) => sectionOf("fleet", `url = ${base}\napi_token = ${token}`);

test("other processes know an account by host and name, and share it whatever the password is", () => {
  const key = sharedAccountOf(jamf("reader", "canary-one"), base);
  expect(key).toBe('["https://vendor.example.com",["reader"]]');
  expect(sharedAccountOf(jamf("reader", "canary-two"), base)).toBe(key);
  expect(sharedAccountOf(jamf("writer", "canary-one"), base)).not.toBe(key);
});

test("accounts that are only a token are told apart by very little of it", () => {
  const keys = ["canary-one", "canary-two", "canary-one"].map((token) =>
    sharedAccountOf(fleet(token), base)
  );
  expect(keys[0]).toMatch(/^\["https:\/\/vendor\.example\.com",\["[0-9a-f]{4}"\]\]$/);
  expect(keys[1]).not.toBe(keys[0]);
  expect(keys[2]).toBe(keys[0] ?? "");
});

test("within a process, other credentials are another account", () => {
  const accounts = [jamf("reader", "one"), jamf("reader", "two"), jamf("reader", "one")];
  const keys = accounts.map((section) => accountOf(section, base));
  expect([keys[0] === keys[1], keys[0] === keys[2]]).toEqual([false, true]);
});
