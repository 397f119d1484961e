/**
 * The configuration as it goes into a bundle: its form, and nothing secret.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { findIniSecrets, maskIni } from "../../src/doctor/masked_ini.ts";
import { sources } from "../../src/sources/mod.ts";

const ini = `# written by ann
# for the office
[oomnitza]
url = https://user:in-url%21@example.oomnitza.com
api_token = token-1234
password = \${env:OOMNITZA_PASSWORD}

[csv_assets]
enable = True
filename = assets.csv
api_key = undeclared-5678
colour = red
recordfilter =
    return record["x"] == "code-9999"
mapping.BARCODE = {"source": "tag"}

[okta]
api_token = disabled-4321

[converters]
shout = return value.upper() # code-8888
this line is no option
`;

test("secrets, comments and code are left out; what shapes a run stays", () => {
  expect(maskIni(ini, sources)).toBe(`# (comments left out)
[oomnitza]
url = https://user:***@example.oomnitza.com
api_token = ***
password = \${env:***}

[csv_assets]
enable = True
filename = assets.csv
api_key = ***
colour = ***
recordfilter =
    (more lines left out)
mapping.BARCODE = {"source": "tag"}

[okta]
api_token = ***

[converters]
shout = ***
# (line 22 cannot be read and is left out)
`);
});

test("secrets are found in all sections, also where nobody declared them", () => {
  const found = findIniSecrets(ini, sources);
  for (const secret of ["token-1234", "undeclared-5678", "disabled-4321", "in-url%21", "in-url!"]) {
    expect(found).toContain(secret);
  }
  // A short value that nobody declared is a word: masking it would blank the logs.
  expect(found).not.toContain("red");
  expect(found).not.toContain("assets.csv");
  expect(found).not.toContain("True");
});

test("a bare % in the password of an address stands for itself", () => {
  const text = "[oomnitza]\nurl = https://user:50%-off@example.com\n";
  expect(findIniSecrets(text, sources)).toContain("50%-off");
});
