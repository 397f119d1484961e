/**
 * Converters and filters in a browser: the editor, the checker, the live results, and what is saved.
 *
 * @module
 */
import { expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { assets } from "../../src/gui/assets.ts";
import { codeToValue, valueToCode } from "../../src/gui/code_text.ts";
import { slow } from "../support/slow.ts";
import { agentGui } from "./support/agent_gui.ts";
import { writeCode } from "./support/editor.ts";
import { keepPicture, noSeriousViolations, openWindow, useBrowser } from "./support/browser.ts";

const browser = useBrowser();

const csv = "tag,owner\nA-1,ann@example.com\nA-2,bob@example.com\nA-3,\n";

async function confirm(page: Page): Promise<void> {
  await page.click("text=Review and save");
  await Promise.all([page.waitForEvent("load"), page.click("dialog button[value=save]")]);
}

slow(
  "a converter is written with live results, renamed, and guarded against deletion",
  async () => {
    const ini = "[oomnitza]\nurl = http://127.0.0.1:1\napi_token = token-of-nobody\n\n" +
      "[csv_assets]\nenable = True\nfilename = assets.csv\nsync_field = BARCODE\n" +
      "mapping.BARCODE = tag\n# by hand\nmapping.OWNER = {'source': 'owner', 'converter': 'login'}\n";
    await using gui = await agentGui({ files: { "config.ini": ini, "assets.csv": csv } });
    const { page, answers, pageErrors } = await openWindow(browser, gui);
    await page.click("#navigation >> text=Converters and filters");
    await noSeriousViolations(page);
    await page.click("text=New converter");
    await page.waitForSelector(".cm-content");
    await noSeriousViolations(page);
    await page.fill("[name=name]", "login");
    await page.fill("[name=source]", "owner");
    await page.click("text=Read 10 records");
    await page.waitForSelector("tr:nth-child(3) td");
    await writeCode(page, 'if not value:\n    return None\n\nreturn value.split("@"[0]');
    await page.waitForSelector("[data-check] .error");
    await page.waitForSelector(".cm-lint-marker-error");
    expect(await page.textContent("[data-check]")).toContain("Line 4");
    await noSeriousViolations(page);
    await keepPicture(page, "converter-error");
    await page.click("text=Review and save");
    await page.waitForSelector("[data-field=code] > .finding.error");
    await writeCode(page, 'if not value:\n    return None\n\nreturn value.split("@")[0]');
    await page.waitForSelector("td code:text-is('\"ann\"')");
    expect(await page.textContent("[data-check]")).toStartWith("Python 3");
    expect(await page.textContent("[data-results] tr:nth-child(3)")).toContain("null");
    expect(await page.locator(".cm-lint-marker-error").count()).toBe(0);
    await noSeriousViolations(page);
    await keepPicture(page, "converter-live");
    await confirm(page);
    const code = '    if not value:\n        return None\n    #\n    return value.split("@")[0]\n';
    expect(gui.space.read("config.ini")).toBe(`${ini}\n[converters]\nlogin:\n${code}`);
    await page.click("text=Delete login");
    await page.waitForSelector("text=mapping.OWNER of [csv_assets] calls it");
    await page.fill("[name=name]", "short_name");
    await confirm(page);
    const renamed = ini.replace("'login'", "'short_name'");
    expect(gui.space.read("config.ini")).toBe(`${renamed}\n[converters]\nshort_name:\n${code}`);
    await writeCode(page, "return record.nowhere.trim()");
    await page.waitForSelector("text=Line 1:");
    for (const { path, text } of answers) {
      if (!path.includes("/assets/")) expect(text).not.toContain("token-of-nobody");
    }
    expect(pageErrors).toEqual([]);
  },
);

slow("a filter is tried on records and saved, at 400 pixels in the dark", async () => {
  const ini = "[oomnitza]\nurl = http://127.0.0.1:1\napi_token = token-of-nobody\n\n" +
    "[csv_assets]\nenable = False\nfilename = assets.csv\nsync_field = BARCODE\n" +
    "mapping.BARCODE = tag\nrecordfilter:\n  // people\n  return record.owner !== null;\n";
  await using gui = await agentGui({ files: { "config.ini": ini, "assets.csv": csv } });
  const { page, pageErrors } = await openWindow(browser, gui, { width: 400, scheme: "dark" });
  await page.goto(new URL("section/csv_assets/filter", page.url()).href);
  await page.waitForSelector(".cm-content");
  await page.click("text=Read 10 records");
  await page.waitForSelector("td:text-is('kept')");
  // What was not touched is no change, whatever its indentation.
  await page.click("text=Review and save");
  await page.waitForSelector("[data-summary]:not([hidden])");
  expect(await page.textContent("[data-summary]")).toBe("Nothing was changed.");
  await writeCode(
    page,
    '// people\nconst { owner } = record;\n\nreturn Boolean(owner) && owner !== "x";',
  );
  await page.waitForSelector("td:text-is('filtered')");
  expect(await page.locator("td:text-is('kept')").count()).toBe(2);
  await noSeriousViolations(page);
  await keepPicture(page, "filter-400-dark");
  await confirm(page);
  expect(gui.space.read("config.ini")).toBe(
    ini.replace(
      "  return record.owner !== null;\n",
      '  const { owner } = record;\n  //\n  return Boolean(owner) && owner !== "x";\n',
    ),
  );
  await writeCode(page, "while (true) {}");
  await page.waitForSelector("td:has-text('failed')");
  await writeCode(page, "const text = `a\n\nb`;\nreturn text;");
  await page.click("text=Review and save");
  await page.waitForSelector("text=Line 2 is blank inside a text");
  expect(pageErrors).toEqual([]);
});

slow("code of no known version shows what both versions of Python make of it", async () => {
  const ini = "[oomnitza]\nurl = http://127.0.0.1:1\napi_token = token-of-nobody\n\n" +
    "[csv_assets]\nenable = False\nfilename = disks.csv\nsync_field = BARCODE\n" +
    "mapping.BARCODE = tag\n\n[converters]\nhalf:\n  return int(value) / 2\n";
  const files = { "config.ini": ini, "disks.csv": "tag,size\nD-1,7\nD-2,8\nD-3,none\n" };
  await using gui = await agentGui({ files });
  const { page, pageErrors } = await openWindow(browser, gui);
  await page.click("#navigation >> text=Converters and filters");
  await page.click("table >> text=half");
  await page.waitForSelector(".cm-content");
  await page.fill("[name=source]", "size");
  await page.click("text=Read 10 records");
  await page.waitForSelector("[data-results] tr:nth-child(3) td");
  function outcomes(): Promise<string[]> {
    return page.locator("[data-results] tbody td:nth-child(3)").allTextContents();
  }
  const failed = expect.stringMatching(/^failed, line 1: .*'none'/);
  expect(await outcomes()).toEqual(["Python 33.5Python 23", "4", failed]);
  expect(await page.textContent("[data-versions]")).toContain("# language: python2");
  await noSeriousViolations(page);
  await keepPicture(page, "converter-versions");
  await page.setViewportSize({ width: 400, height: 900 });
  await noSeriousViolations(page);
  await writeCode(page, "# language: python2\nreturn int(value) / 2");
  await page.waitForFunction(() => document.querySelector("[data-versions]") === null);
  expect(await outcomes()).toEqual(["3", "4", expect.stringMatching(/^failed, line 2/)]);
  // What the configuration says counts in the editor as in a run.
  gui.space.write("config.ini", ini.replace("[converters]", "[converters]\npython = 2"));
  await writeCode(page, "return int(value) / 2 + 1");
  await page.waitForSelector("td code:text-is('5')");
  expect(await outcomes()).toEqual(["4", "5", failed]);
  await page.goto(new URL("converters", page.url()).href);
  expect(await page.locator("[aria-label=Converters] tbody th").allTextContents()).toEqual([
    "half",
  ]);
  expect(pageErrors).toEqual([]);
});

slow("a filter of no known version shows what both versions keep", async () => {
  const ini = "[oomnitza]\nurl = http://127.0.0.1:1\napi_token = token-of-nobody\n\n" +
    "[csv_assets]\nenable = False\nfilename = disks.csv\nsync_field = BARCODE\n" +
    "mapping.BARCODE = tag\nrecordfilter:\n  return int(record['size']) / 2 == 3\n";
  await using gui = await agentGui({
    files: { "config.ini": ini, "disks.csv": "tag,size\nD-1,7\nD-2,6\nD-3,9\n" },
  });
  const { page, pageErrors } = await openWindow(browser, gui);
  await page.goto(new URL("section/csv_assets/filter", page.url()).href);
  await page.waitForSelector(".cm-content");
  await page.click("text=Read 10 records");
  await page.waitForSelector("[data-results] tr:nth-child(3) td");
  expect(await page.locator("[data-results] tbody td:nth-child(2)").allTextContents()).toEqual([
    "Python 3filteredPython 2kept",
    "kept",
    "filtered",
  ]);
  expect(pageErrors).toEqual([]);
});

test("code goes into the ini and comes out of it unchanged", () => {
  const cases = [
    "return value",
    "\n    if value:\n        return 1\n    #\n    return 2",
    "\n\tconst a = 1;\n\t//\n\treturn a;",
    "x = 1\n    return x",
    "if value:\n    return 1",
  ];
  for (const value of cases) expect(codeToValue(valueToCode(value), value, "python")).toBe(value);
  expect(valueToCode(cases[1] ?? "")).toBe("if value:\n    return 1\n\nreturn 2");
  expect(valueToCode(cases[3] ?? "")).toBe("x = 1\nreturn x");
  expect(valueToCode(cases[4] ?? "")).toBe("if value:\n    return 1");
  expect(codeToValue("return 1 ; // x", "return 2", "javascript")).toBe("\n    return 1 ; // x");
  expect(codeToValue("\r\nreturn 1\r\n", undefined, "python")).toBe("\n    return 1");
});

test("all assets stay below 600 kB", () => {
  const sizes = [...assets.values()].map((asset) => Buffer.byteLength(asset.text));
  expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(600_000);
});
