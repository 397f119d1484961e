/**
 * Who may come in: the browser that opened the link, and nobody else.
 *
 * @module
 */
import { expect, test } from "bun:test";
import { slow } from "../support/slow.ts";
import { workspace } from "../support/workspace.ts";
import { agentGui } from "./support/agent_gui.ts";
import { openWindow, useBrowser } from "./support/browser.ts";

const browser = useBrowser();
const ini = "[oomnitza]\nurl = https://example.oomnitza.com\napi_token = token-that-stays-here\n";

/** Enters as a browser would; gives the cookie and the path of the pages. */
async function enter(link: string): Promise<{ cookie: string; base: string }> {
  const answer = await fetch(link, { headers: { "sec-fetch-site": "none" } });
  const cookie = answer.headers.get("set-cookie") ?? "";
  return {
    cookie: cookie.split(";")[0] ?? "",
    base: /Path=([^;]+)/.exec(cookie)?.[1] ?? "",
  };
}

test("the link lets one browser in, and its cookie is strict and for a secret path", async () => {
  await using gui = await agentGui({ files: { "config.ini": ini } });
  const first = await fetch(gui.link);
  expect(first.status).toBe(200);
  const cookie = first.headers.get("set-cookie") ?? "";
  expect(cookie).toMatch(/; Path=\/[\w-]{32}\/; HttpOnly; SameSite=Strict$/);
  const second = await fetch(gui.link);
  expect(second.headers.get("set-cookie")).toBeNull();
  const base = /url=([^"]+)/.exec(await second.text())?.[1] ?? "";
  expect((await fetch(gui.origin + base, { headers: { cookie } })).status).toBe(200);
  const other = await fetch(gui.origin + base);
  expect(other.status).toBe(403);
  expect(await other.text()).toContain("Run agent gui again");
  const wrong = await fetch(`${gui.origin}/enter?token=guessed`);
  expect(wrong.status).toBe(403);
});

test("without the cookie nothing is shown, not even with the path", async () => {
  await using gui = await agentGui({ files: { "config.ini": ini } });
  const { cookie, base } = await enter(gui.link);
  expect((await fetch(gui.origin + base, { headers: { cookie } })).status).toBe(200);
  for (const headers of [{}, { cookie: "agent_gui=guessed" }, { cookie: "other=1" }]) {
    const answer = await fetch(gui.origin + base, { headers });
    expect(answer.status).toBe(403);
    expect(await answer.text()).not.toContain("oomnitza.com");
  }
  expect((await fetch(`${gui.origin}/`, { headers: { cookie } })).status).toBe(404);
});

test("the first page says why it cannot be shown, to whoever is inside", async () => {
  await using gui = await agentGui({
    files: { "config.ini": ini, "agent-state.sqlite": "no database" },
  });
  const { cookie, base } = await enter(gui.link);
  const inside = await fetch(gui.origin + base, { headers: { cookie } });
  expect(inside.status).toBe(400);
  expect(await inside.text()).toContain("Cannot use the state file");
  expect(await (await fetch(gui.origin + base)).text()).not.toContain("state file");
});

test("a foreign host name, origin or site is refused even with the cookie", async () => {
  await using gui = await agentGui({ files: { "config.ini": ini } });
  const { cookie, base } = await enter(gui.link);
  const port = new URL(gui.origin).port;
  const refused: Record<string, string>[] = [
    { host: `localhost:${port}` },
    { host: `rebound.example.com:${port}` },
    { origin: "http://127.0.0.1:1" },
    { origin: "null" },
    { "sec-fetch-site": "same-site" },
    { "sec-fetch-site": "cross-site" },
  ];
  for (const headers of refused) {
    const answer = await fetch(gui.origin + base, { headers: { cookie, ...headers } });
    expect([403, 421]).toContain(answer.status);
    expect(await answer.text()).not.toContain("Overview");
  }
  const unnamed = await fetch(`${gui.origin}${base}stop`, { method: "POST", headers: { cookie } });
  expect(unnamed.status).toBe(403);
  const good = await fetch(gui.origin + base, {
    headers: { cookie, origin: gui.origin, "sec-fetch-site": "same-origin" },
  });
  expect(good.status).toBe(200);
});

test("every answer forbids scripts from elsewhere and inline, framing and keeping", async () => {
  await using gui = await agentGui({ files: { "config.ini": ini } });
  const { cookie, base } = await enter(gui.link);
  for (const path of [base, `${base}assets/style.css`, `${base}nothing`, "/", "/enter"]) {
    const { headers } = await fetch(gui.origin + path, { headers: { cookie } });
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("unsafe");
    expect(headers.get("cross-origin-resource-policy")).toBe("same-origin");
    expect(headers.get("cache-control")).toBe("no-store");
  }
});

slow("another local web page in the same browser can neither read nor post", async () => {
  await using gui = await agentGui({ files: { "config.ini": ini } });
  const seen: (string | null)[] = [];
  using other = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request) {
      seen.push(request.headers.get("cookie"));
      return new Response("<!doctype html><title>other</title>", {
        headers: { "content-type": "text/html" },
      });
    },
  });
  const { page } = await openWindow(browser, gui);
  const inside = page.url();
  const neighbour = await page.context().newPage();
  await neighbour.goto(`http://127.0.0.1:${other.port}/`);
  const outcomes = await neighbour.evaluate(async (url) => {
    const results: string[] = [];
    for (const mode of ["cors", "no-cors"] as const) {
      for (const [path = "", method = ""] of [["", "GET"], ["stop", "POST"], ["create", "POST"]]) {
        try {
          const answer = await fetch(url + path, { method, mode, credentials: "include" });
          results.push(`${answer.status} ${await answer.text()}`);
        } catch {
          results.push("refused");
        }
      }
    }
    return results;
  }, inside);
  for (const outcome of outcomes) expect(["refused", "0 "]).toContain(outcome);
  const form = await neighbour.evaluate(async (url) => {
    document.body.innerHTML = `<form method="post" action="${url}stop"></form>`;
    document.querySelector("form")?.submit();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    return location.href;
  }, inside).catch(() => "left");
  expect(form).toBe("left");
  await neighbour.waitForSelector("text=Only pages of the agent may send this request.");
  // The cookie was not even sent to the neighbour, and the GUI still runs.
  expect(seen.length).toBeGreaterThan(0);
  expect(seen.every((cookie) => cookie === null)).toBe(true);
  await page.reload();
  expect(await page.textContent("h1")).toBe("Overview");
});

slow("the button on the page ends it with 0, and so does SIGTERM", async () => {
  await using gui = await agentGui({ files: { "config.ini": ini } });
  const { page } = await openWindow(browser, gui);
  await page.click("text=Stop the GUI");
  expect(await gui.ended).toBe(0);
  await using other = await agentGui();
  expect(await other.stop()).toBe(0);
});

test("without a command and without a screen there is the usage, not a server", async () => {
  using space = workspace();
  const bare = await space.agent([]);
  expect(bare.code).toBe(2);
  expect(bare.stdout).toContain("agent COMMAND");
});
