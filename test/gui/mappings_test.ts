/**
 * The mapping editor in a browser: live values, what is saved, and what is not lost.
 *
 * @module
 */
import { expect } from "bun:test";
import type { Page } from "playwright-core";
import { startStandIn } from "../support/stand_in/mod.ts";
import { slow } from "../support/slow.ts";
import { agentGui } from "./support/agent_gui.ts";
import { keepPicture, noSeriousViolations, openWindow, useBrowser } from "./support/browser.ts";

const browser = useBrowser();

const csv = "tag,serial number,owner,floor\n" +
  "A-1,C02XK0AA,ann@example.com,3\nA-2,C02XK0AB,bob@example.com,\nA-3,C02XK0AC,,\nA-4,,,\n";

/** A row of one of the two lists. */
function rowOf(page: Page, list: "fields" | "paths", name: string) {
  return page.locator(`#${list}-list .item`, { has: page.locator(`.what:text-is('${name}')`) });
}

async function openMappings(page: Page, query = ""): Promise<void> {
  await page.goto(new URL(`section/csv_assets/mappings${query}`, page.url()).href);
  await page.waitForSelector("[data-ready]");
}

/** Saves what is changed, after a look at the difference. */
async function saveAll(page: Page): Promise<void> {
  await page.click("button:text-is('Review and save')");
  await page.waitForSelector("dialog[open]");
  await Promise.all([page.waitForEvent("load"), page.click("dialog button[value=save]")]);
  await page.waitForSelector("[data-ready]");
}

slow("fields are mapped with the values of a record in sight, and saved together", async () => {
  const instance = await startStandIn({
    mappings: { CSV_assets: { floor: "FLOOR" } },
    fields: {
      assets: {
        BARCODE: { type: "dropdown", values: ["A-1", "A-2"], unique: true },
        SERIAL_NUMBER: { type: "text" },
      },
    },
  });
  const ini = `[oomnitza]\nurl = ${instance.url}\napi_token = ${instance.token}\n\n` +
    "[csv_assets]\nenable = True\nfilename = assets.csv\nsync_field = BARCODE\n" +
    "mapping.BARCODE = tag\n";
  try {
    await using gui = await agentGui({ files: { "config.ini": ini, "assets.csv": csv } });
    const { page, answers, pageErrors } = await openWindow(browser, gui, { width: 1440 });
    await openMappings(page);
    await noSeriousViolations(page);
    await page.click("text=Read 50 records");
    await page.waitForSelector("[data-record]:text-is('Record 1 of 4: A-1')");
    await rowOf(page, "fields", "BARCODE").locator(".value:text-is('\"A-1\"')").waitFor();
    await rowOf(page, "paths", "owner").locator(".value:text-is('\"ann@example.com\"')").waitFor();
    await page.click("[data-step='1']");
    await page.waitForSelector("[data-record]:text-is('Record 2 of 4: A-2')");
    await rowOf(page, "fields", "BARCODE").locator(".value:text-is('\"A-2\"')").waitFor();
    await page.fill("#key", "serial number=c02xk0aa");
    await page.click("text=Show this record");
    await page.waitForSelector("[data-record]:text-is('Record 1 of 4: A-1')");

    await page.click("text=Ask Oomnitza");
    await rowOf(page, "fields", "FLOOR").locator(".where:text-is('Oomnitza')").waitFor();
    await rowOf(page, "fields", "FLOOR").locator(".value:text-is('\"3\"')").waitFor();
    await rowOf(page, "fields", "SERIAL_NUMBER").click();
    await page.click("text=Map from serial number");
    await rowOf(page, "fields", "SERIAL_NUMBER").locator(".value:text-is('\"C02XK0AA\"')")
      .waitFor();

    // A field that nobody knows, with a converter and its parameters from the form.
    await page.fill("[data-pane=fields] [data-search]", "assigned_to");
    await page.click("text=Map ASSIGNED_TO");
    await rowOf(page, "paths", "owner").dblclick();
    await page.selectOption("#mapping-converter", "split");
    await page.fill("#mapping-param-on", "@");
    await page.waitForSelector(".live code:text-is('\"ann\"')");
    await page.fill("#mapping-param-index", "7");
    await page.waitForSelector(".live code.wrong");
    expect(await page.textContent(".live")).toContain("the text has no part 7");
    await page.fill("#mapping-param-index", "-1");
    await page.waitForSelector(".live code:text-is('\"example.com\"')");
    await page.fill("[data-pane=fields] [data-search]", "");
    await noSeriousViolations(page);
    await keepPicture(page, "mappings-changed", { wholePage: false });

    await page.click("text=Compare 50 records with Oomnitza's fields");
    await page.waitForSelector(".notice.warning");
    expect(await page.textContent(".notice.warning")).toBe(
      "Of the first 4 records, BARCODE: 2 records have values that are not in the list of 2: " +
        '"A-3", "A-4"',
    );
    expect(await page.textContent("[data-count]")).toBe("2 changes are not saved.");
    await saveAll(page);
    expect(gui.space.read("config.ini")).toBe(
      `${ini}mapping.SERIAL_NUMBER = serial number\n` +
        'mapping.ASSIGNED_TO = {"source": "owner", "converter": "split:on=@|index=-1"}\n',
    );
    expect(await page.textContent("[data-summary]")).toBe("Saved.");
    await rowOf(page, "fields", "ASSIGNED_TO").click();
    expect(await page.inputValue("#mapping-param-index")).toBe("-1");
    await page.click("button.danger");
    await rowOf(page, "fields", "SERIAL_NUMBER").click();
    await page.click("button.danger");
    await saveAll(page);
    expect(gui.space.read("config.ini")).toBe(ini);
    for (const { text } of answers) expect(text).not.toContain(instance.token);
    expect(pageErrors).toEqual([]);
  } finally {
    await instance.stop();
  }
});

const alone = "[oomnitza]\nurl = http://127.0.0.1:1\napi_token = token-of-nobody\n\n" +
  "[csv_assets]\nenable = False\nfilename = assets.csv\nsync_field = BARCODE\n" +
  "Mapping.Barcode = tag\n# by hand\nmapping.SITE = {'hardcoded': 'HQ'}\n";

slow("errors are at their line, and the file keeps its spelling and comments", async () => {
  await using gui = await agentGui({ files: { "config.ini": alone } });
  const { page } = await openWindow(browser, gui, { width: 390, scheme: "dark" });
  await openMappings(page, "?field=SITE");
  await page.waitForSelector("#edit-title:text-is('SITE')");
  await noSeriousViolations(page);
  await page.fill("#mapping-value", "Berlin");
  expect(await page.textContent("[data-count]")).toBe("1 change is not saved.");
  // As it was before, it is no change any more.
  await page.fill("#mapping-value", "HQ");
  expect(await page.textContent("[data-count]")).toBe("Nothing is changed.");
  await page.selectOption("#mapping-from", "source");
  await page.fill("#mapping-value", "");
  await page.waitForSelector("[data-part=value] .finding.error");
  await rowOf(page, "fields", "SITE").locator(".wrong").waitFor();
  await page.click("button:text-is('Review and save')");
  await page.waitForSelector("[data-summary]:not([hidden])");
  expect(await page.textContent("[data-summary]")).toBe(
    "This cannot be saved. SITE: Enter where the value comes from.",
  );
  expect(await page.getAttribute("#mapping-value", "aria-invalid")).toBe("true");
  expect(await rowOf(page, "fields", "SITE").locator(".value").textContent()).toBe("");
  await keepPicture(page, "mappings-refused", { wholePage: false });
  await page.selectOption("#mapping-from", "hardcoded");
  await page.fill("#mapping-value", "Berlin");
  await saveAll(page);
  const wanted = alone.replace("{'hardcoded': 'HQ'}", '{"hardcoded": "Berlin"}');
  expect(gui.space.read("config.ini")).toBe(wanted);
  await page.click("text=Read 50 records");
  await page.waitForSelector("[data-problem]:not([hidden])");
  expect(await page.textContent("[data-problem]")).toContain("assets.csv");
});

slow("what is not saved is not lost without a question, whoever else writes", async () => {
  await using gui = await agentGui({ files: { "config.ini": alone, "assets.csv": csv } });
  const { page } = await openWindow(browser, gui);
  await openMappings(page);
  const asked: string[] = [];
  const stay = (dialog: { type(): string; dismiss(): Promise<void> }) => {
    asked.push(dialog.type());
    void dialog.dismiss();
  };
  page.on("dialog", stay);
  await rowOf(page, "fields", "SITE").click();
  await page.fill("#mapping-value", "Berlin");
  const question = page.waitForEvent("dialog");
  await page.click("#navigation >> text=Overview", { noWaitAfter: true });
  await question;
  await page.click("text=Discard the changes");
  expect(asked).toEqual(["beforeunload", "confirm"]);
  expect(await page.inputValue("#mapping-value")).toBe("Berlin");

  // Reading records, and somebody else who writes the file, leave it as it is.
  await page.click("text=Read 50 records");
  await page.waitForSelector("[data-record]:has-text('Record 1 of 4')");
  gui.space.write("config.ini", `${alone}mapping.FLOOR = floor\n`);
  await page.click("button:text-is('Review and save')");
  await page.waitForSelector("[data-summary]:has-text('your changes are still here')");
  await rowOf(page, "fields", "FLOOR").waitFor();
  expect(await page.inputValue("#mapping-value")).toBe("Berlin");
  await saveAll(page);
  const wanted = `${alone.replace("{'hardcoded': 'HQ'}", '{"hardcoded": "Berlin"}')}`;
  expect(gui.space.read("config.ini")).toBe(`${wanted}mapping.FLOOR = floor\n`);
  expect(asked).toHaveLength(2);
});

slow(
  "converters of one's own run on the record, and those that ask others are left out",
  async () => {
    const ini = `${alone}mapping.FLOOR = {"source": "floor", "converter": "double"}\n` +
      'mapping.PLACE = {"source": "floor", "converter": "location"}\n' +
      "\n[converters]\ndouble:\n    return int(value) * 2\n";
    await using gui = await agentGui({ files: { "config.ini": ini, "assets.csv": csv } });
    const { page, pageErrors } = await openWindow(browser, gui, { scheme: "dark" });
    await openMappings(page, "?field=FLOOR");
    await page.click("text=Read 50 records");
    await rowOf(page, "fields", "FLOOR").locator(".value:text-is('6')").waitFor();
    await rowOf(page, "fields", "PLACE").locator(".value:text-is('see the preview')").waitFor();
    await page.click("[data-step='1']");
    await rowOf(page, "fields", "FLOOR").locator(".value.wrong").waitFor();
    await noSeriousViolations(page);
    await keepPicture(page, "mappings-converters", { wholePage: false });
    expect(pageErrors).toEqual([]);
  },
);
