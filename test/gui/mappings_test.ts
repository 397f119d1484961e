/**
 * The mappings of a section in a browser: the merged table, suggestions, and what is saved.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { startStandIn } from "../support/stand_in/mod.ts";
import { describeShape } from "../../src/app/source_paths.ts";
import { slow } from "../support/slow.ts";
import { agentGui } from "./support/agent_gui.ts";
import { keepPicture, noSeriousViolations, openWindow, useBrowser } from "./support/browser.ts";

const browser = useBrowser();

const csv = "tag,serial,owner,floor\n" +
  "A-1,C02XK0AA,ann@example.com,3\nA-2,C02XK0AB,bob@example.com,\nA-3,C02XK0AC,,\nA-4,,,\n";

slow("fields are mapped from suggestions, with the origin of each line", async () => {
  const instance = await startStandIn({
    mappings: { CSV_assets: { floor: "FLOOR" } },
    fields: { assets: { BARCODE: { type: "dropdown", values: ["A-1", "A-2"], unique: true } } },
  });
  const ini = `[oomnitza]\nurl = ${instance.url}\napi_token = ${instance.token}\n\n` +
    "[csv_assets]\nenable = True\nfilename = assets.csv\nsync_field = BARCODE\n" +
    "mapping.BARCODE = tag\n";
  try {
    await using gui = await agentGui({ files: { "config.ini": ini, "assets.csv": csv } });
    const { page, answers, pageErrors } = await openWindow(browser, gui);
    await page.click("#navigation >> text=csv_assets");
    await page.click(".tabs >> text=Mappings");
    await page.waitForSelector("table");
    await noSeriousViolations(page);
    await page.click("text=Read 50 records");
    await page.waitForSelector("text=In 4 records");
    const row = page.locator("tr", { has: page.locator("th code:text-is('owner')") });
    expect(await row.textContent()).toContain("50 %");
    expect(await row.textContent()).toContain("axx@exxxxxx.cxx");
    await noSeriousViolations(page);
    await keepPicture(page, "mappings-sampled");
    await page.click("text=Compare 50 records with Oomnitza's fields");
    await page.waitForSelector("tr:has-text('one of 2 values, unique')");
    expect(await page.textContent(".notice.warning")).toBe(
      "Of the first 4 records, BARCODE: 2 records have values that are not in the list of 2: " +
        '"A-3", "A-4"',
    );
    await noSeriousViolations(page);
    await row.locator("a").click();
    await page.waitForSelector("[name=value]");
    expect(await page.inputValue("[name=value]")).toBe("owner");
    await page.fill("[name=field]", "assigned_to");
    await page.fill("[name=converter]", "split_emial");
    await page.click("text=Review and save");
    await page.waitForSelector("[data-field=converter] .finding.error");
    await page.fill("[name=converter]", "split_email");
    await page.click("text=Review and save");
    await Promise.all([page.waitForEvent("load"), page.click("dialog button[value=save]")]);
    const line = 'mapping.ASSIGNED_TO = {"source": "owner", "converter": "split_email"}\n';
    expect(gui.space.read("config.ini")).toBe(ini + line);
    expect(await page.textContent("tr:has(th:text-is('ASSIGNED_TO'))")).toContain("ini line 10");
    await page.click("text=Fetch the mappings from Oomnitza");
    await page.waitForSelector("tr:has(th:text-is('FLOOR'))");
    expect(await page.textContent("tr:has(th:text-is('FLOOR'))")).toContain("Oomnitza");
    await page.click("tr:has(th:text-is('ASSIGNED_TO')) button");
    await page.waitForSelector("dialog[open]");
    await Promise.all([page.waitForEvent("load"), page.click("dialog button[value=save]")]);
    expect(gui.space.read("config.ini")).toBe(ini);
    for (const { text } of answers) {
      for (const value of [instance.token, "C02XK0A", "ann@", "bob@"]) {
        expect(text).not.toContain(value);
      }
    }
    expect(pageErrors).toEqual([]);
  } finally {
    await instance.stop();
  }
});

slow("a mapping is edited in place, and a source that cannot be read says so", async () => {
  const ini = "[oomnitza]\nurl = http://127.0.0.1:1\napi_token = token-of-nobody\n\n" +
    "[csv_assets]\nenable = False\nfilename = missing.csv\nsync_field = BARCODE\n" +
    "Mapping.Barcode = tag\n# by hand\nmapping.SITE = {'hardcoded': 'HQ'}\n";
  await using gui = await agentGui({ files: { "config.ini": ini } });
  const { page } = await openWindow(browser, gui, { width: 400, scheme: "dark" });
  await page.click("main >> text=csv_assets");
  await page.click(".tabs >> text=Mappings");
  await page.waitForSelector("table");
  await noSeriousViolations(page);
  await page.click("tr:has(th:text-is('SITE')) a");
  await page.waitForSelector("h2:text-is('Change SITE')");
  // The same as before, written otherwise, is no change.
  await page.click("text=Review and save");
  await page.waitForSelector("#edit [data-summary]:not([hidden])");
  expect(await page.textContent("#edit [data-summary]")).toBe("Nothing was changed.");
  await page.fill("[name=value]", "Berlin");
  await page.click("text=Review and save");
  await Promise.all([page.waitForEvent("load"), page.click("dialog button[value=save]")]);
  const wanted = ini.replace("{'hardcoded': 'HQ'}", '{"hardcoded": "Berlin"}');
  expect(gui.space.read("config.ini")).toBe(wanted);
  await page.click("text=Read 50 records");
  await page.waitForSelector("[role=alert]");
  expect(await page.textContent("[role=alert]")).toContain("missing.csv");
  await keepPicture(page, "mappings-400-dark");
});

test("the shape of a value shows its form and not its letters", () => {
  expect(describeShape("C02XK0AA")).toBe("C09Xx0Ax");
  expect(describeShape("ann.lee@example.com")).toBe("axx.lxx@exxxxxx.cxx");
  expect(describeShape("2024-05-01 10:00")).toBe("2999-09-09 19:09");
  expect(describeShape("Grün Straße 12")).toBe("Gxxx Sxxxxx 19");
  expect(describeShape(true)).toBe("true");
  expect(describeShape([1, 2])).toBe("list of 2");
  expect(describeShape("x".repeat(100))).toBe(`${"x".repeat(40)}…`);
});
