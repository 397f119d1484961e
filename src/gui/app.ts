/**
 * The web application of the GUI: the door, the assets and all pages.
 *
 * @module
 */
import { Hono } from "hono";
import { AgentError, messageOf } from "../base/errors.ts";
import { assets } from "./assets.ts";
import type { Call, Desk, Env } from "./context.ts";
import { type Door, guard, headers, hostGuard } from "./access.ts";
import { problemPage } from "./problem.tsx";

/** The path of the link that lets the first browser in; the token is its query. */
export const entrance = "/enter";

/** Makes the application; `origin` tells where it listens, once it does. */
export function guiApp(desk: Desk, door: Door, origin: () => string): Hono<Env> {
  const app = new Hono<Env>({ strict: false });
  app.use("*", async (c, next) => {
    await next();
    for (const [name, value] of Object.entries(headers)) c.header(name, value);
  });
  app.use("*", hostGuard(origin));
  app.get(entrance, (c) => enter(c, door));
  app.route(door.base.slice(0, -1), inside(desk, door, origin));
  app.notFound((c) => c.text("There is nothing here.\n", 404));
  app.onError((error, c) => refused(c, desk, door, error));
  return app;
}

/**
 * A browser that comes from elsewhere (a terminal, a file) would not send a strict cookie along a
 * redirect; a page of ours that moves on by itself makes it a visit from here.
 */
function enter(c: Call, door: Door): Response | Promise<Response> {
  const cookie = door.enter(c.req.query("token") ?? "");
  if (cookie === undefined) {
    return c.text("This link has been used. Run agent gui again to get a new one.\n", 403);
  }
  c.header("set-cookie", cookie);
  return c.html(
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Oomnitza agent</title><link rel="icon" href="data:,">` +
      `<meta http-equiv="refresh" content="0; url=${door.base}"></head>` +
      `<body><a href="${door.base}">Go on to the agent</a></body></html>`,
  );
}

function inside(desk: Desk, door: Door, origin: () => string): Hono<Env> {
  const app = new Hono<Env>({ strict: false });
  app.use("*", guard(door, origin));
  app.get("/assets/:name", (c) => {
    const asset = assets.get(c.req.param("name"));
    return asset === undefined ? c.notFound() : c.body(asset.text, 200, {
      "content-type": asset.type,
    });
  });
  app.post("/stop", (c) => {
    // The answer has to leave before the server does.
    setTimeout(() => desk.stop(), 200);
    return c.text("The agent's GUI has stopped. You can close this page.\n");
  });
  for (const page of desk.pages) page.routes(app, desk);
  return app;
}

function refused(c: Call, desk: Desk, door: Door, error: Error): Response | Promise<Response> {
  const isBug = !(error instanceof AgentError);
  const message = desk.redactor.redact(messageOf(error));
  const hint = isBug ? undefined : desk.redactor.redact(error.hint ?? "");
  if (isBug) desk.log.error(`The GUI has a bug: ${error.stack ?? message}`);
  else desk.log.warning(message);
  // Whoever is not inside yet learns nothing.
  if (!c.req.path.startsWith(door.base)) return c.text("This did not work.\n", 500);
  if (c.req.header("accept")?.includes("application/json") === true) {
    return c.json({ error: { message, hint } }, isBug ? 500 : 400);
  }
  return problemPage(c, desk, { message, hint, status: isBug ? 500 : 400 });
}
