/**
 * `agent gui`: the configuration in a browser.
 *
 * @module
 */

import { openPrivately } from "../runtime/browser.ts";
import { opt } from "../sdk/option.ts";
import { defineCommand, exitCodes } from "./command.ts";

const exitMessages = {
  stopped: "The GUI was stopped from its page.",
  idle: "The GUI has stopped because it was not used.",
  aborted: "The GUI has stopped.",
} as const;

/** Serves the GUI until it is to stop. */
export const gui = defineCommand({
  name: "gui",
  keepsLog: "asked",
  summary: "Edit and check the configuration, try it and run it, in a browser.",
  details:
    "Serves web pages to the browser of this machine, on loopback only, until it is stopped with Ctrl-C or " +
    "with the button on its pages, or is not used for a while. The address works once, in one browser. " +
    "It is what the program does on a desktop when it is started without a command.",
  flags: {
    "no-open": opt.flag("Show the address without opening a browser.", { default: false }),
    "port": opt.integer("Port to listen on, on loopback only. 0 takes a free one.", {
      default: 0,
      maximum: 65_535,
    }),
    "idle-minutes": opt.integer("Minutes without use after which the GUI stops. 0 means never.", {
      default: 120,
    }),
  },
  examples: [
    { line: "agent gui", does: "open the pages in the browser" },
    { line: "agent gui --ini other.ini --no-open", does: "only show the address" },
  ],
  async run(context, flags) {
    // The web server and its pages are loaded only here.
    const { startGui } = await import("../gui/mod.ts");
    const { link, ended } = startGui(context, {
      port: flags.port,
      idleMinutes: flags["idle-minutes"],
    });
    const isJson = context.global.output === "json";
    context.print(isJson ? JSON.stringify({ gui: link }) : `The GUI is at ${link}`);
    const cleanUp = flags["no-open"] ? undefined : await openPrivately(link);
    if (!flags["no-open"] && cleanUp === undefined) {
      context.log.warning("No browser could be opened. Open the address above in one.");
    }
    const reason = await ended;
    cleanUp?.();
    context.print(isJson ? JSON.stringify({ ended: reason }) : exitMessages[reason]);
    return exitCodes.ok;
  },
});
