/**
 * Checks `[serve]` and `[alerts]`: the settings of `agent serve`.
 *
 * @module
 */

import type { Finding } from "../base/errors.ts";
import { parseNetworks } from "../base/network.ts";
import type { Options } from "../sdk/option.ts";
import { type AlertOptions, alertOptions } from "../settings/alert_options.ts";
import { type ServeOptions, serveOptions } from "../settings/serve_options.ts";
import type { IniDocument } from "./ini.ts";
import {
  beginOptionalReading,
  type ConfigContext,
  type Reading,
  readOptions,
  report,
} from "./reading.ts";

/** A section that was checked; without it in the file, its defaults. */
export interface CheckedSection<T> {
  /** Absent when it has errors. */
  readonly settings: T | undefined;
  readonly findings: readonly Finding[];
  /** The texts of its secret options. */
  readonly secrets: readonly string[];
}

function hasErrors({ findings }: Reading): boolean {
  return findings.some(({ severity }) => severity === "error");
}

function checkAuth(reading: Reading, settings: ServeOptions): void {
  const { auth, username, password, secret, header } = settings;
  const hint = "Without it, anybody could post, so the listener does not start";
  if (auth === "basic" && (username === "" || password === "")) {
    const message = "= basic requires username and password";
    report(reading, { code: "missing", option: "auth", message, hint });
  }
  if (auth === "header" && secret === "") {
    report(reading, { code: "missing", option: "auth", message: "= header requires secret", hint });
  }
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(header)) {
    report(reading, {
      code: "invalid",
      option: "header",
      message: `is not a valid header name: "${header}"`,
      hint: "Example: X-Webhook-Secret",
    });
  }
  if (auth === undefined && (password !== "" || secret !== "")) {
    const message = "is missing, so password and secret have no effect";
    report(reading, { code: "missing", option: "auth", message, hint });
  }
}

function checkNetworks(reading: Reading, settings: ServeOptions): void {
  for (const option of ["allow", "trusted_proxies"] as const) {
    const { invalid } = parseNetworks(settings[option]);
    if (invalid.length === 0) continue;
    report(reading, {
      code: "invalid",
      option,
      message: `contains an invalid address or network: ${invalid.join(" ")}`,
      hint: "Write them like 192.0.2.7 or 192.0.2.0/24",
    });
  }
}

function checkCertificate(reading: Reading, { cert, key }: ServeOptions): void {
  if ((cert === "") === (key === "")) return;
  report(reading, {
    code: "missing",
    option: cert === "" ? "key" : "cert",
    message: "is set without the other",
    hint: "HTTPS needs both cert and key",
  });
}

/** Checks `[serve]`: who may post to the webhook listener. */
export function checkServe(
  document: IniDocument,
  context: ConfigContext,
): CheckedSection<ServeOptions> {
  const reading = beginOptionalReading(document, "serve", context);
  const { values, secrets, isPending } = readOptions(reading, serveOptions as Options, {
    mappings: "ignored",
  });
  const settings = values as unknown as ServeOptions;
  if (!hasErrors(reading) && !isPending) {
    checkAuth(reading, settings);
    checkNetworks(reading, settings);
    checkCertificate(reading, settings);
  }
  const { findings } = reading;
  return { settings: hasErrors(reading) ? undefined : settings, findings, secrets };
}

/** Checks `[alerts]`: where the service reports failures. */
export function checkAlerts(
  document: IniDocument,
  context: ConfigContext,
): CheckedSection<AlertOptions> {
  const reading = beginOptionalReading(document, "alerts", context);
  const { values, secrets } = readOptions(reading, alertOptions as Options, {
    mappings: "ignored",
  });
  const settings = hasErrors(reading) ? undefined : values as unknown as AlertOptions;
  return { settings, findings: reading.findings, secrets };
}
