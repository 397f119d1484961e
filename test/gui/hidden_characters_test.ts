/**
 * Characters that nobody sees are shown, and forms keep what the file says.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { showHidden, showHiddenInPage } from "../../src/gui/hidden_characters.ts";
import { agentGui } from "./support/agent_gui.ts";

test("texts show escapes; tags, values and fields stay", () => {
  expect(showHidden("a\u202eb\u2069")).toBe("a\\u202eb\\u2069");
  const page = '<p title="a\u202e">x\u202ey</p><input value="\u2066z">' +
    "<textarea>k\u200f</textarea><td>\u061c</td>";
  expect(showHiddenInPage(page)).toBe(
    '<p title="a\u202e">x\\u202ey</p><input value="\u2066z">' +
      "<textarea>k\u200f</textarea><td>\\u061c</td>",
  );
});

test("a page shows the name of a section with an override, and a form keeps its value", async () => {
  const name = "casper.\u202eMDM";
  const ini = `[oomnitza]\nurl = https://example.com\napi_token = abcdefgh\n[${name}]\n` +
    "enable = False\nusername = re\u202eader\n";
  await using gui = await agentGui({ files: { "config.ini": ini } });
  const entry = await fetch(gui.link);
  const cookie = (entry.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  const base = gui.origin + (/url=([^"]+)"/.exec(await entry.text())?.[1] ?? "");
  const path = `section/${encodeURIComponent(name)}`;
  const page = await (await fetch(base + path, { headers: { cookie } })).text();
  expect(page).toContain("casper.\\u202eMDM</h1>");
  expect(page).toContain('value="re\u202eader"');
});
