/**
 * The pages Discover and Mappings in light and dark, on a desk and on a phone.
 *
 * @module
 */
import { slow } from "../support/slow.ts";
import { agentGui } from "./support/agent_gui.ts";
import { keepPicture, noSeriousViolations, openWindow, useBrowser } from "./support/browser.ts";

const browser = useBrowser();

const columns = "asset tag,serial number,model,purchase date,price,owner,building,comment";
const rows = Array.from({ length: 12 }, (_, index) => {
  const owner = index % 4 === 0 ? "" : `user${index}@example.com`;
  return `A-${100 + index},C02XK${1000 + index},Notebook ${index % 3},2025-0${1 + index % 9}-14,${
    900 + index * 13
  }.50,${owner},Building ${index % 2},`;
});
const csv = `${columns}\n${rows.join("\n")}\n`;
const ini = "[oomnitza]\nurl = http://127.0.0.1:1\napi_token = token-of-nobody\n\n" +
  "[csv_assets]\nenable = True\nfilename = assets.csv\nsync_field = BARCODE\n" +
  "use_server_map = False\nmapping.BARCODE = asset tag\nmapping.SERIAL_NUMBER = serial number\n" +
  'mapping.OWNER = {"source": "owner", "converter": "split_email"}\n' +
  'mapping.STATE = {"hardcoded": "In use"}\nmapping.SITE = biulding\n';

slow("both pages are readable everywhere", async () => {
  await using gui = await agentGui({ files: { "config.ini": ini, "assets.csv": csv } });
  const { page } = await openWindow(browser, gui);
  const open = (tab: string) =>
    page.goto(
      new URL(
        `/${new URL(page.url()).pathname.split("/")[1]}/section/csv_assets/${tab}`,
        gui.origin,
      ).href,
    );
  await open("discover");
  await page.click("text=Read and look");
  await page.waitForSelector("text=12 records read");
  await open("mappings");
  await page.click("text=Read 50 records");
  await page.waitForSelector("[data-record]:has-text('Record 1 of 12')");
  for (const width of [1440, 390]) {
    for (const colorScheme of ["light", "dark"] as const) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      await open("discover");
      await page.waitForSelector("#paths");
      await noSeriousViolations(page);
      await keepPicture(page, `discover-${width}-${colorScheme}`);
      await open("mappings?field=OWNER");
      await page.waitForSelector(".live");
      await page.fill("#mapping-value", "");
      await page.waitForSelector("[data-part=value] .finding.error");
      await noSeriousViolations(page);
      await keepPicture(page, `mappings-${width}-${colorScheme}`, { wholePage: width === 390 });
      page.once("dialog", (dialog) => void dialog.accept());
    }
  }
});
