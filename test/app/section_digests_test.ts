/**
 * Which differences between two configurations are differences between their sections.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { differingSections, digestSections } from "../../src/app/section_digests.ts";
import { checkConfig } from "../../src/config/config.ts";
import { parseIni } from "../../src/config/ini.ts";
import { sources } from "../../src/sources/mod.ts";

const own = "[oomnitza]\nurl = https://example.oomnitza.com\napi_token = x\n";
const fleet = `[fleet]
enable = True
url = https://fleet.example.com
api_token = one
sync_field = SERIAL
mapping.SERIAL = hardware_serial
recordfilter = return True
`;
const second = fleet.replace("[fleet]", "[fleet.two]");

function digestsOf(text: string) {
  const config = checkConfig(parseIni(own + text, "config.ini"), {
    ...{ sources, env: {}, directory: "/" },
  });
  return digestSections(config.sections);
}

const same: Readonly<Record<string, string>> = {
  "a comment, and the order of options": fleet.replace("enable = True\n", "") +
    "# ours\nenable = True\n",
  "a secret": fleet.replace("one", "two"),
};

test.each(Object.entries(same))("%s makes no difference", (_name, text) => {
  expect(differingSections(digestsOf(fleet), digestsOf(text))).toEqual([]);
});

const different: Readonly<Record<string, string>> = {
  "another option": fleet.replace("fleet.example.com", "other.example.com"),
  "another mapping": fleet.replace("= hardware_serial", "= uuid"),
  "another filter": fleet.replace("return True", "return False"),
  "a section that is not there": "",
};

test.each(Object.entries(different))("%s is a difference", (_name, text) => {
  expect(differingSections(digestsOf(fleet + second), digestsOf(text + second))).toEqual(["fleet"]);
});
