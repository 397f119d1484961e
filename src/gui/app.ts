/**
 * The web application of the GUI: access, the assets and all pages.
 *
 * @module
 */
import { Hono } from "hono";
import { AgentError, messageOf } from "../base/errors.ts";
import { assets } from "./assets.ts";
import type { Call, Env, GuiContext } from "./context.ts";
import { type BrowserSession, headers, requireHost, requireSession } from "./access.ts";
import { showHiddenInPage } from "./hidden_characters.ts";
import { problemPage } from "./problem.tsx";

/** The path of the link that lets the first browser in; the token is its query. */
export const entrance = "/enter";

/** Makes the application; `origin` returns where it listens, once it does. */
export function guiApp(gui: GuiContext, session: BrowserSession, origin: () => string): Hono<Env> {
  const app = new Hono<Env>({ strict: false });
  app.use("*", async (c, next) => {
    await next();
    for (const [name, value] of Object.entries(headers)) c.header(name, value);
  });
  app.use("*", async (c, next) => {
    await next();
    if (c.res.headers.get("content-type")?.startsWith("text/html") !== true) return;
    c.res = new Response(showHiddenInPage(await c.res.text()), c.res);
  });
  app.use("*", requireHost(origin));
  app.get(entrance, (c) => enter(c, session));
  app.route(session.base.slice(0, -1), inside(gui, session, origin));
  app.notFound((c) => c.text("Page not found.\n", 404));
  app.onError((error, c) => refused(c, gui, session, error));
  return app;
}

/**
 * A browser that comes from elsewhere (a terminal, a file) would not send a strict cookie along a
 * redirect; a page of ours that moves on by itself makes it a visit from here.
 */
function enter(c: Call, session: BrowserSession): Response | Promise<Response> {
  const redeemed = session.redeem(c.req.query("token") ?? "");
  if (redeemed === undefined) {
    return c.text("This is not the agent's link. Run agent gui again to get a new one.\n", 403);
  }
  // The browser that has the cookie goes on; any other is told so by the page that follows.
  if (redeemed !== "used") c.header("set-cookie", redeemed.cookie);
  return c.html(
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Oomnitza agent</title><link rel="icon" href="data:,">` +
      `<meta http-equiv="refresh" content="0; url=${session.base}"></head>` +
      `<body><a href="${session.base}">Continue to the agent</a></body></html>`,
  );
}

function inside(gui: GuiContext, session: BrowserSession, origin: () => string): Hono<Env> {
  const app = new Hono<Env>({ strict: false });
  app.use("*", requireSession(session, origin));
  app.get("/assets/:name", (c) => {
    const asset = assets.get(c.req.param("name"));
    return asset === undefined ? c.notFound() : c.body(asset.text, 200, {
      "content-type": asset.type,
    });
  });
  app.post("/stop", (c) => {
    // The answer has to leave before the server does.
    setTimeout(() => gui.stop(), 200);
    return c.text("The agent's GUI has stopped. You can close this page.\n");
  });
  for (const page of gui.pages) page.routes(app, gui);
  return app;
}

function refused(
  c: Call,
  gui: GuiContext,
  session: BrowserSession,
  error: Error,
): Response | Promise<Response> {
  const isBug = !(error instanceof AgentError);
  const message = gui.redactor.redact(messageOf(error));
  const hint = isBug ? undefined : gui.redactor.redact(error.hint ?? "");
  if (isBug) gui.log.error(`The GUI has a bug: ${error.stack ?? message}`);
  else gui.log.warning(message);
  // Whoever is not inside yet learns nothing. The path of the first page comes without its last slash.
  if (!`${c.req.path}/`.startsWith(session.base)) return c.text("An error occurred.\n", 500);
  if (c.req.header("accept")?.includes("application/json") === true) {
    return c.json({ error: { message, hint } }, isBug ? 500 : 400);
  }
  return problemPage(c, gui, { message, hint, status: isBug ? 500 : 400 });
}
