/**
 * Many refused records: by reason, page by page, and sent again as a group, in a browser.
 *
 * @module
 */
import { expect } from "bun:test";
import { startStandIn } from "../support/stand_in/mod.ts";
import { slow } from "../support/slow.ts";
import { oomnitzaSection } from "../support/workspace.ts";
import { rows, section } from "../cli/state_run.ts";
import { agentGui } from "./support/agent_gui.ts";
import { keepPicture, noSeriousViolations, openWindow, useBrowser } from "./support/browser.ts";

const browser = useBrowser();

slow(
  "refused records are grouped by reason, shown page by page, and sent again as a group",
  async () => {
    const instance = await startStandIn();
    try {
      const ini = oomnitzaSection(instance, "batch_size = 50") + section;
      await using gui = await agentGui({ files: { "config.ini": ini, "assets.csv": rows(260) } });
      // Everything but T1, T10 to T19 and T100 to T199 is refused, each answer for a record of its own.
      instance.setFaults({ poison: { field: "BARCODE", pattern: "^T([02-9]|2..$)" } });
      expect((await gui.space.agent(["upload", "csv_assets"])).code).toBe(3);
      const { page, pageErrors } = await openWindow(browser, gui);
      await page.click("text=Failed records");
      await page.waitForSelector("section[aria-labelledby=reasons]");
      const lead = await page.textContent(".lead") ?? "";
      const count = Number(/^(\d+) refused records/.exec(lead.trim())?.[1]);
      expect(count).toBe(149);
      expect(await page.locator("tbody tr").count()).toBe(100);
      await noSeriousViolations(page);
      await keepPicture(page, "failed-grouped");
      await page.click("nav[aria-label='Pages of the list'] >> text=Next");
      await page.waitForSelector(`text=101 to ${count} of ${count}`);
      expect(await page.locator("tbody tr").count()).toBe(count - 100);
      await page.click("text=Show these");
      await page.waitForSelector(".button:has-text('Show all')");
      expect(await page.locator("tbody tr").count()).toBe(100);
      instance.setFaults({});
      await page.click(`button:has-text('Retry ${count}')`);
      await page.waitForSelector(`text=${count} sent again: ${count} accepted, 0 refused`);
      expect(await page.textContent(".lead")).toContain("No refused records");
      expect(instance.state.records({})).toHaveLength(260);
      expect(pageErrors).toEqual([]);
    } finally {
      await instance.stop();
    }
  },
);
