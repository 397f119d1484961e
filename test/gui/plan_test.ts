/**
 * The plan of a section in the browser: counts, details, and the upload that follows.
 *
 * @module
 */
import { expect } from "bun:test";
import { startStandIn } from "../support/stand_in/mod.ts";
import { slow } from "../support/slow.ts";
import { oomnitzaSection } from "../support/workspace.ts";
import { agentGui } from "./support/agent_gui.ts";
import { keepPicture, noSeriousViolations, openWindow, useBrowser } from "./support/browser.ts";

const browser = useBrowser();

const section = `[csv_assets]
enable = True
filename = assets.csv
sync_field = BARCODE
mapping.BARCODE = tag
mapping.MODEL = model
`;

slow("a plan shows what is new, changed and gone, and sends nothing", async () => {
  const instance = await startStandIn();
  const ini = oomnitzaSection(instance) + section;
  const files = { "config.ini": ini, "assets.csv": "tag,model\nT0,air\nT1,pro\nT2,mini\n" };
  try {
    await using gui = await agentGui({
      flags: ["--log-dir", "logs"],
      env: { TMPDIR: "." },
      files,
    });
    const { page, answers, pageErrors } = await openWindow(browser, gui);
    const tab = new URL("section/csv_assets/plan", page.url()).href;
    const counts = async () => {
      await page.goto(tab);
      await page.click("text=Read all and compare");
      await page.waitForSelector("[aria-label=Counts]");
      const rows = await page.locator("[aria-label=Counts] tr").all();
      const texts = await Promise.all(
        rows.map(async (row) =>
          [await row.locator("th").textContent(), await row.locator("td").textContent()] as const
        ),
      );
      return Object.fromEntries(texts);
    };
    expect(await counts()).toMatchObject({ Read: "3", New: "3", Changed: "0" });
    expect(instance.state.counters.received).toBe(0);
    expect(await page.textContent(".notice")).toContain("every record counts as new");
    await page.click("main form[action=run] button");
    await page.waitForSelector("text=/3/");
    for (let n = 0; n < 300 && instance.state.counters.received < 3; n++) await Bun.sleep(100);
    expect(instance.state.counters.received).toBe(3);
    await page.waitForSelector("text=/ok|Done|Ended|well/i");
    gui.space.write("assets.csv", "tag,model\nT0,air\nT1,max\nT3,new\n");
    expect(await counts()).toMatchObject({
      Read: "3",
      New: "1",
      Changed: "1",
      Unchanged: "1",
      "Gone from the source": "1",
    });
    expect(await page.getAttribute(".share", "aria-label")).toBe(
      "Records of the plan: 1 new, 1 changed, 1 gone, 1 unchanged",
    );
    expect(await page.locator(".share rect").count()).toBe(4);
    const names = await page.locator("details.record summary").allTextContents();
    expect(names).toEqual(["Changed: T1", "New: T3", "Gone: T2"]);
    await page.click("text=Changed: T1");
    const cells = await page.locator("[aria-label='Fields of T1'] tbody tr").allTextContents();
    expect(cells).toEqual(["MODELpromax"]);
    await noSeriousViolations(page);
    await keepPicture(page, "plan");
    await fetch(`${instance.url}/api/v3/assets/1`, {
      method: "PATCH",
      headers: { authorization2: instance.token, "content-type": "application/json" },
      body: JSON.stringify({ model: "by hand" }),
    });
    await page.check("[name=live]");
    await page.click("text=Read all and compare");
    await page.waitForSelector("text=Changed: T0");
    expect(await page.isChecked("[name=live]")).toBe(true);
    await page.click("text=Changed: T0");
    const live = await page.locator("[aria-label='Fields of T0'] tbody tr").allTextContents();
    expect(live).toEqual([expect.stringMatching(/^MODELby handairapi, 20\d\d-/)]);
    await noSeriousViolations(page);
    await page.setViewportSize({ width: 400, height: 900 });
    await noSeriousViolations(page);
    expect(pageErrors).toEqual([]);
    for (const { text } of answers) expect(text).not.toContain(instance.token);
  } finally {
    await instance.stop();
  }
});
