/**
 * A real Chromium without a screen, for the tests of the GUI.
 *
 * @module
 */
import { afterAll, setDefaultTimeout } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import axe from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";
import { root } from "../../../scripts/binary/compile.ts";
import type { AgentGui } from "./agent_gui.ts";

/** Where screenshots go; outside of git. */
const artifacts = join(root, "test-artifacts");

export interface WindowOptions {
  /** Pixels; 1280 when absent. */
  readonly width?: number;
  /** Light when absent. */
  readonly scheme?: "light" | "dark";
}

/** A window of the browser that let itself into a GUI. */
export interface GuiWindow {
  readonly page: Page;
  /** Every answer of the GUI so far, as text, with the path that was asked for. */
  readonly answers: readonly { readonly path: string; readonly text: string }[];
  /** What went wrong in the browser: script errors and refused loads. */
  readonly pageErrors: readonly string[];
}

/** Milliseconds that a test may take: a browser on a busy machine is slow. */
const testTimeoutMs = 180_000;

/** What opens windows. */
export type WindowSource = Pick<Browser, "newContext">;

/**
 * Debian's Chromium, started for the first window of a test file and closed after its last test. The
 * tests of the file get more time than others.
 */
export function useBrowser(): WindowSource {
  setDefaultTimeout(testTimeoutMs);
  let browser: Promise<Browser> | undefined;
  afterAll(async () => await (await browser)?.close());
  return {
    async newContext(options) {
      browser ??= launchBrowser();
      return await (await browser).newContext(options);
    },
  };
}

/** The same outside of tests. */
export async function launchBrowser(): Promise<Browser> {
  return await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
  });
}

/** Opens a window of its own, with cookies of its own, and goes through the login of a GUI. */
export async function openWindow(
  browser: WindowSource,
  gui: Pick<AgentGui, "link" | "origin">,
  { width = 1280, scheme = "light" }: WindowOptions = {},
): Promise<GuiWindow> {
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme: scheme,
    // A colour on its way to another one has no contrast to be judged.
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const answers: { path: string; text: string }[] = [];
  const pageErrors: string[] = [];
  page.on("response", async (response) => {
    const { pathname } = new URL(response.url());
    try {
      answers.push({ path: pathname, text: await response.text() });
    } catch {
      // A redirect has no body, and a page that was left cannot give its own any more.
    }
  });
  page.on("pageerror", (error) => pageErrors.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") {
      pageErrors.push(`${message.text()} (${message.location().url})`);
    }
  });
  await page.goto(gui.link);
  await page.waitForSelector("main h1");
  return { page, answers, pageErrors };
}

/** Keeps a picture as `test-artifacts/NAME.png`: of the page as large as it is, by default. */
export async function keepPicture(
  page: Page,
  name: string,
  { wholePage = true }: { readonly wholePage?: boolean } = {},
): Promise<void> {
  mkdirSync(artifacts, { recursive: true });
  await page.screenshot({ path: join(artifacts, `${name}.png`), fullPage: wholePage });
}

/** A violation of an accessibility rule, for a message. */
interface Violation {
  readonly id: string;
  readonly impact?: string | null;
  readonly help: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

/**
 * Waits for the style sheets: what a page holds can be found before they are there, and is without sizes
 * and colours then.
 */
async function waitForStyles(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const links = document.querySelectorAll<HTMLLinkElement>("link[rel=stylesheet]");
    return links.length > 0 && [...links].every(({ sheet }) => sheet !== null);
  });
}

/** Waits until no part of a page is about to be replaced: a picture of it shows what came. */
async function waitUntilIdle(page: Page): Promise<void> {
  await page.waitForFunction(() => document.querySelector("[aria-busy]") === null);
}

/**
 * Throws when axe finds something serious or critical by WCAG 2.2 A and AA, or when the page is wider
 * than its window.
 */
export async function noSeriousViolations(page: Page): Promise<void> {
  await waitForStyles(page);
  await waitUntilIdle(page);
  // Evaluated, not added as a script tag, which the page's own rules would refuse.
  await page.evaluate(axe.source);
  const violations = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(options: unknown): Promise<{ violations: unknown[] }> };
    };
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    return (await axe.run({ runOnly: { type: "tag", values: tags } })).violations;
  }) as Violation[];
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  const lines = serious.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${help}\n  ${html}\n  ${failureSummary}`)
  );
  const [has, may] = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    return [scrollWidth, clientWidth] as const;
  });
  if (has > may) lines.push(`The page is ${has} pixels wide in a window of ${may}`);
  if (lines.length > 0) throw new Error(`${page.url()}\n${lines.join("\n")}`);
}
