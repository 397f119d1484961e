/**
 * The overview of sections that do well and badly, and the history of one, in a browser.
 *
 * @module
 */
import { expect } from "bun:test";
import { join } from "node:path";
import { slow } from "../support/slow.ts";
import { type AgentGui, agentGui } from "./support/agent_gui.ts";
import { keepPicture, noSeriousViolations, openWindow, useBrowser } from "./support/browser.ts";
import { refusals, sampleConfig, sampleStates, writeSamplePast } from "../support/past_sample.ts";

const browser = useBrowser();

async function openGui(): Promise<AgentGui> {
  const gui = await agentGui({ files: { "config.ini": sampleConfig, "assets.csv": "tag\nA-1\n" } });
  const state = join(gui.space.folder, "agent-state.sqlite");
  await writeSamplePast(state);
  return gui;
}

slow("the worst section is first, with what can be done about it", async () => {
  await using gui = await openGui();
  const { page, pageErrors } = await openWindow(browser, gui, { width: 1440 });
  const rows = await page.$$eval(".sections tbody tr", (all) =>
    all.map((row) => [
      row.querySelector("th a")?.textContent,
      row.querySelector(".state")?.textContent,
      row.querySelectorAll(".heartbeat rect").length,
    ]));
  expect(rows.map(([name, state]) => [name, state])).toEqual(sampleStates);
  expect(rows.map(([, , bars]) => bars)).toEqual([0, 12, 8, 5, 30, 0, 30]);
  const attention = await page.textContent("section.notice.bad") ?? "";
  expect(attention).toContain("5 sections need attention");
  expect(attention).toContain("151 of 301 records are gone from the source");
  expect(attention).toContain("The file assets.csv does not exist");
  expect(await page.textContent("tr:has(a:text-is('csv_assets.refused'))")).toContain("17 refused");
  expect(await page.textContent("time")).toMatch(/minutes ago|yesterday|days ago/);
  await noSeriousViolations(page);
  await keepPicture(page, "dashboard-1440-light");
  await page.click("text=Review 17 refused");
  await page.waitForSelector("text=17 refused records of csv_assets.refused");
  expect(pageErrors).toEqual([]);
});

slow("the runs of a section are pictures with the numbers below", async () => {
  await using gui = await openGui();
  const { page, pageErrors } = await openWindow(browser, gui, { width: 1440 });
  await page.click(".sections >> text=csv_assets.refused");
  await page.click(".tabs >> text=History");
  await page.waitForSelector(".chart");
  expect(await page.locator(".chart").count()).toBe(4);
  expect(await page.locator(".chart").first().locator("g").count()).toBe(30);
  const reasons = await page.$$eval(".reason", (all) => all.map(({ textContent }) => textContent));
  expect(reasons).toEqual([`${refusals.model}12`, `${refusals.date}5`]);
  await page.click("summary");
  expect(await page.locator("details tbody tr").count()).toBe(30);
  await noSeriousViolations(page);
  await keepPicture(page, "history-1440-light");
  expect(pageErrors).toEqual([]);
});

slow("a phone and the dark scheme show the same without scrolling sideways", async () => {
  for (const [width, scheme] of [[390, "light"], [390, "dark"], [1440, "dark"]] as const) {
    await using gui = await openGui();
    const { page, pageErrors } = await openWindow(browser, gui, { width, scheme });
    await noSeriousViolations(page);
    const isTooWide = () =>
      page.evaluate(() =>
        document.documentElement.scrollWidth > document.documentElement.clientWidth
      );
    expect(await isTooWide()).toBe(false);
    expect(await page.isVisible(".sections >> text=csv_assets.well")).toBe(true);
    await keepPicture(page, `dashboard-${width}-${scheme}`);
    await page.goto(new URL("section/csv_assets.refused/history", page.url()).href);
    await page.waitForSelector(".chart");
    await noSeriousViolations(page);
    expect(await isTooWide()).toBe(false);
    await keepPicture(page, `history-${width}-${scheme}`);
    expect(pageErrors).toEqual([]);
  }
});

slow("the filter leaves the sections that hold its words", async () => {
  await using gui = await openGui();
  const { page } = await openWindow(browser, gui);
  await page.fill("#filter", "ref csv");
  await page.waitForSelector(".section-row:has-text('csv_assets.well')", { state: "hidden" });
  const shown = await page.locator(".section-row:visible th a").allTextContents();
  expect(shown).toEqual(["csv_assets.refused"]);
});

slow("words that were typed before the script of the page ran filter too", async () => {
  await using gui = await openGui();
  const { page } = await openWindow(browser, gui);
  const isTyped = Promise.withResolvers<void>();
  await page.route("**/filter.js*", async (route) => {
    await isTyped.promise;
    await route.continue();
  });
  await page.reload({ waitUntil: "commit" });
  await page.fill("#filter", "ref csv");
  isTyped.resolve();
  await page.waitForSelector(".section-row:has-text('csv_assets.well')", { state: "hidden" });
  expect(await page.isVisible(".section-row:has-text('csv_assets.refused')")).toBe(true);
});
