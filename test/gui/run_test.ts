/**
 * Uploads from the browser: live progress, stopping, the guard, refused records, past runs, the log.
 *
 * @module
 */
import { expect } from "bun:test";
import { startStandIn } from "../support/stand_in/mod.ts";
import { rows, section } from "../cli/state_run.ts";
import { slow } from "../support/slow.ts";
import { oomnitzaSection } from "../support/workspace.ts";
import { agentGui } from "./support/agent_gui.ts";
import {
  type GuiWindow,
  keepPicture,
  noSeriousViolations,
  openWindow,
  useBrowser,
} from "./support/browser.ts";

const browser = useBrowser();

/** A lock and log files of its own, so that other uploads on this machine do not matter. */
const own = { flags: ["--log-dir", "logs"], env: { TMPDIR: "." } };

async function goTo({ page }: GuiWindow, label: string): Promise<void> {
  await page.click(`#navigation >> text="${label}"`);
  await page.waitForSelector(`h1:text-is("${label}")`);
}

/** Starts an upload of the only section, and waits for its end. */
async function upload(window: GuiWindow): Promise<void> {
  await goTo(window, "Run");
  await window.page.click("text=Start the upload");
  await window.page.waitForSelector("h2:text-is('The last upload')");
}

function cells({ page }: GuiWindow, table: string): Promise<string[]> {
  return page.locator(`[aria-label="${table}"] tbody td`).allTextContents();
}

slow("an upload is watched, its account seen, and what was refused is sent again", async () => {
  const instance = await startStandIn();
  const ini = oomnitzaSection(instance, "batch_size = 5") + section;
  const files = { "config.ini": ini, "assets.csv": rows(60) };
  try {
    await using gui = await agentGui({ ...own, files });
    const window = await openWindow(browser, gui);
    const { page, answers, pageErrors } = window;
    instance.setFaults({ latencyMs: 300, poison: { field: "BARCODE", pattern: "^T7$" } });
    await goTo(window, "Run");
    await page.click("text=Start the upload");
    await page.waitForSelector("text=Stop the upload");
    const [, , before = ""] = await cells(window, "Progress");
    await page.waitForFunction(
      (was) => {
        const now = document.querySelectorAll("[aria-label=Progress] td")[2]?.textContent;
        return now !== was && Number(now) > 0 && Number(now) < 59;
      },
      before,
      { polling: 50 },
    );
    await keepPicture(page, "run-progress");
    await page.waitForSelector("h2:text-is('The last upload')");
    expect(await cells(window, "Account")).toEqual(["failed", "60", "59", "1"]);
    expect(await page.textContent("[aria-label='Lost records of csv_assets']")).toContain("T7");
    expect(instance.state.records({})).toHaveLength(59);
    await noSeriousViolations(page);
    await keepPicture(page, "run-account");
    await page.click("text=Failed records of csv_assets");
    await page.waitForSelector("h1:text-is('Failed records')");
    await page.click("summary");
    expect(await page.textContent("pre")).toContain('"MODEL": "model 7"');
    await noSeriousViolations(page);
    await keepPicture(page, "failed-records");
    await page.check("[data-all]");
    instance.setFaults({});
    await page.click("text=Retry selected records");
    await page.waitForSelector("text=1 sent again: 1 accepted, 0 refused");
    expect(await page.textContent(".lead")).toContain("No refused records of csv_assets");
    expect(instance.state.records({})).toHaveLength(60);
    await goTo(window, "Runs");
    await page.click("tbody a");
    expect(await page.textContent(".facts")).toContain("60 read, 59 sent, 1 failed");
    await noSeriousViolations(page);
    await keepPicture(page, "run-of-the-past");
    await goTo(window, "Logs");
    expect(await page.textContent("[aria-labelledby=session]")).toContain("Uploading");
    expect(await page.textContent("[aria-labelledby=files]")).toContain("csv_assets");
    expect(gui.space.read("logs/info.log")).toContain("T7");
    await noSeriousViolations(page);
    await keepPicture(page, "logs");
    for (const { text } of answers) expect(text).not.toContain(instance.token);
    expect(pageErrors).toEqual([]);
  } finally {
    await instance.stop();
  }
}, 120_000);

slow("an upload can be stopped, and a second one does not begin beside it", async () => {
  const instance = await startStandIn({ faults: { latencyMs: 200 } });
  const ini = oomnitzaSection(instance, "batch_size = 2") + section;
  const files = { "config.ini": ini, "assets.csv": rows(200) };
  try {
    await using gui = await agentGui({ ...own, files });
    const window = await openWindow(browser, gui, { width: 400, scheme: "dark" });
    const { page, pageErrors } = window;
    await page.goto(new URL("run", page.url()).href);
    await page.click("text=Start the upload");
    await page.waitForSelector("text=Stop the upload");
    await noSeriousViolations(page);
    await keepPicture(page, "run-progress-400");
    const answer = await page.evaluate(async () => {
      const body = new URLSearchParams({ section: "csv_assets" });
      const { status } = await fetch("run", { method: "POST", body });
      return status;
    });
    expect(answer).toBe(400);
    await page.click("text=Stop the upload");
    await page.waitForSelector("h2:text-is('The last upload')");
    expect(await page.textContent("[role=status]")).toContain("The upload was stopped");
    const text = await page.textContent("main") ?? "";
    expect(text).toContain("Stopped on this page before the end");
    expect(text).not.toContain("fault in the agent");
    const [, read, sent] = await cells(window, "Account");
    expect(Number(sent)).toBeLessThan(200);
    // What was on its way when it was stopped may have arrived; the next run sends it again.
    expect(instance.state.records({}).length).toBeGreaterThanOrEqual(Number(sent));
    expect(Number(read)).toBeGreaterThanOrEqual(Number(sent));
    await keepPicture(page, "run-stopped-400");
    expect(pageErrors.filter((error) => !error.includes("400"))).toEqual([]);
  } finally {
    await instance.stop();
  }
}, 120_000);

slow("what the guard stops is sent after somebody accepts it", async () => {
  const instance = await startStandIn();
  const files = { "config.ini": oomnitzaSection(instance) + section, "assets.csv": rows(60) };
  try {
    await using gui = await agentGui({ ...own, files });
    const window = await openWindow(browser, gui);
    const { page, pageErrors } = window;
    await upload(window);
    expect(await page.textContent("[role=status]")).toContain("The upload succeeded");
    gui.space.write("assets.csv", rows(20));
    await upload(window);
    expect(await cells(window, "Account")).toEqual(["stopped by the guard", "20", "0", "0", "20"]);
    expect(await page.textContent(".notice.bad")).toContain("40 of 60 records (67 %) are gone");
    await noSeriousViolations(page);
    await keepPicture(page, "run-guard");
    await page.click("text=Accept and upload csv_assets");
    await page.waitForSelector("text=The upload succeeded");
    expect(await cells(window, "Account")).toEqual(["ok", "20", "20", "0"]);
    expect(pageErrors).toEqual([]);
  } finally {
    await instance.stop();
  }
}, 120_000);

slow(
  "what keeps an upload from beginning is shown, and refused records can be forgotten",
  async () => {
    const instance = await startStandIn({
      faults: { poison: { field: "BARCODE", pattern: "9$" } },
    });
    const ini = oomnitzaSection(instance) + section;
    const files = { "config.ini": ini, "assets.csv": rows(20) };
    try {
      await using gui = await agentGui({ ...own, files });
      const window = await openWindow(browser, gui);
      const { page } = window;
      await upload(window);
      await goTo(window, "Failed records");
      await page.check("text=T9");
      await page.click("text=Discard selected records");
      await page.waitForSelector("text=Forget 1 record?");
      await noSeriousViolations(page);
      await page.click("text=Discard 1");
      await page.waitForSelector("text=1 discarded");
      expect(await page.locator("tbody tr").count()).toBe(1);
      gui.space.write("config.ini", ini.replace(instance.token, "a-wrong-token"));
      await upload(window);
      await page.waitForSelector("text=The upload could not run");
      expect(await page.textContent("[role=status]")).toContain("The upload could not run");
      expect(await page.textContent(".notice.bad")).toContain("401");
    } finally {
      await instance.stop();
    }
  },
  120_000,
);
