/**
 * The preview of a section, and the page of schedule and service.
 *
 * @module
 */
import { expect } from "bun:test";
import { join } from "node:path";
import { startStandIn } from "../support/stand_in/mod.ts";
import { slow } from "../support/slow.ts";
import { oomnitzaSection } from "../support/workspace.ts";
import { agentGui } from "./support/agent_gui.ts";
import { keepPicture, noSeriousViolations, openWindow, useBrowser } from "./support/browser.ts";

const browser = useBrowser();

/** Converters run in processes of their own, which takes its time on a busy machine. */
const longTimeout = { timeout: 60_000 };

const own = { flags: ["--log-dir", "logs"], env: { TMPDIR: "." } };
const section = `[csv_assets]
enable = False
filename = assets.csv
sync_field = BARCODE
mapping.BARCODE = tag
mapping.MODEL = {"source": "model", "converter": "shout", "required": true}
recordfilter:
    return record['tag'] != 'T1'

[converters]
shout:
    return value.upper()
`;

slow(
  "records are shown as they are and as they would be sent, and an upload sends that",
  async () => {
    const instance = await startStandIn();
    const ini = oomnitzaSection(instance) + section;
    const csv = "tag,model\nT0,air\nT1,pro\nT2,\nT3,mini\n";
    try {
      await using gui = await agentGui({ ...own, files: { "config.ini": ini, "assets.csv": csv } });
      const { page, answers, pageErrors } = await openWindow(browser, gui);
      await page.goto(new URL("section/csv_assets/preview", page.url()).href);
      await page.fill("#count", "3");
      await page.click("text=Read and show");
      await page.waitForSelector(".record");
      expect(await page.textContent("[role=status]")).toBe("3 read, 1 of them would be sent.");
      expect(await page.locator(".record > p").allTextContents()).toEqual([
        "Would be sent",
        "Not sent: the filter drops it",
        expect.stringMatching(/^Not sent, incomplete: .*MODEL/),
      ]);
      const [raw = "", sent = ""] = await page.locator(".record pre").allTextContents();
      expect(JSON.parse(raw)).toEqual({ tag: "T0", model: "air" });
      expect(JSON.parse(sent)).toEqual({ BARCODE: "T0", MODEL: "AIR" });
      await noSeriousViolations(page);
      await keepPicture(page, "preview");
      await page.setViewportSize({ width: 400, height: 900 });
      await page.click("text=Explain T0", longTimeout);
      await page.waitForSelector("[aria-label='Fields of T0']");
      const fields = await page.locator("[aria-label='Fields of T0'] tr").allTextContents();
      expect(fields[2]).toMatch(/MODEL.*required.*model.*"air".*shout.*"AIR".*ini line 10/s);
      expect(await page.textContent("[role=status]")).toBe("The filter: kept. Would be sent.");
      await noSeriousViolations(page);
      await keepPicture(page, "explain-400");
      expect(instance.state.records({})).toEqual([]);
      gui.space.write("config.ini", ini.replace("enable = False", "enable = True"));
      await gui.space.agent(["upload", "csv_assets", "--record-count", "1"]);
      expect(instance.state.records({}).map(({ record }) => record)).toEqual([JSON.parse(sent)]);
      gui.space.write("config.ini", ini.replace("assets.csv", "nowhere.csv"));
      await page.click("text=Read and show");
      await page.waitForSelector(".notice.bad");
      expect(await page.textContent(".notice.bad")).toContain("nowhere.csv");
      for (const { text } of answers) expect(text).not.toContain(instance.token);
      expect(pageErrors).toEqual([]);
    } finally {
      await instance.stop();
    }
  },
  120_000,
);

slow("mapped columns that no record has are named, with the column that was meant", async () => {
  const instance = await startStandIn();
  const wrong = section.replace('"source": "model"', '"source": "Model "')
    .replace("recordfilter:", "mapping.NOTES = note\nrecordfilter:");
  const files = {
    "config.ini": oomnitzaSection(instance) + wrong,
    "assets.csv": "tag,model,note\nT0,air,\nT2,pro,\nT3,mini,\n",
  };
  try {
    await using gui = await agentGui({ ...own, files });
    const { page, pageErrors } = await openWindow(browser, gui);
    await page.goto(new URL("section/csv_assets/preview", page.url()).href);
    await page.click("text=Read and show");
    await page.waitForSelector(".record");
    expect(await page.textContent("[role=status]")).toBe("3 read, 0 of them would be sent.");
    expect(await page.locator("[data-empty-paths] li").allTextContents()).toEqual([
      `MODEL is mapped from "Model ": it is not in the header of ${
        join(gui.space.folder, "assets.csv")
      }. Did you mean "model"?`,
      'NOTES is mapped from "note": it is empty in every record',
    ]);
    expect(await page.textContent("[data-empty-paths] > p:last-child")).toBe(
      'It has: "tag", "model", "note".',
    );
    await noSeriousViolations(page);
    await keepPicture(page, "preview-empty-paths");
    const right = wrong.replace('"Model "', '"model"').replace("= note", "= model");
    gui.space.write("config.ini", oomnitzaSection(instance) + right);
    await page.click("text=Read and show");
    await page.waitForFunction(() => document.querySelector("[data-empty-paths]") === null);
    expect(await page.textContent("[role=status]")).toBe("3 read, 3 of them would be sent.");
    expect(pageErrors).toEqual([]);
  } finally {
    await instance.stop();
  }
}, 120_000);

slow("what is due is shown, and how the service does", async () => {
  // Half a day away, so that the run cannot come due while the page is read.
  const hour = (new Date().getHours() + 12) % 24;
  const ini = "[oomnitza]\nurl = http://127.0.0.1:1\napi_token = some-token\n" +
    section.replace("False", `True\nschedule = 0 ${hour} * * *`);
  await using gui = await agentGui({ ...own, files: { "config.ini": ini } });
  const { page, pageErrors } = await openWindow(browser, gui, { width: 400 });
  let opened;
  do {
    opened = new Date();
    await page.goto(new URL("schedule", page.url()).href);
  } while (new Date().getDate() !== opened.getDate());
  const cells = await page.locator("[aria-label='Next runs'] tbody td").allTextContents();
  expect(cells).toEqual([
    `0 ${hour} * * *`,
    "never",
    expect.stringMatching(/^in \d+ (hour|minute)s?$/),
  ]);
  // Every day of a week that begins today, whose run may be over.
  const isOver = hour <= opened.getHours();
  const days = await page.locator(".week tbody td").allTextContents();
  expect(days).toEqual([
    isOver ? "" : "1 run: csv_assets",
    ...Array<string>(6).fill("1 run: csv_assets"),
  ]);
  expect(await page.locator(".week tbody th").allTextContents()).toEqual([
    `${String(hour).padStart(2, "0")}:00`,
  ]);
  expect(await page.textContent("main")).toContain("No sections run at the same time");
  await noSeriousViolations(page);
  await keepPicture(page, "schedule-400");
  await page.goto(new URL("service", page.url()).href);
  expect(await page.textContent("[aria-label=State] .notice")).toMatch(
    /does not run|not installed/,
  );
  await noSeriousViolations(page);
  expect(pageErrors).toEqual([]);
}, 60_000);
