/**
 * Plans `[alerts]`: whom the service tells how it does.
 *
 * @module
 */

import type { Finding } from "../base/errors.ts";
import { type AlertOptions, alertOptions } from "../settings/alert_options.ts";
import type { Options } from "../sdk/option.ts";
import type { IniDocument } from "./ini.ts";
import { beginOwnReading, readOptions, type Surroundings } from "./reading.ts";

/** What planning `[alerts]` came to. */
export interface AlertsOutcome {
  /** Absent when it has errors. */
  readonly settings: AlertOptions | undefined;
  readonly findings: readonly Finding[];
  /** The texts of its secret options. */
  readonly secrets: readonly string[];
}

/** Checks `[alerts]`; a file without it has none. */
export function planAlerts(document: IniDocument, around: Surroundings): AlertsOutcome {
  const reading = beginOwnReading(document, "alerts", around);
  const { values, secrets } = readOptions(reading, alertOptions as Options, {
    mappings: "ignored",
  });
  const { findings } = reading;
  const isGood = findings.every(({ severity }) => severity !== "error");
  return { settings: isGood ? values as unknown as AlertOptions : undefined, findings, secrets };
}
