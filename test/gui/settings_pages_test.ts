/**
 * The pages of `[serve]`, `[alerts]`, secrets, logs and upgrades.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { parseLogLines, searchLog } from "../../src/gui/log_lines.ts";
import { slow } from "../support/slow.ts";
import { agentGui } from "./support/agent_gui.ts";
import { noSeriousViolations, openWindow, useBrowser } from "./support/browser.ts";

const browser = useBrowser();

const token = "token-in-the-file-81";
const ini = `[oomnitza]\nurl = https://example.oomnitza.com\napi_token = ${token}\n` +
  "[csv_assets]\nenable = True\nfilename = assets.csv\nsync_field = BARCODE\n";

async function save(page: Page): Promise<void> {
  await page.click("text=Review and save");
  await page.waitForSelector("dialog[open]");
  await Promise.all([page.waitForEvent("load"), page.click("dialog button[value=save]")]);
}

slow("the webhook listener and the alerts are set, below what is there", async () => {
  await using gui = await agentGui({ files: { "config.ini": ini } });
  const { page, answers, pageErrors } = await openWindow(browser, gui);
  await page.click("#navigation >> text=Webhook listener");
  await page.waitForSelector("[name=auth]");
  await page.selectOption("[name=auth]", "header");
  await page.click("text=Review and save");
  await page.waitForSelector("[data-field=auth] .finding.error");
  await page.fill("[name=secret]", "hook-secret-19");
  await save(page);
  await page.click("#navigation >> text=Alerts");
  await page.waitForSelector("[name=stale_hours]");
  await page.fill("[name=stale_hours]", "26");
  await save(page);
  expect(gui.space.read("config.ini")).toBe(
    `${ini}\n[serve]\nauth = header\nsecret = hook-secret-19\n\n[alerts]\nstale_hours = 26\n`,
  );
  for (const { text } of answers) expect(text).not.toContain("hook-secret-19");
  expect(pageErrors).toEqual([]);
});

slow("a reference takes the place of a secret in the file", async () => {
  await using gui = await agentGui({ files: { "config.ini": ini } });
  const { page, answers } = await openWindow(browser, gui);
  await page.click("#navigation >> text=Secrets");
  await page.waitForSelector("text=1 of 1 secrets stand in the configuration file");
  await page.click("text=Review and save");
  await page.waitForSelector("[data-field=target] .finding.error");
  await page.fill("[name=target]", "OOMNITZA_TOKEN");
  await save(page);
  await page.waitForSelector("text=No secret stands in the configuration file");
  expect(await page.textContent("tbody tr")).toContain("${env:OOMNITZA_TOKEN}");
  expect(gui.space.read("config.ini")).toBe(ini.replace(token, "${env:OOMNITZA_TOKEN}"));
  for (const { text } of answers) expect(text).not.toContain(token);
});

const log = [
  "agent: 2026-03-01 10:00:00 - INFO - agent 0.1.0",
  "csv_assets: 2026-03-01 10:00:01 - INFO - Uploading",
  "okta: 2026-03-01 10:00:02 - ERROR - of another configuration",
  "csv_assets: 2026-03-01 10:00:03 - ERROR - Refused: A-7",
  "  400 MODEL: not in the list",
  "csv_assets: 2026-03-01 10:00:04 - WARNING - Slow",
];

test("log lines are found by level and words, the newest first, with what belongs to them", () => {
  const isOwn = (name: string) => name !== "okta";
  const find = (level: "info" | "warning" | "error", words = "") =>
    searchLog(parseLogLines(log), { level, words, isOwn }).map(({ text }) => text);
  expect(find("warning")).toEqual([`${log[5]}`, `${log[3]}\n${log[4]}`]);
  expect(find("info", "model REFUSED")).toEqual([`${log[3]}\n${log[4]}`]);
  expect(find("info").at(-1)).toBe(log[0] ?? "");
  expect(find("error", "another")).toEqual([]);
});

slow("the page of logs searches the file, and the GUI itself writes none", async () => {
  await using gui = await agentGui({
    files: { "config.ini": ini, "info.log": `${log.join("\n")}\n` },
    env: { LOGS_DIRECTORY: "" },
  });
  const { page } = await openWindow(browser, gui);
  await page.click("#navigation >> text=Logs");
  await page.waitForSelector("pre.log");
  expect(await page.textContent("pre.log")).not.toContain("another configuration");
  await page.selectOption("[name=level]", "error");
  await page.fill("[name=words]", "refused");
  await page.click("button:text-is('Search')");
  await page.waitForFunction(() => location.search.includes("words=refused"));
  await page.waitForSelector("pre.log");
  expect((await page.textContent("pre.log"))?.trim()).toBe(`${log[3]}\n${log[4]}`);
  await noSeriousViolations(page);
  expect(gui.space.read("info.log")).toBe(`${log.join("\n")}\n`);
  expect(existsSync(join(gui.space.folder, "errors.log"))).toBe(false);
});

slow("options are in groups that say what is set", async () => {
  const set = ini + "schedule = every 6h\nverify_ssl = False\n";
  await using gui = await agentGui({ files: { "config.ini": set } });
  const { page } = await openWindow(browser, gui);
  await page.click("#navigation >> text=csv_assets");
  await page.waitForSelector("[name=filename]");
  const groups = await page.locator(".groups summary").allTextContents();
  expect(groups).toContain("Schedule and orderset: Schedule");
  expect(groups).toContain("Connection and certificatesset: Verify SSL");
  expect(groups).toContain("Guard against unexpected changes");
});
