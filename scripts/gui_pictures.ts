/**
 * Takes the pictures of the GUI that the README shows, of the sample against the stand-in.
 *
 * `bun scripts/gui_pictures.ts` writes docs/images/*.png. It needs Chromium.
 *
 * @module
 */
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { startStandIn } from "../src/stand_in/mod.ts";
import { agentGui } from "../test/gui/support/agent_gui.ts";
import { sampleConfig, writeSamplePast } from "../test/support/past_sample.ts";
import { launchBrowser, openWindow, type WindowSource } from "../test/gui/support/browser.ts";
import { root } from "./binary/compile.ts";

const folder = join(root, "docs/images");
const size = { width: 1120, height: 600 };

/** What a company has besides the sample. */
const others = "\n[casper]\nenable = False\n\n[casper.MDM]\nenable = False\n\n" +
  "[ldap]\nenable = False\n\n[okta]\nenable = False\n";

function sample(name: string): string {
  return readFileSync(join(root, "samples", name), "utf8");
}

/** Files of a folder, by their names. */
type GuiFiles = Readonly<Record<string, string>>;

/** Takes a picture; the folder that the page names is of this machine and of no interest. */
async function take(page: Page, name: string): Promise<void> {
  await page.evaluate(() => {
    const label = document.querySelector(".head .file");
    if (label !== null) label.textContent = "/etc/oomnitza/config.ini";
    document.documentElement.scrollTop = 0;
  });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}

/** The overview of a company whose sections do well and badly. */
async function takeOverview(browser: WindowSource): Promise<void> {
  await using gui = await agentGui({ files: { "config.ini": sampleConfig } });
  await writeSamplePast(join(gui.space.folder, "agent-state.sqlite"));
  const { page } = await openWindow(browser, gui);
  await page.setViewportSize({ width: 1280, height: 900 });
  await take(page, "gui-overview");
}

async function tour(page: Page): Promise<void> {
  await page.setViewportSize(size);
  await page.click("#navigation >> text=csv_assets");
  await page.click(".tabs >> text=Mappings");
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.click("text=Ask Oomnitza");
  await page.waitForSelector("text=are not shown yet", { state: "detached" });
  await page.click("text=Read 50 records");
  await page.waitForSelector("[data-record]:has-text('Record 1 of')");
  await page.click("#fields-list .item");
  await page.waitForSelector(".live");
  await take(page, "gui-mappings");
  await page.setViewportSize(size);
  await page.click(".tabs >> text=Settings");
  await page.fill("[name=sync_field]", "SERIAL_NUMBER");
  await page.click("text=Review and save");
  await page.waitForSelector("dialog[open]");
  await take(page, "gui-review");
}

/** The third step of the first setup, with the values of the sample. */
async function takeSetup(browser: WindowSource, files: GuiFiles): Promise<void> {
  await using gui = await agentGui({ files });
  const { page } = await openWindow(browser, gui);
  await page.setViewportSize({ width: 1120, height: 760 });
  await page.goto(new URL("setup/mapping?section=csv_assets", page.url()).href);
  await page.click("text=Read the first records");
  await page.waitForSelector("[data-outcome] dt");
  await take(page, "gui-setup");
}

async function main(): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const instance = await startStandIn({ token: "token-of-the-stand-in" });
  const browser = await launchBrowser();
  try {
    const config = sample("config.ini")
      .replace(/^url = .*$/m, `url = ${instance.url}`)
      .replaceAll("enable = True", "enable = True\nschedule = 0 3 * * *") + others;
    const files = {
      "config.ini": config,
      "assets.csv": sample("assets.csv"),
      "users.csv": sample("users.csv"),
    };
    await takeOverview(browser);
    await takeSetup(browser, files);
    await using gui = await agentGui({ files });
    await gui.space.agent(["upload", "csv_assets", "csv_users"]);
    await tour((await openWindow(browser, gui)).page);
  } finally {
    await browser.close();
    await instance.stop();
  }
}

if (import.meta.main) await main();
