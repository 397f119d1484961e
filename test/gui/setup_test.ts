/**
 * The ways of a new admin to the first upload, in the browser only: in four steps from nothing, and by
 * taking the config.ini of the Python connector over.
 *
 * @module
 */
import { expect } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { startPace } from "../../scripts/checks/pace.ts";
import { credentials, startJamf } from "../sources/casper/server.ts";
import { startStandIn } from "../support/stand_in/mod.ts";
import { slow } from "../support/slow.ts";
import { oomnitzaSection } from "../support/workspace.ts";
import { type AgentGui, agentGui } from "./support/agent_gui.ts";
import { keepPicture, noSeriousViolations, openWindow, useBrowser } from "./support/browser.ts";

const browser = useBrowser();

const password = "first-password-5521";
const wrong = "wrong-password-3307";

/** How long a person may need for all of it, in milliseconds on an idle machine. */
const wayMs = 120_000;

const inventory = "barcode,Serial Number,owner\n" +
  Array.from({ length: 25 }, (_, at) => `A-${at},S-${at},user${at}@example.com\n`).join("");

let step = 0;

async function look(page: Page, what: string): Promise<void> {
  await noSeriousViolations(page);
  await keepPicture(page, `setup-${String(++step).padStart(2, "0")}-${what}`);
}

/** Sends a step of the setup, confirms what it changes, and waits for the next one. */
async function goOn(page: Page, next: string): Promise<void> {
  await page.click("text=Try and continue");
  await page.waitForSelector("dialog[open]");
  await page.click("dialog button[value=save]");
  await page.waitForURL((url) => url.pathname.endsWith(next));
  await page.waitForSelector("main h1");
}

/** The step of Oomnitza; a wrong password is found before anything is saved. */
async function connect(page: Page, gui: AgentGui, url: string): Promise<void> {
  await page.fill("[name=url]", url);
  await page.fill("[name=username]", "agent");
  await page.fill("[name=password]", wrong);
  await page.click("text=Try and continue");
  await page.waitForSelector("[data-field=password] .finding.error");
  expect(gui.space.has("config.ini")).toBe(false);
  await look(page, "oomnitza-wrong");
  await page.fill("[name=password]", password);
  await goOn(page, "setup/source");
}

async function chooseSource(page: Page, gui: AgentGui): Promise<void> {
  await look(page, "source");
  await page.selectOption("#source", "csv_assets");
  await page.click("text=Choose");
  await page.waitForSelector("[name=filename]");
  await page.fill("[name=filename]", "nothing.csv");
  await page.fill("[name=sync_field]", "BARCODE");
  await page.click("text=Try and continue");
  await page.waitForSelector("[data-summary].bad");
  expect(gui.space.read("config.ini")).not.toContain("csv_assets");
  await page.fill("[name=filename]", "assets.csv");
  await look(page, "source-settings");
  await goOn(page, "setup/mapping");
}

/** The step of the mapping, with what Oomnitza gets for the record that is shown. */
async function mapPaths(page: Page): Promise<void> {
  await page.waitForSelector("[data-outcome] dd:has-text('A-0')");
  // The names say what they mean.
  expect(await page.inputValue("[name='path:barcode']")).toBe("BARCODE");
  expect(await page.inputValue("[name='path:Serial Number']")).toBe("SERIAL_NUMBER");
  await page.click("text=Next record");
  await page.waitForSelector("[data-outcome] dd:has-text('A-1')");
  expect(await page.textContent("tr[data-field='path:owner'] td")).toBe("user1@example.com");
  await page.fill("[name='path:owner']", "assigned_to");
  await page.waitForSelector("[data-outcome] dt:text-is('ASSIGNED_TO')");
  await page.fill("[name='path:barcode']", "");
  await page.click("text=Try and continue");
  await page.waitForSelector("[data-summary].bad:has-text('BARCODE')");
  await page.fill("[name='path:barcode']", "BARCODE");
  await page.waitForSelector("[data-outcome] dt:text-is('BARCODE')");
  await look(page, "mapping");
  await goOn(page, "setup/schedule");
}

async function chooseSchedule(page: Page): Promise<void> {
  await page.fill("[name=own]", "sometimes");
  await page.click("text=Try and continue");
  await page.waitForSelector("[data-field=schedule] .finding.error");
  await page.fill("[name=own]", "");
  await page.selectOption("[name=schedule]", "0 3 * * *");
  await look(page, "schedule");
  await goOn(page, "setup/upload");
  await page.waitForSelector("text=Start the first upload");
  await look(page, "ready");
}

slow("four steps lead from nothing to the first upload", async () => {
  const instance = await startStandIn({ username: "agent", password });
  const pace = startPace();
  try {
    await using gui = await agentGui({ files: { "assets.csv": inventory } });
    const { page, answers, pageErrors } = await openWindow(browser, gui);
    const began = performance.now();
    await look(page, "nothing");
    await page.click("text=Set up the agent");
    await page.waitForSelector("[name=url]");
    await look(page, "oomnitza");
    await connect(page, gui, instance.url);
    await chooseSource(page, gui);
    await mapPaths(page);
    await chooseSchedule(page);
    await page.click("text=Start the first upload");
    await page.waitForSelector("h2:text-is('The last upload')");
    expect(await page.textContent("[role=status]")).toContain("The upload succeeded");
    expect(performance.now() - began).toBeLessThan(wayMs * pace.factor());
    await look(page, "uploaded");
    const sent = instance.state.records({}).map(({ record }) => record);
    expect(sent).toHaveLength(25);
    expect(sent[3]).toMatchObject({
      ...{ BARCODE: "A-3", SERIAL_NUMBER: "S-3", ASSIGNED_TO: "user3@example.com" },
    });
    expect(gui.space.read("config.ini")).toContain("schedule = 0 3 * * *");
    for (const { text } of answers) {
      expect(text).not.toContain(password);
      expect(text).not.toContain(wrong);
    }
    expect(pageErrors).toEqual([]);
  } finally {
    pace.stop();
    await instance.stop();
  }
});

slow("a choice that is left blank says what a new section gets", async () => {
  const instance = await startStandIn();
  const vendor = startJamf({ count: 3 });
  try {
    const config = oomnitzaSection(instance);
    await using gui = await agentGui({ files: { "config.ini": config } });
    const { page, pageErrors } = await openWindow(browser, gui);
    const home = page.url();
    await page.goto(new URL("setup/source?source=casper", home).href);
    await page.waitForSelector("[name=api]");
    const blank = () => page.textContent("[name=api] option[value='']");
    expect(await blank()).toBe("recommended (pro)");
    // Where nothing is recommended, it is the default.
    expect(await page.textContent("[name=update_only] option[value='']")).toBe("default (no)");
    await page.locator("[data-field=api]").scrollIntoViewIfNeeded();
    await look(page, "recommended");
    await page.fill("[name=url]", `${vendor.url}/jss`);
    await page.fill("[name=username]", credentials.username);
    await page.fill("[name=password]", credentials.password);
    await page.fill("[name=sync_field]", "SERIAL_NUMBER");
    await goOn(page, "setup/mapping");
    expect(gui.space.read("config.ini")).toMatch(/^api = pro$/m);
    // The section is there now: what is blank from here on is the default.
    await page.goto(new URL("setup/source?section=casper", home).href);
    expect(await page.inputValue("[name=api]")).toBe("pro");
    expect(await blank()).toBe("default (auto)");
    expect(pageErrors).toEqual([]);
  } finally {
    await vendor.stop();
    await instance.stop();
  }
});

/** The sample of every source as somebody filled it in, with code and a source that the agent lacks. */
function connectorIni(sample: string, url: string, token: string): string {
  const own = "[csv_assets]\nenable = True\nfilename = data/assets.csv\nsync_field = BARCODE\n" +
    "mapping.BARCODE = barcode\n" +
    'mapping.ASSIGNED_TO = {"source": "owner", "converter": "login"}\n' +
    "recordfilter:\n    return record['barcode'] != 'A-0'\n\n";
  const oomnitza = `[oomnitza]\nurl = ${url}\napi_token = ${token}\n\n`;
  return sample.replace(/^\[csv_assets\]\n(?:.+\n)*\n/m, own)
    .replace(/^\[oomnitza\]\n(?:.+\n)*\n/m, oomnitza) +
    "\n[converters]\nlogin:\n    return value.split('@')[0]\n\n[fog]\nenable = True\n";
}

slow("the config.ini of the connector is looked at, tried and taken over", async () => {
  const instance = await startStandIn();
  const pace = startPace();
  try {
    await using gui = await agentGui();
    const { space } = gui;
    await space.agent(["generate-ini", "--ini", "sample.ini"]);
    const old = join(space.folder, "old");
    mkdirSync(old);
    const text = connectorIni(space.read("sample.ini"), instance.url, instance.token);
    space.write("old/config.ini", text);
    space.write("old/data/assets.csv", inventory);
    const { page, answers, pageErrors } = await openWindow(browser, gui);
    const began = performance.now();
    await page.click("text=Take over a config.ini");
    await page.fill("[name=path]", "old/nothing.ini");
    await page.click("text=Look at it");
    await page.waitForSelector("text=Cannot read");
    await page.goBack();
    await page.fill("[name=path]", "old/config.ini");
    await look(page, "takeover");
    await page.click("text=Look at it");
    await page.waitForSelector("h2:text-is('What is understood')");
    expect(await page.textContent(".lead")).toContain("1 section ready to run");
    const row = (name: string) => page.textContent(`tr:has(th:text-is('${name}'))`);
    expect(await row("csv_assets")).toContain("with a filter");
    expect(await row("fog")).toContain("keep the Python connector for it");
    expect(await page.textContent("main")).toMatch(/Not enabled, and kept as they are:.* okta/);
    await page.click("text=Preview csv_assets");
    await page.waitForSelector("h2:text-is('Preview of csv_assets')");
    expect(await page.textContent("[role=status]")).toContain("5 read, 4 of them would be sent");
    await look(page, "takeover-preview");
    expect(space.has("config.ini")).toBe(false);
    await page.click("text=Take over this file");
    await page.waitForSelector("text=Start the upload");
    // Its relative path is not lost with the folder.
    const path = join(old, "data/assets.csv");
    const taken = text.replace("filename = data/assets.csv", `filename = ${path}`);
    expect(space.read("config.ini")).toBe(taken);
    await page.check("[value=csv_assets]");
    await page.click("text=Start the upload");
    await page.waitForSelector("h2:text-is('The last upload')");
    expect(performance.now() - began).toBeLessThan(wayMs * pace.factor());
    const sent = instance.state.records({}).map(({ record }) => record);
    expect(sent).toHaveLength(24);
    expect(sent[0]).toMatchObject({ BARCODE: "A-1", ASSIGNED_TO: "user1" });
    for (const { text } of answers) expect(text).not.toContain(instance.token);
    // The one that was mistyped is the one that was refused.
    expect(pageErrors.filter((error) => !error.includes("400"))).toEqual([]);
  } finally {
    pace.stop();
    await instance.stop();
  }
});

slow("a chosen file is looked at, too, and a mistake in it is named with its line", async () => {
  await using gui = await agentGui();
  const { page } = await openWindow(browser, gui, { width: 390 });
  await page.goto(new URL("takeover", page.url()).href);
  await page.setInputFiles("#file", {
    name: "config.ini",
    mimeType: "text/plain",
    buffer: Buffer.from(
      "[oomnitza]\nurl = https://example.oomnitza.com\napi_token = abcdefgh\n" +
        "[csv_assets]\nenable = True\nfilename = a.csv\nsync_field = BARCODE\n" +
        'mapping.BARCODE = {"source": "tag", "converter": "uper"}\nverify_ssl = perhaps\n',
    ),
  });
  await page.click("text=Look at it");
  await page.waitForSelector("h2:text-is('What is warned of')");
  expect(await page.textContent(".notice.bad")).toMatch(/verify_ssl.*\(line 9\)/);
  expect(await page.textContent("tr:has(th:text-is('csv_assets'))")).toContain("Has errors");
  await look(page, "takeover-errors-390");
});
