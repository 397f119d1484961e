/**
 * Test Connection: of Oomnitza and of a source, with what the form says, saved or not.
 *
 * @module
 */
import { expect } from "bun:test";
import { startStandIn } from "../support/stand_in/mod.ts";
import { startOkta, token } from "../sources/okta/server.ts";
import { slow } from "../support/slow.ts";
import { agentGui } from "./support/agent_gui.ts";
import { keepPicture, noSeriousViolations, openWindow, useBrowser } from "./support/browser.ts";

const browser = useBrowser();
const password = "right-password-8841";
const wrong = "wrong-password-1204";

slow("a wrong password of Oomnitza is shown at its field, the right one works", async () => {
  const instance = await startStandIn({ username: "agent", password });
  const ini = `[oomnitza]\nurl = ${instance.url}\nusername = agent\npassword = ${password}\n`;
  try {
    await using gui = await agentGui({ files: { "config.ini": ini } });
    const { page, answers, pageErrors } = await openWindow(browser, gui);
    await page.click("#navigation >> text=Oomnitza");
    await page.waitForSelector("h1:text-is('Oomnitza')");
    await page.click("text=Test connection");
    await page.waitForSelector("[data-summary].good");
    expect(await page.textContent("[data-summary]")).toContain("accepts the credentials");
    await page.fill("[name=password]", wrong);
    await page.click("text=Test connection");
    await page.waitForSelector("[data-summary].bad");
    expect(await page.textContent("[data-field=password] .finding.error")).toContain("401");
    expect(await page.getAttribute("[name=password]", "aria-invalid")).toBe("true");
    await noSeriousViolations(page);
    await keepPicture(page, "connection-refused");
    // Nothing was saved, and what was typed is still there.
    expect(await page.inputValue("[name=password]")).toBe(wrong);
    expect(gui.space.read("config.ini")).toBe(ini);
    await page.fill("[name=password]", "");
    await page.fill("[name=url]", "http://127.0.0.1:1");
    await page.click("text=Test connection");
    await page.waitForSelector("[data-field=url] .finding.error");
    expect(await page.textContent("[data-field=url] .finding")).toContain("Cannot reach Oomnitza");
    for (const { text } of answers) {
      expect(text).not.toContain(password);
      expect(text).not.toContain(wrong);
    }
    expect(pageErrors).toEqual([]);
  } finally {
    await instance.stop();
  }
});

slow("a section that is not enabled can be tested, and needs no Oomnitza", async () => {
  await using vendor = startOkta({ active: 1 });
  const ini = "[oomnitza]\nurl = http://127.0.0.1:1\napi_token = unused-token\n\n" +
    `[okta]\nenable = False\nurl = ${vendor.url}\napi_token = ${wrong}\n` +
    "default_role = 25\ndefault_position = Employee\n";
  await using gui = await agentGui({ files: { "config.ini": ini } });
  const { page, answers } = await openWindow(browser, gui);
  await page.click("#navigation >> text=okta");
  await page.waitForSelector("h1:text-is('okta')");
  await page.click("text=Test connection");
  await page.waitForSelector("[data-summary].bad");
  expect(await page.textContent("[data-field=api_token] .finding.error")).toContain("401");
  await page.fill("[name=api_token]", token);
  await page.click("text=Test connection");
  await page.waitForSelector("[data-summary].good");
  expect(await page.textContent("[data-summary]")).toBe("Okta can be read.");
  await page.fill("[name=default_role]", "");
  await page.click("text=Test connection");
  await page.waitForSelector("[data-summary].bad");
  expect(await page.textContent("[data-field=default_role] .finding.error")).toContain(
    "is required",
  );
  expect(gui.space.read("config.ini")).toBe(ini);
  for (const { text } of answers) {
    expect(text).not.toContain(token);
    expect(text).not.toContain(wrong);
  }
});
