/**
 * The frame and the overview in a browser.
 *
 * @module
 */
import { expect } from "bun:test";
import { statSync } from "node:fs";
import { join } from "node:path";
import { startStandIn } from "../support/stand_in/mod.ts";
import { slow } from "../support/slow.ts";
import { oomnitzaSection, tagsOnly } from "../support/workspace.ts";
import { agentGui } from "./support/agent_gui.ts";
import { keepPicture, noSeriousViolations, openWindow, useBrowser } from "./support/browser.ts";

const browser = useBrowser();

slow("from no file to the sample with every source", async () => {
  await using gui = await agentGui();
  const { page, pageErrors } = await openWindow(browser, gui);
  await noSeriousViolations(page);
  await keepPicture(page, "overview-empty");
  expect(gui.space.has("config.ini")).toBe(false);
  await page.click("text=Write the file");
  await page.waitForSelector(".columns-of-links");
  const { stdout } = await gui.space.agent(["generate-ini", "--ini", "other.ini"]);
  expect(gui.space.read("config.ini"), stdout).toBe(gui.space.read("other.ini"));
  expect(statSync(join(gui.space.folder, "config.ini")).mode & 0o777).toBe(0o600);
  await noSeriousViolations(page);
  await keepPicture(page, "overview-sample");
  expect(pageErrors).toEqual([]);
});

slow("it fits 400 pixels and both colour schemes, and the menu works by keyboard", async () => {
  for (const scheme of ["light", "dark"] as const) {
    await using gui = await agentGui({
      files: {
        "config.ini": "[oomnitza]\nurl = https://example.oomnitza.com\napi_token = abcdefgh\n" +
          "[okta]\nenable = True\n",
      },
    });
    const { page, pageErrors } = await openWindow(browser, gui, { width: 400, scheme });
    await noSeriousViolations(page);
    expect(await page.isVisible("#navigation")).toBe(false);
    await page.focus("#menu");
    await page.keyboard.press("Enter");
    expect(await page.isVisible("#navigation")).toBe(true);
    await noSeriousViolations(page);
    await keepPicture(page, `overview-400-${scheme}`);
    expect(await page.textContent(".notice.bad")).toContain("is required");
    // So few sections have no filter, which must not disturb what changes by itself.
    await page.evaluate(() => document.dispatchEvent(new Event("live")));
    expect(pageErrors).toEqual([]);
  }
});

slow("the last run, its account and the next run are shown", async () => {
  const instance = await startStandIn();
  try {
    const ini = oomnitzaSection(instance) + tagsOnly + "schedule = 0 3 * * *\n";
    await using gui = await agentGui({
      files: { "config.ini": ini, "assets.csv": "tag\nA-1\nA-2\n" },
    });
    const { code, stderr } = await gui.space.agent(["upload", "csv_assets"]);
    expect(code, stderr).toBe(0);
    const { page, answers } = await openWindow(browser, gui);
    const row = await page.textContent("tr:has(th a:text-is('csv_assets'))") ?? "";
    expect(row).toContain("OK");
    expect(row).toContain("2 read, 2 sent");
    expect(row).toMatch(/in \d+ (hours?|minutes?)/);
    await noSeriousViolations(page);
    await keepPicture(page, "overview-run");
    for (const { text } of answers) expect(text).not.toContain(instance.token);
  } finally {
    await instance.stop();
  }
});
