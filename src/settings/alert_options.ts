/**
 * The options of `[alerts]`: whom `agent serve` tells when a section fails or is well again.
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
      "Webhook that alerts are posted to: of a chat service, or of your own. Without it, there are none.",
      { default: "", example: "https://hooks.example.com/services/T000/B000" },
    ),
  ),
  format: opt.choice(
    "What is posted: a text for slack, a card for teams, or json with everything.",
    ["slack", "teams", "json"],
    { default: "json" },
  ),
  stale_hours: opt.integer(
    "Hours without a good run after which a section with a schedule is told of. 0 means never.",
    { default: 0, maximum: 10_000 },
  ),
  heartbeat_url: secretUrl(
    opt.url(
      "Address that is asked again and again while the service is well, for a monitor that calls when it no longer is. Without it, none.",
      { default: "", example: "https://heartbeat.example.com/ping/0000" },
    ),
  ),
  heartbeat_seconds: opt.integer("Seconds from one heartbeat to the next.", {
    default: 300,
    minimum: 1,
    maximum: 86_400,
    advanced: true,
  }),
  ...secretOptions,
} as const;

/** The values of {@linkcode alertOptions}. */
export type AlertOptions = Values<typeof alertOptions>;
