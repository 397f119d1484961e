/**
 * Plans `[serve]`: who may post to the webhook listener.
 *
 * @module
 */

import type { Finding } from "../base/errors.ts";
import { parseNetworks } from "../base/network.ts";
import type { Options } from "../sdk/option.ts";
import { type ServeOptions, serveOptions } from "../settings/serve_options.ts";
import type { IniDocument } from "./ini.ts";
import {
  beginOwnReading,
  type Reading,
  readOptions,
  report,
  type Surroundings,
} from "./reading.ts";

/** What planning `[serve]` came to. */
export interface ServeOutcome {
  /** Absent when it has errors. */
  readonly settings: ServeOptions | undefined;
  readonly findings: readonly Finding[];
  /** The texts of its secret options. */
  readonly secrets: readonly string[];
}

function error(reading: Reading, option: string, message: string, hint: string): void {
  report(reading, "error", option, message, hint);
}

function checkAuth(reading: Reading, settings: ServeOptions): void {
  const { auth, username, password, secret, header } = settings;
  const hint = "Without it, anybody could post, so that nothing is taken instead";
  if (auth === "basic" && (username === "" || password === "")) {
    error(reading, "auth", "= basic needs username and password", hint);
  }
  if (auth === "header" && secret === "") error(reading, "auth", "= header needs secret", hint);
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(header)) {
    error(reading, "header", `is no name of a header: "${header}"`, "For example X-Webhook-Secret");
  }
  const unused = auth === undefined && (password !== "" || secret !== "");
  if (unused) {
    error(reading, "auth", "is missing, so that nobody is asked for the password or secret", hint);
  }
}

function checkRest(reading: Reading, settings: ServeOptions): void {
  for (const option of ["allow", "trusted_proxies"] as const) {
    const { strange } = parseNetworks(settings[option]);
    if (strange.length === 0) continue;
    const example = "Write them like 192.0.2.7 or 192.0.2.0/24";
    error(reading, option, `has what is no address and no network: ${strange.join(" ")}`, example);
  }
  if ((settings.cert === "") !== (settings.key === "")) {
    const option = settings.cert === "" ? "key" : "cert";
    error(reading, option, "is there alone", "HTTPS needs both cert and key");
  }
}

/** Checks `[serve]`; a file without it has the defaults. */
export function planServe(document: IniDocument, around: Surroundings): ServeOutcome {
  const reading = beginOwnReading(document, "serve", around);
  const { values, secrets, isPending } = readOptions(reading, serveOptions as Options, {
    mappings: "ignored",
  });
  const settings = values as unknown as ServeOptions;
  const { findings } = reading;
  const isRead = findings.every(({ severity }) => severity !== "error");
  if (isRead && !isPending) {
    checkAuth(reading, settings);
    checkRest(reading, settings);
  }
  const isGood = findings.every(({ severity }) => severity !== "error");
  return { settings: isGood ? settings : undefined, findings, secrets };
}
