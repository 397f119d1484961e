/**
 * A new admin from no configuration to an upload, in the browser only; then the ini from the command
 * line, which must deliver what the preview showed.
 *
 * @module
 */
import { expect } from "bun:test";
import type { Page } from "playwright-core";
import { startStandIn } from "../support/stand_in/mod.ts";
import { slow } from "../support/slow.ts";
import { agentGui } from "./support/agent_gui.ts";
import { writeCode } from "./support/editor.ts";
import { keepPicture, noSeriousViolations, openWindow, useBrowser } from "./support/browser.ts";

const browser = useBrowser();

const password = "right-password-7713";
const wrong = "wrong-password-1204";
const converter = 'if not value:\n    return "nobody"\n\nreturn value.split("@")[0]';
const filter = 'return record.state !== "scrapped";';

/** A line for each device; every fifth is scrapped, every seventh has no owner. */
function inventory(count: number): string {
  const lines = Array.from({ length: count }, (_, at) => {
    const owner = at % 7 === 0 ? "" : `user${at}@example.com`;
    return `T${at},S-${at},${owner},${at % 5 === 0 ? "scrapped" : "in use"}`;
  });
  return `tag,serial,owner,state\n${lines.join("\n")}\n`;
}

let step = 0;

/** Looks at the page as it is at a step of the way. */
async function look(page: Page, what: string): Promise<void> {
  await noSeriousViolations(page);
  await keepPicture(page, `flow-${String(++step).padStart(2, "0")}-${what}`);
}

async function save(page: Page): Promise<void> {
  await page.click("text=Review and save");
  await page.waitForSelector("dialog[open]");
  await Promise.all([page.waitForEvent("load"), page.click("dialog button[value=save]")]);
}

async function tab(page: Page, label: string): Promise<void> {
  await page.click(`.tabs >> text="${label}"`);
  await page.waitForSelector(`.tabs a[aria-current]:text-is("${label}")`);
}

/** Maps a field that is not listed yet from a path of the source. */
async function map(page: Page, path: string, field: string, converter = ""): Promise<void> {
  const row = (list: string, name: string) =>
    page.locator(`#${list}-list .item`, { has: page.locator(`.what:text-is('${name}')`) });
  await page.waitForSelector("[data-ready]");
  await page.fill("[data-pane=fields] [data-search]", field);
  await page.click(`button:text-is('Map ${field}')`);
  await row("paths", path).dblclick();
  if (converter !== "") await page.selectOption("#mapping-converter", converter);
  await save(page);
  await row("fields", field).waitFor();
}

async function connect(page: Page, url: string): Promise<void> {
  await page.click('#navigation >> text="Oomnitza"');
  await page.waitForSelector("[name=url]");
  await page.fill("[name=url]", url);
  await page.fill("[name=username]", "agent");
  await page.fill("[name=password]", wrong);
  await page.click("text=Test connection");
  await page.waitForSelector("[data-field=password] .finding.error");
  expect(await page.getAttribute("[name=password]", "aria-invalid")).toBe("true");
  await look(page, "wrong-password");
  await page.fill("[name=password]", password);
  await page.click("text=Test connection");
  await page.waitForSelector("[data-summary].good");
  await look(page, "connected");
  await save(page);
}

async function addSection(page: Page, file: string): Promise<void> {
  await page.click("#navigation >> text=csv_assets");
  await page.waitForSelector("h1:text-is('csv_assets')");
  await page.check("[name=enable]");
  await page.fill("[name=filename]", file);
  await page.fill("[name=directory]", "");
  await page.fill("[name=sync_field]", "BARCODE");
  await page.click("text=Test connection");
  await page.waitForSelector("[data-summary].good");
  await look(page, "section");
  await save(page);
}

async function mapFields(page: Page): Promise<void> {
  await tab(page, "Mappings");
  await page.click("text=Read 50 records");
  await page.waitForSelector("[data-record]:has-text('of 40')");
  await look(page, "suggestions");
  await map(page, "tag", "BARCODE");
  await map(page, "serial", "SERIAL_NUMBER");
  await look(page, "mapped");
}

async function writeConverter(page: Page): Promise<void> {
  await page.click("#navigation >> text=Converters and filters");
  await page.click("text=New converter");
  await page.waitForSelector(".cm-content");
  await page.fill("[name=name]", "login");
  await page.selectOption("#try-section", "csv_assets");
  await page.fill("[name=source]", "owner");
  await page.click("text=Read 10 records");
  await page.waitForSelector("[data-results] tr:nth-child(10)");
  await writeCode(page, converter);
  await page.waitForSelector("[data-results] tr:nth-child(1) td code:text-is('\"nobody\"')");
  await page.waitForSelector("[data-results] tr:nth-child(2) td code:text-is('\"user1\"')");
  await look(page, "converter");
  await save(page);
  await page.click("#navigation >> text=csv_assets");
  await tab(page, "Mappings");
  await page.click("text=Read 50 records");
  await page.waitForSelector("[data-record]:has-text('of 40')");
  await map(page, "owner", "ASSIGNED_TO", "login");
}

async function writeFilter(page: Page): Promise<void> {
  await tab(page, "Filter");
  await page.waitForSelector(".cm-content");
  await page.click("text=Read 10 records");
  await writeCode(page, filter);
  await page.waitForSelector("[data-results] tr:nth-child(1) td:text-is('filtered')");
  await page.waitForSelector("[data-results] tr:nth-child(2) td:text-is('kept')");
  await look(page, "filter");
  await save(page);
}

/** What the preview says that Oomnitza gets, record by record. */
async function preview(page: Page): Promise<Record<string, unknown>[]> {
  await tab(page, "Preview");
  await page.fill("[name=count]", "100");
  await page.click("text=Read and show");
  await page.waitForSelector("text=40 read, 32 of them would be sent");
  await look(page, "preview");
  const texts = await page.locator(".sides > div:nth-child(2) pre").allTextContents();
  return texts.filter((text) => text.startsWith("{")).map((text) => JSON.parse(text));
}

/** The plan has the same records, all of them new. */
async function plan(page: Page): Promise<void> {
  await tab(page, "Plan");
  await page.click("text=Read all and compare");
  await page.waitForSelector("[aria-label=Counts]");
  const counts = await page.locator("[aria-label=Counts] tr").allTextContents();
  expect(counts).toContain("New32");
  expect(counts).toContain("Dropped by the filter8");
  expect(counts).toContain("An upload would send32");
  await look(page, "plan");
}

slow(
  "a new admin comes from nothing to an upload, and the command line does the same",
  async () => {
    const instance = await startStandIn({ username: "agent", password });
    try {
      await using gui = await agentGui({
        files: { "assets.csv": inventory(40) },
        flags: ["--log-dir", "logs"],
        env: { TMPDIR: "." },
      });
      const { page, answers, pageErrors } = await openWindow(browser, gui);
      await look(page, "nothing");
      await page.click("text=Write the file");
      await page.waitForSelector(".columns-of-links");
      await connect(page, instance.url);
      await addSection(page, gui.space.folder + "/assets.csv");
      await mapFields(page);
      await writeConverter(page);
      await writeFilter(page);
      const promised = await preview(page);
      expect(promised).toHaveLength(32);
      expect(promised[0]).toMatchObject({ BARCODE: "T1", ASSIGNED_TO: "user1" });
      await plan(page);
      instance.setFaults({ latencyMs: 1500 });
      await page.click('#navigation >> text="Run"');
      await page.click("text=Start the upload");
      await page.waitForSelector("text=Stop the upload");
      await look(page, "running");
      await page.waitForSelector("h2:text-is('The last upload')");
      expect(await page.textContent("[role=status]")).toContain("The upload succeeded");
      await look(page, "account");
      const sent = instance.state.records({}).map(({ record }) => record);
      expect(sent).toEqual(promised);
      await page.click('#navigation >> text="Overview"');
      await page.waitForSelector("text=40 read, 32 sent");
      await look(page, "overview");
      instance.setFaults({});
      instance.reset();
      const run = await gui.space.agent(["upload", "csv_assets", "--no-state"]);
      expect(run.code, run.stderr).toBe(0);
      expect(instance.state.records({}).map(({ record }) => record)).toEqual(promised);
      for (const { text } of answers) {
        expect(text).not.toContain(password);
        expect(text).not.toContain(wrong);
      }
      expect(pageErrors).toEqual([]);
    } finally {
      await instance.stop();
    }
  },
  180_000,
);
