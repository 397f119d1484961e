/**
 * The code editor of the GUI, for tests.
 *
 * @module
 */
import type { Page } from "playwright-core";

/** Replaces the code by pasting: written key by key, brackets would close by themselves. */
export async function writeCode(page: Page, code: string): Promise<void> {
  await page.click(".cm-content");
  await page.keyboard.press("Control+a");
  await page.locator(".cm-content").evaluate((content, text) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", text);
    const how = { clipboardData, bubbles: true, cancelable: true };
    content.dispatchEvent(new ClipboardEvent("paste", how));
  }, code);
}
