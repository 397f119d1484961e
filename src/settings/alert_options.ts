/**
 * The options of `[alerts]`: whom `agent serve` notifies when a section fails or has recovered.
 *
 * @module
 */

import { opt, type Option, type Values } from "../sdk/option.ts";
import { secretOptions } from "./section_options.ts";

/** The addresses of chat services let everybody post who knows them. */
function secretUrl(option: Option<string>): Option<string> {
  return { ...option, kind: "secret" };
}

/** Everything that can be set in `[alerts]`. */
export const alertOptions = {
  url: secretUrl(
    opt.url(
      "Webhook that alerts are posted to: of a chat service, or your own. Without one, no alerts are sent.",
      { default: "", example: "https://hooks.example.com/services/T000/B000" },
    ),
  ),
  format: opt.choice(
    "Format of an alert: a message for slack, a card for teams, or json with everything.",
    ["slack", "teams", "json"],
    { default: "json" },
  ),
  stale_hours: opt.integer(
    "Hours without a successful run after which a section with a schedule raises an alert. 0 means never.",
    { default: 0, maximum: 10_000 },
  ),
  heartbeat_url: secretUrl(
    opt.url(
      "Address that is requested regularly while the service is healthy, for a monitor that raises an alarm when the requests stop. Without one, no heartbeat is sent.",
      { default: "", example: "https://heartbeat.example.com/ping/0000" },
    ),
  ),
  heartbeat_seconds: opt.integer("Seconds between two heartbeats.", {
    default: 300,
    minimum: 1,
    maximum: 86_400,
    advanced: true,
  }),
  ...secretOptions,
} as const;

/** The values of {@linkcode alertOptions}. */
export type AlertOptions = Values<typeof alertOptions>;
