/**
 * Sections that nobody knows, values that cannot be meant, and an `enable` with nothing behind it.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { tagsOnly } from "../support/workspace.ts";
import { openFaces } from "./support/faces.ts";

const oomnitza = "[oomnitza]\nurl = https://example.oomnitza.com\napi_token = abcdefgh\n";
const people = "[csv_users]\nenable = True\nfilename = a.csv\ndefault_position = x\n";

async function check(more: string) {
  using faces = openFaces();
  faces.write("config.ini", `${oomnitza}${tagsOnly}${more}\n`);
  return await faces.cli("check", "--file-only");
}

test("an unused section with an empty enable counts as not enabled for every command", async () => {
  using faces = openFaces();
  const schedule = "schedule = every 6h\n";
  faces.write("config.ini", `${oomnitza}\n[okta]\nenable =\n\n${tagsOnly}${schedule}`);
  for (const words of [["check", "--file-only"], ["schedule"]]) {
    const { code, stdout, stderr } = await faces.cli(...words);
    expect(code, stderr).toBe(0);
    expect(stderr).toBe("");
    expect(stdout).toContain("csv_assets");
  }
  expect(await faces.page("")).toContain("1 of 2 sections are enabled.");
});

test.each([
  [
    "[alert]\nurl = https://example.com",
    "[alert]: is not a section that the agent knows, and is ignored. Did you mean alerts?",
  ],
  ["[server]\nport = 1", "Did you mean serve?"],
  ["[convertors]\na: return 1", "Did you mean converters?"],
  ["[Okta]\nurl = https://example.com", "Did you mean okta?"],
  [
    "[schedule]\ncsv_assets = @daily",
    "schedule is an option of the sections that read from a source",
  ],
  ["[somewhere]\na = b", "[somewhere]: is not a section that the agent knows, and is ignored\n"],
  [
    `${people}default_role = abc\nmapping.USER = a\nmapping.EMAIL = b`,
    'default_role: is "abc", and ids of roles in Oomnitza are numbers',
  ],
  [`mapping.N' = tag`, "mapping.n': maps N', which is no name of a field"],
])("%s is a warning", async (more, warning) => {
  const { code, stderr } = await check(more);
  expect(stderr).toContain("WARNING");
  expect(stderr).toContain(warning);
  expect(stderr).not.toContain("ERROR");
  expect(code).toBe(0);
});

test.each([
  [
    "[alerts]\nurl = htp://x.example.com",
    "[alerts] url: is not an address such as https://example.com: it begins with htp:// instead of http:// or https://",
  ],
  [
    "[okta]\nenable = 1\nurl = file:///etc/passwd",
    "[okta] url: is not an address such as https://example.com",
  ],
  [
    "[ldap]\nenable = 1\nurl = dc1.example.org:389",
    "[ldap] url: is not an address such as ldaps://example.com",
  ],
  [
    "[ldap]\nenable = 1\nurl = https://dc1.example.org",
    "it begins with https:// instead of ldap:// or ldaps://",
  ],
])("%s is an error", async (more, error) => {
  const { code, stderr } = await check(more);
  expect(stderr).toContain(error);
  expect(code).toBe(1);
});

test("a section of a source that is not there may stay as long as it is not enabled", async () => {
  const { code, stderr } = await check("[service_now]\nenable = False\nurl = htp://x");
  expect(stderr).toBe("");
  expect(code).toBe(0);
});
