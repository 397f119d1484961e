/**
 * The mapping editor with 2,000 fields: how soon it is there, how soon it answers, and how much of it is
 * in the page. Limits of time are those of an idle machine with two cores, longer by as much as fixed
 * work takes longer meanwhile.
 *
 * @module
 */
import { expect } from "bun:test";
import { startPace } from "../../scripts/checks/pace.ts";
import { slow } from "../support/slow.ts";
import { agentGui } from "./support/agent_gui.ts";
import { keepPicture, noSeriousViolations, openWindow, useBrowser } from "./support/browser.ts";

const browser = useBrowser();

const count = 2000;
const numbers = Array.from({ length: count }, (_, index) => String(index).padStart(4, "0"));
const csv = `${numbers.map((number) => `column ${number}`).join(",")}\n` +
  `${numbers.map((number) => `value ${number}`).join(",")}\n`;
const ini = "[oomnitza]\nurl = http://127.0.0.1:1\napi_token = token-of-nobody\n\n" +
  "[csv_assets]\nenable = True\nfilename = assets.csv\nsync_field = FIELD_0000\n" +
  `use_server_map = False\n` +
  numbers.map((number) => `mapping.FIELD_${number} = column ${number}\n`).join("");

/** Elements that the page may have. */
const mostElements = 3000;
/** Milliseconds until it is there, and for one letter of a search, on an idle machine. */
const paintMs = 1000;
const letterMs = 50;

function median(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
}

slow("2,000 fields: first paint, typing in the search, and elements", async () => {
  await using gui = await agentGui({ files: { "config.ini": ini, "assets.csv": csv } });
  const { page, pageErrors } = await openWindow(browser, gui, { width: 1440 });
  const elements = () => page.evaluate(() => document.querySelectorAll("*").length);
  const pace = startPace();
  try {
    await page.goto(new URL("section/csv_assets/mappings", page.url()).href);
    await page.waitForSelector("#fields-list .item");
    const painted = await page.evaluate(() =>
      performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? Infinity
    );
    expect(painted / pace.factor()).toBeLessThan(paintMs);
    expect(await page.textContent("[data-pane=fields] [data-listed]")).toBe(`${count} fields`);
    await page.click("text=Read 50 records");
    await page.waitForSelector("#fields-list .item .value:text-is('\"value 0000\"')");
    expect(await elements()).toBeLessThan(mostElements);
    const times = await page.evaluate(async () => {
      const search = document.querySelector<HTMLInputElement>("[data-pane=fields] [data-search]");
      if (search === null) return [];
      const times: number[] = [];
      const words = ["field_1234", "column 19", "1 2 3", "none of them", ""];
      for (const text of words.flatMap((word) => [...word].map((_, at) => word.slice(0, at + 1)))) {
        const begun = performance.now();
        search.value = text;
        search.dispatchEvent(new Event("input", { bubbles: true }));
        // What is drawn is there when the task behind the next frame begins.
        await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
        times.push(performance.now() - begun);
      }
      search.value = "";
      search.dispatchEvent(new Event("input", { bubbles: true }));
      return times;
    });
    expect(times).toHaveLength(36);
    expect(median(times) / pace.factor()).toBeLessThan(letterMs);
  } finally {
    pace.stop();
  }
  // At the end of the list there are other fields, and no more elements.
  await page.focus("#fields-list");
  await page.keyboard.press("End");
  await page.waitForSelector("#fields-list .item .value:text-is('\"value 1999\"')");
  expect(await page.textContent("#edit-title")).toBe("FIELD_1999");
  expect(await elements()).toBeLessThan(mostElements);
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  expect(height).toBeLessThan(2000);
  await noSeriousViolations(page);
  await keepPicture(page, "mappings-2000-fields", { wholePage: false });
  expect(pageErrors).toEqual([]);
});
