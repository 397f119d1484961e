/**
 * Who may use the GUI: the browser that opened the link, and no other program, site or user.
 *
 * Cookies are shared by all ports of an address, so that any other server on this machine would be
 * sent a cookie of `/`. Ours is for a path that nobody can guess, and `Origin` and `Sec-Fetch-Site`
 * distinguish our own pages from those of other ports, which count as the same site.
 *
 * @module
 */
import { randomBytes, timingSafeEqual } from "node:crypto";
import type { MiddlewareHandler } from "hono";
import type { Env } from "./context.ts";

const cookieName = "agent_gui";

/** The one browser that may use a GUI. */
export interface BrowserSession {
  /** Path under which everything is, with slashes at both ends. */
  readonly base: string;
  /** The token of the link that lets the first browser in. */
  readonly token: string;
  /**
   * Uses the token up. Gives the cookie to set; `used` when it was used before, which lets in only the
   * browser that has the cookie; nothing when the token is not good.
   */
  redeem(token: string): { readonly cookie: string } | "used" | undefined;
  /** Whether cookies are those of the browser that was let in. */
  accepts(cookies: string | undefined): boolean;
}

function secret(): string {
  return randomBytes(24).toString("base64url");
}

function same(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Makes a session that no browser has taken yet. */
export function createBrowserSession(): BrowserSession {
  const [path, token, key] = [secret(), secret(), secret()];
  const base = `/${path}/`;
  let isUsed = false;
  return {
    base,
    token,
    redeem(given) {
      if (!same(given, token)) return undefined;
      if (isUsed) return "used";
      isUsed = true;
      return { cookie: `${cookieName}=${key}; Path=${base}; HttpOnly; SameSite=Strict` };
    },
    accepts: (cookies = "") =>
      cookies.split(";").some((cookie) => {
        const [name = "", value = ""] = cookie.trim().split("=", 2);
        return name === cookieName && same(value, key);
      }),
  };
}

/** Refuses requests that name another host: a name that somebody has pointed to this machine. */
export function requireHost(origin: () => string): MiddlewareHandler<Env> {
  return async (c, next) => {
    if (`http://${c.req.header("host")}` !== origin()) {
      return c.text("This is not the address of the agent.\n", 421);
    }
    return await next();
  };
}

/** Lets only our own pages in the browser that opened the link pass. */
export function requireSession(
  session: BrowserSession,
  origin: () => string,
): MiddlewareHandler<Env> {
  return async (c, next) => {
    const site = c.req.header("sec-fetch-site") ?? "same-origin";
    const from = c.req.header("origin");
    const isReading = c.req.method === "GET" || c.req.method === "HEAD";
    // A browser names the origin of whatever may change something.
    const isOurs = from === origin() || (isReading && from === undefined);
    const isDirect = site === "same-origin" || (isReading && site === "none");
    if (!isOurs || !isDirect) {
      return c.text("Only pages of the agent may send this request.\n", 403);
    }
    if (!session.accepts(c.req.header("cookie"))) {
      return c.text(
        "This page is for the browser that opened the agent. Run agent gui again to get a new address.\n",
        403,
      );
    }
    return await next();
  };
}

/** Headers of every answer: nothing from elsewhere is loaded, and nobody else may look or frame. */
export const headers: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
    "connect-src 'self'; form-action 'self'; base-uri 'self'; frame-ancestors 'none'",
  "cache-control": "no-store",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  // Not no-referrer, which would hide the origin of our own forms as well.
  "referrer-policy": "same-origin",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};
