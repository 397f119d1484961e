/**
 * The GUI: a web application for one person on this machine, for as long as it is used.
 *
 * @module
 */
import { serve } from "../runtime/serve.ts";
import type { AppContext } from "../app/context.ts";
import { type BrowserSession, createBrowserSession } from "./access.ts";
import { entrance, guiApp } from "./app.ts";
import type { GuiContext } from "./context.ts";
import { readIniFile } from "./ini_file.ts";
import { pages } from "./pages.ts";
import { UploadJobs } from "./upload_job.ts";

/** Where the pages are served, and for how long. */
export interface GuiSettings {
  /** Port on loopback; 0 takes a free one. */
  readonly port: number;
  /** Minutes without a request after which it stops; 0 means never. */
  readonly idleMinutes: number;
}

/** Why a GUI stopped: it was stopped on its page, nobody used it, or the program is to end. */
export type Reason = "stopped" | "idle" | "aborted";

/** A running GUI. */
export interface Gui {
  /** The address for the browser, with the token that lets one browser in. */
  readonly link: string;
  /** Resolves when it has stopped, with the reason. */
  readonly ended: Promise<Reason>;
}

/** How often idleness is looked at. */
const idleCheckMs = 5_000;

/** Notices when nobody uses the GUI any more. */
class Idleness {
  #lastUse = performance.now();
  #holders = 0;

  /** A request begins. */
  touch(): void {
    this.#lastUse = performance.now();
  }

  /** Something goes on until this is disposed of. */
  hold(): Disposable {
    let isHeld = true;
    this.#holders++;
    return {
      [Symbol.dispose]: () => {
        if (isHeld) this.#holders--;
        isHeld = false;
        this.touch();
      },
    };
  }

  /** Calls when there was no use for so many milliseconds; the result ends the watch. */
  watch(limitMs: number, call: () => void): () => void {
    const timer = setInterval(() => {
      const idleMs = performance.now() - this.#lastUse;
      if (limitMs > 0 && this.#holders === 0 && idleMs >= limitMs) call();
    }, idleCheckMs);
    return () => clearInterval(timer);
  }
}

/** What the pages get. */
export function createGuiContext(
  app: AppContext,
  { base }: BrowserSession,
  own: Pick<GuiContext, "keepAwake" | "stop">,
): GuiContext {
  const uploads = new UploadJobs(app, own.keepAwake);
  const read = () => readIniFile(app.ini);
  return { ...app, ...own, pages, base, uploads, samples: new Map(), read };
}

/**
 * Starts to serve the GUI.
 *
 * @throws {AgentError} when the port cannot be listened on
 */
export function startGui(app: AppContext, settings: GuiSettings): Gui {
  const session = createBrowserSession();
  const idleness = new Idleness();
  const end = Promise.withResolvers<Reason>();
  let origin = "";
  const gui = createGuiContext(app, session, {
    keepAwake: () => idleness.hold(),
    stop: () => end.resolve("stopped"),
  });
  const routes = guiApp(gui, session, () => origin);
  const served = serve({
    port: settings.port,
    fetch: (request) => {
      // A page that asks for news by itself is not in use for that.
      if (!new URL(request.url).pathname.endsWith("/live")) idleness.touch();
      return routes.fetch(request, {});
    },
  });
  origin = served.url;
  const unwatch = idleness.watch(settings.idleMinutes * 60_000, () => end.resolve("idle"));
  const abort = () => end.resolve("aborted");
  if (app.signal.aborted) abort();
  app.signal.addEventListener("abort", abort, { once: true });
  const ended = end.promise.then(async (reason) => {
    unwatch();
    app.signal.removeEventListener("abort", abort);
    await gui.uploads.end();
    await served.stop();
    return reason;
  });
  return { link: `${origin}${entrance}?token=${session.token}`, ended };
}
