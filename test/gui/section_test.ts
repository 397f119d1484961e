/**
 * The page of a section: what it shows, what it saves and what it refuses, in a browser.
 *
 * @module
 */
import { expect } from "bun:test";
import { chmodSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { slow } from "../support/slow.ts";
import { agentGui } from "./support/agent_gui.ts";
import { keepPicture, noSeriousViolations, openWindow, useBrowser } from "./support/browser.ts";
import { fullIni, secrets } from "./support/sample.ts";

const browser = useBrowser();
const ini = await fullIni();

async function goTo(page: Page, section: string): Promise<void> {
  await page.goto(new URL(`section/${section}`, await page.evaluate(() => document.baseURI)).href);
}

/** Saves what the dialog shows, and waits for the page that comes then. */
async function save(page: Page): Promise<void> {
  await Promise.all([page.waitForEvent("load"), page.click("dialog button[value=save]")]);
}

/** Lines that are in one text and not, in their place, in the other. */
function changed(before: string, after: string): string[] {
  const [old, fresh] = [before.split("\n"), after.split("\n")];
  expect(fresh.length).toBe(old.length);
  return fresh.filter((line, at) => line !== old[at]);
}

slow("one value changed in the full sample: the file differs in that line only", async () => {
  await using gui = await agentGui({ files: { "config.ini": ini } });
  chmodSync(join(gui.space.folder, "config.ini"), 0o640);
  const { page, pageErrors, answers } = await openWindow(browser, gui);
  await goTo(page, "casper.MDM");
  await noSeriousViolations(page);
  await keepPicture(page, "section-casper");
  expect(await page.inputValue("[name=url]")).toBe("https://mdm.example.com:8443");
  expect(await page.inputValue("[name=password]")).toBe("");
  await page.fill("[name=username]", "auditor");
  await page.click("text=Review and save");
  await page.waitForSelector("dialog[open]");
  expect(await page.locator(".difference .added").allTextContents()).toHaveLength(1);
  expect(await page.textContent(".difference .added")).toContain("username:  auditor");
  await noSeriousViolations(page);
  await keepPicture(page, "section-review", { wholePage: false });
  expect(gui.space.read("config.ini")).toBe(ini);
  await save(page);
  expect(await page.inputValue("[name=username]")).toBe("auditor");
  expect(await page.textContent("[data-summary].good")).toBe("Saved.");
  expect(changed(ini, gui.space.read("config.ini"))).toEqual(["username:  auditor"]);
  const backups = readdirSync(gui.space.folder).filter((name) => name.endsWith(".bak"));
  expect(backups).toHaveLength(1);
  expect(gui.space.read(backups[0] ?? "")).toBe(ini);
  expect(statSync(join(gui.space.folder, "config.ini")).mode & 0o777).toBe(0o640);
  expect(pageErrors).toEqual([]);
  for (const { path, text } of answers) {
    for (const secret of Object.values(secrets)) expect(text, path).not.toContain(secret);
  }
});

slow("every section opens without a violation, and saving nothing changes nothing", async () => {
  await using gui = await agentGui({ files: { "config.ini": ini } });
  const { page, pageErrors, answers } = await openWindow(browser, gui);
  const links = await page.locator("#navigation a").evaluateAll((all) =>
    all.map((link) => (link as HTMLAnchorElement).href)
  );
  const sections = links.filter((link) => link.includes("/section/"));
  expect(sections.length).toBeGreaterThan(14);
  for (const link of sections) {
    await page.goto(link);
    await noSeriousViolations(page);
    await page.click("text=Review and save");
    await page.waitForSelector("[data-summary]:not([hidden])");
    expect(await page.textContent("[data-summary]:not([hidden])")).toBe("Nothing was changed.");
  }
  expect(gui.space.read("config.ini")).toBe(ini);
  expect(pageErrors).toEqual([]);
  for (const { text } of answers) {
    for (const secret of Object.values(secrets)) expect(text).not.toContain(secret);
  }
});

slow("a new secret is written and shown to nobody; a required one can be given", async () => {
  await using gui = await agentGui({ files: { "config.ini": ini } });
  const { page, answers } = await openWindow(browser, gui);
  await goTo(page, "casper.MDM");
  await page.fill("[name=password]", "fresh-secret-77");
  await page.click("text=Review and save");
  await page.waitForSelector("dialog[open]");
  expect(await page.textContent(".difference .added")).toContain("password = •••");
  await save(page);
  expect(await page.inputValue("[name=password]")).toBe("");
  expect(changed(ini, gui.space.read("config.ini"))).toEqual(["password = fresh-secret-77"]);
  for (const { text } of answers) expect(text).not.toContain("fresh-secret-77");
});

slow("what is invalid is refused with the finding at its field", async () => {
  await using gui = await agentGui({ files: { "config.ini": ini } });
  const { page } = await openWindow(browser, gui, { width: 400 });
  await goTo(page, "casper.MDM");
  await page.check("[name=enable]");
  await page.fill("[name=url]", "not an address");
  await page.click("text=Connection and certificates");
  await page.fill("[name=timeout]", "soon");
  await page.click("text=Review and save");
  await page.waitForSelector("[data-summary].bad");
  expect(await page.textContent("[data-field=url] .finding")).toContain("is not an address");
  expect(await page.getAttribute("[name=url]", "aria-invalid")).toBe("true");
  expect(await page.textContent("[data-field=timeout] .finding")).toContain("whole number");
  expect(await page.evaluate(() => document.activeElement?.getAttribute("name"))).toBe("url");
  await noSeriousViolations(page);
  await keepPicture(page, "section-refused-400");
  expect(gui.space.read("config.ini")).toBe(ini);
});

slow("a file that was changed meanwhile is not overwritten", async () => {
  await using gui = await agentGui({ files: { "config.ini": ini } });
  const { page } = await openWindow(browser, gui);
  await goTo(page, "casper.MDM");
  await page.fill("[name=username]", "auditor");
  const theirs = ini.replace("night shift", "day shift");
  gui.space.write("config.ini", theirs);
  await page.click("text=Review and save");
  await page.waitForSelector("[data-summary].bad");
  expect(await page.textContent("[data-summary].bad")).toContain("changed by somebody else");
  expect(gui.space.read("config.ini")).toBe(theirs);
  // Also between the review and the confirmation.
  await goTo(page, "casper.MDM");
  await page.fill("[name=username]", "auditor");
  await page.click("text=Review and save");
  await page.waitForSelector("dialog[open]");
  gui.space.write("config.ini", ini);
  await page.click("dialog button[value=save]");
  await page.waitForSelector("[data-summary].bad");
  expect(gui.space.read("config.ini")).toBe(ini);
});

slow("a new section begins with what is recommended, not with what older ones have", async () => {
  await using gui = await agentGui({ files: { "config.ini": ini } });
  const { page } = await openWindow(browser, gui);
  await page.click("text=Add a section");
  await page.selectOption("[name=source]", "onelogin");
  await page.fill("[name=suffix]", "second");
  await page.click("text=Review and add");
  await save(page);
  expect(await page.textContent("h1")).toBe("onelogin.second");
  expect(await page.inputValue("[name=url]")).toBe("https://api.us.onelogin.com/api/2/users");
  const added =
    `${ini}\n[onelogin.second]\nenable = False\nurl = https://api.us.onelogin.com/api/2/users\n`;
  expect(gui.space.read("config.ini")).toBe(added);
  await page.click("text=Add a section");
  await page.selectOption("[name=source]", "casper");
  await page.fill("[name=suffix]", "second");
  await page.click("text=Review and add");
  await save(page);
  expect(await page.inputValue("[name=api]")).toBe("pro");
  expect(gui.space.read("config.ini")).toBe(
    `${added}\n[casper.second]\nenable = False\napi = pro\n`,
  );
});

slow("sections are added, duplicated and deleted", async () => {
  await using gui = await agentGui({ files: { "config.ini": ini } });
  const { page, answers } = await openWindow(browser, gui);
  await page.click("text=Add a section");
  await noSeriousViolations(page);
  await page.selectOption("[name=source]", "okta");
  await page.fill("[name=suffix]", "second");
  await page.click("text=Review and add");
  await save(page);
  expect(await page.textContent("h1")).toBe("okta.second");
  expect(gui.space.read("config.ini")).toBe(`${ini}\n[okta.second]\nenable = False\n`);
  await goTo(page, "casper.MDM");
  await page.fill("#copy-suffix", "copy");
  await page.click("text=Duplicate");
  await save(page);
  expect(await page.textContent("h1")).toBe("casper.copy");
  const copy = gui.space.read("config.ini").split("[casper.copy]")[1] ?? "";
  expect(copy).toContain("enable = False");
  expect(copy).toContain("    if record['general']['managed']:");
  expect(copy).toContain(secrets.password);
  await page.click("text=Delete this section");
  await save(page);
  expect(await page.textContent("h1")).toBe("Overview");
  await goTo(page, "okta.second");
  await page.click("text=Delete this section");
  await save(page);
  expect(await page.textContent("h1")).toBe("Overview");
  expect(gui.space.read("config.ini")).toBe(ini);
  for (const { text } of answers) {
    for (const secret of Object.values(secrets)) expect(text).not.toContain(secret);
  }
});
