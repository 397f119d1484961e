/**
 * The `[oomnitza]` section: where the instance is and how to deliver to it.
 *
 * @module
 */

import { opt, optional } from "../sdk/option.ts";
import { tlsOptions } from "../sdk/tls/options.ts";
import { codeOptions, guardOptions, secretOptions } from "../settings/section_options.ts";
import type { Values } from "../sdk/option.ts";

/** The most records that one request of API v3 takes. */
export const largestBatch = 100;

/** The most sections that run side by side. */
export const mostParallel = 64;

/** Everything that can be set in `[oomnitza]`. */
export const oomnitzaOptions = {
  url: opt.url("Address of your Oomnitza instance.", { example: "https://example.oomnitza.com" }),
  api_token: opt.secret(
    "API token of the account to upload with. With one, username and password are not needed.",
    { default: "" },
  ),
  username: opt.text("Login name, when there is no API token.", {
    default: "",
    example: "oomnitza-sa",
  }),
  password: opt.secret("Its password.", { default: "", example: "ThePassword" }),
  api_version: opt.choice(
    "Which upload API to use. auto tries v3 and takes v2 when the instance does not have it.",
    ["auto", "v2", "v3"],
    { default: "auto", advanced: true },
  ),
  batch_size: opt.integer("Records in one request of API v3. API v2 always takes one.", {
    default: largestBatch,
    minimum: 1,
    maximum: largestBatch,
    advanced: true,
  }),
  batch_mb: opt.integer(
    "Size of the records in one request of API v3 in MB. A single record that is larger is sent alone.",
    { default: 4, minimum: 1, maximum: 256, advanced: true },
  ),
  receipt: opt.choice(
    "Whether Oomnitza is asked after an upload what became of the records that it took in. auto asks, and says so when the instance does not tell; require makes a section fail then; off does not ask.",
    ["auto", "require", "off"],
    { default: "auto", advanced: true },
  ),
  receipt_timeout: opt.duration(
    "How long an upload waits until Oomnitza has processed its records (s, m, h). What is not processed by then is asked for again by the next run.",
    { default: "10m", advanced: true },
  ),
  parallel: optional(opt.integer(
    "Sections that run side by side. Default: 1 for agent upload and the GUI, 4 for agent serve.",
    { minimum: 1, maximum: mostParallel, example: "4", advanced: true },
  )),
  dead_letter_days: opt.integer("Days that refused records are kept for agent retry.", {
    default: 90,
    minimum: 1,
    advanced: true,
  }),
  dead_letter_count: opt.integer(
    "Refused records that are kept at most; the oldest go first.",
    { default: 10_000, minimum: 1, advanced: true },
  ),
  strict_permissions: opt.flag(
    "Refuse to run when others than its owner can read or change the configuration file, instead of a warning.",
    { default: false, advanced: true },
  ),
  ...guardOptions,
  ...codeOptions,
  ...tlsOptions,
  ...secretOptions,
} as const;

/** The values of {@linkcode oomnitzaOptions}. */
export type OomnitzaSettings = Values<typeof oomnitzaOptions>;

/** How batches are made up, for a delivery. */
export function deliveryLimits(
  { api_version: apiVersion, batch_size: batchSize, batch_mb }: OomnitzaSettings,
) {
  return { apiVersion, batchSize, batchBytes: batch_mb * 1024 * 1024 };
}

/** What no single option can say about `[oomnitza]`. */
export function checkOomnitzaOptions(options: OomnitzaSettings): string | undefined {
  if (options.api_token !== "" || (options.username !== "" && options.password !== "")) {
    return undefined;
  }
  return "needs api_token, or username and password";
}
