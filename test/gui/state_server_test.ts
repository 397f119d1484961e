/**
 * The GUI over a state in PostgreSQL, in a browser.
 *
 * @module
 */
import { expect } from "bun:test";
import { hostname } from "node:os";
import { password, startPostgres } from "../support/postgres.ts";
import { listen } from "../support/serve.ts";
import { slow } from "../support/slow.ts";
import { startStandIn } from "../support/stand_in/mod.ts";
import { oomnitzaSection, tagsOnly } from "../support/workspace.ts";
import { agentGui } from "./support/agent_gui.ts";
import { keepPicture, noSeriousViolations, openWindow, useBrowser } from "./support/browser.ts";

const browser = useBrowser();

slow("runs of a shared state are shown, and no page has its password", async () => {
  await using server = await startPostgres();
  const instance = await startStandIn();
  const ini = oomnitzaSection(instance, "receipt = off") +
    `[state]\nurl = ${server.url()}\n${tagsOnly}`;
  await using gui = await agentGui({ files: { "config.ini": ini, "assets.csv": "tag\nT1\n" } });
  expect((await gui.space.agent(["upload", "csv_assets"])).code).toBe(0);
  await using agent = await listen(gui.space);
  const { page, answers, pageErrors } = await openWindow(browser, gui);
  await noSeriousViolations(page);
  expect(await page.textContent("main")).toContain("1 sent");
  const list = page.getByRole("region", { name: "Agents with this state" });
  await list.getByText("serves").waitFor();
  expect(await list.textContent()).toContain(`${hostname()}, process `);
  await keepPicture(page, "state-server-overview");
  for (const name of ["run", "failed", "section/state"]) {
    await page.goto(new URL(name, await page.evaluate(() => document.baseURI)).href);
    await page.waitForSelector("main h1");
    await noSeriousViolations(page);
    await keepPicture(page, `state-server-${name.replace("/", "-")}`);
  }
  await agent.stop();
  await instance.stop();
  expect(pageErrors).toEqual([]);
  for (const { path, text } of answers) {
    expect(text, path).not.toContain(password);
    expect(text, path).not.toContain(encodeURIComponent(password));
  }
});
