/**
 * The options of the product that every section of the ini understands: secrets, guard, delivery, limits.
 *
 * @module
 */

import { writeModeOptions } from "../sdk/field_options.ts";
import { opt, optional } from "../sdk/option.ts";
import { scheduleOptions } from "./schedule.ts";

/** Where secrets come from when they are not in the ini; valid in every section. */
export const secretOptions = {
  env_password: opt.text("Name of an environment variable that holds the password.", {
    default: "",
    advanced: true,
  }),
  vault_keys: opt.text("Options whose values are kept in a secret store, separated by spaces.", {
    default: "",
    advanced: true,
  }),
  vault_backend: opt.choice("Which secret store that is.", ["keyring", "vault", "cyberark"], {
    default: "keyring",
    advanced: true,
  }),
  vault_alias: opt.text("Name under which the secret store knows this section.", {
    default: "",
    advanced: true,
  }),
} as const;

/** When an upload stops before it begins; valid in every section and, for all of them, in `[oomnitza]`. */
export const guardOptions = {
  guard: optional(opt.share(
    "Stop before anything is sent when more of the records than this share would change, lose the value of a field, or are gone from the source. off lets everything pass.",
    { example: "20%", advanced: true },
  )),
  guard_count: optional(opt.integer(
    "The same as a number of records. With both, whichever is reached first.",
    { example: "500", advanced: true },
  )),
} as const;

/** Valid in every section that reads from a source, beside {@linkcode tlsOptions} and {@linkcode secretOptions}. */
export const deliveryOptions = {
  use_server_map: opt.flag("Whether the field mappings kept in Oomnitza are used.", {
    default: true,
    advanced: true,
  }),
  ...writeModeOptions,
  only_if_filled: optional(opt.text(
    "Fields that Oomnitza updates only when the new value is filled. Assets over API v2 only; sent as it stands.",
    { advanced: true },
  )),
  dont_overwrite: optional(opt.text(
    "Fields that Oomnitza leaves alone when they are already set. Assets over API v2 only; sent as it stands.",
    { advanced: true },
  )),
  ...scheduleOptions,
  keep_if_empty: opt.text(
    "Fields that are left out of a record when they are empty, so that Oomnitza keeps what it has; separated by commas. * means all.",
    { default: "", example: "ASSIGNED_TO, LOCATION", advanced: true },
  ),
  send_placeholder_serials: opt.flag(
    'Whether what makers leave in place of a serial number ("To be filled by O.E.M.", "Default string", "None") is sent. Without, such a device counts as incomplete when its serial number is the sync field, and its SERIAL_NUMBER is empty.',
    { default: false, advanced: true },
  ),
  only_changed: opt.flag(
    "Only send records that differ from what Oomnitza accepted last. --full sends all.",
    { default: false, advanced: true },
  ),
  remember: opt.flag(
    "Whether the state file keeps what Oomnitza accepted: agent plan, only_changed and the guard compare with it.",
    { default: true, advanced: true },
  ),
  ...guardOptions,
  recordfilter: opt.text(
    "Function body in JavaScript or Python that gets the source record as record and returns whether it is sent.",
    { default: "", advanced: true },
  ),
  code_record_ms: opt.integer(
    "Milliseconds that the filter and the custom converters may take for one record.",
    {
      default: 100,
      minimum: 1,
      maximum: 60_000,
      advanced: true,
    },
  ),
  code_run_seconds: opt.integer("Seconds that they may take for a whole run. 0 means no limit.", {
    default: 0,
    advanced: true,
  }),
  code_memory_mb: opt.integer("Memory that they may use, in MB.", {
    default: 64,
    minimum: 32,
    maximum: 1024,
    advanced: true,
  }),
} as const;

/** Valid in every section that reads over HTTP: they lower what the source declares, never raise it. */
export const limitOptions = {
  concurrency: opt.integer(
    "Requests to the source under way at once. 0 means as many as its vendor allows.",
    {
      default: 0,
      maximum: 256,
      advanced: true,
    },
  ),
  max_answer_mb: opt.integer(
    "Megabytes that one answer of the source may have. Memory of some times that size is needed.",
    { default: 64, minimum: 1, maximum: 1024, advanced: true },
  ),
  requests_per_minute: opt.integer(
    "Requests to the source in a minute. 0 means as many as its vendor allows.",
    {
      default: 0,
      advanced: true,
    },
  ),
} as const;
