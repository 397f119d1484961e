/**
 * Plans `[alerts]`: whom the service tells how it does.
 *
 * @module
 */

import type { Finding } from "../base/errors.ts";
import { type AlertOptions, alertOptions } from "../sdk/alert_options.ts";
import type { Options } from "../sdk/option.ts";
import type { IniDocument, IniSection } from "./ini.ts";
import { beginReading, readOptions, type Surroundings } from "./reading.ts";

/** What planning `[alerts]` came to. */
export interface AlertsOutcome {
  /** Absent when it has errors. */
  readonly settings: AlertOptions | undefined;
  readonly findings: readonly Finding[];
  /** The texts of its secret options. */
  readonly secrets: readonly string[];
}

const missing: IniSection = { name: "alerts", line: 1, options: new Map() };

/** Checks `[alerts]`; a file without it has none. */
export function planAlerts(document: IniDocument, around: Surroundings): AlertsOutcome {
  const section = document.sections.find(({ name }) => name === "alerts");
  const reading = section === undefined
    ? beginReading({ ...document, defaults: new Map() }, missing, around)
    : beginReading(document, section, around);
  const { values, secrets } = readOptions(reading, alertOptions as Options, {
    mappings: "ignored",
  });
  const { findings } = reading;
  const isGood = findings.every(({ severity }) => severity !== "error");
  return { settings: isGood ? values as unknown as AlertOptions : undefined, findings, secrets };
}
