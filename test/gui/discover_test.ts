/**
 * What a source gives, in a browser: paths, what is mapped of them, and what could be.
 *
 * @module
 */
import { expect } from "bun:test";
import { startStandIn } from "../support/stand_in/mod.ts";
import { slow } from "../support/slow.ts";
import { agentGui } from "./support/agent_gui.ts";
import { keepPicture, noSeriousViolations, openWindow, useBrowser } from "./support/browser.ts";

const browser = useBrowser();

const columns = [
  "tag",
  "Serial Number",
  "owner",
  "state",
  ...Array.from({ length: 116 }, (_, index) => `attribute ${String(index + 1).padStart(3, "0")}`),
];
const rows = ["ann@example.com", "bob@example.com", ""].map((owner, index) =>
  columns.map((_, column) =>
    [`A-${index}`, `C02XK0A${index}`, owner, "In use"][column] ?? `v${index}`
  )
);
const csv = [columns, ...rows].map((cells) => `${cells.join(",")}\n`).join("");

slow("paths are listed by the page, searched and narrowed, and lead to the editor", async () => {
  const instance = await startStandIn({
    fields: {
      assets: {
        BARCODE: { type: "text" },
        SERIAL_NUMBER: { type: "text" },
        COLOUR: { type: "text" },
      },
    },
  });
  const ini = `[oomnitza]\nurl = ${instance.url}\napi_token = ${instance.token}\n\n` +
    "[csv_assets]\nenable = True\nfilename = assets.csv\nsync_field = BARCODE\n" +
    "mapping.BARCODE = tag\nmapping.SITE = sute\n";
  try {
    await using gui = await agentGui({ files: { "config.ini": ini, "assets.csv": csv } });
    const { page, answers, pageErrors } = await openWindow(browser, gui, { width: 1440 });
    await page.click("#navigation >> text=csv_assets");
    await page.click(".tabs >> text=Discover");
    await page.selectOption("#count", "100");
    await page.click("text=Read and look");
    await page.waitForSelector("text=3 records read: 120 paths, 1 of them mapped.");
    const serial = page.locator("tr", { has: page.locator("td code:text-is('Serial Number')") });
    expect(await serial.textContent()).toContain("the names are the same");
    expect(await page.textContent("[data-empty-paths]")).toContain('SITE is mapped from "sute"');
    expect(await page.textContent("details")).toContain("SERIAL_NUMBER, COLOUR");
    expect(await page.locator("#paths ~ .scroll tbody tr").count()).toBe(50);
    await noSeriousViolations(page);
    await keepPicture(page, "discover-many-paths", { wholePage: false });
    await page.click("text=Next");
    await page.waitForSelector("text=51 to 100 of 120");
    await page.fill("[name=search]", "own");
    await page.selectOption("[name=kind]", "open");
    await page.click("button:text-is('Search')");
    await page.waitForSelector("nav[aria-label='Pages of paths']", { state: "detached" });
    const owner = await page.textContent("#paths ~ .scroll tbody tr");
    for (const part of ["owner", "text (email)", "67 %", "axx@exxxxxx.cxx"]) {
      expect(owner).toContain(part);
    }
    // Nothing of a record is on any of these pages.
    for (const { text } of answers) {
      for (const value of [instance.token, "C02XK0A", "ann@"]) expect(text).not.toContain(value);
    }
    await page.click("a:has-text('Map owner')");
    await page.waitForSelector("#paths-list [aria-selected=true]:has-text('owner')");
    expect(pageErrors).toEqual([]);
  } finally {
    await instance.stop();
  }
});

slow("without Oomnitza the paths are shown all the same, on a phone in the dark", async () => {
  const ini = "[oomnitza]\nurl = http://127.0.0.1:1\napi_token = token-of-nobody\n\n" +
    "[csv_assets]\nenable = False\nfilename = assets.csv\nsync_field = BARCODE\n" +
    "mapping.BARCODE = tag\n";
  await using gui = await agentGui({ files: { "config.ini": ini, "assets.csv": csv } });
  const { page } = await openWindow(browser, gui, { width: 390, scheme: "dark" });
  await page.goto(new URL("section/csv_assets/discover", page.url()).href);
  await page.click("text=Read and look");
  await page.waitForSelector("text=Which fields of Oomnitza are not mapped is not known");
  expect(await page.locator("#paths ~ .scroll tbody tr").count()).toBe(50);
  await noSeriousViolations(page);
  await keepPicture(page, "discover-many-paths-390", { wholePage: false });
});

slow("a source that cannot be read says why", async () => {
  const ini = "[oomnitza]\nurl = http://127.0.0.1:1\napi_token = token-of-nobody\n\n" +
    "[csv_assets]\nenable = True\nfilename = missing.csv\nsync_field = BARCODE\n";
  await using gui = await agentGui({ files: { "config.ini": ini } });
  const { page } = await openWindow(browser, gui);
  await page.goto(new URL("section/csv_assets/discover", page.url()).href);
  await page.click("text=Read and look");
  await page.waitForSelector(".notice.bad");
  expect(await page.textContent(".notice.bad")).toContain("missing.csv");
});
